//! Answers, and how they go out.

use std::io::{self, Write};

/// What happens to the connection after an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// It waits for the next request.
    #[default]
    KeepOpen,
    /// It is closed.
    Close,
}

/// An answer given word for word in place of the model's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Every byte of it, from the status line on. They need not be HTTP.
    pub answer: Vec<u8>,
    /// Whether the model does what the request asks for all the same.
    pub apply: bool,
    /// What happens to the connection afterwards.
    pub then: Then,
}

/// An answer and how it is to go out.
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) plan: Plan,
}

/// How an answer is to go out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) then: Then,
}

impl Answer {
    pub(crate) fn new(bytes: Vec<u8>, then: Then) -> Self {
        Answer { bytes, plan: Plan { then } }
    }
}

/// Writes an answer as planned. Whatever goes wrong with an answer on purpose goes wrong here:
/// this function alone sees all of its bytes and the connection.
pub(crate) fn deliver(stream: &mut impl Write, answer: &Answer) -> io::Result<Then> {
    stream.write_all(&answer.bytes)?;
    stream.flush()?;
    Ok(answer.plan.then)
}
