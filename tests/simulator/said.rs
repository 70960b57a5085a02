//! What a step of a till was told: of a cancel, a report; of a flush, a status without an outcome.

use std::time::Duration;

use flexcancel::{
    Attempt, Code, Hold, OutboxView, Outcome, ProviderError, RawJson, Repeat, Report, Status,
};
use serde::Serialize;

/// A report or a status. What a status does not say is unknown here, which asserts nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    pub outcome: Outcome,
    pub code: Code,
    pub hold: Hold,
    pub message: String,
    pub advice: &'static str,
    pub idempotency_key: Option<String>,
    pub repeat: Option<Repeat>,
    pub attempts: Vec<Attempt>,
    pub outbox: Option<Box<OutboxView>>,
    pub retryable: bool,
    pub session_id: Option<String>,
    pub elapsed: Duration,
    pub http_status: Option<u16>,
    pub retry_after: Option<Duration>,
    pub provider_error: Option<ProviderError>,
    pub raw_session: Option<RawJson>,
}

impl Said {
    /// What a till is told that died before it was told anything.
    pub fn nothing() -> Self {
        Self {
            outcome: Outcome::Unknown,
            code: Code::Aborted,
            hold: Hold::Unknown,
            message: String::new(),
            advice: "",
            idempotency_key: None,
            repeat: None,
            attempts: Vec::new(),
            outbox: None,
            retryable: false,
            session_id: None,
            elapsed: Duration::ZERO,
            http_status: None,
            retry_after: None,
            provider_error: None,
            raw_session: None,
        }
    }
}

impl From<Report> for Said {
    fn from(report: Report) -> Self {
        Self {
            outcome: report.outcome,
            code: report.code,
            hold: report.hold,
            message: report.message,
            advice: report.advice,
            idempotency_key: report.idempotency_key,
            repeat: report.repeat,
            attempts: report.attempts,
            outbox: report.outbox,
            retryable: report.retryable,
            session_id: report.session_id,
            elapsed: report.elapsed,
            http_status: report.http_status,
            retry_after: report.retry_after,
            provider_error: report.provider_error,
            raw_session: report.raw_session,
        }
    }
}

impl From<Status> for Said {
    fn from(status: Status) -> Self {
        Self {
            outcome: Outcome::Unknown,
            code: status.code,
            hold: Hold::Unknown,
            message: status.message,
            advice: status.advice,
            idempotency_key: None,
            repeat: None,
            attempts: Vec::new(),
            outbox: status.outbox,
            retryable: status.retryable,
            session_id: None,
            elapsed: status.elapsed,
            http_status: None,
            retry_after: None,
            provider_error: None,
            raw_session: None,
        }
    }
}
