//! The outbox in a forked child, and how its store is closed.

use super::fork_lock::{self, Close};
use super::opening::Open;
use super::operations::Outbox;
use super::store::Store;
use crate::client::Client;
use crate::sync::{Arc, Mutex, PoisonError, process};

impl Outbox {
    pub(crate) const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// For a forked child: an outbox of its own on the same file. Takes none of this one's locks.
    pub(crate) fn renewed(&self, client: Arc<Client>) -> Self {
        let (store, clock) = (self.store.renewed(), Arc::clone(&self.clock));
        Self { client, store, clock, target: self.target.clone(), keep_ms: self.keep_ms }
    }
}

impl Store {
    /// A store of its own on the same file, which its first use opens. Does not take the fork lock:
    /// whoever renews holds the table of handles, for which a fork waits with the lock held.
    fn renewed(&self) -> Self {
        Self::over(Arc::clone(&self.source), self.identity, None)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _shared = fork_lock::shared();
        self.connection.close();
    }
}

impl Close for Mutex<Option<Open>> {
    fn close(&self) {
        let open = self.lock().unwrap_or_else(PoisonError::into_inner).take();
        if open.as_ref().is_some_and(|open| open.process != process::id()) {
            // The parent's. To close it here would end what is the parent's too.
            std::mem::forget(open);
        }
    }
}
