//! One deadline over everything, and an abort that ends any wait: each phase is stalled in turn.
//! What was measured is printed (`--nocapture`); the assertions leave room for a busy machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use flexcancel::{Abort, Client, Code, Config, Operation, Options, Outcome, Phase, Report};
use serde_json::json;

const TIMEOUT: Duration = Duration::from_millis(1_000);
/// The promise is 10 ms on an idle machine; tests run on busy ones.
const ROOM: Duration = Duration::from_millis(250);

fn client(scheme: &str, address: SocketAddr, timeout: Duration) -> Client {
    let config = json!({
        "api_key": "fsk_test_hunter2",
        "base_url": format!("{scheme}://{address}"),
        "timeout_ms": timeout.as_millis() as u64,
        "trust": "bundled",
    });
    Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap()
}

/// A server that does the same to every connection, after telling that it has one. It ends with
/// the test's process.
fn server(serve: fn(TcpStream, &Sender<()>)) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, tells) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let told = told.clone();
            thread::spawn(move || serve(stream.unwrap(), &told));
        }
    });
    (address, tells)
}

fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        request.push(byte[0]);
    }
}

/// Waits until the peer is gone.
fn hold(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 1024]);
    while stream.read(&mut [0; 1024]).unwrap_or(0) > 0 {}
}

fn accepts_and_stalls(stream: TcpStream, told: &Sender<()>) {
    let _ = told.send(());
    hold(stream);
}

fn reads_and_stalls(mut stream: TcpStream, told: &Sender<()>) {
    read_request(&mut stream);
    let _ = told.send(());
    hold(stream);
}

fn answers_in_part(mut stream: TcpStream, told: &Sender<()>) {
    read_request(&mut stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"checkout_");
    let _ = told.send(());
    hold(stream);
}

/// Sends a byte every 20 ms for as long as somebody reads.
fn drips(mut stream: TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().chain(std::iter::repeat(&b' ')) {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn drips_a_head(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    drips(stream, b"HTTP/1.1 200 OK\r\nX-Long: ");
}

fn drips_a_body(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    drips(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{");
}

fn answers_unavailable(mut stream: TcpStream, told: &Sender<()>) {
    let head = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nRetry-After:";
    loop {
        read_request(&mut stream);
        let _ = told.send(());
        if stream.write_all(format!("{head} 3600\r\n\r\n").as_bytes()).is_err() {
            return;
        }
    }
}

fn answers_too_many(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    let head = "HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nRetry-After: 3600\r\n\r\n";
    let _ = stream.write_all(head.as_bytes());
    hold(stream);
}

fn sends_interim_answers(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}

/// An address where connecting hangs: a listener that accepts nothing and whose queue is full.
fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wait = Duration::from_millis(100);
    let queued: Vec<_> = std::iter::from_fn(|| TcpStream::connect_timeout(&address, wait).ok())
        .take(10_000)
        .collect();
    assert!(queued.len() < 10_000, "the queue never fills");
    (address, listener, queued)
}

fn cancel(client: &Client, abort: Option<&Abort>) -> Report {
    client.cancel("fcs_1", &Options::default(), abort)
}

/// Cancels with a deadline of a second, and tells by how much it was missed.
fn held_to_the_deadline(what: &str, scheme: &str, address: SocketAddr) -> Report {
    let client = client(scheme, address, TIMEOUT);
    let begun = Instant::now();
    let report = cancel(&client, None);
    let took = begun.elapsed();
    let over = took.saturating_sub(TIMEOUT);
    println!("deadline: {what}: returned after {took:.1?}, {over:.1?} over");
    assert!(over <= ROOM, "{what}: {over:?} over");
    report
}

#[test]
fn a_connect_that_hangs_ends_at_the_deadline_and_nothing_was_sent() {
    let (address, _listener, _queued) = black_hole();
    let report = held_to_the_deadline("connect hangs", "http", address);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Timeout));
    assert!(report.attempts.iter().all(|attempt| attempt.phase == Phase::Connecting));
}

#[test]
fn a_stalled_handshake_ends_at_the_deadline_and_nothing_was_sent() {
    let (address, _) = server(accepts_and_stalls);
    let report = held_to_the_deadline("handshake stalls", "https", address);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Timeout));
    assert!(report.attempts.iter().all(|attempt| attempt.phase == Phase::Handshaking));
}

