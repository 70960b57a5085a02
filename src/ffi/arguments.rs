//! What C passes in: handles, a session's id, options, and where a constructor puts its error.

use std::ffi::c_char;
use std::sync::Arc;

use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object, SharedOutbox};
use super::result::{self, flexcancel_result};
use super::text;
use crate::abort::Abort;
use crate::api::MAX_SESSION_ID_BYTES;
use crate::client::Client;
use crate::error::Error;
use crate::json_object::MAX_JSON_BYTES;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::{Refused, Report};

/// A JSON text from C; `None` is NULL.
pub(super) type Json<'a> = Result<Option<&'a str>, text::Unreadable>;

// A handle is a number here: nothing is behind its address.
pub(super) fn client(handle: usize) -> Result<Arc<Client>, Error> {
    match HANDLES.get(handle, Kind::Client) {
        Some(Object::Client(client)) => Ok(client),
        other => Err(not_live("client", other)),
    }
}

pub(super) fn outbox(handle: usize) -> Result<SharedOutbox, Error> {
    match HANDLES.get(handle, Kind::Outbox) {
        Some(Object::Outbox(outbox)) => Ok(outbox),
        other => Err(not_live("outbox", other)),
    }
}

/// The abort of a call; NULL is none.
pub(super) fn abort(handle: usize) -> Result<Option<Abort>, Error> {
    match HANDLES.get(handle, Kind::Abort) {
        Some(Object::Abort(abort)) => Ok(Some(abort)),
        _ if handle == 0 => Ok(None),
        other => Err(not_live("abort", other)),
    }
}

fn not_live(name: &str, found: Option<Object>) -> Error {
    let Some(Object::Lost(_, why)) = found else {
        return Error::in_field(Code::InvalidHandle, name, "expected a live handle");
    };
    let problem = format!("it could not be made again in this forked process: {why}");
    Error::in_field(Code::InvalidHandle, name, &problem)
}

/// # Safety
/// `session_id` is NULL or a NUL-terminated string that outlives the use of what is returned.
pub(super) unsafe fn session_id<'a>(session_id: *const c_char) -> Result<&'a str, Error> {
    // SAFETY: the caller vouches for a NUL-terminated string.
    let id = unsafe { text::read(session_id, MAX_SESSION_ID_BYTES) };
    required(id).map_err(|problem| Error::in_field(Code::InvalidSessionId, "session_id", &problem))
}

/// # Safety
/// `json` is NULL or a NUL-terminated string that outlives the use of what is returned.
pub(super) unsafe fn json<'a>(json: *const c_char) -> Json<'a> {
    // SAFETY: the caller vouches for a NUL-terminated string.
    unsafe { text::read(json, MAX_JSON_BYTES) }
}

pub(super) fn required(text: Json<'_>) -> Result<&str, text::Unreadable> {
    text.and_then(|text| text.ok_or_else(|| "expected a string, found NULL".to_owned()))
}

/// Reads options of some kind; NULL is no options.
pub(super) fn parsed<T>(
    options_json: &Json<'_>,
    read: impl FnOnce(&str) -> Result<T, Error>,
) -> Result<T, Error> {
    match options_json {
        Ok(json) => read(json.unwrap_or("{}")),
        Err(problem) => Err(Error::in_field(Code::InvalidArgument, "options_json", problem)),
    }
}

/// The refusal of a call that was given these options.
pub(super) fn refused(error: Error, options_json: &Json<'_>) -> Refused {
    // What is no text at all may have been the options of a repetition, too.
    let in_doubt =
        options_json.as_ref().map_or(true, |json| json.is_some_and(Options::claims_doubt_in));
    Refused { code: error.code, message: error.message, in_doubt }
}

/// Runs a constructor: gives the new handle, or NULL and, in `*error`, the report of its error.
///
/// # Safety
/// `error` is NULL or may be written.
pub(super) unsafe fn construct<T>(
    error: *mut *mut flexcancel_result,
    body: impl FnOnce() -> Result<Object, Error>,
    report: impl FnOnce(Refused) -> Report,
) -> *mut T {
    let insert = |object| {
        let full = || Error::new(Code::Internal, "every handle is in use");
        HANDLES.insert(object).ok_or_else(full)
    };
    let (handle, problem) = guarded(
        || (std::ptr::null_mut(), result::lost()),
        || match body().and_then(insert) {
            Ok(key) => (std::ptr::without_provenance_mut(key), std::ptr::null_mut()),
            // Nobody could free a result that nobody is given.
            Err(_) if error.is_null() => (std::ptr::null_mut(), std::ptr::null_mut()),
            Err(problem) => {
                let report = report(refused(problem, &Ok(None)));
                (std::ptr::null_mut(), result::into_handle(report))
            }
        },
    );
    if !error.is_null() {
        // SAFETY: the caller vouches for a pointer that may be written.
        unsafe { error.write(problem) };
    }
    handle
}
