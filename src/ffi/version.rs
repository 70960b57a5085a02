//! The library's version and the names of its numbers.

use std::ffi::{CStr, c_char};

use super::guard::guarded;
use crate::outcome::{Code, Hold, Outcome};

/// The ABI version. It increases with every incompatible change, and is the number in the shared
/// library's name (libflexcancel.so.0).
pub const FLEXCANCEL_ABI_VERSION: u32 = 0;

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };

/// Returns the version of the loaded library, for example "1.2.3". FLEXCANCEL_VERSION is the
/// version of the header.
///
/// Ownership: static; do not free it. Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the ABI version of the loaded library. Do not use the library if it differs from the
/// FLEXCANCEL_ABI_VERSION that the program was compiled with.
///
/// Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abi_version() -> u32 {
    FLEXCANCEL_ABI_VERSION
}

/// Returns the name of a code (FLEXCANCEL_CODE_*) as it is in the result's JSON, for example
/// "timeout".
///
/// Ownership: static; do not free it. NULL: returned for a number that is not a code. Threads:
/// thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_code_name(code: i32) -> *const c_char {
    guarded(std::ptr::null, || {
        Code::from_number(code).map_or(std::ptr::null(), |code| code.c_name().as_ptr())
    })
}

/// Returns the name of an outcome (FLEXCANCEL_OUTCOME_*) as it is in the result's JSON, for example
/// "canceled".
///
/// Ownership: static; do not free it. NULL: returned for a number that is not an outcome. Threads:
/// thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outcome_name(outcome: i32) -> *const c_char {
    guarded(std::ptr::null, || {
        Outcome::from_number(outcome).map_or(std::ptr::null(), |outcome| outcome.c_name().as_ptr())
    })
}

/// Returns the name of a hold (FLEXCANCEL_HOLD_*) as it is in the result's JSON, for example
/// "released".
///
/// Ownership: static; do not free it. NULL: returned for a number that is not a hold. Threads:
/// thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_hold_name(hold: i32) -> *const c_char {
    guarded(std::ptr::null, || {
        Hold::from_number(hold).map_or(std::ptr::null(), |hold| hold.c_name().as_ptr())
    })
}
