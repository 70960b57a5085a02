//! The gate before SQLite: a fork finds SQLite at rest, with no file open.
//!
//! SQLite keeps locks of its own, and what it knows of each open file, for the whole process. A
//! child that inherits them waits for locks whose owner stayed in the parent, and takes the
//! parent's locks on a file for its own. So whatever uses SQLite does it inside this gate, and a
//! fork closes the gate and every connection; each side opens its own when it needs one.

use std::ptr;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

static GATE: RwLock<()> = RwLock::new(());

/// What a fork closes. Locked inside the gate only.
static OPENED: Mutex<Vec<Weak<dyn Close>>> = Mutex::new(Vec::new());

/// Holds a connection that a fork closes.
pub(super) trait Close: Send + Sync {
    /// Closes it, if it is open. Nobody uses it meanwhile.
    fn close(&self);
}

/// Inside the gate for as long as it lives.
#[must_use]
pub(super) struct Inside(#[allow(dead_code, reason = "held")] RwLockReadGuard<'static, ()>);

/// Goes in. Waits while a fork is under way. Not for a thread that is inside already.
pub(super) fn enter() -> Inside {
    Inside(GATE.read().unwrap_or_else(PoisonError::into_inner))
}

impl Inside {
    /// Has a fork close this, too.
    pub(super) fn note(&self, opened: &Arc<impl Close + 'static>) {
        let mut list = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let opened: Arc<dyn Close> = opened.clone();
        let is_another = |one: &Weak<dyn Close>| !ptr::addr_eq(one.as_ptr(), Arc::as_ptr(&opened));
        list.retain(|one| one.strong_count() > 0 && is_another(one));
        list.push(Arc::downgrade(&opened));
    }
}

/// Nothing of SQLite is open or in use for as long as it lives.
#[must_use]
pub(crate) struct Closed(#[allow(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>);

/// Waits until nobody is inside, lets nobody in, and closes every connection.
pub(crate) fn close() -> Closed {
    let closed = Closed(GATE.write().unwrap_or_else(PoisonError::into_inner));
    let list = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    list.iter().filter_map(Weak::upgrade).for_each(|one| one.close());
    closed
}
