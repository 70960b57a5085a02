use super::*;

const MS: Duration = Duration::from_millis(1);

/// How many turns come within a time, if each is taken as soon as it comes.
fn turns_within(pacer: &Pacer, start: Instant, time: Duration) -> u32 {
    let mut count = 0;
    let mut now = start;
    loop {
        now = pacer.turn(now).at.max(now);
        if now >= start + time {
            return count;
        }
        pacer.accepted(now);
        count += 1;
    }
}

#[test]
fn without_a_rate_every_turn_is_now() {
    let (pacer, now) = (Pacer::new(None), Instant::now());
    for _ in 0..1000 {
        assert_eq!(pacer.turn(now).at, now);
    }
}

#[test]
fn a_rate_starts_at_a_tenth_and_is_kept_from_half_a_second_on() {
    let (pacer, start) = (Pacer::new(Some(1000)), Instant::now());
    let first = turns_within(&pacer, start, 50 * MS);
    assert!((4..=7).contains(&first), "{first}");
    turns_within(&pacer, start + 50 * MS, 450 * MS);
    let second = turns_within(&pacer, start + 500 * MS, SECOND);
    assert!((995..=1005).contains(&second), "{second}");
}

#[test]
fn turns_that_were_not_taken_are_made_up_for_a_tenth_of_a_second_only() {
    let (pacer, start) = (Pacer::new(Some(100)), Instant::now());
    turns_within(&pacer, start, SECOND);
    let later = start + 60 * SECOND;
    let at_once = (0..100).filter(|_| pacer.turn(later).at <= later).count();
    assert!((10..=12).contains(&at_once), "{at_once}");
}

#[test]
fn after_a_limit_all_wait_as_long_as_it_says_and_a_tenth_more_at_most() {
    let start = Instant::now();
    for (random, pause) in [(0, 2000 * MS), (u64::MAX, 2200 * MS)] {
        let pacer = Pacer::new(Some(1000));
        let before = pacer.turn(start + SECOND);
        pacer.limited(Some(2 * SECOND), random, start + SECOND);
        pacer.limited(None, 0, start + SECOND);
        let after = pacer.confirmed(before, start + SECOND);
        assert!(after.at >= start + SECOND + pause - MS, "{:?}", after.at - start);
        assert!(after.at <= start + SECOND + pause + MS, "{:?}", after.at - start);
        let again = pacer.confirmed(after, after.at);
        assert_eq!(again, after, "nothing has changed");
    }
}

#[test]
fn a_limit_cuts_the_rate_once_a_second_and_a_quiet_time_raises_it_to_what_is_configured() {
    let (pacer, start) = (Pacer::new(Some(1000)), Instant::now());
    turns_within(&pacer, start, 2 * SECOND);
    let now = start + 2 * SECOND;
    for _ in 0..50 {
        pacer.limited(Some(SECOND), 0, now);
    }
    let cut = turns_within(&pacer, now + SECOND, SECOND);
    assert!((690..=710).contains(&cut), "{cut}");
    let quiet = turns_within(&pacer, now + 2 * SECOND, SECOND);
    assert!((690..=710).contains(&quiet), "{quiet}");
    let risen = turns_within(&pacer, now + 3 * SECOND, SECOND);
    assert!((715..=735).contains(&risen), "{risen}");
    turns_within(&pacer, now + 4 * SECOND, 26 * SECOND);
    let full = turns_within(&pacer, now + 30 * SECOND, SECOND);
    assert!((995..=1005).contains(&full), "{full}");
}

#[test]
fn a_limit_that_was_not_configured_is_learned_from_what_was_accepted() {
    let (pacer, start) = (Pacer::new(None), Instant::now());
    for _ in 0..100 {
        pacer.turn(start);
        pacer.accepted(start);
    }
    pacer.limited(None, 0, start + 50 * MS);
    let learned = turns_within(&pacer, start + 1050 * MS, SECOND);
    assert!((69..=72).contains(&learned), "{learned}");
}

#[test]
fn however_often_it_is_limited_some_rate_is_left() {
    let (pacer, start) = (Pacer::new(Some(10)), Instant::now());
    pacer.turn(start);
    for second in 0..1000 {
        pacer.limited(Some(MS), 0, start + second * SECOND);
    }
    let now = start + 1000 * SECOND;
    let (first, second) = (pacer.turn(now).at, pacer.turn(now).at);
    assert!(second - first <= 10 * SECOND, "{:?}", second - first);
    pacer.limited(Some(Duration::MAX), u64::MAX, now);
    let paced = now + (second - first);
    assert_eq!(pacer.turn(now).at, paced, "what no clock can hold asks for nothing");
}

#[test]
fn a_request_to_slow_down_gives_no_turn_before_its_time() {
    let (pacer, start) = (Pacer::new(Some(10)), Instant::now());
    pacer.turn(start);
    let used = pacer.turn(start + 2 * SECOND).at;
    let now = used + 5 * MS;
    pacer.limited(Some(Duration::ZERO), 0, now);
    assert!(pacer.turn(now).at >= used + 100 * MS, "{:?}", pacer.turn(now).at - used);
}
