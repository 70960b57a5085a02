use super::*;
use crate::abort::Abort;
use std::sync::atomic::{AtomicUsize, Ordering};

const ADDRESS: &str = "192.0.2.1:443";

/// Answers what the closure says for the n-th look-up.
fn resolver(
    ttl: Duration,
    response: impl Fn(usize) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> (Resolver, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let look_up = move |_: &str, _: u16| response(counted.fetch_add(1, Ordering::SeqCst));
    (Resolver::new("flex.test", 443, ttl, Arc::new(look_up)), count)
}

fn addresses(text: &str) -> Vec<SocketAddr> {
    text.split(' ').map(|address| address.parse().unwrap()).collect()
}

fn resolve(resolver: &Resolver, within: Duration) -> Result<Vec<SocketAddr>, Error> {
    let round_trip = RoundTrip::new(clock::now(), clock::now() + within, within, None);
    resolver.resolve(&round_trip, clock::now() + within)
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_fresh_answer_is_used_without_asking_again() {
    let (resolver, count) = resolver(MINUTE, |_| Ok(addresses(ADDRESS)));
    assert_eq!(resolve(&resolver, MINUTE), Ok(addresses(ADDRESS)));
    assert_eq!(resolve(&resolver, MINUTE), Ok(addresses(ADDRESS)));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn an_address_or_localhost_is_never_looked_up() {
    for (host, expected) in
        [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("LocalHost", "127.0.0.1:80 [::1]:80")]
    {
        let look_up = |_: &str, _: u16| -> io::Result<Vec<SocketAddr>> { unreachable!() };
        let resolver = Resolver::new(host, 80, MINUTE, Arc::new(look_up));
        assert_eq!(resolve(&resolver, MINUTE), Ok(addresses(expected)));
    }
}

#[test]
fn a_doubted_answer_is_asked_again_and_serves_when_the_look_up_fails() {
    let (resolver, count) = resolver(MINUTE, |n| match n {
        0 => Ok(addresses(ADDRESS)),
        1 => Err(io::Error::other("SERVFAIL")),
        _ => Ok(addresses("192.0.2.2:443")),
    });
    assert_eq!(resolve(&resolver, MINUTE), Ok(addresses(ADDRESS)));
    resolver.doubt();
    assert_eq!(resolve(&resolver, MINUTE), Ok(addresses(ADDRESS)));
    assert_eq!(resolve(&resolver, MINUTE), Ok(addresses("192.0.2.2:443")));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn a_name_that_cannot_be_found_is_a_dns_failure_that_names_it() {
    let (failing, _) = resolver(MINUTE, |_| Err(io::Error::other("NXDOMAIN")));
    let failure = resolve(&failing, MINUTE).unwrap_err();
    assert_eq!(failure.code, Code::Dns);
    assert_eq!(failure.message, "cannot look up flex.test: NXDOMAIN");
    let (empty, _) = resolver(MINUTE, |_| Ok(Vec::new()));
    assert_eq!(resolve(&empty, MINUTE).unwrap_err().message, "flex.test has no address");
    let (panicking, _) = resolver(MINUTE, |_| panic!("on purpose"));
    assert_eq!(resolve(&panicking, MINUTE).unwrap_err().code, Code::Dns);
}

#[test]
fn a_hanging_look_up_ends_at_the_deadline_and_is_joined_not_repeated() {
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let (resolver, count) = resolver(MINUTE, move |_| {
        let _ = gate.lock().unwrap().recv();
        Ok(addresses(ADDRESS))
    });
    for _ in 0..2 {
        let failure = resolve(&resolver, Duration::from_millis(20)).unwrap_err();
        assert_eq!(failure.code, Code::Timeout);
    }
    release.send(()).unwrap();
    assert_eq!(resolve(&resolver, MINUTE), Ok(addresses(ADDRESS)));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn an_abort_ends_the_wait_for_a_hanging_look_up() {
    let (_release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let started = Arc::new(std::sync::Barrier::new(2));
    let in_look_up = Arc::clone(&started);
    let (resolver, _) = resolver(MINUTE, move |_| {
        in_look_up.wait();
        let _ = gate.lock().unwrap().recv();
        Ok(Vec::new())
    });
    let abort = Abort::new();
    let round_trip =
        RoundTrip::new(clock::now(), clock::now() + MINUTE, MINUTE, Some(abort.clone()));
    let aborter = std::thread::spawn(move || {
        started.wait();
        abort.trigger();
    });
    let failure = resolver.resolve(&round_trip, clock::now() + MINUTE).unwrap_err();
    assert_eq!(failure.code, Code::Aborted);
    aborter.join().unwrap();
}

#[test]
fn families_take_turns_beginning_with_the_first_ones() {
    for (given, expected) in [
        ("[::1]:1 [::2]:1 [::3]:1 1.1.1.1:1", "[::1]:1 1.1.1.1:1 [::2]:1 [::3]:1"),
        ("1.1.1.1:1 [::1]:1 [::2]:1 1.1.1.2:1", "1.1.1.1:1 [::1]:1 1.1.1.2:1 [::2]:1"),
        ("1.1.1.1:1 1.1.1.2:1", "1.1.1.1:1 1.1.1.2:1"),
    ] {
        assert_eq!(interleaved(&addresses(given)), addresses(expected));
    }
    assert_eq!(interleaved(&[]), []);
}

#[test]
fn an_address_that_failed_after_connecting_is_tried_last_until_it_answers() {
    let (resolver, _) = resolver(Duration::ZERO, |_| Ok(addresses("[::1]:1 1.1.1.1:1 [::2]:1")));
    let order = || resolve(&resolver, MINUTE).unwrap();
    assert_eq!(order(), addresses("[::1]:1 1.1.1.1:1 [::2]:1"));
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    resolver.avoid(address("[::1]:1"));
    assert_eq!(order(), addresses("1.1.1.1:1 [::2]:1 [::1]:1"), "looked up anew");
    resolver.avoid(address("1.1.1.1:1"));
    assert_eq!(order(), addresses("[::2]:1 [::1]:1 1.1.1.1:1"));
    resolver.trust(address("[::1]:1"));
    assert_eq!(order(), addresses("[::1]:1 [::2]:1 1.1.1.1:1"));
    resolver.avoid(address("192.0.2.9:1"));
    assert_eq!(order(), addresses("[::1]:1 [::2]:1 1.1.1.1:1"));
}

#[test]
fn the_address_that_worked_is_tried_first() {
    let (resolver, _) =
        resolver(MINUTE, |_| Ok(addresses("192.0.2.1:443 192.0.2.2:443 192.0.2.3:443")));
    assert!(resolve(&resolver, MINUTE).is_ok());
    resolver.prefer("192.0.2.3:443".parse().unwrap());
    let first = resolve(&resolver, MINUTE);
    assert_eq!(first, Ok(addresses("192.0.2.3:443 192.0.2.1:443 192.0.2.2:443")));
}
