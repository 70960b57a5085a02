//! Waiting that ends when the sandbox does.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The end of the sandbox, for those who wait meanwhile.
#[derive(Default)]
pub(crate) struct End {
    has_come: Mutex<bool>,
    came: Condvar,
}

impl End {
    /// Ends every wait, now and from now on.
    pub(crate) fn come(&self) {
        *self.has_come.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.came.notify_all();
    }

    /// Waits; true if the end came first.
    pub(crate) fn comes_within(&self, time: Duration) -> bool {
        let has_come = self.has_come.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.came.wait_timeout_while(has_come, time, |has_come| !*has_come);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
