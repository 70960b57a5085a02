//! The clock of deadlines: the time since the machine started, sleep included.
//!
//! `Instant` alone stands still while a Linux machine sleeps, and a till that wakes up would go on
//! with a cancel from before. A virtual machine that is paused stops this clock, too; that is
//! noticed by the wall clock, where evidence must not be old.

use std::time::{Duration, Instant};

use once_cell::sync::Lazy;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// No wait lasts longer without a look at the clock: the system's waits do not count sleep.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// One moment on both clocks.
static START: Lazy<(Instant, Timespec)> =
    Lazy::new(|| (Instant::now(), clock_gettime(ClockId::Boottime)));

/// The time, monotonic, sleep included.
pub(crate) fn now() -> Instant {
    let (instant, start) = *START;
    instant + since(start, clock_gettime(ClockId::Boottime))
}

/// How long to wait now for a moment that is so far away.
pub(crate) fn wait_of(left: Duration) -> Duration {
    left.min(LONGEST_WAIT)
}

fn since(start: Timespec, now: Timespec) -> Duration {
    let seconds = now.tv_sec.saturating_sub(start.tv_sec);
    let nanos = seconds.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec - start.tv_nsec);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_forward_and_no_slower_than_the_clock_without_sleep() {
        let (first, awake) = (now(), Instant::now());
        std::thread::sleep(Duration::from_millis(20));
        let passed = now() - first;
        assert!(passed >= Duration::from_millis(20) && passed <= awake.elapsed() * 2, "{passed:?}");
    }

    #[test]
    fn a_sleep_of_the_machine_counts() {
        let at = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
        let hour = since(at(100, 900_000_000), at(3_700, 100_000_000));
        assert_eq!(hour, Duration::from_millis(3_599_200));
        assert_eq!(since(at(5, 0), at(4, 0)), Duration::ZERO);
        assert_eq!(wait_of(Duration::from_secs(3_600)), LONGEST_WAIT);
        assert_eq!(wait_of(Duration::from_millis(7)), Duration::from_millis(7));
    }
}
