//! The clock of Windows that counts sleep.

use std::time::Instant;

/// `Instant` counts sleep there.
pub(super) fn now() -> Instant {
    Instant::now()
}
