//! The clock of Linux and macOS that counts sleep.

use std::time::{Duration, Instant};

use once_cell::sync::Lazy;
use rustix::time::{ClockId, Timespec, clock_gettime};

#[cfg(target_os = "linux")]
const WITH_SLEEP: ClockId = ClockId::Boottime;
/// On macOS this one counts sleep.
#[cfg(not(target_os = "linux"))]
const WITH_SLEEP: ClockId = ClockId::Monotonic;

/// One point in time on both clocks.
static START: Lazy<(Instant, Timespec)> = Lazy::new(|| (Instant::now(), clock_gettime(WITH_SLEEP)));

pub(super) fn now() -> Instant {
    let (instant, start) = *START;
    instant + since(start, clock_gettime(WITH_SLEEP))
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
    fn a_sleep_of_the_machine_counts() {
        let at = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
        let hour = since(at(100, 900_000_000), at(3_700, 100_000_000));
        assert_eq!(hour, Duration::from_millis(3_599_200));
        assert_eq!(since(at(5, 0), at(4, 0)), Duration::ZERO);
    }
}
