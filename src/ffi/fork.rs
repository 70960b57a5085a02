//! A fork of the host's process: the child has one thread, and a copy of every lock as it was.
//!
//! So a fork waits until the table of handles and SQLite are at rest, and the child begins with new
//! clients, aborts and outboxes behind the old handles: whatever a thread of the parent was in the
//! middle of stays behind in the old ones, which are never used again.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::guard;
use super::handle::{HANDLES, Object, SharedOutbox, Slots};
use super::host;
use super::result;
use crate::client::Client;
use crate::clock;
use crate::outbox;
use crate::sync::{Arc, MutexGuard, thread_local};

/// True once the handlers below are in place.
static REGISTERED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// What the thread that forks holds meanwhile.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

struct Held {
    table: MutexGuard<'static, Slots>,
    _outboxes: outbox::ForkLock,
}

/// Has the system call the handlers at each fork. Comes before any lock is taken, and waits for
/// nobody: threads that come together register them twice, which does no harm.
pub(super) fn register() {
    if REGISTERED.load(Ordering::Acquire) {
        return;
    }
    host::stay_loaded();
    // Without memory for it: the next function tries again.
    let is_registered = host::call_at_forks(prepare, in_parent, in_child);
    REGISTERED.store(is_registered, Ordering::Release);
}

pub(super) extern "C" fn prepare() {
    let hold = || {
        let is_held = HELD.with(|held| held.borrow().is_some());
        if !is_held {
            // Whoever makes one of these just now ends first.
            guard::silence_own_panics();
            result::make_constants();
            clock::now();
            // The longer wait first: no call waits for the table meanwhile.
            let outboxes = outbox::lock_for_fork();
            let held = Held { table: HANDLES.hold(), _outboxes: outboxes };
            HELD.with(|none| none.replace(Some(held)));
        }
    };
    guard::contained(|| (), hold);
}

pub(super) extern "C" fn in_parent() {
    guard::contained(|| (), || drop(HELD.with(RefCell::take)));
}

pub(super) extern "C" fn in_child() {
    let release = || {
        if let Some(mut held) = HELD.with(RefCell::take) {
            held.table.inherit();
        }
    };
    guard::contained(|| (), release);
}

/// Replaces each object that has locks or connections by a new one, in the child. Returns the old
/// objects: the caller drops them when it holds no lock. An old object that a thread of the parent
/// was using is never freed, because its reference is never released in the child.
pub(super) fn renew<'a>(objects: impl Iterator<Item = &'a mut Object>) -> Vec<Object> {
    type Heir = Result<Arc<Client>, Arc<str>>;
    let mut heirs: Vec<(usize, Heir)> = Vec::new();
    let mut heir = |client: &Arc<Client>| -> Heir {
        let address = Arc::as_ptr(client).addr();
        if let Some((_, heir)) = heirs.iter().find(|(of, _)| *of == address) {
            return heir.clone();
        }
        let heir = client.renewed().map(Arc::new).map_err(|error| Arc::from(error.to_string()));
        heirs.push((address, heir.clone()));
        heir
    };
    let renewed = |object: &mut Object| {
        let kind = object.kind();
        let new = match &*object {
            Object::Client(client) => heir(client).map(Object::Client),
            Object::Outbox(outbox) => heir(outbox.client())
                .map(|client| Object::Outbox(SharedOutbox::from(outbox.renewed(client)))),
            Object::Abort(abort) => Ok(Object::Abort(abort.renewed())),
            // A thread of the parent may have been making one of its texts. Others stay as they
            // are: the child may have borrowed their texts.
            Object::Result(result) if Arc::strong_count(result) > 1 => {
                Ok(Object::Result(Arc::new(result.renewed())))
            }
            Object::Result(_) | Object::Lost(..) => return None,
        };
        let new = new.unwrap_or_else(|why| Object::Lost(kind, why));
        Some(std::mem::replace(object, new))
    };
    objects.filter_map(renewed).collect()
}
