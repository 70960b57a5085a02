//! The machine's clocks and its start, on Windows.
//!
//! Windows has no documented number for a start of the machine, and the time of the start moves
//! when the wall clock is set. So the start is that of the user's registry, which Windows loads when
//! the user logs on (or the first service of the user starts): a volatile key lives as long as that,
//! and its time is written once, when it is made. An outbox is one user's, so whoever held a lease
//! before has ended by then.

#![allow(unsafe_code)]

use std::{io, ptr};

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, FILETIME};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, KEY_QUERY_VALUE, REG_OPTION_VOLATILE, RegCloseKey, RegCreateKeyExW,
    RegQueryInfoKeyW,
};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::WindowsProgramming::QueryUnbiasedInterruptTime;
use windows_sys::core::w;

/// Units of that clock in a millisecond.
const TICKS_PER_MS: u64 = 10_000;

struct Key(HKEY);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open, and nobody else closes it.
        unsafe { RegCloseKey(self.0) };
    }
}

/// Identifies this start of the machine, or of the user's session on it. It is the time at which
/// the first outbox of that session was opened.
pub(super) fn boot() -> Result<u128, String> {
    let key = open_volatile_key().map_err(|error| format!("the user's registry: {error}"))?;
    let time = last_write_time(&key).map_err(|error| format!("the user's registry: {error}"))?;
    Ok(u128::from(time.dwHighDateTime) << 32 | u128::from(time.dwLowDateTime))
}

/// Opens the key, or makes it. It has no values: they would change its time.
fn open_volatile_key() -> io::Result<Key> {
    let mut key = ptr::null_mut();
    // SAFETY: the strings are those of `w!`, and `key` is written before it is used.
    let status = unsafe {
        RegCreateKeyExW(
            HKEY_CURRENT_USER,
            w!("Software\\flexcancel-session"),
            0,
            ptr::null(),
            REG_OPTION_VOLATILE,
            KEY_QUERY_VALUE,
            ptr::null(),
            &mut key,
            ptr::null_mut(),
        )
    };
    checked(status).map(|()| Key(key))
}

fn last_write_time(key: &Key) -> io::Result<FILETIME> {
    let mut time = FILETIME::default();
    let none = ptr::null_mut;
    // SAFETY: the key is open; the function leaves out what it is given no place for.
    let status = unsafe {
        RegQueryInfoKeyW(
            key.0,
            ptr::null_mut(),
            none(),
            ptr::null(),
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
            &mut time,
        )
    };
    checked(status).map(|()| time)
}

fn checked(status: u32) -> io::Result<()> {
    if status == ERROR_SUCCESS {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(i32::from_ne_bytes(status.to_ne_bytes())))
}

/// Milliseconds since the machine started, without the time that it slept.
pub(super) fn awake_ms() -> i64 {
    let mut ticks = 0;
    // SAFETY: the place is valid. The function fails only where it is not.
    unsafe { QueryUnbiasedInterruptTime(&mut ticks) };
    i64::try_from(ticks / TICKS_PER_MS).unwrap_or(i64::MAX)
}

/// Milliseconds since the machine started, with the time that it slept. In steps of 16 ms: it says
/// how old something is.
pub(super) fn up_ms() -> i64 {
    // SAFETY: the function has no condition.
    let ms = unsafe { GetTickCount64() };
    i64::try_from(ms).unwrap_or(i64::MAX)
}
