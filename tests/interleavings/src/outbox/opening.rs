//! What stands in for a file that SQLite has open. SQLite has a lock of its own for the process,
//! and only the process that opened a file closes it.

use std::cell::Cell;

use crate::sync::{Lazy, Mutex, process};

static SQLITE: Lazy<Mutex<()>> = Lazy::new(Mutex::default);

std::thread_local! {
    static OPEN: Cell<u32> = const { Cell::new(0) };
    static CLOSED_WRONGLY: Cell<bool> = const { Cell::new(false) };
}

pub struct Open {
    pub process: u32,
}

impl Open {
    pub fn new() -> Self {
        drop(SQLITE.lock());
        OPEN.set(OPEN.get() + 1);
        Self { process: process::id() }
    }

    pub fn used(&self) {
        assert_eq!(self.process, process::id(), "a process uses the other's file");
        drop(SQLITE.lock());
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        drop(SQLITE.lock());
        // No assertion: loom drops what is left as well.
        CLOSED_WRONGLY.set(CLOSED_WRONGLY.get() || self.process != process::id());
        OPEN.set(OPEN.get() - 1);
    }
}

/// Before each run of a model.
pub fn begin() {
    OPEN.set(0);
    CLOSED_WRONGLY.set(false);
}

/// After each run of a model.
pub fn end() {
    assert!(!CLOSED_WRONGLY.get(), "a process closed the other's file");
}

pub fn open_files() -> u32 {
    OPEN.get()
}
