//! When to try again: backoff with full jitter, the server's own wish, and a budget that keeps a
//! store full of lanes from hammering a service that fails. Pure, but for the budget's count.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The first wait is up to this long.
const BASE: Duration = Duration::from_millis(100);
/// No wait is longer than this, unless the server asks for one.
const CAP: Duration = Duration::from_secs(2);
/// The wait before a repetition: random between nothing and a bound that doubles each time
/// ("full jitter"), so that clients which failed together do not come back together.
pub(crate) fn backoff(repetition: u32, random: u64) -> Duration {
    let bound = BASE.saturating_mul(1 << repetition.min(16)).min(CAP);
    let nanos = (u128::from(random) * bound.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
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
        let gained = |tokens: u32| (tokens < FULL).then(|| FULL.min(tokens + GAIN_OF_SUCCESS));
        // An error means that it is full.
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
}
