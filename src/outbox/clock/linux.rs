//! The machine's clocks and its start, on Linux.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Identifies this start of the machine.
pub(super) fn boot() -> Result<u128, String> {
    let text = fs::read_to_string(BOOT_ID).map_err(|error| error.to_string())?;
    let digits = text.trim().replace('-', "");
    u128::from_str_radix(&digits, 16).map_err(|error| error.to_string())
}

/// Milliseconds since the machine started, without the time that it slept.
pub(super) fn awake_ms() -> i64 {
    millis(ClockId::Monotonic)
}

/// Milliseconds since the machine started, with the time that it slept.
pub(super) fn up_ms() -> i64 {
    millis(ClockId::Boottime)
}

fn millis(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
}
