//! What stands in for the library's `sync`: loom's locks, which know what a fork leaves locked.
//!
//! A fork copies every lock as it is. One that another thread held is never released in the child.
//! Here the thread that forks becomes the child, in the same memory. The parent's other threads
//! stop where they are until the child has ended. The locks that they hold are lost to the child: to
//! try one fails, and to wait for one ends the run.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};
use std::time::Duration;

pub use loom::sync::atomic;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::ThreadId;

/// Who holds a lock, and whether it is lost to the child.
struct Holder {
    lock: usize,
    thread: ThreadId,
    is_lost: bool,
}

/// How far a model's fork is. Read and set where no other thread comes between.
#[derive(Clone, Copy, PartialEq, Eq)]
enum World {
    NeverForks,
    Whole,
    Forked,
    ChildEnded,
}

// All threads of a model run on one thread of the system.
std::thread_local! {
    static HOLDERS: RefCell<Vec<Holder>> = const { RefCell::new(Vec::new()) };
    static WORLD: Cell<World> = const { Cell::new(World::NeverForks) };
}

loom::lazy_static! {
    /// For each lock what changes each time it is taken.
    static ref LOCKS: std::sync::Mutex<Vec<Arc<AtomicUsize>>> = std::sync::Mutex::default();
}

/// Before each run of a model.
pub fn begin(may_fork: bool) {
    HOLDERS.with_borrow_mut(Vec::clear);
    WORLD.set(if may_fork { World::Whole } else { World::NeverForks });
}

pub mod process {
    use loom::sync::atomic::{AtomicBool, Ordering};
    use loom::sync::{Condvar, Mutex};

    use super::{Cell, HOLDERS, Holder, LOCKS, WORLD, World};

    pub const PARENT: u32 = 1;
    pub const CHILD: u32 = 2;

    loom::thread_local! {
        static ID: Cell<u32> = Cell::new(PARENT);
    }

    loom::lazy_static! {
        /// Tells loom where it matters whether the fork has come.
        static ref FORKED: AtomicBool = AtomicBool::new(false);
        static ref STOPPED: Mutex<()> = Mutex::new(());
        static ref CHILD_ENDED: Condvar = Condvar::new();
    }

    pub fn id() -> u32 {
        ID.with(Cell::get)
    }

    /// This thread goes on as the child's.
    pub fn fork() {
        assert!(WORLD.get() == World::Whole);
        FORKED.store(true, Ordering::Release);
        WORLD.set(World::Forked);
        let me = loom::thread::current().id();
        let locks = LOCKS.lock().unwrap().clone();
        for (lock, takings) in locks.iter().enumerate() {
            // Loom runs this look at the lock before and after each other thread takes it.
            let _ = takings.load(Ordering::Relaxed);
            let is_lost = |one: &&mut Holder| one.lock == lock && one.thread != me;
            HOLDERS.with_borrow_mut(|holders| {
                holders.iter_mut().filter(is_lost).for_each(|one| one.is_lost = true);
            });
        }
        become_child();
    }

    /// For a thread that the child starts.
    pub fn become_child() {
        ID.with(|id| id.set(CHILD));
    }

    /// The child has done all that it does; the parent's threads may go on.
    pub fn end() {
        let stopped = STOPPED.lock();
        WORLD.set(World::ChildEnded);
        drop(stopped);
        CHILD_ENDED.notify_all();
    }

    pub(super) fn may_fork() -> bool {
        WORLD.get() != World::NeverForks
    }

    /// True if the fork has come, and should have stopped this thread of the parent.
    pub(super) fn is_over() -> bool {
        if !may_fork() || id() == CHILD {
            return false;
        }
        FORKED.load(Ordering::Acquire);
        WORLD.get() == World::Forked
    }

    pub(super) fn stop() {
        let mut stopped = STOPPED.lock().unwrap();
        while WORLD.get() == World::Forked {
            stopped = CHILD_ENDED.wait(stopped).unwrap();
        }
    }
}

struct Lock {
    number: usize,
    /// Changes each time it is taken.
    takings: Arc<AtomicUsize>,
}

impl Lock {
    fn new() -> Self {
        let takings = Arc::new(AtomicUsize::new(0));
        let mut locks = LOCKS.lock().unwrap();
        locks.push(Arc::clone(&takings));
        Self { number: locks.len() - 1, takings }
    }

    fn is_lost(&self) -> bool {
        let is_lost =
            |holders: &Vec<Holder>| holders.iter().any(|h| h.lock == self.number && h.is_lost);
        process::id() == process::CHILD && HOLDERS.with_borrow(is_lost)
    }

