//! Why something that is no cancel could not be done.

use std::fmt;

use crate::fields::FieldError;
use crate::outcome::Code;

/// Why something could not be done: a client made, an outbox opened, a connection opened ahead of
/// time. It says nothing of any cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// Why.
    pub code: Code,
    /// One line for a log; it begins with the field, if there is one.
    pub message: String,
    /// The argument, option or key that cannot be used.
    pub field: Option<String>,
}

impl Error {
    /// An argument that cannot be used.
    pub(crate) fn new(code: Code, field: &str, problem: &str) -> Self {
        Self::of_field(code, FieldError::new(field, problem))
    }

    pub(crate) fn of_field(code: Code, error: FieldError) -> Self {
        let message = error.to_string();
        Self { code, message, field: Some(error.field).filter(|field| !field.is_empty()) }
    }

    /// Something that is about no single field.
    pub(crate) fn whole(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
