//! What an operation that is about no cancel came to.

use std::time::Duration;

use serde::Serialize;

use super::advice::{is_outbox_retryable, is_retryable, outbox_advice, warm_up_advice};
use super::{OutboxView, as_millis};
use crate::api::Operation;
use crate::error::Error;
use crate::outcome::{Code, Outcome};

/// What a warm-up came to, or the outbox's flush, list, acknowledge or stats. It has no outcome,
/// because it asserts nothing of any cancel.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// [`Code::Ok`], or why it did not go well.
    pub code: Code,
    /// One line for a log.
    pub message: String,
    /// One line for a person: what to do now.
    pub advice: &'static str,
    /// True if the same call may well go better later, without any change.
    pub retryable: bool,
    /// How long the call took, in whole milliseconds.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
    /// What an operation of the outbox found; `None` for a warm-up.
    pub outbox: Option<Box<OutboxView>>,
}

impl Status {
    pub(crate) fn of_warm_up(code: Code, message: String) -> Self {
        let (advice, elapsed) = (warm_up_advice(code), Duration::ZERO);
        // Nothing is sent.
        let retryable = is_retryable(Operation::Cancel, Outcome::NotApplied, code);
        Self { code, message, advice, retryable, elapsed, outbox: None }
    }

    pub(crate) fn of_outbox(code: Code, message: String, view: OutboxView) -> Self {
        let (advice, retryable) = (outbox_advice(code), is_outbox_retryable(code));
        let outbox = Some(Box::new(view));
        Self { code, message, advice, retryable, elapsed: Duration::ZERO, outbox }
    }

    /// The status as a JSON object.
    ///
    /// # Errors
    /// None that is known: nothing in a status is hard to write as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    pub(crate) fn into_result(self) -> Result<(), Error> {
        match self.code {
            Code::Ok => Ok(()),
            code => Err(Error::new(code, self.message)),
        }
    }
}
