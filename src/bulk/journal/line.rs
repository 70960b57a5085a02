//! The lines of a journal.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{Target, invalid};
use crate::bulk::item::Job;
use crate::error::Error;
use crate::outcome::{Code, Hold, Outcome};
use crate::report::{Report, as_millis};

/// The version of the lines that this library writes.
const VERSION: u64 = 1;

/// The first line.
pub(super) const HEADER: &str = "header";
/// An item that is about to be sent.
pub(super) const SENT: &str = "sent";
/// What became of an item.
pub(super) const ENDED: &str = "ended";

/// How the first line of every journal begins.
const HEADER_BEGIN: &[u8] = br#"{"state":"header","flexcancel_journal":"#;

/// True if this is the beginning of a first line.
pub(super) fn is_torn_header(text: &[u8]) -> bool {
    text.starts_with(HEADER_BEGIN) || HEADER_BEGIN.starts_with(text)
}

#[derive(Serialize)]
pub(super) struct Header<'a> {
    state: &'static str,
    flexcancel_journal: u64,
    base_url: &'a str,
    reason: Option<&'a str>,
    started_at_ms: i64,
}

impl<'a> Header<'a> {
    pub(super) fn new(target: &Target<'a>) -> Self {
        let Target { base_url, reason, started_at_ms } = *target;
        Self { state: HEADER, flexcancel_journal: VERSION, base_url, reason, started_at_ms }
    }
}

#[derive(Serialize)]
pub(super) struct Sent<'a> {
    state: &'static str,
    number: u64,
    session_id: &'a str,
    idempotency_key: Option<&'a str>,
    asked_at_ms: Option<i64>,
}

impl<'a> Sent<'a> {
    /// `None` for a job that is refused before it is sent.
    pub(super) fn new(job: &'a Job) -> Option<Self> {
        let options = job.options.as_ref().ok()?;
        Some(Self {
            state: SENT,
            number: job.number,
            session_id: &job.session_id,
            idempotency_key: options.idempotency_key.as_deref(),
            asked_at_ms: options.asked_at_ms,
        })
    }
}

#[derive(Serialize)]
pub(super) struct Ended<'a> {
    state: &'static str,
    number: u64,
    /// `None` if it was not usable.
    session_id: Option<&'a str>,
    idempotency_key: Option<&'a str>,
    outcome: Outcome,
    code: Code,
    hold: Hold,
    duplicate_of: Option<u64>,
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    elapsed: Duration,
    message: &'a str,
}

impl<'a> Ended<'a> {
    pub(super) fn new(number: u64, report: &'a Report) -> Self {
        Self {
            state: ENDED,
            number,
            session_id: report.session_id.as_deref(),
            idempotency_key: report.idempotency_key.as_deref(),
            outcome: report.outcome,
            code: report.code,
            hold: report.hold,
            duplicate_of: report.item.and_then(|item| item.duplicate_of),
            elapsed: report.elapsed,
            message: &report.message,
        }
    }
}

/// A line that was read.
pub(super) struct Line(Value);

impl Line {
    /// `None` if it is no JSON object.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok().filter(Value::is_object).map(Self)
    }

    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }

    pub(super) fn asked_at_ms(&self) -> Option<i64> {
        self.0["asked_at_ms"].as_i64()
    }

    /// The state and the number of a line about an item.
    pub(super) fn item(&self) -> Option<(&str, u64)> {
        Some((self.text("state")?, self.0["number"].as_u64()?))
    }

    /// True of the first line of a journal of any version.
    pub(super) fn is_header(&self) -> bool {
        self.text("state") == Some(HEADER) && self.0["flexcancel_journal"].is_u64()
    }

    /// Checks that a header is this library's and of this service.
    pub(super) fn check_header(&self, target: &Target<'_>) -> Result<(), Error> {
        let found = self.0["flexcancel_journal"].as_u64().unwrap_or_default();
        if found != VERSION {
            return Err(invalid(&format!("expected version {VERSION}, found {found}")));
        }
        let (expected, found) = (target.base_url, self.text("base_url").unwrap_or_default());
        if found != expected {
            return Err(invalid(&format!("expected one for {expected}, found one for {found}")));
        }
        Ok(())
    }
}
