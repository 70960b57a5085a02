//! `flexcancel_abort`: ends calls early.

use super::arguments;
use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use crate::abort::Abort;

/// Ends calls early, from any thread. One abort handle may serve many calls. It stays triggered: it
/// ends each call that receives it later, too.
#[allow(non_camel_case_types)]
pub struct flexcancel_abort {
    _opaque: (),
}

/// Creates an abort handle. It is not triggered.
///
/// Ownership: the caller owns the handle; free it with flexcancel_abort_free. Threads: thread-safe.
/// Errors: returns NULL if the table of handles is full.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_new() -> *mut flexcancel_abort {
    guarded(std::ptr::null_mut, || {
        let key = HANDLES.insert(Object::Abort(Abort::new()));
        key.map_or(std::ptr::null_mut(), std::ptr::without_provenance_mut)
    })
}

/// Ends every call that received this abort handle, now and later.
///
/// A waiting call returns at once. A call that is aborted before its request was handed to the
/// network sends nothing; its result is not_applied/aborted. A call that is just completing may
/// still return its normal result. Triggering again has no effect.
///
/// Ownership: not transferred; the handle must be valid during this function only. NULL or any
/// other invalid handle: no effect. Threads: thread-safe, also while calls use the handle. Do not
/// call it in a signal handler: it takes a lock. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_trigger(abort: *mut flexcancel_abort) {
    guarded(
        || (),
        || {
            if let Ok(Some(abort)) = arguments::abort(abort.addr()) {
                abort.trigger();
            }
        },
    );
}

/// Frees an abort handle without triggering it. A call that received it continues and can no longer
/// be aborted.
///
/// Ownership: transferred to the library. NULL, a freed handle or any other invalid handle: no
/// effect. Threads: thread-safe, also while calls use the handle. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_free(abort: *mut flexcancel_abort) {
    guarded(|| (), || drop(HANDLES.remove(abort.addr(), Kind::Abort)));
}
