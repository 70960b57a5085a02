//! The limit on the rate of requests: a token bucket, which takes the time as an argument.

use std::num::NonZeroU32;
use std::time::Duration;

/// How many requests to `/v1/…` are served per second. A request above that gets a 429 with the
/// code `rate_limited`, and has no other effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per second, over all connections. It is a token bucket: after a quiet second as
    /// many may come at once.
    pub per_second: NonZeroU32,
    /// Whether `Retry-After` and the `RateLimit-…` headers are left out.
    pub silent: bool,
}

/// What a request takes from the bucket. In this unit a bucket gains its rate each nanosecond, so
/// all arithmetic is exact.
const TOKEN: u64 = 1_000_000_000;

/// `Retry-After` and `RateLimit-Reset`, in seconds: at one request per second or more, there is a
/// token within a second, and the bucket is full within a second. Headers have whole seconds.
const WAIT_S: &str = "1";

/// A bucket of one second's tokens.
pub(crate) struct Bucket {
    limit: RateLimit,
    level: u64,
    updated: Duration,
}

/// Whether a request is served, and what its response says about the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) granted: bool,
    limit: RateLimit,
    remaining: u64,
}

impl Bucket {
    pub(crate) fn full(limit: RateLimit) -> Self {
        Bucket { limit, level: capacity(limit), updated: Duration::ZERO }
    }

    /// A request at `now`. An earlier `now` counts as the latest one seen.
    pub(crate) fn take(&mut self, now: Duration) -> Allowance {
        let elapsed = now.saturating_sub(self.updated).min(Duration::from_secs(1));
        let gained = u64::from(self.limit.per_second.get()) * nanoseconds(elapsed);
        self.level = (self.level + gained).min(capacity(self.limit));
        self.updated = self.updated.max(now);
        let granted = self.level >= TOKEN;
        if granted {
            self.level -= TOKEN;
        }
        Allowance { granted, limit: self.limit, remaining: self.level / TOKEN }
    }
}

impl Allowance {
    /// What the response says about the limit.
    pub(crate) fn headers(self) -> Vec<(&'static str, String)> {
        let Allowance { granted, limit, remaining } = self;
        if limit.silent {
            return Vec::new();
        }
        let mut headers = vec![
            ("RateLimit-Limit", limit.per_second.to_string()),
            ("RateLimit-Remaining", remaining.to_string()),
            ("RateLimit-Reset", WAIT_S.to_owned()),
        ];
        if !granted {
            headers.push(("Retry-After", WAIT_S.to_owned()));
        }
        headers
    }
}

fn capacity(limit: RateLimit) -> u64 {
    u64::from(limit.per_second.get()) * TOKEN
}

/// Of at most a second.
fn nanoseconds(time: Duration) -> u64 {
    time.as_secs() * 1_000_000_000 + u64::from(time.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(per_second: u32) -> Bucket {
        Bucket::full(RateLimit { per_second: per_second.try_into().unwrap(), silent: false })
    }

    /// How many of so many requests are served at a time.
    fn served(bucket: &mut Bucket, requests: u32, now: Duration) -> usize {
        (0..requests).filter(|_| bucket.take(now).granted).count()
    }

    #[test]
    fn one_seconds_worth_is_served_at_once_and_no_more_however_long_it_was_quiet() {
        for start in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
            for per_second in [1, 3, 100] {
                let all = per_second as usize;
                assert_eq!(served(&mut bucket(per_second), per_second + 7, start), all);
            }
        }
    }

    #[test]
    fn tokens_come_back_continuously_and_to_the_nanosecond() {
        let mut bucket = bucket(3);
        let ns = Duration::from_nanos;
        assert_eq!(served(&mut bucket, 4, ns(0)), 3);
        // A third of a second is 333,333,333.3… ns.
        assert_eq!(served(&mut bucket, 2, ns(333_333_333)), 0);
        assert_eq!(served(&mut bucket, 2, ns(333_333_334)), 1);
        assert_eq!(served(&mut bucket, 2, ns(666_666_666)), 0);
        assert_eq!(served(&mut bucket, 2, ns(666_666_667)), 1);
        assert_eq!(served(&mut bucket, 2, ns(999_999_999)), 0);
        assert_eq!(served(&mut bucket, 2, ns(1_000_000_000)), 1);
    }

    #[test]
    fn in_the_long_run_the_rate_is_exact_at_any_spacing() {
        // A bucket of a single token overflows by the fraction that it is late.
        for per_second in [2, 7, 1_000] {
            for step in [1_234_567, 50_000_000, 333_333_333] {
                let mut bucket = bucket(per_second);
                let asked = 2 * per_second;
                let mut total = 0;
                let mut now = Duration::ZERO;
                while now <= Duration::from_secs(20) {
                    total += served(&mut bucket, asked, now) as u128;
                    now += Duration::from_nanos(step);
                }
                let last = now - Duration::from_nanos(step);
                let rate = u128::from(per_second);
                assert_eq!(total, rate + rate * last.as_nanos() / 1_000_000_000);
            }
        }
    }

    #[test]
    fn a_refused_request_costs_nothing_and_time_does_not_run_backwards() {
        let mut bucket = bucket(1);
        assert_eq!(served(&mut bucket, 1, Duration::from_secs(10)), 1);
        assert_eq!(served(&mut bucket, 1_000, Duration::from_millis(10_999)), 0);
        assert_eq!(served(&mut bucket, 1, Duration::ZERO), 0);
        assert_eq!(served(&mut bucket, 1, Duration::from_millis(10_999)), 0);
        assert_eq!(served(&mut bucket, 1, Duration::from_secs(11)), 1);
    }

    #[test]
    fn the_highest_rate_does_not_overflow() {
        let mut bucket = bucket(u32::MAX);
        assert!(bucket.take(Duration::ZERO).granted);
        let allowance = bucket.take(Duration::MAX);
        assert!(allowance.granted);
        assert_eq!(allowance.remaining, u64::from(u32::MAX) - 1);
    }

    #[test]
    fn the_headers_count_down_and_a_refusal_says_when_to_come_again() {
        let mut bucket = bucket(2);
        let mut headers = || {
            let headers = bucket.take(Duration::ZERO).headers();
            headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        let first = ["RateLimit-Limit: 2", "RateLimit-Remaining: 1", "RateLimit-Reset: 1"];
        assert_eq!(headers(), first);
        assert_eq!(headers()[1], "RateLimit-Remaining: 0");
        let refused = headers();
        assert_eq!(refused[1], "RateLimit-Remaining: 0");
        assert_eq!(refused[3..], ["Retry-After: 1"]);
    }

    #[test]
    fn a_silent_limit_has_no_headers() {
        let mut bucket = Bucket::full(RateLimit { per_second: NonZeroU32::MIN, silent: true });
        for granted in [true, false] {
            let allowance = bucket.take(Duration::ZERO);
            assert_eq!((allowance.granted, allowance.headers()), (granted, Vec::new()));
        }
    }
}
