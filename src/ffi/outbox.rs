//! `flexcancel_outbox`: cancels that survive a power cut.

use std::ffi::c_char;

use super::abort::flexcancel_abort;
use super::arguments::{self, Json, parsed};
use super::client::flexcancel_client;
use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object, SharedOutbox};
use super::result::{self, flexcancel_result};
use crate::api::Operation;
use crate::error::Error;
use crate::outbox::{
    ClaimOptions, EntryOptions, FlushOptions, ListFilter, OpenOptions, Outbox, Settlement,
};
use crate::outcome::Code;
use crate::report::{OutboxView, Refused, Report, Status, outbox_advice};

/// An outbox (store-and-forward, SAF): cancels that are kept in a file until they are delivered.
/// Each cancel is an entry. An entry is pending until it becomes delivered, refused, expired or
/// needs_attention. These four states are final. Thread-safe; several processes may open the same
/// file. docs/OUTBOX.md lists its guarantees.
#[allow(non_camel_case_types)]
pub struct flexcancel_outbox {
    _opaque: (),
}

/// Opens an outbox in a file. Creates the file if it does not exist, unless `create` is false.
/// Sends nothing.
///
/// `client`: delivers the cancels, but only those for its own `base_url` and mode. The client may
/// be freed while the outbox is open. `options_json`: a JSON object of at most 64 KiB with `path`
/// (required), `create` (true by default) and `keep_ms`. `error`: NULL, or receives NULL on success
/// and a result on failure (unknown, because the file may keep cancels). Its code is
/// invalid_handle, invalid_argument, internal, outbox_unsafe, outbox_io, outbox_full,
/// outbox_corrupt (the file was renamed; open again to create a new one), outbox_schema (the file
/// is not an outbox, or belongs to a newer version; it is not changed), outbox_busy or
/// outbox_unavailable.
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
        Ok(Object::Outbox(SharedOutbox::from(outbox)))
    };
    // SAFETY: the caller vouches for a pointer that may be written.
    unsafe { arguments::construct(error, open, not_opened) }
}

/// Writes a cancel to the outbox and tries to deliver it.
///
/// The cancel is on the disk before the first byte of a request is sent. A definite outcome makes
/// the entry final. With the outcome unknown, the entry stays pending for a later flush, or becomes
/// needs_attention if another attempt would not help. While the entry is pending, the outcome is
/// unknown even if nothing was sent, because a later flush may send it. If a cancel of the same
/// session is already pending, its entry and its idempotency key are used. `options_json`: NULL, or
/// a JSON object with any of `asked_at_ms`, `deliver_within_ms`, `expand`, `idempotency_key`,
/// `in_doubt`, `max_attempts`, `timeout_ms`, `verify`. To take over a cancel that ended unknown,
/// pass the string from flexcancel_result_repeat. The entry is in `outbox.entry` of the result's
/// JSON. Everything else is as for flexcancel_client_cancel.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` or `session_id` is an error. Threads: thread-safe; concurrent calls on
/// one outbox allowed. Errors: in the result. If the file cannot be written, nothing is sent. The
/// outcome is then not_applied, or unknown if the file may contain this cancel or an earlier one of
/// the session: it could not be looked at, or its last step of writing failed. An argument that is
/// not usable, or a handle that is not live: unknown for the same reason, and not_applied if it is
/// the session's id of a cancel that is not in doubt.
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
/// If the code is ok, the cancel is on the disk when this function returns. The outcome is unknown,
/// because the cancel was not sent yet. If a cancel of the same session is already pending, its
/// entry and its idempotency key are used. `options_json`: NULL, or a JSON object with any of
/// `asked_at_ms`, `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`. To take over a
/// cancel that ended unknown, pass the string from flexcancel_result_repeat.
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
/// Ends when no due entry is left, `max` entries were tried, the deadline (`timeout_ms`) is
/// reached, or the abort handle is triggered. Also ends when the next entry would fail in the same
/// way: Flex cannot be reached, does not accept the API key or reports too many requests (429), or
/// the file cannot be written. `options_json`: NULL, or a JSON object with any of `timeout_ms`,
/// `max` and `now` (true: also tries entries that wait for their next attempt). `abort`: NULL, or a
/// handle that can end the flush early. In the result's JSON, `outbox.entries` are the tried
/// entries in their new state, and `outbox.counts` counts all entries. The result has no outcome.
/// Its code is ok, or the reason why the flush ended early.
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

