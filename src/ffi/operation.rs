//! The operations: cancel a session, retrieve a session, warm a client up.

use std::ffi::c_char;
use std::sync::Arc;

use super::abort::flexcancel_abort;
use super::arguments;
use super::client::flexcancel_client;
use super::guard::guarded;
use super::result::{self, flexcancel_result};
use crate::abort::Abort;
use crate::api::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::Options;
use crate::report::{Report, Status};

/// Releases the hold of a checkout session, and reports whether it is released.
///
/// Blocks until the outcome is definite, the deadline (`timeout_ms`) is reached, the abort handle
/// is triggered, or another attempt would not help. `session_id`: 1 to 255 characters of
/// [A-Za-z0-9_-]. `options_json`: NULL, or a JSON object of at most 64 KiB with any of
/// `asked_at_ms`, `expand`, `idempotency_key`, `in_doubt`, `max_attempts`, `timeout_ms`, `verify`;
/// docs/CONFIGURATION.md describes them. To repeat a cancel, pass the string from
/// flexcancel_result_repeat. `abort`: NULL, or a handle that can end the call early. The library
/// keeps no pointer to an argument after the call.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `client` or `session_id` is an error. Threads: thread-safe; concurrent calls on
/// one client allowed. The client and the abort handle may be freed during the call. Errors: in the
/// result. If an argument or a handle is not usable, nothing is sent. The outcome is then
/// not_applied, or unknown if the cancel is in doubt.
///
/// # Safety
/// `session_id` and `options_json` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_cancel(
    client: *mut flexcancel_client,
    session_id: *const c_char,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    // SAFETY: the caller vouches for the strings.
    unsafe { call(Operation::Cancel, client, session_id, options_json, abort) }
}

/// Reads a checkout session with its payment intents. Changes nothing.
///
/// The outcome says what the till may say about the void: already_canceled (the hold is released),
/// not_cancelable (captured or expired), not_applied with the code ok (the session can be canceled
/// now, but a cancel in flight may still release its hold) or unknown. With any other code,
/// not_applied means that an argument or a handle was not usable. flexcancel_result_hold says where
/// the money is. The options `asked_at_ms`, `idempotency_key`, `in_doubt` and `verify` are refused.
/// Everything else is as for flexcancel_client_cancel.
///
/// Ownership, NULL, threads, errors: as for flexcancel_client_cancel.
///
/// # Safety
/// `session_id` and `options_json` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_retrieve(
    client: *mut flexcancel_client,
    session_id: *const c_char,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    // SAFETY: the caller vouches for the strings.
    unsafe { call(Operation::Retrieve, client, session_id, options_json, abort) }
}

/// Opens a connection for a later call. Performs DNS, TCP and TLS set-up without sending a request.
/// The next call uses the connection if it starts within `max_idle_ms`.
///
/// Makes one attempt. Blocks until the connection is open, the attempt fails, the deadline
/// (`timeout_ms`) is reached, or the abort handle is triggered. `options_json`: NULL, or a JSON
/// object with `timeout_ms`. `abort`: NULL, or a handle that can end the operation early. The
/// result has no outcome. Its code is ok, or the reason why no connection was opened.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `client` is an error. Threads: thread-safe; each concurrent call opens its own
/// connection. Errors: in the result.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_warm_up(
    client: *mut flexcancel_client,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    guarded(result::lost, || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let options_json = unsafe { arguments::json(options_json) };
        let status = handles(client, abort)
            .map(|(client, abort)| {
                let options = arguments::parsed(&options_json, Options::from_json);
                let options = options.as_ref().map_err(|e| (e.code, e.message.clone()));
                client.warm_up_checked(options, abort.as_ref())
            })
            .unwrap_or_else(|error| Status::of_warm_up(error.code, error.message));
        result::into_handle(status)
    })
}

/// # Safety
/// `session_id` and `options_json` are NULL or NUL-terminated strings.
unsafe fn call(
    operation: Operation,
    client: *mut flexcancel_client,
    session_id: *const c_char,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    guarded(result::lost, || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let options_json = unsafe { arguments::json(options_json) };
        let run = || {
            let (client, abort) = handles(client, abort)?;
            // SAFETY: the caller vouches for a NUL-terminated string.
            let session_id = unsafe { arguments::session_id(session_id)? };
            let options = arguments::parsed(&options_json, Options::from_json)
                .map_err(|error| arguments::refused(error, &options_json));
            let options = options.as_ref().map_err(Clone::clone);
            Ok(client.call_checked(operation, session_id, options, abort.as_ref(), None))
        };
        result::into_handle(run().unwrap_or_else(|error: Error| {
            Report::refused(operation, arguments::refused(error, &options_json))
        }))
    })
}

pub(super) fn handles(
    client: *const flexcancel_client,
    abort: *const flexcancel_abort,
) -> Result<(Arc<Client>, Option<Abort>), Error> {
    Ok((arguments::client(client.addr())?, arguments::abort(abort.addr())?))
}
