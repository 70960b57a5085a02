//! Connections that wait for their next exchange.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;

/// The most connections that one client keeps unused; those beyond it are closed.
const MAX_IDLE_CONNECTIONS: usize = 256;

/// The unused connections of one client. No thread tends them: those too old are closed at the
/// next call, or with the client.
#[derive(Debug)]
pub(super) struct Pool {
    max_idle: Duration,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(super) fn new(max_idle: Duration) -> Self {
        Self { max_idle, idle: Mutex::new(Vec::new()) }
    }

    /// The most recently used connection that still lives. One that the server closed
    /// meanwhile costs no attempt: nothing was handed over to it.
    pub(super) fn take(&self) -> Option<Connection> {
        loop {
            let (idle, expired) = {
                let mut idle = self.lock();
                let expired = self.expired(&mut idle);
                (idle.pop(), expired)
            };
            drop(expired);
            let connection = idle?.connection;
            if connection.socket.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next exchange.
    pub(super) fn put(&self, connection: Connection) {
        if self.max_idle.is_zero() {
            return;
        }
        let mut idle = self.lock();
        let mut closed = self.expired(&mut idle);
        if idle.len() >= MAX_IDLE_CONNECTIONS {
            closed.push(idle.remove(0));
        }
        idle.push(Idle { connection, since: Instant::now() });
        drop(idle);
        // Closed here, where no other call waits for the lock.
        drop(closed);
    }

    /// The oldest stand first, so those too old are at the front.
    fn expired(&self, idle: &mut Vec<Idle>) -> Vec<Idle> {
        let is_old = |idle: &Idle| idle.since.elapsed() >= self.max_idle;
        let count = idle.iter().take_while(|idle| is_old(idle)).count();
        idle.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
