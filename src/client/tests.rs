//! Names and addresses, over real sockets and a resolver that does as it is told.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use std::time::Duration;

use super::*;
use crate::outcome::Outcome;
use crate::phase::Phase;

const ANSWER: &str = "{\"checkout_session\":{\"checkout_session_id\":\"fcs_1\"}}";

/// A server that confirms every cancel; it ends with the test's process.
fn flex() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || confirm(stream.unwrap()));
        }
    });
    address
}

fn confirm(mut stream: TcpStream) {
    let mut request = [0; 4096];
    while stream.read(&mut request).unwrap_or(0) > 0 {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ANSWER.len());
        if stream.write_all(format!("{head}{ANSWER}").as_bytes()).is_err() {
            return;
        }
    }
}

/// An address that nobody listens on, and that no other test is given.
fn closed() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

/// An address where connecting hangs, for as long as the rest is kept.
fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wait = Duration::from_millis(100);
    let queue = |_| TcpStream::connect_timeout(&address, wait).ok();
    let queued = (0..10_000).map_while(queue).collect();
    (address, listener, queued)
}

/// A client of `https`-less Flex whose name is looked up as given; the last response is repeated.
fn client(
    timeout_ms: u64,
    response: impl Fn(usize) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> (Client, Arc<AtomicUsize>) {
    let json = format!(
        r#"{{"api_key":"fsk_test_1","base_url":"https://flex.test","timeout_ms":{timeout_ms},
            "max_idle_ms":0,"trust":"bundled"}}"#
    );
    let mut config = Config::from_json(&json).unwrap();
    // Plain, so that the server can be: a name that is looked up needs https from outside.
    config.base_url.https = false;
    config.base_url.prefix = "http://flex.test".to_owned();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let look_up = move |_: &str, _: u16| response(counted.fetch_add(1, Ordering::SeqCst));
    let transport = HttpTransport::with_look_up(&config, Arc::new(look_up)).unwrap();
    (Client::with_transport(&config, Box::new(transport)).unwrap(), count)
}

fn cancel(client: &Client) -> Report {
    client.cancel("fcs_1", &Options::default(), None)
}

#[test]
fn a_dead_address_does_not_use_up_the_time_of_the_next_which_is_preferred_from_then_on() {
    let (dead, _listener, _queued) = black_hole();
    let alive = flex();
    let (client, looked_up) = client(2_000, move |_| Ok(vec![dead, alive]));
    let report = cancel(&client);
    assert_eq!((report.outcome, report.attempts.len()), (Outcome::Canceled, 1));
    assert!(report.elapsed >= Duration::from_millis(250), "the first address had its time alone");
    let again = cancel(&client);
    assert_eq!(again.outcome, Outcome::Canceled);
    assert!(again.elapsed < Duration::from_millis(250), "{:?}", again.elapsed);
    assert_eq!(looked_up.load(Ordering::SeqCst), 1);
}

#[test]
fn an_address_that_takes_a_request_and_does_not_answer_is_tried_last_from_then_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent, alive) = (listener.local_addr().unwrap(), flex());
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    let (client, _) = client(5_000, move |_| Ok(vec![silent, alive]));
    let first = cancel(&client);
    assert_eq!(first.attempts[0].code, Code::ConnectionLost, "{first:?}");
    assert_eq!(cancel(&client).attempts[0].code, Code::Ok);
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

#[test]
fn a_name_that_points_elsewhere_now_is_found_after_a_failed_connect() {
    let (old, new) = (closed(), flex());
    let (client, looked_up) =
        client(5_000, move |count| Ok(vec![if count == 0 { old } else { new }]));
    let report = cancel(&client);
    assert_eq!(report.outcome, Outcome::Canceled);
    assert_eq!(report.attempts[0].code, Code::Connect);
    assert_eq!(looked_up.load(Ordering::SeqCst), 2);
}

#[test]
fn the_last_good_address_serves_while_names_cannot_be_looked_up() {
    let alive = flex();
    let (client, _) = client(5_000, move |count| match count {
        0 => Ok(vec![alive]),
        _ => Err(io::Error::other("SERVFAIL")),
    });
    assert_eq!(cancel(&client).outcome, Outcome::Canceled);
    assert_eq!(cancel(&client).outcome, Outcome::Canceled);
}

#[test]
fn a_name_that_cannot_be_looked_up_is_tried_again_until_the_deadline_and_nothing_is_sent() {
    let (client, looked_up) = client(600, |_| Err(io::Error::other("NXDOMAIN")));
    let report = cancel(&client);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Dns));
    assert!(report.attempts.iter().all(|attempt| attempt.phase == Phase::Resolving));
    assert!(looked_up.load(Ordering::SeqCst) > 1);
}

#[test]
fn a_resolver_that_hangs_is_left_at_the_deadline_and_nothing_is_sent() {
    let (_release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let (client, looked_up) = client(1_000, move |_| {
        let _ = gate.lock().unwrap().recv();
        Err(io::Error::other("released"))
    });
    let started = Instant::now();
    let report = cancel(&client);
    let took = started.elapsed();
    println!("deadline: resolver hangs: returned after {took:.1?}");
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Timeout));
    assert!(took < Duration::from_millis(1_250), "{took:?}");
    assert_eq!(looked_up.load(Ordering::SeqCst), 1, "one thread, however often it is tried");
}

#[test]
fn an_abort_ends_the_wait_for_a_resolver_that_hangs() {
    let (_release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let (told, begins) = std::sync::mpsc::channel();
    let told = Mutex::new(told);
    let (client, _) = client(60_000, move |_| {
        told.lock().unwrap().send(()).unwrap();
        let _ = gate.lock().unwrap().recv();
        Err(io::Error::other("released"))
    });
    let abort = Abort::new();
    let report = thread::scope(|scope| {
        let call = scope.spawn(|| client.cancel("fcs_1", &Options::default(), Some(&abort)));
        begins.recv().unwrap();
        abort.trigger();
        call.join().unwrap()
    });
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Aborted));
    assert!(report.elapsed < Duration::from_secs(30), "{:?}", report.elapsed);
}
