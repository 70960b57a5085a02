//! By how much deadlines and aborts are missed, with each phase stalled in turn:
//! `cargo bench --bench deadline [-- CALLS]`
//!
//! Some calls run side by side, as all of them only wait. The promises are at most 10 ms after
//! the deadline at p99, and at most 50 ms after an abort, on an idle machine.

#[path = "../tests/stalls/mod.rs"]
mod stalls;

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flexcancel::{Abort, Client, Event, Options};
use stalls::{Serve, black_hole, client, server};

const TIMEOUT: Duration = Duration::from_millis(1_000);
const SIDE_BY_SIDE: usize = 10;
const CALLS: usize = 200;
/// Long enough that no call is over before its abort.
const LONG: Duration = Duration::from_secs(60);

const ANSWERS: [(&str, &str, Serve); 8] = [
    ("handshake stalls", "https", stalls::accepts_and_stalls),
    ("no response", "http", stalls::reads_and_stalls),
    ("answer in part", "http", stalls::answers_in_part),
    ("head drips", "http", stalls::drips_a_head),
    ("body drips", "http", stalls::drips_a_body),
    ("endless interim responses", "http", stalls::sends_interim_answers),
    ("read-back stalls", "http", stalls::drops_the_answer_then_stalls),
    ("unavailable, backing off", "http", stalls::is_unavailable),
];

const ABORTED: [(&str, &str, Serve, usize); 5] = [
    ("in the handshake", "https", stalls::accepts_and_stalls, 1),
    ("waiting", "http", stalls::reads_and_stalls, 1),
    ("reading", "http", stalls::answers_in_part, 1),
    ("reading back", "http", stalls::drops_the_answer_then_stalls, 1),
    ("backing off", "http", stalls::is_unavailable_for_ten_seconds, 2),
];

fn main() {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next();
    let calls: usize = count.unwrap_or(CALLS);
    println!("after the deadline of {TIMEOUT:?}; {calls} calls each, {SIDE_BY_SIDE} side by side");
    let (address, _listener, _queued) = black_hole();
    row("connect hangs", after_the_deadline("http", address, calls));
    for (what, scheme, serve) in ANSWERS {
        row(what, after_the_deadline(scheme, server(serve).0, calls));
    }
    println!("after an abort; {calls} calls each, one after the other");
    row("connecting", after_an_abort_of_a_connect(address, calls));
    for (what, scheme, serve, times) in ABORTED {
        row(what, after_an_abort(scheme, serve, times, calls));
    }
}

fn row(what: &str, mut over: Vec<Duration>) {
    over.sort_unstable();
    let at = |share: usize| over[(over.len() - 1) * share / 100];
    let (p50, p99, most) = (at(50), at(99), at(100));
    println!("{what:>26}: p50 {p50:>8.2?}  p99 {p99:>8.2?}  max {most:>8.2?}");
}

fn after_the_deadline(scheme: &str, address: SocketAddr, calls: usize) -> Vec<Duration> {
    let over = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for worker in 0..SIDE_BY_SIDE {
            let over = &over;
            scope.spawn(move || {
                for _ in (worker..calls).step_by(SIDE_BY_SIDE) {
                    // A client of its own: one that fails often runs out of repetitions.
                    let client = client(scheme, address, TIMEOUT);
                    let started = Instant::now();
                    drop(client.cancel("fcs_1", &Options::default(), None));
                    let late = started.elapsed().saturating_sub(TIMEOUT);
                    over.lock().unwrap().push(late);
                }
            });
        }
    });
    over.into_inner().unwrap()
}

/// The time from a trigger to the return, where the server tells when to trigger.
fn after_an_abort(scheme: &str, serve: Serve, times: usize, calls: usize) -> Vec<Duration> {
    let (address, tells) = server(serve);
    let when = || (0..times).for_each(|_| tells.recv().unwrap());
    (0..calls).map(|_| aborted(&client(scheme, address, LONG), when)).collect()
}

/// Nobody sees a connect that hangs begin: the client tells of its first try, so that the second
/// is the one that is aborted.
fn after_an_abort_of_a_connect(address: SocketAddr, calls: usize) -> Vec<Duration> {
    let one = |_| {
        let client = stalls::client_that_connects_for("http", address, LONG, TIMEOUT / 10);
        let (told, tells) = channel();
        client.set_observer(Some(Arc::new(move |event: &Event<'_>| {
            if matches!(event, Event::Attempt { .. }) {
                let _ = told.send(());
            }
        })));
        aborted(&client, || tells.recv().unwrap())
    };
    (0..calls).map(one).collect()
}

fn aborted(client: &Client, when: impl FnOnce()) -> Duration {
    let abort = Abort::new();
    thread::scope(|scope| {
        let call = scope.spawn(|| {
            drop(client.cancel("fcs_1", &Options::default(), Some(&abort)));
            Instant::now()
        });
        when();
        let triggered = Instant::now();
        abort.trigger();
        call.join().unwrap().saturating_duration_since(triggered)
    })
}
