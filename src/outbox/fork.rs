//! The outbox in a forked child, and how its store is closed.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use super::gate::{self, Close};
use super::opening::Open;
use super::operations::Outbox;
use super::store::Store;
use crate::client::Client;

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
    /// A store of its own on the same file, which its first use opens. Does not go through the
    /// gate: whoever renews holds the table of handles, which a fork waits for inside the gate.
    fn renewed(&self) -> Self {
        Self::over(Arc::clone(&self.source), self.identity, None)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _inside = gate::enter();
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
