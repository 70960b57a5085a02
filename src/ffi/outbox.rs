//! `flexcancel_outbox`: cancels that survive a power cut.

use std::ffi::c_char;
use std::sync::Arc;

use super::abort::flexcancel_abort;
use super::arguments::{self, Json, parsed};
use super::client::flexcancel_client;
use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use super::result::{self, flexcancel_result};
use crate::api::Operation;
use crate::error::Error;
use crate::outbox::{EntryOptions, FlushOptions, ListFilter, OpenOptions, Outbox};
use crate::outcome::Code;
use crate::report::{OutboxView, Refused, Report, Status};

/// An outbox (store-and-forward, SAF): cancels that are kept in a file until they are delivered.
/// Thread-safe; several processes may open the same file. docs/OUTBOX.md lists its guarantees.
#[allow(non_camel_case_types)]
pub struct flexcancel_outbox {
    _opaque: (),
}

/// Opens an outbox in a file. Creates the file if it does not exist and `create` is not false.
/// Sends nothing.
///
/// `client`: delivers the cancels. The client may be freed while the outbox is open.
/// `options_json`: a JSON object of at most 64 KiB with `path` (required), `create` (true by
/// default) and `keep_ms`. `error`: NULL, or receives NULL on success and a result (not_applied) on
/// failure. Its code is outbox_unsafe, outbox_io, outbox_full, outbox_corrupt (the file was
/// renamed; open again to create a new one), outbox_schema (the file is not an outbox, or belongs
/// to a newer version; it is not changed), outbox_busy or outbox_unavailable.
///
/// Ownership: the caller owns the outbox and the error result; free them with
/// flexcancel_outbox_free and flexcancel_result_free. NULL: a NULL `client` or `options_json` is an
/// error. Threads: thread-safe. Errors: returns NULL, and `*error` has the reason.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_open(
    client: *mut flexcancel_client,
    options_json: *const c_char,
    error: *mut *mut flexcancel_result,
) -> *mut flexcancel_outbox {
    let open = || {
        let client = arguments::client(client.addr())?;
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = arguments::required(unsafe { arguments::json(options_json) })
            .map_err(|problem| Error::in_field(Code::InvalidArgument, "options_json", &problem))?;
        let options = OpenOptions::from_json(json)?;
        let outbox = Outbox::open(client, &options)?;
        Ok(Object::Outbox(Arc::new(outbox)))
    };
    // SAFETY: the caller vouches for a pointer that may be written.
    unsafe { arguments::construct(error, open, without_entries) }
}

/// Writes a cancel to the outbox and tries to deliver it.
///
/// The cancel is on the disk before its first byte is sent. A definite outcome completes the entry.
/// Otherwise the entry is kept for a later flush, and the outcome is unknown, even if nothing was
/// sent yet. If a cancel of the same session is pending, its entry and its idempotency key are
/// used. `options_json`: NULL, or a JSON object with any of `asked_at_ms`, `deliver_within_ms`,
/// `expand`, `idempotency_key`, `in_doubt`, `max_attempts`, `timeout_ms`, `verify`. To take over a
/// cancel that ended unknown, pass the text from flexcancel_result_repeat. The result's
/// `outbox.entry` is the entry. Everything else is as for flexcancel_client_cancel.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` or `session_id` is an error. Threads: thread-safe; concurrent calls on
/// one outbox allowed. Errors: in the result. If the file cannot be written, nothing is sent.
///
/// # Safety
/// `session_id` and `options_json` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_cancel(
    outbox: *mut flexcancel_outbox,
    session_id: *const c_char,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    let act = |json: &Json<'_>| {
        let (outbox, abort) = (arguments::outbox(outbox.addr())?, arguments::abort(abort.addr())?);
        // SAFETY: the caller vouches for a NUL-terminated string.
        let id = unsafe { arguments::session_id(session_id)? };
        Ok(outbox.cancel(id, &parsed(json, EntryOptions::from_json)?, abort.as_ref()))
    };
    // SAFETY: the caller vouches for a NUL-terminated string.
    unsafe { kept(options_json, act) }
}

/// Writes a cancel to the outbox for a later flush. Sends nothing.
///
/// The cancel is on the disk when this function returns. The outcome is unknown, because the cancel
/// was not sent yet; the code is ok. If a cancel of the same session is pending, its entry and its
/// idempotency key are kept. `options_json`: NULL, or a JSON object with any of `asked_at_ms`,
/// `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`. To take over a cancel that ended
/// unknown, pass the text from flexcancel_result_repeat.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_cancel.
///
/// # Safety
/// `session_id` and `options_json` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_enqueue(
    outbox: *mut flexcancel_outbox,
    session_id: *const c_char,
    options_json: *const c_char,
) -> *mut flexcancel_result {
    let act = |json: &Json<'_>| {
        let outbox = arguments::outbox(outbox.addr())?;
        // SAFETY: the caller vouches for a NUL-terminated string.
        let id = unsafe { arguments::session_id(session_id)? };
        Ok(outbox.enqueue(id, &parsed(json, EntryOptions::for_enqueue_from_json)?))
    };
    // SAFETY: the caller vouches for a NUL-terminated string.
    unsafe { kept(options_json, act) }
}

