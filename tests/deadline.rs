//! One deadline over everything, and an abort that ends any wait: each phase is stalled in turn.
//! What was measured is printed (`--nocapture`); the assertions leave room for a busy machine.

mod stalls;

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use flexcancel::{Abort, Client, Code, Operation, Options, Outcome, Phase, Report};
use stalls::{Serve, black_hole, client, server};

const TIMEOUT: Duration = Duration::from_millis(1_000);
/// The promise is 10 ms on an idle machine; tests run on busy ones.
const ROOM: Duration = Duration::from_millis(250);

fn cancel(client: &Client, abort: Option<&Abort>) -> Report {
    client.cancel("fcs_1", &Options::default(), abort)
}

/// Cancels with a deadline of a second, and tells by how much it was missed.
fn held_to_the_deadline(what: &str, scheme: &str, address: SocketAddr) -> Report {
    let client = client(scheme, address, TIMEOUT);
    let started = Instant::now();
    let report = cancel(&client, None);
    let took = started.elapsed();
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
    let (address, _) = server(stalls::accepts_and_stalls);
    let report = held_to_the_deadline("handshake stalls", "https", address);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Timeout));
    assert!(report.attempts.iter().all(|attempt| attempt.phase == Phase::Handshaking));
}

#[test]
fn an_answer_that_never_comes_ends_at_the_deadline_and_is_unknown() {
    for (what, serve) in [
        ("no response", stalls::reads_and_stalls as Serve),
        ("answer in part", stalls::answers_in_part),
        ("head drips", stalls::drips_a_head),
        ("body drips", stalls::drips_a_body),
        ("endless interim responses", stalls::sends_interim_answers),
    ] {
        let report = held_to_the_deadline(what, "http", server(serve).0);
        assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Timeout), "{what}");
        assert_eq!(report.attempts[0].operation, Operation::Cancel);
        assert!(report.attempts.len() > 1, "{what}: time was left to read back");
    }
}

#[test]
fn a_retry_after_that_cannot_be_met_ends_the_call_at_once_with_its_value() {
    let (address, _) = server(stalls::answers_unavailable);
    let report = held_to_the_deadline("503, Retry-After: 3600", "http", address);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::ServerError));
    assert_eq!(report.retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(report.attempts.len(), 2, "one cancel, one read-back at once");
    let (address, _) = server(stalls::answers_too_many);
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
    let (address, tells) = server(stalls::accepts_and_stalls);
    let report = aborted("in the handshake", client("https", address, LONG), &tells, 1);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Aborted));
}

#[test]
fn an_abort_ends_the_wait_for_an_answer_and_the_outcome_is_unknown() {
    for (what, serve) in
        [("waiting", stalls::reads_and_stalls as Serve), ("reading", stalls::answers_in_part)]
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
    let (address, tells) = server(stalls::drops_the_answer_then_stalls);
    let report = aborted("reading back", client("http", address, LONG), &tells, 1);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Aborted));
    assert_eq!(report.attempts[1].operation, Operation::Retrieve);

    let (address, tells) = server(stalls::is_unavailable_for_ten_seconds);
    let report = aborted("between repetitions", client("http", address, LONG), &tells, 2);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Aborted));
}
