//! What a report says of the bulk run that it is a part of.

use serde::Serialize;

use crate::outcome::Outcome;

/// Which item of a bulk run a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BulkItemView {
    /// Its place in the input, from 0.
    pub number: u64,
    /// The first item with the same session; it was sent, this one was not.
    pub duplicate_of: Option<u64>,
    /// True if an earlier run with the same journal had ended it.
    pub from_journal: bool,
}

/// How the items of a bulk run have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BulkCounts {
    /// True if every item of the input has ended.
    pub complete: bool,
    /// Items that have ended; the five outcomes add up to it.
    pub items: u64,
    /// Items with this outcome.
    pub canceled: u64,
    /// Items with this outcome.
    pub already_canceled: u64,
    /// Items with this outcome.
    pub not_cancelable: u64,
    /// Items with this outcome.
    pub not_applied: u64,
    /// Items with this outcome.
    pub unknown: u64,
    /// Items whose session an earlier item had; in the other numbers, too.
    pub duplicates: u64,
    /// Items that an earlier run with the same journal had ended; in the other numbers, too.
    pub from_journal: u64,
    /// Responses that asked to slow down (429).
    pub rate_limited_responses: u64,
}

impl BulkCounts {
    pub(crate) fn count(&mut self, outcome: Outcome) {
        let number = match outcome {
            Outcome::Canceled => &mut self.canceled,
            Outcome::AlreadyCanceled => &mut self.already_canceled,
            Outcome::NotCancelable => &mut self.not_cancelable,
            Outcome::NotApplied => &mut self.not_applied,
            Outcome::Unknown => &mut self.unknown,
        };
        *number += 1;
        self.items += 1;
    }
}
