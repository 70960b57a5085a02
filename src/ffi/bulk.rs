//! Many cancels in one call.

use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;

use super::abort::flexcancel_abort;
use super::arguments;
use super::client::flexcancel_client;
use super::guard::guarded;
use super::operation::handles;
use super::result::{self, flexcancel_result, flexcancel_result_free};
use crate::bulk::{self, BulkItem, BulkOptions};
use crate::error::Error;
use crate::options::Options;
use crate::report::{BulkCounts, Report, Status};

/// Gives the next session of a bulk run.
///
/// `user_data`: the pointer that was passed to flexcancel_client_cancel_many. `session_id`: receives
/// a NUL-terminated string. `options_json`: receives NULL, or the options of this session's call as
/// for flexcancel_client_cancel; it is NULL before the call. Both strings must stay valid until the
/// next call of this callback, or until flexcancel_client_cancel_many returns. Returns 1 if there is
/// a session, 0 at the end of the input, and a negative number to end the run early.
///
/// The callback runs on the thread that called flexcancel_client_cancel_many. The library holds no
/// lock while it runs. It must not throw an exception or call longjmp.
#[allow(non_camel_case_types)]
pub type flexcancel_next_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        session_id: *mut *const c_char,
        options_json: *mut *const c_char,
    ) -> i32,
>;

/// Receives the result of one session of a bulk run.
///
/// `user_data`: the pointer that was passed to flexcancel_client_cancel_many. `number`: the place of
/// the session in the input, from 0. `result`: valid until the callback returns; do not free it. Its
/// JSON has the field `item`. Returns 0 to go on; any other number ends the run early.
///
/// The callback runs on the thread that called flexcancel_client_cancel_many. The library holds no
/// lock while it runs. It must not throw an exception or call longjmp.
#[allow(non_camel_case_types)]
pub type flexcancel_done_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        number: u64,
        result: *const flexcancel_result,
    ) -> i32,
>;

/// Cancels many checkout sessions, several at a time, and passes one result for each to `done`.
///
/// Blocks until the input ends, a callback ends the run, or the abort handle is triggered.
/// `options_json`: NULL, or a JSON object of at most 64 KiB with any of `asked_at_ms`,
/// `concurrency`, `dry_run`, `expand`, `in_order`, `journal`, `max_attempts`, `max_unknown`,
/// `rate_per_second`, `reason`, `timeout_ms`, `verify`; docs/BULK.md describes them. `next` gives
/// the sessions, `done` receives the results, `user_data` is passed to both. A run that ends early
/// aborts the calls in flight and waits for them; it passes no more results to `done` if a callback
/// ended it. `abort`: NULL, or a handle that can end the run early.
///
/// The library starts up to `concurrency` threads, which end before this function returns. Log
/// events of the calls come from these threads.
///
/// Ownership: the caller owns the result, which has a code and no outcome; free it with
/// flexcancel_result_free. Its JSON has the field `bulk` with the number of sessions by outcome.
/// NULL: never returned; a NULL `client`, `next` or `done` is an error. Threads: thread-safe; both
/// callbacks run on the calling thread only. Errors: in the result. If an argument or a handle is not
/// usable, nothing is sent.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string; `next` and `done` may be called with
/// `user_data`, and `next` writes NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_cancel_many(
    client: *mut flexcancel_client,
    options_json: *const c_char,
    next: flexcancel_next_callback,
    done: flexcancel_done_callback,
    user_data: *mut c_void,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    guarded(result::lost, || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let options_json = unsafe { arguments::json(options_json) };
        let run = || {
            let (client, abort) = handles(client, abort)?;
            let options = arguments::parsed(&options_json, BulkOptions::from_json)?;
            let next = next.ok_or_else(|| Error::argument("next", "expected a callback"))?;
            let done = done.ok_or_else(|| Error::argument("done", "expected a callback"))?;
            let mut next = || {
                let (mut session_id, mut options) = (std::ptr::null(), std::ptr::null());
                // SAFETY: the caller vouches for the callback.
                match unsafe { next(user_data, &raw mut session_id, &raw mut options) } {
                    0 => ControlFlow::Continue(None),
                    // SAFETY: the caller vouches for the strings that its callback gives.
                    1 => ControlFlow::Continue(Some(unsafe { item(session_id, options) })),
                    _ => ControlFlow::Break(()),
                }
            };
            let mut done = |report: Report| {
                let number = report.item.map_or(0, |item| item.number);
                let handle = result::into_handle(report);
                // SAFETY: the caller vouches for the callback.
                let answer = unsafe { done(user_data, number, handle) };
                flexcancel_result_free(handle);
                if answer == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            Ok(bulk::run(&client, &options, None, abort.as_ref(), &mut next, &mut done))
        };
        result::into_handle(run().unwrap_or_else(|error: Error| {
            Status::of_bulk(error.code, error.message, BulkCounts::default())
        }))
    })
}

/// # Safety
/// Both are NULL or NUL-terminated strings.
unsafe fn item(session_id: *const c_char, options_json: *const c_char) -> BulkItem {
    // SAFETY: the caller vouches for NUL-terminated strings.
    let (session_id, json) =
        unsafe { (arguments::session_id(session_id), arguments::json(options_json)) };
    let name = session_id.as_ref().copied().unwrap_or_default().to_owned();
    match session_id.and_then(|_| arguments::parsed(&json, Options::from_json)) {
        Ok(options) => BulkItem::new(name, options),
        Err(error) => BulkItem::refused(name, arguments::refused(error, &json)),
    }
}
