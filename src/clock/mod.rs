//! The clock of deadlines: the time since the machine started, sleep included.
//!
//! On Linux and macOS `Instant` alone stands still while the machine sleeps, and a till that wakes
//! up would go on with a cancel from before. A virtual machine that is paused stops this clock, too;
//! that is noticed by the wall clock, where evidence must not be old.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::time::{Duration, Instant};

/// No wait lasts longer without a look at the clock: the system's waits do not count sleep.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The time, monotonic, sleep included.
pub(crate) fn now() -> Instant {
    system::now()
}

/// How long to wait now for a point in time that is so far away.
pub(crate) fn wait_of(remaining: Duration) -> Duration {
    remaining.min(LONGEST_WAIT)
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
    fn no_wait_is_long() {
        assert_eq!(wait_of(Duration::from_secs(3_600)), LONGEST_WAIT);
        assert_eq!(wait_of(Duration::from_millis(7)), Duration::from_millis(7));
    }
}
