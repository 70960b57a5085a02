//! The machine's clocks and its start, on macOS.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::{io, ptr};

/// Identifies this start of the machine.
pub(super) fn boot() -> Result<u128, String> {
    // The text of a UUID and its NUL.
    let mut text = [0_u8; 64];
    let mut length = text.len();
    let name = c"kern.bootsessionuuid".as_ptr();
    // SAFETY: the name is a C string, and the length is that of the buffer.
    let status = unsafe {
        libc::sysctlbyname(name, text.as_mut_ptr().cast(), &mut length, ptr::null_mut(), 0)
    };
    if status != 0 {
        return Err(io::Error::last_os_error().to_string());
    }
    let text = CStr::from_bytes_until_nul(&text).map_err(|error| error.to_string())?;
    let digits = text.to_string_lossy().replace('-', "");
    u128::from_str_radix(&digits, 16).map_err(|error| error.to_string())
}

/// Milliseconds since the machine started, without the time that it slept.
pub(super) fn awake_ms() -> i64 {
    millis(libc::CLOCK_UPTIME_RAW)
}

/// Milliseconds since the machine started, with the time that it slept.
pub(super) fn up_ms() -> i64 {
    millis(libc::CLOCK_MONOTONIC_RAW)
}

fn millis(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is valid. The function fails only for a clock that the system lacks.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
}
