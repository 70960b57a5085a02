//! `flexcancel_abort`: ends calls early.

use super::arguments;
use super::guard::guarded;
use super::handle::{HANDLES, Kind, Object};
use crate::abort::Abort;

/// Ends calls early, from any thread. Sticky and shareable: one abort may serve many calls, and
/// once triggered it ends each call that is given it.
#[allow(non_camel_case_types)]
pub struct flexcancel_abort {
    _opaque: (),
}

/// Makes an abort that is not triggered.
///
/// Ownership: the caller's; free it with flexcancel_abort_free. Threads: any. Errors: NULL if
/// every handle is in use.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_new() -> *mut flexcancel_abort {
    guarded(std::ptr::null_mut, || {
        let key = HANDLES.insert(Object::Abort(Abort::new()));
        key.map_or(std::ptr::null_mut(), std::ptr::without_provenance_mut)
    })
}

/// Ends every call that was given this abort, now and later.
///
/// A call that is waiting returns at once; a call aborted before its request was handed to the
/// network sends nothing and is not_applied/aborted. Triggering again has no effect. May lose
/// the race against a call that is just completing, which then returns what it found.
///
/// Ownership: none changes hands; the abort need only live during this function. NULL or any
/// other invalid handle: no effect. Threads: any, also while calls use it. Not for signal
/// handlers: it takes a lock. Errors: none.
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

/// Frees an abort. Does not trigger it: a call that was given it goes on, and can then no
/// longer be aborted.
///
/// Ownership: taken. NULL, an abort freed before, or any other invalid handle: no effect.
/// Threads: any, also while calls use it. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn flexcancel_abort_free(abort: *mut flexcancel_abort) {
    guarded(|| (), || drop(HANDLES.remove(abort.addr(), Kind::Abort)));
}
