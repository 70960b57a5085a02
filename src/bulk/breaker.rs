//! Whether Flex can be reached: a circuit breaker. While it is open, one item at a time probes. Pure.

use std::time::{Duration, Instant};

use crate::outcome::{Code, Outcome};
use crate::report::Report;

/// As a circuit breaker's states are called: closed is the normal one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Breaker {
    /// Calls are made.
    #[default]
    Closed,
    /// No call is made before this moment, and then one.
    Open { failed_probes: u32, until: Instant },
    /// One call is under way as a probe.
    HalfOpen { failed_probes: u32 },
    /// Enough probes have failed.
    GivenUp,
}

/// After so many failed probes the run ends.
const PROBES: u32 = 5;
/// The wait before the first probe; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl Breaker {
    /// True if the report shows that no call can succeed, whatever its session: nothing could be
    /// sent, or the API key is not accepted.
    pub(super) fn is_failure(report: &Report) -> bool {
        let is_not_done = matches!(report.outcome, Outcome::NotApplied | Outcome::Unknown);
        let has_sent = report.attempts.iter().any(|attempt| attempt.phase.is_handed_over());
        is_not_done
            && match report.code {
                Code::Unauthorized => true,
                Code::Dns | Code::Connect | Code::Tls | Code::Timeout | Code::ConnectionLost => {
                    !has_sent && !report.attempts.is_empty()
                }
                _ => false,
            }
    }

    pub(super) fn after(self, is_failure: bool, now: Instant) -> Self {
        let open = |failed_probes: u32| Self::Open {
            failed_probes,
            until: now + FIRST_PAUSE.saturating_mul(1 << failed_probes.min(8)),
        };
        match self {
            _ if !is_failure => Self::Closed,
            Self::Closed => open(0),
            // A call that had begun before.
            Self::Open { .. } | Self::GivenUp => self,
            Self::HalfOpen { failed_probes } if failed_probes + 1 >= PROBES => Self::GivenUp,
            Self::HalfOpen { failed_probes } => open(failed_probes + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Operation;
    use crate::phase::Phase;
    use crate::report::Attempt;

    #[test]
    fn an_open_breaker_probes_five_times_with_waits_that_double() {
        let now = Instant::now();
        let mut breaker = Breaker::default().after(true, now);
        for failed_probes in 0..5 {
            let until = now + FIRST_PAUSE * 2_u32.pow(failed_probes);
            assert_eq!(breaker, Breaker::Open { failed_probes, until });
            assert_eq!(breaker.after(true, now), breaker, "one that had begun before");
            breaker = Breaker::HalfOpen { failed_probes }.after(true, now);
        }
        assert_eq!(breaker, Breaker::GivenUp);
        assert_eq!(Breaker::HalfOpen { failed_probes: 4 }.after(false, now), Breaker::Closed);
    }

    #[test]
    fn only_what_no_session_can_change_is_a_failure() {
        let fails = |outcome, code, phase| {
            let mut report = Report::without_attempts(code, "");
            report.outcome = outcome;
            report.attempts = vec![Attempt::new(Operation::Cancel, "", phase)];
            Breaker::is_failure(&report)
        };
        assert!(fails(Outcome::NotApplied, Code::Connect, Phase::Connecting));
        assert!(fails(Outcome::Unknown, Code::Connect, Phase::Connecting), "in doubt before");
        assert!(fails(Outcome::NotApplied, Code::Unauthorized, Phase::Complete));
        assert!(!fails(Outcome::NotApplied, Code::NotFound, Phase::Complete));
        assert!(!fails(Outcome::NotApplied, Code::RateLimited, Phase::Complete));
        assert!(!fails(Outcome::Unknown, Code::Timeout, Phase::Waiting), "a request was sent");
        assert!(!fails(Outcome::Canceled, Code::Ok, Phase::Complete));
    }
}
