//! What goes wrong on request, as a client meets it.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use flex_sandbox::{CreateParams, Fault, Hold, How, Injection, Operation, Options, Sandbox};
use serde_json::json;

use crate::client::{Client, TEST_KEY, bearer, connect, read_through};

fn start() -> (Sandbox, String) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    (sandbox, id)
}

fn cancel_of(id: &str) -> Vec<u8> {
    let key = bearer(TEST_KEY);
    let head = format!("POST /v1/checkout/sessions/{id}/cancel HTTP/1.1\r\nHost: h\r\n");
    format!("{head}Authorization: {key}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// What a client hears until the connection ends, and whether it ended in good order.
fn heard(sandbox: &Sandbox, raw: &[u8]) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut client = Client::of(sandbox);
    client.send(raw);
    let mut bytes = Vec::new();
    let ended = client.stream.read_to_end(&mut bytes);
    (bytes, ended.map(|_| ()).map_err(|error| error.kind()))
}

/// Waits until every fault has befallen something.
fn wait_for_faults(sandbox: &Sandbox) {
    let started = Instant::now();
    while !sandbox.faults().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", sandbox.faults());
        std::thread::yield_now();
    }
}

#[test]
fn an_answer_is_cut_at_its_byte_and_the_model_has_acted_or_not() {
    for apply in [true, false] {
        for (how, end) in [(How::Fin, Ok(())), (How::Rst, Err(ErrorKind::ConnectionReset))] {
            for at in [0, 1, 17] {
                let (sandbox, id) = start();
                sandbox.inject_as(Injection::of(Fault::CutAnswer { at, how }).apply(apply));
                let (bytes, ended) = heard(&sandbox, &cancel_of(&id));
                assert_eq!(ended, end, "{how:?} {at}");
                // A reset may overtake what was written before it.
                assert!(bytes.len() == at || how == How::Rst, "{how:?} {at}: {bytes:?}");
                let hold = if apply { Hold::Released } else { Hold::Held };
                assert_eq!(sandbox.ground_truth(&id).unwrap().hold, hold);
                assert_eq!(sandbox.faults(), []);
            }
        }
    }
}

#[test]
fn a_request_is_cut_at_its_byte_and_never_seen() {
    let (sandbox, id) = start();
    let whole = cancel_of(&id);
    for at in [0, 1, 30, whole.len(), whole.len() + 1] {
        for (how, end) in [(How::Fin, Ok(())), (How::Rst, Err(ErrorKind::ConnectionReset))] {
            sandbox.inject(Fault::CutRequest { at, how }, 1);
            let (bytes, ended) = heard(&sandbox, &whole);
            assert_eq!((bytes.len(), ended), (0, end), "{how:?} {at}");
        }
    }
    assert_eq!(sandbox.requests(), []);
    assert_eq!(Client::of(&sandbox).cancel(&id).status, 200, "all faults are used up");
}

