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

/// Releases the hold of a checkout session, and says whether it is released.
///
/// Blocks until the outcome is definite or the deadline (`timeout_ms`) has come, whichever is
/// first. `session_id`: 1 to 255 characters of [A-Za-z0-9_-]. `options_json`: NULL, or a JSON
/// object with any of `asked_at_ms`, `expand`, `idempotency_key`, `in_doubt`, `max_attempts`,
/// `timeout_ms`, `verify`, at most 64 KiB; to repeat a cancel, what flexcancel_result_repeat gives.
/// `abort`: NULL, or an abort that may end the call early. Nothing that is passed is kept.
///
/// Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `client` or `session_id` is an error like any other. Threads: any, also at
/// once on one client; client and abort may be freed meanwhile. Errors: in the result. After
/// bad arguments and handles nothing is sent; the outcome is not_applied, or unknown for a cancel in
/// doubt.
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

/// Reads a checkout session back, with its payment intents. Changes nothing.
///
/// The outcome says what may be said of the void: already_canceled (the hold is released),
/// not_cancelable (captured or expired), not_applied (as of now it can be canceled; a cancel that
/// is still on its way may release it yet), unknown. The result's `hold` says where the money is.
/// Otherwise like flexcancel_client_cancel; the options `asked_at_ms`, `idempotency_key`,
/// `in_doubt` and `verify` are refused.
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

/// Opens a connection ahead of time, beside those that are there: resolves, connects, shakes
/// hands, and sends nothing. The next call finds it, if it comes within `max_idle_ms`.
///
/// Blocks until the connection stands or the deadline has come; tries once. `options_json`: NULL,
/// or a JSON object with `timeout_ms`. `abort`: NULL, or an abort that may end it early. The
/// code is ok, or says why there is no connection; there is no outcome.
///
/// Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `client` is an error like any other. Threads: any, also at once on one
/// client: each opens a connection. Errors: in the result.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_warm_up(
    client: *mut flexcancel_client,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    guarded(result::unreported, || {
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
    guarded(result::unreported, || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let options_json = unsafe { arguments::json(options_json) };
        let run = || {
            let (client, abort) = handles(client, abort)?;
            // SAFETY: the caller vouches for a NUL-terminated string.
            let session_id = unsafe { arguments::session_id(session_id)? };
            let options = arguments::parsed(&options_json, Options::from_json)
                .map_err(|error| arguments::refused(error, &options_json));
            let options = options.as_ref().map_err(Clone::clone);
            Ok(client.call_checked(operation, session_id, options, abort.as_ref()))
        };
        result::into_handle(run().unwrap_or_else(|error: Error| {
            Report::refused(operation, arguments::refused(error, &options_json))
        }))
    })
}

fn handles(
    client: *const flexcancel_client,
    abort: *const flexcancel_abort,
) -> Result<(Arc<Client>, Option<Abort>), Error> {
    Ok((arguments::client(client.addr())?, arguments::abort(abort.addr())?))
}
