//! Why something could not be done.

use std::fmt;

use crate::outcome::Code;
use crate::phase::Phase;

/// Why something could not be done: a client made, an outbox opened, a connection opened ahead of
/// time, a request sent. By itself it asserts nothing of any cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// Why.
    pub code: Code,
    /// One line for a log; it begins with the field, if there is one.
    pub message: String,
    /// The argument, option or key that cannot be used.
    pub field: Option<String>,
    /// What was to be written may turn out to be in the outbox's file all the same: the last step
    /// of the write failed, and only a restart shows which part of it reached the disk.
    pub(crate) may_be_kept: bool,
}

impl Error {
    /// An error about no single field.
    #[inline(never)]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, may_be_kept: false }
    }

    /// An error about one field; the message begins with its name.
    #[inline(never)]
    pub(crate) fn in_field(code: Code, field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        if field.is_empty() {
            return Self::new(code, problem);
        }
        Self { field: Some(field.to_owned()), ..Self::new(code, format!("{field}: {problem}")) }
    }

    /// An argument that cannot be used: its field, what was expected and what was found. An empty
    /// field means the text as a whole.
    pub(crate) fn argument(field: &str, problem: impl Into<String>) -> Self {
        Self::in_field(Code::InvalidArgument, field, problem)
    }

    /// The same error for another reason.
    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// An error that nothing outside this library can cause.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// A panic that was contained.
    pub(crate) fn defect() -> Self {
        Self::internal("a defect in the library was contained")
    }

    pub(crate) fn aborted() -> Self {
        Self::new(Code::Aborted, "the call was aborted")
    }

    pub(crate) fn timeout(phase: Phase) -> Self {
        let doing = match phase {
            Phase::Preparing => "before anything was done",
            Phase::Resolving => "while the host name was looked up",
            Phase::Connecting => "while the connection was opened",
            Phase::Handshaking => "in the TLS handshake",
            Phase::Sending => "while the request was sent",
            Phase::Waiting => "while waiting for the response",
            Phase::Reading | Phase::Complete => "while the response was read",
        };
        Self::new(Code::Timeout, format!("the time ran out {doing}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
