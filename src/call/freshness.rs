//! How old the evidence is on which a cancel is sent. Pure.
//!
//! While a call waits, sleeps with its machine, or is paused with its virtual machine, the session
//! may be authorized again. A pause is seen by the wall clock only, and a clock that is put back
//! by the other one only, so the longer of the two times counts.

use std::time::{Duration, Instant};

/// A cancel is sent without another look for so long after the asking, or after the last look.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Later than this after the asking, a hold must be shown to be older than the asking.
const PROOF_AFTER: Duration = Duration::from_secs(60);

/// When the cancel was asked for, and when the session was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    asked: Timestamps,
    /// The wall clock at the asking.
    asked_at_ms: i64,
    /// The last moment at which the evidence was new; `None`: a look is due.
    looked: Option<Timestamps>,
    /// A hold must be shown to be older, whatever the time.
    is_in_doubt: bool,
}

/// One point in time on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timestamps {
    instant: Instant,
    wall_ms: i64,
}

impl Timestamps {
    /// How long ago it was at most; a wall clock that went back tells nothing.
    fn age(self, now: Instant, wall_ms: i64) -> Duration {
        let by_wall = wall_ms.saturating_sub(self.wall_ms).max(0).unsigned_abs();
        now.saturating_duration_since(self.instant).max(Duration::from_millis(by_wall))
    }
}

impl Freshness {
    /// `asked_at_ms`: when the caller says that the cancel was asked for, by the wall clock. A
    /// call that begins long after that, or before it, must look first, unless it `may_skip_look`.
    pub(crate) fn new(
        asked_at_ms: Option<i64>,
        wall_ms: i64,
        started: Instant,
        must_look: bool,
        may_skip_look: bool,
    ) -> Self {
        let now = Timestamps { instant: started, wall_ms };
        let asked_at_ms = asked_at_ms.unwrap_or(wall_ms);
        let age_ms = wall_ms.saturating_sub(asked_at_ms).unsigned_abs();
        let is_now = age_ms <= duration_ms(LOOK_AGAIN_AFTER);
        let looked = (!must_look && (is_now || may_skip_look)).then_some(now);
        // A time that is yet to come is a clock that was put back: nothing is known of the age.
        let is_ahead = asked_at_ms.saturating_sub(wall_ms) > 0 && !is_now;
        Self {
            asked: Timestamps { wall_ms: asked_at_ms.min(wall_ms), ..now },
            asked_at_ms,
            looked,
            is_in_doubt: must_look || is_ahead,
        }
    }

    pub(crate) const fn asked_at_ms(&self) -> i64 {
        self.asked_at_ms
    }

    /// The session was read, by a request that was sent at this moment.
    pub(crate) fn note_look(&mut self, instant: Instant, wall_ms: i64) {
        self.looked = Some(Timestamps { instant, wall_ms });
    }

    /// True if the session must be read before a cancel is sent.
    pub(crate) fn must_look(&self, now: Instant, wall_ms: i64) -> bool {
        self.looked.is_none_or(|looked| looked.age(now, wall_ms) > LOOK_AGAIN_AFTER)
    }

    /// True if a hold must be shown to be older than the asking before it is released.
    pub(crate) fn needs_proof(&self, now: Instant, wall_ms: i64) -> bool {
        self.is_in_doubt || self.asked.age(now, wall_ms) > PROOF_AFTER
    }
}

fn duration_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_795_435_200_000;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_new_cancel_is_sent_at_once_and_later_only_after_another_look() {
        let started = Instant::now();
        let mut freshness = Freshness::new(None, NOON_MS, started, false, false);
        assert!(!freshness.must_look(started, NOON_MS));
        assert!(!freshness.must_look(started + after(5), NOON_MS + 5_000));
        assert!(freshness.must_look(started + after(6), NOON_MS + 6_000));
        freshness.note_look(started + after(7), NOON_MS + 7_000);
        assert!(!freshness.must_look(started + after(12), NOON_MS + 12_000));
        assert!(!freshness.needs_proof(started + after(60), NOON_MS + 60_000));
        assert!(freshness.needs_proof(started + after(61), NOON_MS + 61_000));
    }

    #[test]
    fn a_pause_is_seen_by_the_wall_clock_and_a_clock_put_back_by_the_other() {
        let started = Instant::now();
        let freshness = Freshness::new(None, NOON_MS, started, false, false);
        assert!(freshness.must_look(started, NOON_MS + 3_600_000));
        assert!(freshness.needs_proof(started, NOON_MS + 3_600_000));
        assert!(freshness.must_look(started + after(3_600), NOON_MS - 3_600_000));
        assert!(!freshness.must_look(started, NOON_MS - 3_600_000));
    }

    #[test]
    fn a_cancel_that_was_asked_for_earlier_or_is_in_doubt_looks_first() {
        let started = Instant::now();
        let look = |asked_ms, must_look, may_skip_look| {
            let freshness =
                Freshness::new(Some(asked_ms), NOON_MS, started, must_look, may_skip_look);
            (freshness.must_look(started, NOON_MS), freshness.needs_proof(started, NOON_MS))
        };
        assert_eq!(look(NOON_MS, false, false), (false, false));
        assert_eq!(look(NOON_MS - 5_000, false, false), (false, false));
        assert_eq!(look(NOON_MS - 6_000, false, false), (true, false));
        assert_eq!(look(NOON_MS - 61_000, false, false), (true, true));
        assert_eq!(look(NOON_MS + 6_000, false, false), (true, true), "a clock that was put back");
        assert_eq!(look(NOON_MS, true, false), (true, true));
        assert_eq!(look(NOON_MS - 500_000, false, true), (false, true));
        assert_eq!(look(i64::MAX, false, false), (true, true));
        assert_eq!(look(0, false, false), (true, true));
    }
}
