//! What stands in for the library's `store`: it takes the fork lock, locks its connection and opens its
//! file as that does.

use super::fork_lock;
use super::opening::Open;
use crate::sync::{Arc, Mutex, process};

pub struct Store {
    pub source: Arc<()>,
    pub identity: Option<()>,
    pub connection: Arc<Mutex<Option<Open>>>,
}

impl Store {
    pub fn over(source: Arc<()>, identity: Option<()>, open: Option<Open>) -> Self {
        Self { source, identity, connection: Arc::new(Mutex::new(open)) }
    }

    pub fn with(&self) {
        let shared = fork_lock::shared();
        let mut guard = self.connection.lock().unwrap();
        if guard.as_ref().is_some_and(|open| open.process != process::id()) {
            std::mem::forget(guard.take());
        }
        if guard.is_none() {
            *guard = Some(Open::new());
            shared.note(&self.connection);
        }
        if let Some(open) = &*guard {
            open.used();
        }
    }
}
