//! Keeps panics inside the library, and quiet: a panic must neither unwind into C nor print to
//! the host's stderr.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::fork;
use crate::bulk::BULK_THREAD;
use crate::transport::RESOLVER_THREAD;

thread_local! {
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}

/// Runs the body of an exported function; a panic becomes the fallback.
///
/// What the body shares is either immutable or behind locks that recover from poisoning, so it
/// is sound to go on after a panic.
pub(super) fn guarded<T>(fallback: impl FnOnce() -> T, body: impl FnOnce() -> T) -> T {
    fork::register();
    silence_own_panics();
    contained(fallback, body)
}

/// The same where both are done.
pub(super) fn contained<T>(fallback: impl FnOnce() -> T, body: impl FnOnce() -> T) -> T {
    INSIDE.set(INSIDE.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(INSIDE.get() - 1);
    result.unwrap_or_else(|payload| {
        // Its destructor is anybody's code, and could panic again.
        std::mem::forget(payload);
        fallback()
    })
}

/// Installs, once, a hook that says nothing of panics inside [`guarded`] and passes on all
/// others. In the shared library the hook is our own copy's; in a Rust program that also uses
/// these functions, its own panics are reported as before.
pub(super) fn silence_own_panics() {
    static ONCE: Once = Once::new();
    if std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if INSIDE.get() == 0 && !is_our_thread() {
                previous(info);
            }
        }));
    });
}

fn is_our_thread() -> bool {
    let ours = [Some(RESOLVER_THREAD), Some(BULK_THREAD)];
    ours.contains(&std::thread::current().name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_fallback_and_the_next_call_works() {
        assert_eq!(guarded(|| 7, || panic!("on purpose")), 7);
        assert_eq!(guarded(|| 7, || 8), 8);
        assert_eq!(INSIDE.get(), 0);
    }
}
