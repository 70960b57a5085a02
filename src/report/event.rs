//! What a client tells its log: one event for each attempt, each result, each warm-up.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::outcome::{Code, Hold, Outcome};
use crate::report::{Attempt, Report, Status, as_millis};

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(i32)]
pub enum Level {
    /// An event whose code is not ok, or a result whose outcome is unknown.
    Warn = 2,
    /// Any other result or warm-up.
    Info = 3,
    /// Any other attempt.
    Debug = 4,
}

/// One event. Carries no secret.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event<'a> {
    /// One round trip has ended.
    Attempt {
        /// How much it matters.
        level: Level,
        /// The session it was about.
        session_id: &'a str,
        /// The idempotency key it carried, if it was a cancel.
        idempotency_key: Option<&'a str>,
        /// What became of it.
        #[serde(flatten)]
        attempt: &'a Attempt,
        /// The same in words.
        message: &'a str,
    },
    /// One call about a session has ended.
    Result {
        /// How much it matters.
        level: Level,
        /// The session it was about; `None` if the caller's id was not usable.
        session_id: Option<&'a str>,
        /// The idempotency key, if one was used.
        idempotency_key: Option<&'a str>,
        /// The outcome.
        outcome: Outcome,
        /// Why.
        code: Code,
        /// Where the money is.
        hold: Hold,
        /// How many round trips there were.
        attempts: usize,
        /// How long the call took.
        #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
        elapsed: Duration,
        /// The same in words.
        message: &'a str,
    },
    /// One warm-up has ended.
    WarmUp {
        /// How much it matters.
        level: Level,
        /// `ok`, or why no connection waits.
        code: Code,
        /// How long it took.
        #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
        elapsed: Duration,
        /// The same in words.
        message: &'a str,
    },
}

impl<'a> Event<'a> {
    pub(crate) fn of_attempt(
        session_id: &'a str,
        idempotency_key: Option<&'a str>,
        attempt: &'a Attempt,
        message: &'a str,
    ) -> Self {
        let level = if attempt.code == Code::Ok { Level::Debug } else { Level::Warn };
        Self::Attempt { level, session_id, idempotency_key, attempt, message }
    }

    pub(crate) fn of_result(report: &'a Report) -> Self {
        Self::of_delivery(report, report.outcome, report.code, &report.message)
    }

    /// Of a call for an entry of the outbox: what is known of the cancel that the entry keeps, which
    /// may still be sent.
    #[inline(never)]
    pub(crate) fn of_delivery(
        report: &'a Report,
        outcome: Outcome,
        code: Code,
        message: &'a str,
    ) -> Self {
        let is_plain = outcome.is_definite() && code == Code::Ok;
        Self::Result {
            level: if is_plain { Level::Info } else { Level::Warn },
            session_id: report.session_id.as_deref(),
            idempotency_key: report.idempotency_key.as_deref(),
            outcome,
            code,
            hold: report.hold,
            attempts: report.attempts.len(),
            elapsed: report.elapsed,
            message,
        }
    }

    pub(crate) fn of_warm_up(status: &'a Status) -> Self {
        let Status { code, elapsed, message, .. } = status;
        let level = if *code == Code::Ok { Level::Info } else { Level::Warn };
        Self::WarmUp { level, code: *code, elapsed: *elapsed, message }
    }

    /// How much the event matters.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Attempt { level, .. }
            | Self::Result { level, .. }
            | Self::WarmUp { level, .. } => *level,
        }
    }
}

/// Receives events, on the thread that makes the call, while no lock is held.
pub type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;
