//! What an operation that is about no cancel came to.

use std::time::Duration;

use serde::Serialize;

use super::advice::{
    bulk_advice, is_bulk_retryable, is_outbox_retryable, is_retryable, outbox_advice,
    warm_up_advice,
};
use super::{BulkCounts, OutboxView, as_millis};
use crate::api::Operation;
use crate::error::Error;
use crate::outcome::{Code, Outcome};

/// What a warm-up or a bulk run came to, or the outbox's flush, list, acknowledge or stats. It has no outcome,
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
    /// What an operation of the outbox found; `None` for a warm-up or a bulk run.
    pub outbox: Option<Box<OutboxView>>,
    /// How the items of a bulk run have ended; `None` for every other operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk: Option<Box<BulkCounts>>,
}

impl Status {
    pub(crate) fn of_warm_up(code: Code, message: String) -> Self {
        let (advice, elapsed) = (warm_up_advice(code), Duration::ZERO);
        // Nothing is sent.
        let retryable = is_retryable(Operation::Cancel, Outcome::NotApplied, code);
        Self { code, message, advice, retryable, elapsed, outbox: None, bulk: None }
    }

    pub(crate) fn of_outbox(code: Code, message: String, view: OutboxView) -> Self {
        let (advice, retryable) = (outbox_advice(code), is_outbox_retryable(code));
        let outbox = Some(Box::new(view));
        Self { code, message, advice, retryable, elapsed: Duration::ZERO, outbox, bulk: None }
    }

    pub(crate) fn of_bulk(code: Code, message: String, counts: BulkCounts) -> Self {
        let (advice, retryable) = (bulk_advice(code), is_bulk_retryable(code));
        let bulk = Some(Box::new(counts));
        Self { code, message, advice, retryable, elapsed: Duration::ZERO, outbox: None, bulk }
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
