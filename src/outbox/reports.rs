//! What the outbox's operations report.

use super::clock::Timestamps;
use super::transition::Record;
use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::report::{OutboxEntry, OutboxState, OutboxView, Report, Status};

/// The report of a cancel that the outbox keeps.
pub(super) fn kept_report(message: &str, code: Code, record: Record, now: Timestamps) -> Report {
    let report = Report::without_attempts(code, message);
    report.with_entry(Outcome::Unknown, code, record.shown(now))
}

/// The status of an operation that could not be carried out.
pub(super) fn failed(error: Error) -> Status {
    Status::of_outbox(error.code, error.message, OutboxView::default())
}

/// What a flush came to, in one line for a log.
pub(super) fn summary(entries: &[OutboxEntry]) -> String {
    let count = |state: OutboxState| entries.iter().filter(|entry| entry.state == state).count();
    format!(
        "{} tried: {} delivered, {} refused, {} need attention, {} kept",
        entries.len(),
        count(OutboxState::Delivered),
        count(OutboxState::Refused),
        count(OutboxState::NeedsAttention) + count(OutboxState::Expired),
        count(OutboxState::Pending),
    )
}