/// Hands entries that are due over to another program for delivery. Sends nothing.
///
/// Claims the entries that a flush would try, in the same order. The claim is on the disk when this
/// function returns. Until the lease ends, flushes, cancels, withdrawals and other claims pass the
/// entries by. An entry that was not settled by then is due again and in doubt. `options_json`:
/// NULL, or a JSON object with any of `lease_ms` (1,000 to 86,400,000; 900,000 by default) and
/// `max` (1 to 1,000; 100 by default). In the result's JSON, `outbox.entries` are the claimed
/// entries. Each also has `lease` and `in_doubt`. The result has no outcome. Its code is ok, also
/// if no entry is due, or the reason why nothing was claimed.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
///
/// # Safety
/// `options_json` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_claim(
    outbox: *mut flexcancel_outbox,
    options_json: *const c_char,
) -> *mut flexcancel_result {
    reported(|| {
        let outbox = arguments::outbox(outbox.addr())?;
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = unsafe { arguments::json(options_json) };
        Ok(outbox.claim(&parsed(&json, ClaimOptions::from_json)?))
    })
}

/// Records how another program's delivery of a claimed entry ended.
///
/// The entry becomes what it would become if a flush had had that result. `entry_id`: the `id` of
/// the entry. `settlement_json`: a JSON object with `lease` (from the claim), `idempotency_key` (of
/// the entry), `outcome` and `code` (names, as in the JSON of a cancel's result), and optionally
/// `message` and `retry_after_ms`. The outcome not_applied asserts that no request under the lease
/// had an effect or will have one: send nothing more under it, even if this result is lost. The
/// entry is in `outbox.entry` of the result's JSON. The code is ok, outbox_busy if the lease has
/// ended and the entry is now being delivered by somebody else (settle it again later),
/// outbox_final if the entry had already ended in another way, outbox_no_entry, invalid_argument,
/// or the reason why the file could not be written. The entry is changed only if the code is ok. A
/// final entry is never changed.
///
/// Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
/// returned; a NULL `outbox` or `settlement_json` is an error. Threads: thread-safe. Errors: in the
/// result.
///
/// # Safety
/// `settlement_json` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_outbox_settle(
    outbox: *mut flexcancel_outbox,
    entry_id: i64,
    settlement_json: *const c_char,
) -> *mut flexcancel_result {
    reported(|| {
        let outbox = arguments::outbox(outbox.addr())?;
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = arguments::required(unsafe { arguments::json(settlement_json) })
            .map_err(|e| Error::in_field(Code::InvalidArgument, "settlement_json", &e))?;
        Ok(outbox.settle(entry_id, &Settlement::from_json(json)?))
    })
}

/// Lists entries in the order of their ids. Changes nothing.
///
/// `filter_json`: NULL, or a JSON object with any of `states` (a list of names), `acknowledged`
/// (true or false), `session_id`, `after` (only entries with a greater id: pass the last id of the
/// previous list) and `max`. The worklist is the entries that a person must review:
/// `{"states":["refused","expired","needs_attention"],"acknowledged":false}`. The entries are in
/// `outbox.entries` of the result's JSON.
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
/// `entry_id`: the `id` of the entry. Acknowledging again has no effect. The entry is in
/// `outbox.entry` of the result's JSON. The code is ok, outbox_no_entry, outbox_pending (a pending
/// entry is not changed), or the reason why the file could not be written.
///
/// Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_outbox_acknowledge(
    outbox: *mut flexcancel_outbox,
    entry_id: i64,
) -> *mut flexcancel_result {
    reported(|| Ok(arguments::outbox(outbox.addr())?.acknowledge(entry_id)))
}

/// Ends a pending entry because a person decided so. The entry is not delivered any more.
///
/// `entry_id`: the `id` of the entry. `reason`: 1 to 200 bytes without control characters; the
/// entry's `last_message` contains it. The entry becomes needs_attention if it is in doubt, and
/// expired otherwise. It is also acknowledged. A final entry is not changed, and the code is ok.
/// The entry is in `outbox.entry` of the result's JSON. The code is ok, outbox_no_entry,
/// outbox_busy while the entry is being delivered, or the reason why the file could not be written.
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

/// Counts the entries. Changes nothing. The counts are in `outbox.counts` of the result's JSON.
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
    guarded(result::lost, || {
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
    guarded(result::lost, || {
        // SAFETY: the caller vouches for a NUL-terminated string.
        let json = unsafe { arguments::json(options_json) };
        let refused = |error: Error| {
            // The file was not looked at: it may keep a cancel of the session, if that is one.
            let may_be_kept = error.code != Code::InvalidSessionId;
            let refused = arguments::refused(error, &json);
            without_entries(Refused { in_doubt: refused.in_doubt || may_be_kept, ..refused })
        };
        result::into_handle(operation(&json).unwrap_or_else(refused))
    })
}

/// No cancel was asked for; and nothing is known of those that the file may keep.
fn not_opened(refused: Refused) -> Report {
    let mut report = without_entries(Refused { in_doubt: true, ..refused });
    report.advice = outbox_advice(report.code);
    report
}

#[inline(never)]
fn without_entries(refused: Refused) -> Report {
    let mut report = Report::refused(Operation::Cancel, refused);
    report.outbox = Some(Box::default());
    report
}
