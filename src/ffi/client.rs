//! `flexcancel_client`: a configured client.

use std::ffi::c_char;
use std::sync::Arc;

use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use super::result::{self, flexcancel_result};
use super::text;
use crate::api::Operation;
use crate::client::Client;
use crate::config::Config;
use crate::fields::{FieldError, MAX_JSON_BYTES};
use crate::outcome::Code;
use crate::report::{Refused, Report};

/// A configured client. May be shared between threads; calls run side by side.
#[allow(non_camel_case_types)]
pub struct flexcancel_client {
    _opaque: (),
}

/// The client with this handle.
pub(super) fn find(client: *const flexcancel_client) -> Option<Arc<Client>> {
    match HANDLES.get(client.addr(), Kind::Client)? {
        Object::Client(client) => Some(client),
        _ => None,
    }
}

/// Makes a client from a JSON configuration (docs/CONFIGURATION.md has every key).
///
/// Opens no connection. `config_json`: NUL-terminated UTF-8, at most 64 KiB; not kept, except
/// for the API key, which is wiped when the client is gone. `error`, unless NULL, is set to NULL
/// if all went well, or else to a result (not_applied/invalid_config) whose message names the
/// field and what was expected.
///
/// Ownership: client and error result are the caller's; free them with flexcancel_client_free
/// and flexcancel_result_free. NULL: a NULL `config_json` is an error like any other. Threads:
/// any. Errors: NULL is returned, and `*error` says why.
///
/// # Safety
/// `config_json` is NULL or a NUL-terminated string; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_new(
    config_json: *const c_char,
    error: *mut *mut flexcancel_result,
) -> *mut flexcancel_client {
    let (client, problem) = guarded(
        || (std::ptr::null_mut(), result::unreported()),
        || {
            // SAFETY: the caller vouches for a NUL-terminated string.
            let json = unsafe { text::read(config_json, MAX_JSON_BYTES) };
            match make(json) {
                Ok(key) => (std::ptr::without_provenance_mut(key), std::ptr::null_mut()),
                // Nobody could free a result that nobody is given.
                Err(_) if error.is_null() => (std::ptr::null_mut(), std::ptr::null_mut()),
                Err((code, message)) => {
                    let refused = Refused { code, message, in_doubt: false };
                    let report = Report::refused(Operation::Cancel, refused);
                    (std::ptr::null_mut(), result::into_handle(&report))
                }
            }
        },
    );
    if !error.is_null() {
        // SAFETY: the caller vouches for a pointer that may be written.
        unsafe { error.write(problem) };
    }
    client
}

fn make(json: Result<Option<&str>, text::Unreadable>) -> Result<usize, (Code, String)> {
    let wrong = |problem: String| (Code::InvalidConfig, problem);
    let json = json
        .and_then(|json| json.ok_or_else(|| "expected a string, found NULL".to_owned()))
        .map_err(|problem| wrong(format!("config_json: {problem}")))?;
    let client = Config::from_json(json)
        .and_then(|config| Client::new(&config))
        .map_err(|error: FieldError| wrong(error.to_string()))?;
    HANDLES
        .insert(Object::Client(Arc::new(client)))
        .ok_or_else(|| (Code::Internal, "every handle is in use".to_owned()))
}

/// Frees a client and closes its connections. A call in flight on another thread keeps what it
/// needs and ends as if nothing had happened.
///
/// Ownership: taken. NULL, a client freed before, or any other invalid handle: no effect.
/// Threads: any, also while calls use it. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_client_free(client: *mut flexcancel_client) {
    guarded(|| (), || drop(HANDLES.remove(client.addr(), Kind::Client)));
}
