//! `flexcancel_result`: what a call came to. Immutable.

use std::ffi::{CStr, c_char};
use std::sync::Arc;

use once_cell::sync::Lazy;

use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use super::object::{ResultObject, Text};
use crate::outcome::{Code, Hold, Outcome};
use crate::report::Report;

/// What a call came to: an outcome, if it was about a session, a code, and texts. Immutable; may
/// be read from several threads at once.
#[allow(non_camel_case_types)]
pub struct flexcancel_result {
    _opaque: (),
}

/// Stands for every handle that is not a result: unknown/invalid_handle.
static NO_RESULT: Lazy<ResultObject> = Lazy::new(|| {
    Report::unreported(Code::InvalidHandle, "the handle is not that of a result").into()
});

/// Given where a result cannot be made, so that NULL never is. Freeing it has no effect.
static UNREPORTED: Lazy<usize> = Lazy::new(|| {
    let report = Report::unreported(Code::Internal, "the call's result could not be kept");
    // Made on the first use of the table, which is never full then.
    HANDLES.insert(Object::Result(Arc::new(report.into()))).unwrap_or_default()
});

/// Makes a handle for what a call came to; never NULL.
pub(super) fn into_handle(told: impl Into<ResultObject>) -> *mut flexcancel_result {
    let fallback = *UNREPORTED;
    let object = Object::Result(Arc::new(told.into()));
    std::ptr::without_provenance_mut(HANDLES.insert(object).unwrap_or(fallback))
}

/// The handle for a call whose own report was lost to a panic; never NULL.
pub(super) fn unreported() -> *mut flexcancel_result {
    std::ptr::without_provenance_mut(*UNREPORTED)
}

fn find(result: *const flexcancel_result) -> Option<Arc<ResultObject>> {
    match HANDLES.get(result.addr(), Kind::Result)? {
        Object::Result(result) => Some(result),
        _ => None,
    }
}

/// A text of a result; NULL if it has none. It stays where it is while the table holds the result.
fn text(result: *const flexcancel_result, text: Text) -> *const c_char {
    guarded(std::ptr::null, || {
        find(result)
            .and_then(|result| result.text(text).map(CStr::as_ptr))
            .unwrap_or(std::ptr::null())
    })
}

/// The outcome: one of FLEXCANCEL_OUTCOME_*.
///
/// Only what is about a session has one: a client's cancel and retrieve, and an outbox's cancel and
/// enqueue. Of every other operation this is FLEXCANCEL_OUTCOME_UNKNOWN, which asserts nothing: its
/// code says how it went.
///
/// Ownership: none changes hands. NULL or any other invalid handle: FLEXCANCEL_OUTCOME_UNKNOWN.
/// Threads: any, also at once. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_outcome(result: *const flexcancel_result) -> i32 {
    guarded(
        || Outcome::Unknown.number(),
        || find(result).map_or(Outcome::Unknown, |result| result.outcome()).number(),
    )
}

/// The code, which says why: one of FLEXCANCEL_CODE_*.
///
/// Ownership: none changes hands. NULL or any other invalid handle:
/// FLEXCANCEL_CODE_INVALID_HANDLE. Threads: any, also at once. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_code(result: *const flexcancel_result) -> i32 {
    guarded(
        || Code::Internal.number(),
        || find(result).map_or(Code::InvalidHandle, |result| result.code()).number(),
    )
}

/// What is known of the money itself: one of FLEXCANCEL_HOLD_*.
///
/// Ownership: none changes hands. NULL or any other invalid handle: FLEXCANCEL_HOLD_UNKNOWN.
/// Threads: any, also at once. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_hold(result: *const flexcancel_result) -> i32 {
    guarded(
        || Hold::Unknown.number(),
        || find(result).map_or(Hold::Unknown, |result| result.hold()).number(),
    )
}

/// What happened, in one line for a log: NUL-terminated UTF-8. A NUL within it is given as U+FFFD;
/// the JSON has it as it is.
///
/// Ownership: borrowed from the result; valid until the result is freed. NULL or any other
/// invalid handle: returns NULL. Threads: any, also at once. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_message(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::Message)
}

/// What to do now, in one line for a person: NUL-terminated UTF-8.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_advice(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::Advice)
}

/// The session's id as it was passed; NUL-terminated. Also NULL where it was not usable.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_session_id(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::SessionId)
}

/// The key that every send of this cancel carried; NUL-terminated. Also NULL if there was none to
/// send.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_idempotency_key(
    result: *const flexcancel_result,
) -> *const c_char {
    text(result, Text::IdempotencyKey)
}

/// The session as a JSON object, exactly as Flex wrote it; NUL-terminated UTF-8. Also NULL if no
/// answer brought the session.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_checkout_session(
    result: *const flexcancel_result,
) -> *const c_char {
    text(result, Text::CheckoutSession)
}

/// Everything about the call as a JSON object, as docs/RESULT.md describes it.
///
/// `len`, unless NULL, is set to the text's length in bytes, without the NUL that ends it.
/// Ownership: borrowed from the result; valid until the result is freed. NULL or any other
/// invalid handle: a static text of the same shape that says invalid_handle; never NULL.
/// Threads: any, also at once. Errors: none.
///
/// # Safety
/// `len` is NULL or points to a `size_t` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_result_json(
    result: *const flexcancel_result,
    len: *mut usize,
) -> *const c_char {
    let given = |object: &ResultObject| {
        let json = object.text(Text::Json).unwrap_or(c"{}");
        (json.as_ptr(), json.count_bytes())
    };
    let (text, length) = guarded(
        || (c"{}".as_ptr(), 2),
        || find(result).map_or_else(|| given(&NO_RESULT), |result| given(&result)),
    );
    if !len.is_null() {
        // SAFETY: the caller vouches for a writable size_t.
        unsafe { len.write(length) };
    }
    text
}

/// The options that repeat this cancel, as a JSON object: the same idempotency key, whether an
/// earlier request may have reached Flex, and when the cancel was asked for.
///
/// Pass it as `options_json` to flexcancel_client_cancel, or to the outbox's cancel or enqueue. The
/// result has such options when its outcome is unknown or not_applied and the call's arguments
/// were usable.
///
/// Ownership: borrowed from the result; valid until the result is freed. NULL or any other
/// invalid handle: returns NULL. Also NULL if there is nothing to repeat; as `options_json`, NULL
/// begins a cancel of its own. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_repeat(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::Repeat)
}

/// Frees a result, and with it the texts that it gave.
///
/// Ownership: taken. NULL, a result freed before, or any other invalid handle: no effect.
/// Threads: any, but not while another thread still reads a text. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_free(result: *mut flexcancel_result) {
    guarded(
        || (),
        || {
            if result.addr() != *UNREPORTED {
                drop(HANDLES.remove(result.addr(), Kind::Result));
            }
        },
    );
}