/// Delivers the entries that are due. The entry that has waited longest is delivered first.
///
/// Ends when no entry is left, `max` entries were tried, the deadline (`timeout_ms`) is reached,
/// the abort handle is triggered, or Flex cannot be reached. `options_json`: NULL, or a JSON object
/// with any of `timeout_ms`, `max` and `now` (true: also tries entries that wait for their next
/// attempt). `abort`: NULL, or a handle that can end the flush early. The result's `outbox.entries`
/// are the tried entries in their new state. `outbox.counts` counts all entries. The result has a
/// code and no outcome: ok, or the reason why the flush ended early.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` is an error. Threads: thread-safe; several threads and several
/// processes may use one outbox concurrently. Errors: in the result.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_flush(
    outbox: *mut flexcancel_outbox,
    options_json: *const c_char,
    abort: *mut flexcancel_abort,
) -> *mut flexcancel_result {
    reported(|| {
        let (outbox, abort) = (arguments::outbox(outbox.addr())?, arguments::abort(abort.addr())?);
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = unsafe { arguments::json(options_json) };
        let options = parsed(&json, FlushOptions::from_json)?;
        Ok(outbox.flush(&options, abort.as_ref()))
    })
}

/// Lists entries in the order of their ids. Changes nothing.
///
/// `filter_json`: NULL, or a JSON object with any of `states` (a list of names), `acknowledged`
/// (true or false), `session_id`, `after` (the id at which the previous list ended) and `max`. The
/// worklist at the end of a shift is `{"states":["refused","expired","needs_attention"],
/// "acknowledged":false}`. The result's `outbox.entries` are the entries.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
///
/// # Safety
/// `filter_json` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_list(
    outbox: *mut flexcancel_outbox,
    filter_json: *const c_char,
) -> *mut flexcancel_result {
    reported(|| {
        let outbox = arguments::outbox(outbox.addr())?;
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = unsafe { arguments::json(filter_json) };
        let filter = parsed(&json, ListFilter::from_json)?;
        Ok(outbox.list(&filter))
    })
}

/// Records that a person has seen a final entry. The entry leaves the worklist.
///
/// `entry_id`: the `id` of the entry. Acknowledging again has no effect. The result's
/// `outbox.entry` is the entry. The code is ok, outbox_no_entry, or outbox_pending. An entry that
/// is pending is not changed.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outbox_acknowledge(
    outbox: *mut flexcancel_outbox,
    entry_id: i64,
) -> *mut flexcancel_result {
    reported(|| Ok(arguments::outbox(outbox.addr())?.acknowledge(entry_id)))
}

/// Ends a pending entry by the decision of a person. The entry is not delivered any more.
///
/// `entry_id`: the `id` of the entry. `reason`: 1 to 200 bytes without control characters; it
/// becomes the message of the entry. The entry becomes needs_attention if a request of it may have
/// reached Flex, and expired otherwise. It is also acknowledged. A final entry stays unchanged. The
/// result's `outbox.entry` is the entry. The code is ok, outbox_no_entry, or outbox_busy while the
/// entry is being delivered.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` or `reason` is an error. Threads: thread-safe. Errors: in the result.
///
/// # Safety
/// `reason` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_withdraw(
    outbox: *mut flexcancel_outbox,
    entry_id: i64,
    reason: *const c_char,
) -> *mut flexcancel_result {
    reported(|| {
        let outbox = arguments::outbox(outbox.addr())?;
        // SAFETY: the caller vouches for a NUL-terminated string.
        let reason = arguments::required(unsafe { arguments::json(reason) })
            .map_err(|problem| Error::in_field(Code::InvalidArgument, "reason", &problem))?;
        Ok(outbox.withdraw(entry_id, reason))
    })
}

/// Counts the entries. Changes nothing. The result's `outbox.counts` are the counts.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outbox_stats(
    outbox: *mut flexcancel_outbox,
) -> *mut flexcancel_result {
    reported(|| Ok(arguments::outbox(outbox.addr())?.stats()))
}

/// Frees an outbox. Its entries stay in the file. A call in flight on another thread is not
/// affected. The file is closed when the last such call has ended.
///
/// Every entry is already on the disk, so this function cannot lose an entry and reports no error.
///
/// Ownership: transferred to the library. NULL, a freed outbox or any other invalid handle: no
/// effect. Threads: thread-safe, even while calls use the outbox. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outbox_free(outbox: *mut flexcancel_outbox) {
    guarded(|| (), || drop(HANDLES.remove(outbox.addr(), Kind::Outbox)));
}

/// Runs an operation; what went wrong before it began is a result too.
fn reported(operation: impl FnOnce() -> Result<Status, Error>) -> *mut flexcancel_result {
    guarded(result::unreported, || {
        let refused = |e: Error| Status::of_outbox(e.code, e.message, OutboxView::default());
        result::into_handle(operation().unwrap_or_else(refused))
    })
}

/// The same of an operation that keeps a cancel, which may repeat an earlier one.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string.
unsafe fn kept(
    options_json: *const c_char,
    operation: impl FnOnce(&Json<'_>) -> Result<Report, Error>,
) -> *mut flexcancel_result {
    guarded(result::unreported, || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = unsafe { arguments::json(options_json) };
        let refused = |error| without_entries(arguments::refused(error, &json));
        result::into_handle(operation(&json).unwrap_or_else(refused))
    })
}

fn without_entries(refused: Refused) -> Report {
    let mut report = Report::refused(Operation::Cancel, refused);
    report.outbox = Some(Box::default());
    report
}
