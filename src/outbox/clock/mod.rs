//! The clocks that an outbox reads. No one of them serves every purpose.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::outcome::Code;

/// One point in time on every clock, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timestamps {
    /// The wall clock (Unix time). It may jump, so it decides only what no other clock can: what
    /// lies before a restart of the machine, and how Flex's points in time compare with ours.
    pub wall_ms: i64,
    /// Since the machine started, without the time that it slept: the clock of leases. A try
    /// counts sleep, so it ends no later than its lease.
    pub awake_ms: i64,
    /// Since the machine started, with the time that it slept: the clock of ages.
    pub up_ms: i64,
    /// Which start of the machine the last two count from; on Windows, which session of the user.
    pub boot: u128,
}

impl Timestamps {
    /// A point in time.
    #[must_use]
    pub const fn new(wall_ms: i64, awake_ms: i64, up_ms: i64, boot: u128) -> Self {
        Self { wall_ms, awake_ms, up_ms, boot }
    }
}

/// Tells the time.
///
/// Not covered by the promise of stable versions: it exists for simulators.
pub trait Clock: Send + Sync {
    /// This point in time.
    fn now(&self) -> Timestamps;
}

/// The machine's clocks.
pub(super) struct SystemClock {
    boot: u128,
}

impl SystemClock {
    pub(super) fn new() -> Result<Self, Error> {
        let boot = system::boot().map_err(|why| {
            Error::new(Code::OutboxIo, format!("cannot tell this start of the machine: {why}"))
        })?;
        Ok(Self { boot })
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamps {
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(_) => 0,
        };
        Timestamps::new(wall, system::awake_ms(), system::up_ms(), self.boot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clocks_go_forward_and_its_start_stays_the_same() {
        let clock = SystemClock::new().unwrap();
        let (first, second) = (clock.now(), SystemClock::new().unwrap().now());
        assert_eq!(first.boot, second.boot);
        assert!(first.awake_ms <= second.awake_ms && first.up_ms <= second.up_ms);
        assert!(first.awake_ms <= first.up_ms + 1 && first.wall_ms > 1_700_000_000_000);
    }
}
