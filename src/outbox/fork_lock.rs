//! The lock that keeps SQLite and forks apart: at a fork SQLite is idle and has no file open.
//!
//! SQLite keeps locks of its own, and what it knows of each open file, for the whole process. A
//! child that inherits them waits for locks whose owner stayed in the parent, and takes the
//! parent's locks on a file for its own. So whatever uses SQLite holds this lock
//! shared. A fork takes it exclusively and closes every connection; parent and child each open a
//! new one when they need it.

use std::ptr;

use crate::sync::{Arc, Lazy, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

static FORK_LOCK: Lazy<RwLock<()>> = Lazy::new(RwLock::default);

/// What a fork closes. Only used with the lock held.
static OPENED: Lazy<Mutex<Vec<Weak<dyn Close>>>> = Lazy::new(Mutex::default);

/// Holds a connection that a fork closes.
pub(super) trait Close: Send + Sync {
    /// Closes it, if it is open. Nobody uses it meanwhile.
    fn close(&self);
}

/// Holds the lock shared: no fork happens as long as this exists.
#[must_use]
pub(super) struct Shared(#[allow(dead_code, reason = "held")] RwLockReadGuard<'static, ()>);

/// Takes the lock shared. Waits while a fork is under way. Not for a thread that holds it already.
pub(super) fn shared() -> Shared {
    Shared(FORK_LOCK.read().unwrap_or_else(PoisonError::into_inner))
}

impl Shared {
    /// A fork closes this, too.
    pub(super) fn note(&self, opened: &Arc<impl Close + 'static>) {
        let mut list = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let opened: Arc<dyn Close> = opened.clone();
        let is_another = |one: &Weak<dyn Close>| !ptr::addr_eq(one.as_ptr(), Arc::as_ptr(&opened));
        list.retain(|one| one.strong_count() > 0 && is_another(one));
        list.push(Arc::downgrade(&opened));
    }
}

/// Holds the lock exclusively: nothing of SQLite is open or in use as long as this exists.
#[must_use]
pub(crate) struct Exclusive(#[allow(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>);

/// Takes the lock exclusively, and closes every connection.
pub(crate) fn exclusive() -> Exclusive {
    let exclusive = Exclusive(FORK_LOCK.write().unwrap_or_else(PoisonError::into_inner));
    let list = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    list.iter().filter_map(Weak::upgrade).for_each(|one| one.close());
    exclusive
}
