//! When to try again: backoff with full jitter, the server's own wish, and a budget that keeps a
//! store full of lanes from hammering a service that fails. Pure, but for the budget's count.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The first wait is up to this long.
const BASE: Duration = Duration::from_millis(100);
/// No wait is longer than this, unless the server asks for one.
const CAP: Duration = Duration::from_secs(2);
/// Below this a round trip may use all the time that is left.
const TOO_SHORT_TO_SHARE: Duration = Duration::from_millis(200);

/// The wait before a repetition: random between nothing and a bound that doubles each time
/// ("full jitter"), so that clients which failed together do not come back together.
pub(crate) fn backoff(repetition: u32, random: u64) -> Duration {
    let bound = BASE.saturating_mul(1 << repetition.min(16)).min(CAP);
    let nanos = (u128::from(random) * bound.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The time that one round trip may take: three quarters of what is left, so that there is always
/// time to look what became of it.
pub(super) fn share(remaining: Duration) -> Duration {
    if remaining <= TOO_SHORT_TO_SHARE { remaining } else { remaining / 4 * 3 }
}

/// The longest wait that a server has asked for and that is still to come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AskedWait(Option<(Duration, Instant)>);

impl AskedWait {
    /// Notes what one more response asks for; one that asks for nothing ends no wait.
    pub(super) fn note(&mut self, wait: Option<Duration>, now: Instant) {
        let asked = wait.and_then(|wait| Some((wait, now.checked_add(wait)?)));
        let pending = self.0.filter(|(_, end)| *end > now);
        self.0 = asked.into_iter().chain(pending).max_by_key(|(_, end)| *end);
    }

    pub(super) fn not_before(self) -> Option<Instant> {
        Some(self.0?.1)
    }

    /// As the server stated it.
    pub(super) fn length(self) -> Option<Duration> {
        Some(self.0?.0)
    }
}

/// The tokens that a client's repetitions cost. As in the AWS SDKs' standard mode: full at
/// first, and filled again by each call that gets through.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

const FULL: u32 = 500;
const GAIN_OF_SUCCESS: u32 = 5;

/// What a repetition repeats, and so what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// A request that reached the network.
    OfARequest = 5,
    /// A try at connecting: no load to speak of.
    OfNothingSent = 1,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(FULL))
    }

    /// Pays for one repetition; false if there is not enough left.
    pub(crate) fn pay(&self, repetition: Repetition) -> bool {
        let paid = |tokens: u32| tokens.checked_sub(repetition as u32);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, paid).is_ok()
    }

    /// Counts a call that the service answered.
    pub(crate) fn gain(&self) {
        let gained = |tokens: u32| Some(FULL.min(tokens + GAIN_OF_SUCCESS));
        // It always gives a value, so there is no error.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, gained);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_random_within_a_bound_that_doubles_up_to_the_cap() {
        for (repetition, bound) in [(0, 100), (1, 200), (2, 400), (4, 1600), (5, 2000), (99, 2000)]
        {
            assert_eq!(backoff(repetition, 0), Duration::ZERO);
            let half = backoff(repetition, 1 << 63).as_millis();
            assert_eq!(half, bound / 2, "repetition {repetition}");
            assert!(backoff(repetition, u64::MAX).as_millis() < bound);
        }
    }

    #[test]
    fn an_empty_budget_pays_for_no_repetition_until_calls_get_through() {
        let budget = Budget::new();
        let paid = (0..1000).filter(|_| budget.pay(Repetition::OfARequest)).count();
        assert_eq!(paid, 100);
        assert!(!budget.pay(Repetition::OfARequest));
        budget.gain();
        assert!(budget.pay(Repetition::OfARequest));
        assert!(!budget.pay(Repetition::OfARequest));
        for _ in 0..1000 {
            budget.gain();
        }
        assert_eq!((0..1000).filter(|_| budget.pay(Repetition::OfARequest)).count(), 100);
    }

    #[test]
    fn the_longest_wait_that_is_still_to_come_is_kept() {
        let second = Duration::from_secs(1);
        let started = Instant::now();
        let mut wait = AskedWait::default();
        wait.note(None, started);
        assert_eq!((wait.not_before(), wait.length()), (None, None));
        wait.note(Some(120 * second), started);
        wait.note(None, started + second);
        wait.note(Some(5 * second), started + second);
        assert_eq!(wait.not_before(), Some(started + 120 * second));
        assert_eq!(wait.length(), Some(120 * second));
        wait.note(Some(119 * second), started + 2 * second);
        assert_eq!(wait.not_before(), Some(started + 121 * second));
        wait.note(Some(Duration::MAX), started + 3 * second);
        assert_eq!(wait.length(), Some(119 * second), "what no clock can hold asks for nothing");
        wait.note(None, started + 121 * second);
        assert_eq!(wait.not_before(), None);
    }

    #[test]
    fn a_round_trip_leaves_time_to_look_what_became_of_it() {
        let ms = Duration::from_millis;
        assert_eq!(share(ms(4_000)), ms(3_000));
        assert_eq!(share(ms(200)), ms(200));
    }
}
