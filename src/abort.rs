//! The abort flag: sticky, shareable, and able to wake what is waiting.

use std::fmt;
use std::time::Instant;

use crate::clock;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// Ends calls early, from any thread. Sticky: once triggered, every call that is given this
/// abort ends at once. Cloning shares the flag.
///
/// A call aborted before its request was handed to the network is
/// [`NotApplied`](crate::Outcome::NotApplied); after that, what the evidence allows.
#[derive(Clone, Default)]
pub struct Abort(Arc<Shared>);

#[derive(Default)]
struct Shared {
    triggered: AtomicBool,
    next_id: AtomicU64,
    waiters: Mutex<Vec<(u64, Weak<dyn Wake>)>>,
    condition: Condvar,
}

/// Something that a thread is blocked on, and that another thread can end.
pub(crate) trait Wake: Send + Sync {
    /// Ends the wait. Called at most once for each registration, from the aborting thread.
    fn wake(&self);
}

impl Abort {
    /// A flag that is not triggered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For a forked child: one of its own, triggered if this one is. Takes no lock.
    pub(crate) fn renewed(&self) -> Self {
        let renewed = Self::new();
        renewed.0.triggered.store(self.is_triggered(), Ordering::Release);
        renewed
    }

    /// Ends every call that was given this abort, now and later. Idempotent; may lose the race
    /// against a call that is just completing, which then returns what it found.
    pub fn trigger(&self) {
        // The flag is set under the lock, so a waiter either sees it or is already listening.
        let waiters = {
            let mut waiters = self.lock();
            self.0.triggered.store(true, Ordering::Release);
            std::mem::take(&mut *waiters)
        };
        self.0.condition.notify_all();
        for (_, waiter) in waiters {
            if let Some(waiter) = waiter.upgrade() {
                waiter.wake();
            }
        }
    }

    /// True once triggered.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.0.triggered.load(Ordering::Acquire)
    }

    /// Sleeps until the instant or the trigger, whichever comes first.
    pub(crate) fn sleep_until(&self, deadline: Instant) {
        let mut guard = self.lock();
        while !self.is_triggered() {
            let remaining = deadline.saturating_duration_since(clock::now());
            if remaining.is_zero() {
                return;
            }
            guard = self
                .0
                .condition
                .wait_timeout(guard, clock::wait_of(remaining))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Has the waiter woken by a trigger for as long as the registration lives.
    /// `None` if the abort is triggered already.
    pub(crate) fn register(&self, waiter: Weak<dyn Wake>) -> Option<Registration> {
        let mut waiters = self.lock();
        if self.is_triggered() {
            return None;
        }
        let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
        waiters.push((id, waiter));
        Some(Registration { abort: self.clone(), id })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Weak<dyn Wake>)>> {
        self.0.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abort").field("triggered", &self.is_triggered()).finish()
    }
}

/// Keeps a waiter listening; dropping it ends that.
pub(crate) struct Registration {
    abort: Abort,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.abort.lock().retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[derive(Default)]
    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(&self) {
            self.0.store(true, Ordering::Release);
        }
    }

    fn weak(flag: &Arc<Flag>) -> Weak<dyn Wake> {
        let weak: Weak<Flag> = Arc::downgrade(flag);
        weak
    }

    #[test]
    fn a_trigger_wakes_what_is_registered_and_nothing_else() {
        let abort = Abort::new();
        let (stays, leaves) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
        let _kept = abort.register(weak(&stays));
        drop(abort.register(weak(&leaves)));
        abort.clone().trigger();
        assert!(stays.0.load(Ordering::Acquire));
        assert!(!leaves.0.load(Ordering::Acquire));
    }

    #[test]
    fn a_triggered_abort_stays_so_and_takes_no_registration() {
        let abort = Abort::new();
        abort.trigger();
        abort.trigger();
        assert!(abort.is_triggered());
        assert!(abort.register(weak(&Arc::new(Flag::default()))).is_none());
        let started = Instant::now();
        abort.sleep_until(started + Duration::from_secs(60));
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_sleep_ends_when_another_thread_triggers() {
        let abort = Abort::new();
        let other = abort.clone();
        let started = Instant::now();
        let thread = std::thread::spawn(move || other.trigger());
        abort.sleep_until(started + Duration::from_secs(60));
        assert!(abort.is_triggered());
        assert!(started.elapsed() < Duration::from_secs(30));
        assert!(thread.join().is_ok());
    }
}
