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

/// Cancels kept in a file until they are delivered. May be shared between threads, and its file
/// between processes. docs/OUTBOX.md says what it promises.
#[allow(non_camel_case_types)]
pub struct flexcancel_outbox {
    _opaque: (),
}

/// Opens the outbox in a file, and makes the file if it is not there. Sends nothing.
///
/// `client`: what delivers; the outbox keeps it, so it may be freed. `options_json`: a JSON
/// object with `path` (required) and `keep_ms`, at most 64 KiB. `error`, unless NULL, is set to
/// NULL if all went well, or else to a result (not_applied) whose code says why:
/// outbox_unsafe, outbox_io, outbox_full, outbox_corrupt (the file was set aside; open again to
/// begin a new one), outbox_schema, outbox_busy, outbox_unavailable.
///
/// Ownership: outbox and error result are the caller's; free them with flexcancel_outbox_free
/// and flexcancel_result_free. NULL: a NULL `client` or `options_json` is an error like any
/// other. Threads: any. Errors: NULL is returned, and `*error` says why.
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
            .map_err(|problem| Error::new(Code::InvalidArgument, "options_json", &problem))?;
        let options = OpenOptions::from_json(json)
            .map_err(|error| Error::of_field(Code::InvalidArgument, error))?;
        let outbox = Outbox::open(client, &options)?;
        Ok(Object::Outbox(Arc::new(outbox)))
    };
    // SAFETY: the caller vouches for a pointer that may be written.
    unsafe { arguments::construct(error, open, without_entries) }
}

/// Keeps a cancel in the outbox, then tries it at once: one call for a till.
///
/// The intent is on the disk before the first byte is sent. A definite outcome ends the entry.
/// Anything else keeps it for a later flush, and the outcome is then unknown even where nothing
/// was sent, because it will be. A session whose cancel is pending already keeps that entry and
/// its idempotency key. `options_json`: NULL, or a JSON object with any of `asked_at_ms`,
/// `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`, `max_attempts`, `timeout_ms`,
/// `verify`; for a cancel that ended unknown, what flexcancel_result_repeat gives. Otherwise like
/// flexcancel_client_cancel; the result's `outbox.entry` is the entry.
///
/// Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` or `session_id` is an error like any other. Threads: any, also at
/// once on one outbox. Errors: in the result. Where the file cannot be written nothing is sent.
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

/// Keeps a cancel in the outbox for a later flush, and sends nothing.
///
/// It is on the disk when this returns. The outcome is unknown, because the cancel is still to
/// come; the code is ok. A session whose cancel is pending already keeps that entry and its
/// idempotency key. `options_json`: NULL, or a JSON object with any of `asked_at_ms`,
/// `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`; for a cancel that ended unknown,
/// what flexcancel_result_repeat gives.
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

/// Delivers what is due, the entries that have waited longest first.
///
/// Ends when none is left, `max` were tried, the deadline (`timeout_ms`) has come, the abort is
/// triggered, or the way to Flex turns out to be closed. `options_json`: NULL, or a JSON object
/// with any of `timeout_ms`, `max`. The result's `outbox.entries` are the entries that were
/// tried, as they stand now, and `outbox.counts` counts all. The
/// code is ok, or why the flush ended early; there is no outcome.
///
/// Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` is an error like any other; a NULL `abort` is none. Threads: any,
/// also at once on one outbox, and from other processes. Errors: in the result.
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

/// Lists entries, in the order of their numbers. Changes nothing.
///
/// `filter_json`: NULL, or a JSON object with any of `states` (a list of names), `acknowledged`
/// (true or false), `session_id`, `after` (a number: where the list before ended), `max`. The
/// worklist of a shift is `{"states":["refused","expired","needs_attention"],
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

/// Notes that a person has seen an entry that is final: it leaves the worklist.
///
/// `entry_id`: the entry's `id`. Doing so again has no effect. The result's `outbox.entry` is
/// the entry; its code is ok, outbox_no_entry, or outbox_pending for an entry that is not final
/// yet and stays as it is.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outbox_acknowledge(
    outbox: *mut flexcancel_outbox,
    entry_id: i64,
) -> *mut flexcancel_result {
    reported(|| Ok(arguments::outbox(outbox.addr())?.acknowledge(entry_id)))
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

/// Frees an outbox. Its entries stay in the file. A call in flight on another thread keeps what it
/// needs and ends as if nothing had happened; the file is closed when the last such call has ended.
///
/// What was kept is on the disk already, so nothing can be lost here and there is no error to
/// report.
///
/// Ownership: taken. NULL, an outbox freed before, or any other invalid handle: no effect.
/// Threads: any, also while calls use it. Errors: none.
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
