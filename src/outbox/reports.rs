//! What the outbox's operations report.

use super::clock::Moment;
use super::decide::Record;
use super::trouble::Trouble;
use crate::api::Operation;
use crate::fields::FieldError;
use crate::outcome::{Code, Outcome};
use crate::report::{Entry, OutboxView, State};
use crate::report::{Refused, Report};

/// The report of a cancel that the outbox keeps.
pub(super) fn kept_report(message: &str, code: Code, record: Record, now: Moment) -> Report {
    let report = Report::unreported(code, message);
    report.with_entry(Outcome::Unknown, code, record.shown(now))
}

/// The report of an operation that could not be carried out.
pub(super) fn failed(trouble: Trouble) -> Report {
    Report::of_outbox(trouble.code, trouble.message, OutboxView::default())
}

/// The report of an operation whose arguments cannot be used.
pub(super) fn refused_for(error: &FieldError) -> Report {
    let (code, message) = (Code::InvalidArgument, error.to_string());
    Report::refused(Operation::Cancel, Refused { code, message, in_doubt: false })
}

/// What a flush came to, in one line for a log.
pub(super) fn summary(entries: &[Entry]) -> String {
    let count = |state: State| entries.iter().filter(|entry| entry.state == state).count();
    format!(
        "{} tried: {} delivered, {} refused, {} need attention, {} kept",
        entries.len(),
        count(State::Delivered),
        count(State::Refused),
        count(State::NeedsAttention) + count(State::Expired),
        count(State::Pending),
    )
}
