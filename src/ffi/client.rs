//! `flexcancel_client`: a configured client.

use std::ffi::c_char;
use std::sync::Arc;

use super::arguments;
use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use super::result::flexcancel_result;
use crate::api::Operation;
use crate::client::Client;
use crate::config::Config;
use crate::error::Error;
use crate::outcome::Code;
use crate::report::Report;

/// A configured client. Thread-safe; concurrent calls allowed.
#[allow(non_camel_case_types)]
pub struct flexcancel_client {
    _opaque: (),
}

/// Creates a client from a JSON configuration. docs/CONFIGURATION.md describes every key. Opens no
/// connection.
///
/// `config_json`: NUL-terminated UTF-8, at most 64 KiB. The library keeps the settings, but no copy
/// of the string. The API key is erased from memory when the client and every outbox that was
/// opened with this client are freed and no call uses them. `error`: NULL, or receives NULL on
/// success and a result (not_applied/invalid_config) on failure. The message of that result names
/// the field and what was expected.
///
/// Ownership: the caller owns the client and the error result; free them with
/// flexcancel_client_free and flexcancel_result_free. NULL: a NULL `config_json` is an error.
/// Threads: thread-safe. Errors: returns NULL, and `*error` has the reason.
///
/// # Safety
/// `config_json` is NULL or a NUL-terminated string; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_new(
    config_json: *const c_char,
    error: *mut *mut flexcancel_result,
) -> *mut flexcancel_client {
    let make = || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = arguments::required(unsafe { arguments::json(config_json) })
            .map_err(|problem| Error::in_field(Code::InvalidConfig, "config_json", &problem))?;
        let client = Config::from_json(json).and_then(|config| Client::new(&config))?;
        Ok(Object::Client(Arc::new(client)))
    };
    // SAFETY: the caller vouches for a pointer that may be written.
    unsafe {
        arguments::construct(error, make, |refused| Report::refused(Operation::Cancel, refused))
    }
}

/// Frees a client. A call in flight on another thread, and an outbox that was opened with this
/// client, are not affected. The client's connections are closed when none of these uses it any
/// more.
///
/// Ownership: transferred to the library. NULL, a freed client or any other invalid handle: no
/// effect. Threads: thread-safe, even while calls use the client. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_client_free(client: *mut flexcancel_client) {
    guarded(|| (), || drop(HANDLES.remove(client.addr(), Kind::Client)));
}
