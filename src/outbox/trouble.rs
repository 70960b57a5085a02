//! Why the outbox could not do something.

use std::fmt;

use crate::error::Error;
use crate::outcome::Code;

/// Why the outbox could not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What kind of trouble it is.
    pub(super) code: Code,
    /// The same in words.
    pub(super) message: String,
    /// What was to be written may turn out to be in the file all the same: the last step of the
    /// write failed, and only a restart shows which part of it reached the disk.
    pub(super) may_be_kept: bool,
}

impl Trouble {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), may_be_kept: false }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        Self::whole(trouble.code, trouble.message)
    }
}