    /// Takes it. What a thread of the parent took after the fork, it gives back first.
    fn take<T>(&self, take: impl Fn() -> Option<T>) -> Option<T> {
        let me = loom::thread::current().id();
        loop {
            let taken = take()?;
            if process::may_fork() {
                self.takings.store(1, Ordering::Relaxed);
            }
            HOLDERS.with_borrow_mut(|holders| {
                holders.push(Holder { lock: self.number, thread: me, is_lost: false });
            });
            if !process::is_over() {
                return Some(taken);
            }
            if self.is_lost_with(me) {
                process::stop();
                return Some(taken);
            }
            self.released();
            drop(taken);
            process::stop();
        }
    }

    /// Takes it in whatever time that needs.
    fn wait<T>(&self, take: impl Fn() -> T) -> T {
        let taken = self.take(|| {
            assert!(!self.is_lost(), "the child waits for a thread that stayed in the parent");
            Some(take())
        });
        taken.unwrap()
    }

    fn is_lost_with(&self, thread: ThreadId) -> bool {
        let is_it = |h: &Holder| h.lock == self.number && h.thread == thread && h.is_lost;
        HOLDERS.with_borrow(|holders| holders.iter().any(is_it))
    }

    fn released(&self) {
        let me = loom::thread::current().id();
        let is_it = |h: &Holder| h.lock == self.number && h.thread == me && !h.is_lost;
        HOLDERS.with_borrow_mut(|holders| {
            if let Some(at) = holders.iter().position(is_it) {
                holders.remove(at);
            }
        });
    }
}

pub struct Mutex<T> {
    lock: Lock,
    inner: loom::sync::Mutex<T>,
}

pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    inner: Option<loom::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self { lock: Lock::new(), inner: loom::sync::Mutex::new(value) }
    }

    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let inner = self.lock.wait(|| self.inner.lock().unwrap());
        Ok(MutexGuard { mutex: self, inner: Some(inner) })
    }

    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let free = || if self.lock.is_lost() { None } else { self.inner.try_lock().ok() };
        let inner = self.lock.take(free).ok_or(TryLockError::WouldBlock)?;
        Ok(MutexGuard { mutex: self, inner: Some(inner) })
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> std::fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mutex")
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().unwrap()
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().unwrap()
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.mutex.lock.released();
        drop(self.inner.take());
    }
}

#[derive(Default)]
pub struct Condvar(loom::sync::Condvar);

impl Condvar {
    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        Ok(self.wait_timeout(guard, Duration::MAX).map_or_else(|_| unreachable!(), |it| it.0))
    }

    /// Never times out: who is not notified waits forever, and loom finds that.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, ())> {
        let mutex = guard.mutex;
        mutex.lock.released();
        let mut guard = std::mem::ManuallyDrop::new(guard);
        drop(self.0.wait(guard.inner.take().unwrap()));
        Ok((mutex.lock().unwrap(), ()))
    }
}

pub struct RwLock<T> {
    lock: Lock,
    inner: loom::sync::RwLock<T>,
}

pub struct RwLockReadGuard<'a, T> {
    lock: &'a Lock,
    _inner: loom::sync::RwLockReadGuard<'a, T>,
}

pub struct RwLockWriteGuard<'a, T> {
    lock: &'a Lock,
    _inner: loom::sync::RwLockWriteGuard<'a, T>,
}

impl<T> RwLock<T> {
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let inner = self.lock.wait(|| self.inner.read().unwrap());
        Ok(RwLockReadGuard { lock: &self.lock, _inner: inner })
    }

    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let inner = self.lock.wait(|| self.inner.write().unwrap());
        Ok(RwLockWriteGuard { lock: &self.lock, _inner: inner })
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self { lock: Lock::new(), inner: loom::sync::RwLock::new(T::default()) }
    }
}

impl<T> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.released();
    }
}

impl<T> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.released();
    }
}

/// Made anew in each run.
pub struct Lazy<T: 'static>(loom::lazy_static::Lazy<T>);

impl<T: 'static> Lazy<T> {
    pub const fn new(init: fn() -> T) -> Self {
        Self(loom::lazy_static::Lazy { init, _p: std::marker::PhantomData })
    }
}

impl<T: 'static> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the library has it in statics only.
        let this: &'static Self = unsafe { &*std::ptr::from_ref(self) };
        this.0.get()
    }
}

macro_rules! thread_local_of_loom {
    ($(#[$meta:meta])* static $name:ident: $type:ty = const { $init:expr };) => {
        loom::thread_local! { $(#[$meta])* static $name: $type = $init }
    };
}
pub(crate) use thread_local_of_loom as thread_local;
