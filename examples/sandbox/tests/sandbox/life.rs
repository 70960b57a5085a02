//! How a sandbox begins and ends.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};

use crate::client::{Client, connect};

/// Far more than the milliseconds it takes, and less than any timeout it might be waiting for.
const PROMPTLY: Duration = Duration::from_secs(3);

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Sandbox::start(Options { port, ..Options::default() }).err().expect("an error");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn dropping_it_ends_every_connection_and_closes_the_port_promptly() {
    for tls in [false, true] {
        let sandbox = Sandbox::start(Options { tls, ..Options::default() }).unwrap();
        let port = sandbox.port();
        let idle = connect(&sandbox);
        let mut amid = Client::over(connect(&sandbox));
        amid.send(b"POST /v1/x HTTP/1.1\r\nContent-Length: 9\r\n");
        let mut draining = Client::over(connect(&sandbox));
        draining.send(b"nonsense\r\n\r\n");
        assert_eq!(draining.stream.read(&mut [0]).unwrap(), 1, "its response, or an alert");
        let deadline = Instant::now() + Duration::from_secs(20);
        while sandbox.connections() < 3 {
            assert!(Instant::now() < deadline, "the connections were never accepted");
            std::thread::yield_now();
        }

        let start = Instant::now();
        drop(sandbox);
        assert!(start.elapsed() < PROMPTLY, "it took {:?}", start.elapsed());
        for mut stream in [idle, amid.stream] {
            // An end or a reset: either way there is no wait.
            let _ = stream.read_to_end(&mut Vec::new());
        }
        assert!(start.elapsed() < PROMPTLY, "a connection was left open");
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port is still open");
    }
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let port = sandbox.port();
    Client::of(&sandbox).get("/v1/x");
    drop(sandbox);
    let again = Sandbox::start(Options { port, ..Options::default() }).unwrap();
    assert_eq!(again.url(), format!("http://127.0.0.1:{port}"));
}

#[test]
fn closing_its_connections_leaves_it_serving_new_ones() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut client = Client::of(&sandbox);
    client.get("/v1/x");
    sandbox.close_connections();
    assert_eq!(client.rest(), b"");
    assert_eq!(Client::of(&sandbox).get("/v1/x").status, 404);
}

#[test]
fn many_clients_at_once_see_one_truth() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let (statuses, received) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let (statuses, sandbox, id) = (statuses.clone(), &sandbox, &id);
            scope.spawn(move || statuses.send(Client::of(sandbox).cancel(id).status).unwrap());
        }
    });
    drop(statuses);
    let statuses: Vec<u16> = received.iter().collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 15);
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.cancels_received, truth.cancels_applied.len()), (16, 1));
    assert_eq!(truth.hold, Hold::Released);
    let mut numbers: Vec<u64> = sandbox.requests().iter().map(|it| it.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
}

#[test]
fn what_it_remembers_of_requests_is_bounded() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut client = Client::of(&sandbox);
    let kept = flex_sandbox::RECORDS_KEPT;
    for _ in 0..100 {
        client.send("GET /v1/x HTTP/1.1\r\n\r\n".repeat(kept / 100 + 1).as_bytes());
        (0..kept / 100 + 1).for_each(|_| drop(client.reply()));
    }
    let requests = sandbox.requests();
    assert_eq!(requests.len(), kept);
    assert_eq!(requests[0].number, 101);
}
