//! `flexcancel_abort`: ends calls early.

use super::arguments;
use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use crate::abort::Abort;

/// Ends calls early, from any thread. One abort handle may be passed to many calls. A triggered handle
/// stays triggered. A call that is given a triggered handle ends immediately.
#[allow(non_camel_case_types)]
pub struct flexcancel_abort {
    _opaque: (),
}

/// Creates an abort handle that is not triggered.
///
/// Ownership: the caller owns the handle; free it with flexcancel_abort_free. Threads: thread-safe.
/// Errors: returns NULL if too many handles are in use.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_new() -> *mut flexcancel_abort {
    guarded(std::ptr::null_mut, || {
        let key = HANDLES.insert(Object::Abort(Abort::new()));
        key.map_or(std::ptr::null_mut(), std::ptr::without_provenance_mut)
    })
}

/// Ends every call in flight that received this abort handle. Later calls that receive it end at
/// once.
///
/// A call that waits ends its wait and returns. A cancel that has handed no request to the network
/// sends none, and its result is not_applied/aborted. If a cancel is in doubt or in an outbox, its
/// outcome is unknown instead. A call that is about to return may still return its normal result.
/// Triggering again has no effect.
///
/// Ownership: not transferred; the handle may be freed after this function has returned. NULL or
/// any other invalid handle: no effect. Threads: thread-safe, even while calls use the handle. Do
/// not call it in a signal handler: it takes a lock. Errors: none.
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

/// Frees an abort handle without triggering it. A call that received it continues, and can no
/// longer be aborted.
///
/// Ownership: transferred to the library. NULL, a freed handle or any other invalid handle: no
/// effect. Threads: thread-safe, even while calls use the handle. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_free(abort: *mut flexcancel_abort) {
    guarded(|| (), || drop(HANDLES.remove(abort.addr(), Kind::Abort)));
}
