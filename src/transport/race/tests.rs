use std::fs;
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::*;
use crate::abort::Abort;
use crate::phase::Phase;

const SECONDS: Duration = Duration::from_secs(1);

/// A listener whose queue is full: what connects now is not answered until there is room.
fn full() -> (SocketAddr, TcpListener, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let queued = TcpStream::connect(address).unwrap();
    (address, listener, queued)
}

fn race(
    addresses: &[SocketAddr],
    time: Duration,
    abort: Option<Abort>,
) -> Result<SocketAddr, Error> {
    let started = clock::now();
    let round_trip = RoundTrip::new(started, started + time, time, abort);
    round_trip.enter(Phase::Connecting);
    connect(addresses, &round_trip, round_trip.connect_by()).map(|(_, address)| address)
}

/// Waits until somebody is connecting to the address and has no response.
fn until_connecting_to(address: SocketAddr) {
    // State 02 is SYN_SENT.
    let remote = format!(":{:04X} 02 ", address.port());
    while !fs::read_to_string("/proc/net/tcp").unwrap().contains(&remote) {
        thread::yield_now();
    }
}

#[test]
fn an_attempt_goes_on_while_others_begin_so_a_slow_link_connects() {
    let slow: Vec<_> = (0..3).map(|_| full()).collect();
    let addresses: Vec<SocketAddr> = slow.iter().map(|(address, ..)| *address).collect();
    let last = addresses[2];
    // Room comes when the last attempt is under way; only an attempt that is still there then gets
    // in, when it repeats its SYN after a second.
    let server = thread::spawn(move || {
        until_connecting_to(last);
        let accepted = slow.iter().map(|(_, listener, _)| listener.accept().unwrap());
        (accepted.collect::<Vec<_>>(), slow)
    });
    // With a third of the time for each, the last one would begin after two thirds and have 0.8 s.
    let won = race(&addresses, 24 * SECONDS / 10, None);
    assert!(won.is_ok(), "{won:?}");
    server.join().unwrap();
}

#[test]
fn a_refused_address_costs_no_wait_and_the_first_failure_is_told_with_its_address() {
    let refused = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap();
    assert_eq!(race(&[refused(1), refused(2), open], 10 * SECONDS, None), Ok(open));
    let failure = race(&[refused(1), refused(2)], 10 * SECONDS, None).unwrap_err();
    assert_eq!(failure.code, Code::Connect);
    assert!(failure.message.starts_with("cannot connect to 127.0.0.1:1: "), "{}", failure.message);
    assert_eq!(race(&[], SECONDS, None).unwrap_err().code, Code::Dns);
}

#[test]
fn a_name_with_many_addresses_takes_no_more_sockets_than_the_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap();
    let refused = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut addresses = vec![refused; MAX_ATTEMPTS - 1];
    addresses.push(open);
    assert_eq!(race(&addresses, 10 * SECONDS, None), Ok(open));
    addresses.insert(0, refused);
    assert_eq!(race(&addresses, 10 * SECONDS, None).unwrap_err().code, Code::Connect);
}

#[test]
fn addresses_that_do_not_answer_end_at_the_deadline_and_by_an_abort() {
    let (first, second) = (full(), full());
    let addresses = [first.0, second.0];
    let failure = race(&addresses, Duration::from_millis(100), None).unwrap_err();
    assert_eq!(failure.code, Code::Timeout);
    let expected = format!("the time ran out while the connection was opened to {}", first.0);
    assert_eq!(failure.message, expected);
    let abort = Abort::new();
    let aborter = abort.clone();
    let thread = thread::spawn(move || {
        until_connecting_to(second.0);
        aborter.trigger();
    });
    let failure = race(&addresses, 600 * SECONDS, Some(abort)).unwrap_err();
    assert_eq!(failure.code, Code::Aborted);
    thread.join().unwrap();
}

#[test]
fn the_delay_leaves_time_for_every_address() {
    let ms = Duration::from_millis;
    assert_eq!(delay(ms(5_000), 8), ms(250));
    assert_eq!(delay(ms(5_000), 25), ms(100));
    assert_eq!(delay(ms(300), 2), ms(75));
    assert_eq!(delay(ms(300), 1_000), ms(10));
    assert_eq!(delay(ms(300), usize::MAX), ms(10));
    assert_eq!(delay(ms(300), 0), ms(250));
}
