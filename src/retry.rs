//! When to try again: backoff with full jitter, the server's own wish, and a budget that keeps a
//! store full of lanes from hammering a service that fails. Pure, but for the budget's count.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// The first wait is up to this long.
const BASE: Duration = Duration::from_millis(100);
/// No wait is longer than this, unless the server asks for one.
const CAP: Duration = Duration::from_secs(2);
/// A server that asks for a longer wait is read as asking for this one, which every language's
/// durations can hold: thirty days.
const LONGEST_ASKED: Duration = Duration::from_secs(30 * 24 * 3_600);
/// A reset above this is a point in time (Unix seconds), not a number of seconds.
const LEAST_POINT_IN_TIME: u64 = 1_000_000_000;

/// The wait before a repetition: random between nothing and a bound that doubles each time
/// ("full jitter"), so that clients which failed together do not come back together.
pub(crate) fn backoff(repetition: u32, random: u64) -> Duration {
    let bound = BASE.saturating_mul(1 << repetition.min(16)).min(CAP);
    let nanos = (u128::from(random) * bound.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How long the server asks to be left alone: `Retry-After` in seconds or as a date, or else
/// the rate limit's reset. Dates are read against the answer's own `Date`, so that this
/// machine's clock does not matter. What cannot be read counts as absent. `header` gives the
/// answer's headers by their names in lower case.
pub(crate) fn retry_after<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    Some(asked_wait(header)?.min(LONGEST_ASKED))
}

fn asked_wait<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let text = |name: &str| header(name).map(str::trim);
    let date = || httpdate::parse_http_date(text("date")?).ok();
    if let Some(wish) = text("retry-after") {
        if let Some(seconds) = whole_seconds(wish) {
            return Some(Duration::from_secs(seconds));
        }
        if let Ok(point) = httpdate::parse_http_date(wish) {
            return Some(point.duration_since(date()?).unwrap_or_default());
        }
    }
    let reset = text("ratelimit-reset").or_else(|| text("x-ratelimit-reset"))?;
    let seconds = whole_seconds(reset)?;
    if seconds < LEAST_POINT_IN_TIME {
        return Some(Duration::from_secs(seconds));
    }
    let point = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(point.duration_since(date()?).unwrap_or_default())
}

/// Digits only: no sign, no fraction, no blank.
fn whole_seconds(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
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

    fn wish(lines: &[(&str, &str)]) -> Option<Duration> {
        retry_after(|name| {
            let (_, value) = lines.iter().find(|(found, _)| *found == name)?;
            Some(*value)
        })
    }

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
    fn retry_after_is_read_in_both_forms_and_garbage_is_absent() {
        let date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT");
        for (value, seconds) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("Mon, 23 Nov 2026 12:00:09 GMT", Some(9)),
            ("Mon, 23 Nov 2026 11:00:00 GMT", Some(0)),
            ("-7", None),
            ("+7", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
            ("9223372036854775807", Some(30 * 24 * 3_600)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(30 * 24 * 3_600)),
        ] {
            let wish = wish(&[date, ("retry-after", value)]);
            assert_eq!(wish, seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(wish(&[("retry-after", "Mon, 23 Nov 2026 12:00:09 GMT")]), None, "undated");
        assert_eq!(wish(&[]), None);
    }

    #[test]
    fn the_rate_limits_reset_is_read_where_retry_after_is_absent_or_garbage() {
        let date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT");
        let point = "1795435205"; // five seconds after the date
        for (lines, seconds) in [
            (vec![("ratelimit-reset", "3")], Some(3)),
            (vec![("x-ratelimit-reset", "4")], Some(4)),
            (vec![date, ("x-ratelimit-reset", point)], Some(5)),
            (vec![("x-ratelimit-reset", point)], None),
            (vec![("retry-after", "9"), ("x-ratelimit-reset", "4")], Some(9)),
            (vec![("retry-after", "soon"), ("x-ratelimit-reset", "4")], Some(4)),
        ] {
            let wish = wish(&lines);
            assert_eq!(wish, seconds.map(Duration::from_secs), "{lines:?}");
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
