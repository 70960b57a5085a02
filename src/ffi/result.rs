//! `flexcancel_result`: what a call came to. Immutable.

use std::ffi::{CString, c_char};
use std::sync::Arc;

use once_cell::sync::Lazy;

use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use crate::outcome::{Code, Outcome};
use crate::report::Report;

/// What a call came to: an outcome, a code, and everything as JSON. Immutable; may be read from
/// several threads at once.
#[allow(non_camel_case_types)]
pub struct flexcancel_result {
    _opaque: (),
}

/// A result with its JSON ready for C.
pub(super) struct ResultObject {
    outcome: Outcome,
    code: Code,
    /// With the NUL that ends it for C.
    json: Vec<u8>,
    /// The same; `None` if there is nothing to repeat.
    repeat: Option<CString>,
}

impl ResultObject {
    fn new(report: &Report) -> Self {
        // JSON holds no NUL of its own: it is a control character.
        // Plain fields, which can always be written.
        let mut json = report.to_json_bytes().unwrap_or_else(|_| b"{}".to_vec());
        json.push(0);
        let repeat = report.repeat_json().and_then(|json| CString::new(json).ok());
        Self { outcome: report.outcome, code: report.code, json, repeat }
    }

    /// The text for C, and its length without the NUL.
    fn text(&self) -> (*const c_char, usize) {
        (self.json.as_ptr().cast(), self.json.len() - 1)
    }
}

/// Stands for every handle that is not a result: unknown/invalid_handle.
static NO_RESULT: Lazy<ResultObject> = Lazy::new(|| {
    let message = "the handle is not that of a result";
    ResultObject::new(&Report::unreported(Code::InvalidHandle, message))
});

/// Given where a result cannot be made, so that NULL never is. Freeing it has no effect.
static UNREPORTED: Lazy<(ResultObject, usize)> = Lazy::new(|| {
    let message = "the call's result could not be kept";
    let object = || ResultObject::new(&Report::unreported(Code::Internal, message));
    // Made on the first use of the table, which is never full then.
    (object(), HANDLES.insert(Object::Result(Arc::new(object()))).unwrap_or_default())
});

/// Makes a handle for a report; never NULL.
pub(super) fn into_handle(report: &Report) -> *mut flexcancel_result {
    let fallback = UNREPORTED.1;
    let object = Object::Result(Arc::new(ResultObject::new(report)));
    std::ptr::without_provenance_mut(HANDLES.insert(object).unwrap_or(fallback))
}

/// The handle for a call whose own report was lost to a panic; never NULL.
pub(super) fn unreported() -> *mut flexcancel_result {
    std::ptr::without_provenance_mut(UNREPORTED.1)
}

fn find(result: *const flexcancel_result) -> Option<Arc<ResultObject>> {
    match HANDLES.get(result.addr(), Kind::Result)? {
        Object::Result(result) => Some(result),
        _ => None,
    }
}

/// The outcome: one of FLEXCANCEL_OUTCOME_*.
///
/// Ownership: none changes hands. NULL or any other invalid handle: FLEXCANCEL_OUTCOME_UNKNOWN.
/// Threads: any, also at once. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_outcome(result: *const flexcancel_result) -> i32 {
    guarded(
        || Outcome::Unknown.number(),
        || find(result).map_or(Outcome::Unknown, |result| result.outcome).number(),
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
        || find(result).map_or(Code::InvalidHandle, |result| result.code).number(),
    )
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
    let (text, length) = guarded(
        || (c"{}".as_ptr(), 2),
        || match find(result) {
            // The text stays where it is while the table holds the result.
            Some(result) => result.text(),
            None => NO_RESULT.text(),
        },
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
/// Pass it as `options_json` to flexcancel_cancel, or to the outbox's cancel or enqueue. The
/// result has such options when its outcome is unknown or not_applied and the call's arguments
/// were usable.
///
/// Ownership: borrowed from the result; valid until the result is freed. NULL or any other
/// invalid handle: returns NULL. Also NULL if there is nothing to repeat; as `options_json`, NULL
/// begins a cancel of its own. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_repeat(result: *const flexcancel_result) -> *const c_char {
    guarded(std::ptr::null, || {
        // The text stays where it is while the table holds the result.
        let repeat = find(result).map(|result| result.repeat.as_ref().map(|json| json.as_ptr()));
        repeat.flatten().unwrap_or(std::ptr::null())
    })
}

/// Frees a result, and with it the text that flexcancel_result_json gave.
///
/// Ownership: taken. NULL, a result freed before, or any other invalid handle: no effect.
/// Threads: any, but not while another thread still reads the text. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_result_free(result: *mut flexcancel_result) {
    guarded(
        || (),
        || {
            if result.addr() != UNREPORTED.1 {
                drop(HANDLES.remove(result.addr(), Kind::Result));
            }
        },
    );
}
