//! The library's version and the names of its numbers.

use std::ffi::{CStr, c_char};

use super::guard::guarded;
use crate::outcome::{Code, Hold, Outcome};

/// Grows with every change that an existing program would notice; the number in the shared
/// library's name (libflexcancel.so.0).
pub const FLEXCANCEL_ABI_VERSION: u32 = 0;

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };

/// The version of the library that is loaded, like "1.2.3"; compare it with
/// FLEXCANCEL_VERSION, which is that of the header.
///
/// Ownership: static; never freed. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The ABI version of the library that is loaded; a program made for another
/// FLEXCANCEL_ABI_VERSION must not use it.
///
/// Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abi_version() -> u32 {
    FLEXCANCEL_ABI_VERSION
}

/// The name of a code (FLEXCANCEL_CODE_*) as the result's JSON has it, like "timeout".
///
/// Ownership: static; never freed. NULL: returned for a number that is no code. Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_code_name(code: i32) -> *const c_char {
    guarded(std::ptr::null, || {
        Code::from_number(code).map_or(std::ptr::null(), |code| code.c_name().as_ptr())
    })
}

/// The name of an outcome (FLEXCANCEL_OUTCOME_*) as the result's JSON has it, like "canceled".
///
/// Ownership: static; never freed. NULL: returned for a number that is no outcome. Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outcome_name(outcome: i32) -> *const c_char {
    guarded(std::ptr::null, || {
        Outcome::from_number(outcome).map_or(std::ptr::null(), |outcome| outcome.c_name().as_ptr())
    })
}

/// The name of a hold (FLEXCANCEL_HOLD_*) as the result's JSON has it, like "released".
///
/// Ownership: static; never freed. NULL: returned for a number that is no hold. Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_hold_name(hold: i32) -> *const c_char {
    guarded(std::ptr::null, || {
        Hold::from_number(hold).map_or(std::ptr::null(), |hold| hold.c_name().as_ptr())
    })
}