#[test]
fn an_answer_that_never_comes_ends_at_the_deadline_and_is_unknown() {
    for (what, serve) in [
        ("no answer", reads_and_stalls as fn(TcpStream, &Sender<()>)),
        ("answer in part", answers_in_part),
        ("head drips", drips_a_head),
        ("body drips", drips_a_body),
        ("endless interim answers", sends_interim_answers),
    ] {
        let report = held_to_the_deadline(what, "http", server(serve).0);
        assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Timeout), "{what}");
        assert_eq!(report.attempts[0].operation, Operation::Cancel);
        assert!(report.attempts.len() > 1, "{what}: time was left to read back");
    }
}

#[test]
fn a_retry_after_that_cannot_be_met_ends_the_call_at_once_with_its_value() {
    let (address, _) = server(answers_unavailable);
    let report = held_to_the_deadline("503, Retry-After: 3600", "http", address);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::ServerError));
    assert_eq!(report.retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(report.attempts.len(), 2, "one cancel, one read-back at once");
    let (address, _) = server(answers_too_many);
    let report = held_to_the_deadline("429, Retry-After: 3600", "http", address);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::RateLimited));
    assert_eq!(report.retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(report.attempts.len(), 1);
}

/// Cancels with half a minute's time, aborts when told, and tells how long the return took.
fn aborted(what: &str, client: Client, tells: &Receiver<()>, times: usize) -> Report {
    let abort = Abort::new();
    let other = abort.clone();
    let (report, took) = thread::scope(|scope| {
        let call = scope.spawn(|| (cancel(&client, Some(&abort)), Instant::now()));
        (0..times).for_each(|_| tells.recv_timeout(Duration::from_secs(10)).unwrap());
        let triggered = Instant::now();
        other.trigger();
        let (report, returned) = call.join().unwrap();
        (report, returned.saturating_duration_since(triggered))
    });
    println!("abort: {what}: returned after {took:.1?}");
    assert!(took <= ROOM, "{what}: {took:?}");
    report
}

const LONG: Duration = Duration::from_secs(30);

#[test]
fn an_abort_ends_a_handshake_and_nothing_was_sent() {
    let (address, tells) = server(accepts_and_stalls);
    let report = aborted("in the handshake", client("https", address, LONG), &tells, 1);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Aborted));
}

#[test]
fn an_abort_ends_the_wait_for_an_answer_and_the_outcome_is_unknown() {
    for (what, serve) in
        [("waiting", reads_and_stalls as fn(TcpStream, &Sender<()>)), ("reading", answers_in_part)]
    {
        let (address, tells) = server(serve);
        let report = aborted(what, client("http", address, LONG), &tells, 1);
        assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Aborted), "{what}");
        assert_eq!(report.attempts.len(), 1, "{what}");
    }
}

#[test]
fn an_abort_ends_a_connect_that_hangs_and_nothing_was_sent() {
    let (address, _listener, _queued) = black_hole();
    let client = client("http", address, LONG);
    let (told, tells) = channel();
    // Nobody sees a connect that hangs begin; by the second try, the first did hang.
    client.set_observer(Some(std::sync::Arc::new(move |event: &flexcancel::Event<'_>| {
        if matches!(event, flexcancel::Event::Attempt { .. }) {
            let _ = told.send(());
        }
    })));
    let report = aborted("connecting", client, &tells, 1);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Aborted));
}

#[test]
fn an_abort_ends_a_read_back_and_a_wait_between_repetitions() {
    fn drops_the_answer_then_stalls(mut stream: TcpStream, told: &Sender<()>) {
        let mut method = [0; 4];
        let _ = stream.read_exact(&mut method);
        read_request(&mut stream);
        if method == *b"GET " {
            let _ = told.send(());
            hold(stream);
        }
    }
    let (address, tells) = server(drops_the_answer_then_stalls);
    let report = aborted("reading back", client("http", address, LONG), &tells, 1);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Aborted));
    assert_eq!(report.attempts[1].operation, Operation::Retrieve);

    fn is_unavailable_for_ten_seconds(mut stream: TcpStream, told: &Sender<()>) {
        loop {
            read_request(&mut stream);
            let head = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\n\r\n";
            if stream.write_all(head.as_bytes()).is_err() {
                return;
            }
            let _ = told.send(());
        }
    }
    let (address, tells) = server(is_unavailable_for_ten_seconds);
    let report = aborted("between repetitions", client("http", address, LONG), &tells, 2);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Aborted));
}
