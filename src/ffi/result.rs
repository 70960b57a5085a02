//! `flexcancel_result`: what a call came to. Immutable.

use std::ffi::{CStr, c_char};
use std::sync::Arc;

use once_cell::sync::Lazy;

use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use super::object::{ResultObject, Text};
use crate::outcome::{Code, Hold, Outcome};
use crate::report::Report;

/// The result of a call: a code and strings. The result of a cancel, a retrieve or an enqueue also
/// has an outcome. Immutable; several threads may read it concurrently.
#[allow(non_camel_case_types)]
pub struct flexcancel_result {
    _opaque: (),
}

/// Stands for every handle that is not a result: unknown/invalid_handle.
static NO_RESULT: Lazy<ResultObject> = Lazy::new(|| {
    Report::without_attempts(Code::InvalidHandle, "the handle is not that of a result").into()
});

/// Given where a result cannot be made, so that NULL never is. Freeing it has no effect.
static LOST_RESULT: Lazy<usize> = Lazy::new(|| {
    let report = Report::without_attempts(Code::Internal, "the call's result could not be kept");
    // Made on the first use of the table, which is never full then.
    HANDLES.insert(Object::Result(Arc::new(report.into()))).unwrap_or_default()
});

/// Makes what is made once.
pub(super) fn make_constants() {
    Lazy::force(&NO_RESULT);
    Lazy::force(&LOST_RESULT);
}

/// Makes a handle for what a call came to; never NULL.
pub(super) fn into_handle(told: impl Into<ResultObject>) -> *mut flexcancel_result {
    let fallback = *LOST_RESULT;
    let object = Object::Result(Arc::new(told.into()));
    std::ptr::without_provenance_mut(HANDLES.insert(object).unwrap_or(fallback))
}

/// The handle for a call whose own report was lost to a panic; never NULL.
pub(super) fn lost() -> *mut flexcancel_result {
    std::ptr::without_provenance_mut(*LOST_RESULT)
}

fn find(result: *const flexcancel_result) -> Option<Arc<ResultObject>> {
    match HANDLES.get(result.addr(), Kind::Result)? {
        Object::Result(result) => Some(result),
        _ => None,
    }
}

/// A string of a result; NULL if it has none. It stays where it is while the table holds the result.
fn text(result: *const flexcancel_result, text: Text) -> *const c_char {
    guarded(std::ptr::null, || {
        find(result)
            .and_then(|result| result.text(text).map(CStr::as_ptr))
            .unwrap_or(std::ptr::null())
    })
}

/// Returns the outcome: one of FLEXCANCEL_OUTCOME_*.
///
/// A client's cancel and retrieve, and an outbox's cancel and enqueue, have an outcome. The error
/// result of flexcancel_client_new or flexcancel_outbox_open has not_applied. For any other result
/// this function returns FLEXCANCEL_OUTCOME_UNKNOWN, which asserts nothing; use
/// flexcancel_result_code instead.
///
/// Ownership: not transferred. NULL or any other invalid handle: returns
/// FLEXCANCEL_OUTCOME_UNKNOWN. Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_outcome(result: *const flexcancel_result) -> i32 {
    guarded(
        || Outcome::Unknown.number(),
        || find(result).map_or(Outcome::Unknown, |result| result.outcome()).number(),
    )
}

/// Returns the code: one of FLEXCANCEL_CODE_*. It gives the reason for the outcome, or says why the
/// operation failed.
///
/// Ownership: not transferred. NULL or any other invalid handle: returns
/// FLEXCANCEL_CODE_INVALID_HANDLE. Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_code(result: *const flexcancel_result) -> i32 {
    guarded(
        || Code::Internal.number(),
        || find(result).map_or(Code::InvalidHandle, |result| result.code()).number(),
    )
}

/// Returns what is known about the money: one of FLEXCANCEL_HOLD_*.
///
/// Ownership: not transferred. NULL or any other invalid handle: returns FLEXCANCEL_HOLD_UNKNOWN.
/// Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_hold(result: *const flexcancel_result) -> i32 {
    guarded(
        || Hold::Unknown.number(),
        || find(result).map_or(Hold::Unknown, |result| result.hold()).number(),
    )
}

/// Returns what happened, in one line. It may repeat the provider's words, which may name a person.
/// NUL-terminated UTF-8. A NUL within the message is replaced by U+FFFD; the JSON contains it
/// unchanged.
///
/// Ownership: borrowed from the result, and valid until the result is freed. NULL or any other
/// invalid handle: returns NULL. Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_message(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::Message)
}

/// Returns what to do now, in one line for a person. NUL-terminated UTF-8.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_advice(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::Advice)
}

/// Returns the session id that was passed to the call. NUL-terminated. Returns NULL also if the id
/// was not usable, or if the call was not about a session.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_session_id(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::SessionId)
}

/// Returns the idempotency key that every cancel request of this call carried. NUL-terminated.
/// Returns NULL also if the call had no key, for example because it was a retrieve.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_idempotency_key(
    result: *const flexcancel_result,
) -> *const c_char {
    text(result, Text::IdempotencyKey)
}

/// Returns the session as a JSON object, exactly as Flex wrote it. NUL-terminated UTF-8. Returns
/// NULL also if no response contained the session.
///
/// Ownership, NULL, threads, errors: as for flexcancel_result_message.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_checkout_session(
    result: *const flexcancel_result,
) -> *const c_char {
    text(result, Text::CheckoutSession)
}

/// Returns the whole result as a JSON object. docs/RESULT.md describes it. It holds no API key. The
/// session in it names the shopper, and so may `message` and `provider_error`.
///
/// `len`: NULL, or receives the length of the string in bytes, without the terminating NUL.
///
/// Ownership: borrowed from the result, and valid until the result is freed. NULL or any other
/// invalid handle: returns a static string of the same shape with the code invalid_handle; never
/// returns NULL. Threads: thread-safe. Errors: none.
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

/// Returns the options that repeat this cancel, as a JSON object: the same idempotency key, whether
/// an earlier request may have reached Flex, and when the cancel was requested.
///
/// Pass it as `options_json` to flexcancel_client_cancel, flexcancel_outbox_cancel or
/// flexcancel_outbox_enqueue. The result of a cancel or an enqueue has such options if its outcome
/// is unknown or not_applied and the arguments of the call were usable.
///
/// Ownership: borrowed from the result, and valid until the result is freed. NULL or any other
/// invalid handle: returns NULL. Returns NULL also if there is nothing to repeat. Do not pass that
/// NULL on as `options_json`: it would start a new cancel. Threads: thread-safe. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_repeat(result: *const flexcancel_result) -> *const c_char {
    text(result, Text::Repeat)
}

/// Frees a result and the strings that were borrowed from it.
///
/// Ownership: transferred to the library. NULL, a freed result or any other invalid handle: no
/// effect. Threads: thread-safe, but no thread may read a string of this result during this call or
/// later. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_free(result: *mut flexcancel_result) {
    guarded(
        || (),
        || {
            if result.addr() != *LOST_RESULT {
                drop(HANDLES.remove(result.addr(), Kind::Result));
            }
        },
    );
}
