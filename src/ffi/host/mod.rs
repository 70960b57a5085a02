//! What the C ABI needs of the system that hosts it.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

pub(super) use system::{call_at_forks, stay_loaded};