#[test]
fn a_stalled_connection_stays_open_until_the_client_leaves_or_the_sandbox_ends() {
    let (sandbox, id) = start();
    sandbox.inject(Fault::DropAnswer { how: How::Stall }, 1);
    sandbox.inject(Fault::AcceptAndStall, 1);
    let mut silent = connect(&sandbox);
    let mut stalled = [(); 2].map(|()| Client::of(&sandbox));
    stalled.iter_mut().for_each(|client| client.send(&cancel_of(&id)));
    let [first, second] = &mut stalled;
    for stream in [&mut first.stream, &mut second.stream, &mut silent] {
        stream.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
        assert_eq!(read_through(stream, &mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    wait_for_faults(&sandbox);
    let started = Instant::now();
    drop(sandbox);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    for stream in [&mut first.stream, &mut second.stream, &mut silent] {
        assert_eq!(read_through(stream, &mut [0]).unwrap(), 0);
    }
}

#[test]
fn a_fault_can_be_kept_to_one_operation_and_spares_the_sandboxs_own_routes() {
    let (sandbox, id) = start();
    let unavailable = Fault::Status { status: 503, headers: vec![], body: "later".to_owned() };
    sandbox.inject_as(Injection::of(unavailable).only(Operation::Cancel).times(2));
    sandbox.inject(Fault::CutRequest { at: 0, how: How::Fin }, 1);
    assert_eq!(Client::of(&sandbox).get("/__sandbox/requests").status, 200);
    assert_eq!(heard(&sandbox, &cancel_of(&id)).0, b"");
    let mut client = Client::of(&sandbox);
    assert_eq!(client.get(&format!("/v1/checkout/sessions/{id}")).status, 200);
    assert_eq!(client.cancel(&id).status, 503);
    assert_eq!(client.cancel(&id).body, b"later");
    assert_eq!(sandbox.ground_truth(&id).unwrap().cancels_received, 0);
    assert_eq!(client.cancel(&id).status, 200);
}

/// Every fault that can befall a connection or a request before it is known what it asks for, and
/// one of responses.
fn early() -> [Fault; 6] {
    [
        Fault::CloseBeforeRead,
        Fault::AcceptAndStall,
        Fault::StallHandshake,
        Fault::ResetHandshake,
        Fault::CutRequest { at: 0, how: How::Rst },
        Fault::DropAnswer { how: How::Rst },
    ]
}

#[test]
fn given_a_fault_without_end_when_the_sandbox_itself_is_asked_then_it_answers() {
    for fault in early() {
        let (sandbox, id) = start();
        sandbox.inject(fault.clone(), u32::MAX);
        let absolute = format!("{}/__sandbox/faults", sandbox.url());
        for (method, target) in [
            ("GET", "/"),
            ("GET", "/?refresh=1"),
            ("HEAD", "/"),
            ("GET", "/__sandbox/page.js"),
            ("GET", "/__sandbox/overview"),
            ("GET", &absolute),
            ("POST", "/__sandbox/sessions"),
        ] {
            // A new connection each time, as curl opens it.
            let raw = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n\r\n");
            let (bytes, ended) = heard(&sandbox, raw.as_bytes());
            let head = String::from_utf8_lossy(&bytes).into_owned();
            assert!(head.starts_with("HTTP/1.1 200 "), "{fault:?} {method} {target}: {head}");
            assert_eq!(ended, Ok(()), "{fault:?} {method} {target}");
        }
        if fault != Fault::AcceptAndStall && fault != Fault::StallHandshake {
            assert_eq!(heard(&sandbox, &cancel_of(&id)).0, b"", "{fault:?} befalls Flex's routes");
        }
        let off = Client::of(&sandbox).request("DELETE", "/__sandbox/faults", &[], "");
        assert_eq!((off.status, sandbox.faults()), (200, vec![]), "{fault:?}");
        let read = Client::of(&sandbox).get(&format!("/v1/checkout/sessions/{id}"));
        assert_eq!(read.status, 200, "{fault:?}");
    }
}

#[test]
fn given_one_fault_when_the_sandbox_itself_is_asked_first_then_the_fault_is_still_to_come() {
    for fault in early() {
        let (sandbox, id) = start();
        sandbox.inject(fault.clone(), 1);
        // One connection that has said nothing yet, and one that asks in two pieces.
        let silent = connect(&sandbox);
        let mut client = Client::of(&sandbox);
        client.send(b"\r\nGET /__sand");
        client.send(b"box/faults HTTP/1.1\r\n\r\n");
        assert_eq!(client.reply().json()["faults"].as_array().unwrap().len(), 1, "{fault:?}");
        let mut till = Client::of(&sandbox);
        till.send(&cancel_of(&id));
        wait_for_faults(&sandbox);
        drop((till, silent));
        let read = Client::of(&sandbox).get(&format!("/v1/checkout/sessions/{id}"));
        assert_eq!(read.status, 200, "{fault:?}");
    }
}

#[test]
fn a_failed_key_fails_again_and_another_does_not() {
    let (sandbox, id) = start();
    sandbox.inject(Fault::Replayed500, 1);
    let mut client = Client::of(&sandbox);
    let path = format!("/v1/checkout/sessions/{id}/cancel");
    assert_eq!(client.post_once(&path, "k").status, 500);
    assert_eq!(client.post_once(&path, "k").status, 500);
    assert_eq!(client.post_once(&path, "l").error().1, "checkout_session_canceled");
}

#[test]
fn slow_answers_arrive_whole_and_in_their_time() {
    let (sandbox, id) = start();
    let mut client = Client::of(&sandbox);
    for (fault, least) in [
        (Fault::Delay { ms: 60 }, Duration::from_millis(60)),
        (Fault::Drip { bytes_per_second: 50_000 }, Duration::from_millis(20)),
    ] {
        sandbox.inject(fault, 1);
        let started = Instant::now();
        assert_eq!(client.get(&format!("/v1/checkout/sessions/{id}")).status, 200);
        assert!(started.elapsed() >= least, "{:?}", started.elapsed());
    }
    sandbox.inject(Fault::CloseAfterAnswer, 1);
    let reply = client.get(&format!("/v1/checkout/sessions/{id}"));
    assert_eq!(reply.header("connection"), None);
    assert_eq!(client.rest(), b"");
}

#[test]
fn the_port_is_closed_for_an_outage_and_is_the_same_afterwards() {
    let (sandbox, id) = start();
    let mut idle = Client::of(&sandbox);
    assert_eq!(idle.get("/__sandbox/requests").status, 200);
    sandbox.close_port();
    assert_eq!(idle.rest(), b"");
    let refused = std::net::TcpStream::connect(("127.0.0.1", sandbox.port()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let taken = std::net::TcpListener::bind(("127.0.0.1", sandbox.port()));
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::AddrInUse, "nobody else gets it");
    sandbox.open_port();
    assert_eq!(Client::of(&sandbox).cancel(&id).status, 200);

    let (started, time) = (Instant::now(), Duration::from_millis(50));
    sandbox.outage(time);
    while std::net::TcpStream::connect(("127.0.0.1", sandbox.port())).is_err() {
        assert!(started.elapsed() < Duration::from_secs(10), "the port stays closed");
        std::thread::yield_now();
    }
    assert!(started.elapsed() >= time, "{:?}", started.elapsed());
    sandbox.outage(Duration::from_secs(3600));
    drop(sandbox);
}

#[test]
fn over_http_faults_are_injected_listed_and_cleared_and_the_port_closed_and_opened() {
    let (sandbox, id) = start();
    let mut client = Client::of(&sandbox);
    let cut = json!({"fault": "cut_answer", "at": 7, "how": "rst", "times": 3,
        "operation": "cancel", "apply": false});
    assert_eq!(client.post("/__sandbox/faults", &cut.to_string()).status, 200);
    assert_eq!(client.get("/__sandbox/faults").json()["faults"], json!([cut]));
    let injection = Injection::of(Fault::CutAnswer { at: 7, how: How::Rst });
    let injection = injection.times(3).only(Operation::Cancel).apply(false);
    assert_eq!(sandbox.faults(), [injection]);
    client.request("DELETE", "/__sandbox/faults", &[], "");
    assert_eq!(sandbox.faults(), []);
    let refused = client.post("/__sandbox/faults", r#"{"fault": "earthquake"}"#);
    assert_eq!(refused.status, 422);
    assert_eq!(client.cancel(&id).status, 200);

    let mut other = Client::of(&sandbox);
    assert_eq!(other.get("/__sandbox/faults").status, 200);
    assert_eq!(client.post("/__sandbox/outage", "").status, 200);
    assert_eq!(other.rest(), b"");
    assert!(std::net::TcpStream::connect(("127.0.0.1", sandbox.port())).is_err());
    assert_eq!(client.request("DELETE", "/__sandbox/outage", &[], "").status, 200);
    assert_eq!(Client::of(&sandbox).get("/__sandbox/faults").status, 200);
}

#[test]
fn once_the_clients_are_seen_out_all_that_they_asked_for_has_happened() {
    let (sandbox, id) = start();
    let mut client = Client::of(&sandbox);
    assert_eq!(client.get("/__sandbox/requests").status, 200, "the connection is accepted");
    sandbox.inject(Fault::Delay { ms: 30 }, 1);
    client.send(&cancel_of(&id));
    drop(client);
    sandbox.see_out();
    assert_eq!(sandbox.requests().len(), 1);
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released);
    assert!(std::net::TcpStream::connect(("127.0.0.1", sandbox.port())).is_err());
}
