//! In place of the outbox, in a library that was built without it.

use std::convert::Infallible;
use std::sync::Arc;

use super::options::{ClaimOptions, EntryOptions, FlushOptions, ListFilter, OpenOptions};
use super::settlement::Settlement;
use crate::abort::Abort;
use crate::client::Client;
use crate::error::Error;
use crate::outcome::Code;
use crate::report::{Report, Status};

/// The outbox of a library that was built without one: it cannot be opened.
#[derive(Clone, Debug)]
pub struct Outbox(Infallible);

/// Nothing to close.
pub(crate) struct ForkLock;

pub(crate) const fn lock_for_fork() -> ForkLock {
    ForkLock
}

#[allow(missing_docs, reason = "as in a library with the outbox")]
impl Outbox {
    /// # Errors
    /// Always `outbox_unavailable`.
    pub fn open(_: Arc<Client>, _: &OpenOptions) -> Result<Self, Error> {
        let message = "this library was built without the outbox";
        Err(Error::new(Code::OutboxUnavailable, message))
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        match self.0 {}
    }

    pub(crate) fn renewed(&self, _: Arc<Client>) -> Self {
        match self.0 {}
    }

    pub fn cancel(&self, _: &str, _: &EntryOptions, _: Option<&Abort>) -> Report {
        match self.0 {}
    }

    pub fn enqueue(&self, _: &str, _: &EntryOptions) -> Report {
        match self.0 {}
    }

    pub fn flush(&self, _: &FlushOptions, _: Option<&Abort>) -> Status {
        match self.0 {}
    }

    pub fn claim(&self, _: &ClaimOptions) -> Status {
        match self.0 {}
    }

    pub fn settle(&self, _: i64, _: &Settlement) -> Status {
        match self.0 {}
    }

    pub fn list(&self, _: &ListFilter) -> Status {
        match self.0 {}
    }

    pub fn acknowledge(&self, _: i64) -> Status {
        match self.0 {}
    }

    pub fn withdraw(&self, _: i64, _: &str) -> Status {
        match self.0 {}
    }

    pub fn stats(&self) -> Status {
        match self.0 {}
    }
}
