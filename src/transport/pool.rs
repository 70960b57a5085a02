//! Connections that wait for their next round trip.

use std::time::{Duration, Instant};

use super::connection::Connection;
use crate::clock;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError, TryLockError, process};

/// The most connections that one client keeps unused; those beyond it are closed.
const MAX_IDLE_CONNECTIONS: usize = 256;

/// The unused connections of one client. No thread tends them: those too old are closed at the
/// next call, or with the client.
#[derive(Debug)]
pub(super) struct Pool {
    max_idle: Duration,
    /// The process whose connections these are.
    owner: AtomicU32,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(super) fn new(max_idle: Duration) -> Self {
        let owner = AtomicU32::new(process::id());
        Self { max_idle, owner, idle: Mutex::new(Vec::new()) }
    }

    /// The most recently used connection that still lives, and since when it was idle. One that
    /// the server closed meanwhile costs no attempt: nothing was handed over to it.
    pub(super) fn take(&self, now: Instant) -> Option<(Connection, Instant)> {
        if self.owner.load(Ordering::Acquire) != process::id() && !self.discard_after_fork() {
            return None;
        }
        loop {
            let (idle, expired) = {
                let mut idle = self.lock();
                let expired = self.expired(&mut idle, now);
                (idle.pop(), expired)
            };
            drop(expired);
            let Idle { mut connection, since } = idle?;
            if connection.is_reusable() {
                return Some((connection, since));
            }
        }
    }

    /// Closes the connections that have been idle at least since then. One of that age was found
    /// dead though nothing had told so: what cut it, has cut those, too.
    pub(super) fn close_idle_since(&self, since: Instant) {
        let closed: Vec<Idle> = self.lock().extract_if(.., |idle| idle.since <= since).collect();
        // Closed here, where no other call waits for the lock.
        drop(closed);
    }

    /// True if connections are kept at all.
    pub(super) fn keeps_any(&self) -> bool {
        !self.max_idle.is_zero()
    }

    /// In a forked child: lets go of the parent's connections, which stay open there. False if
    /// another thread was using the pool at the moment of the fork: then the lock is held
    /// forever, and this process goes without a pool.
    fn discard_after_fork(&self) -> bool {
        let mut idle = match self.idle.try_lock() {
            Ok(idle) => idle,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        // Dropping sends nothing, not even in TLS: it only closes this process's descriptors.
        idle.clear();
        self.owner.store(process::id(), Ordering::Release);
        true
    }

    /// Keeps a connection for the next round trip.
    pub(super) fn put(&self, connection: Connection) {
        // A connection that a forked child opens may be the first that its pool meets.
        let is_ours = self.owner.load(Ordering::Acquire) == connection.opened_by
            || connection.opened_by == process::id() && self.discard_after_fork();
        if !self.keeps_any() || !is_ours {
            return;
        }
        let mut idle = self.lock();
        // Read under the lock, so that the oldest stand first.
        let since = clock::now();
        let mut closed = self.expired(&mut idle, since);
        if idle.len() >= MAX_IDLE_CONNECTIONS {
            closed.push(idle.remove(0));
        }
        idle.push(Idle { connection, since });
        drop(idle);
        // Closed here, where no other call waits for the lock.
        drop(closed);
    }

    /// The oldest stand first, so those too old are at the front.
    fn expired(&self, idle: &mut Vec<Idle>, now: Instant) -> Vec<Idle> {
        let is_old = |idle: &Idle| now.saturating_duration_since(idle.since) >= self.max_idle;
        let count = idle.iter().take_while(|idle| is_old(idle)).count();
        idle.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
