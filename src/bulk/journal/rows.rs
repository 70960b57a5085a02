//! What the journal of earlier runs says of each item.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::invalid;
use super::line::Line;
use crate::error::Error;
use crate::outcome::{Code, Hold, Outcome};

pub(in crate::bulk) type End = (Outcome, Code, Hold);

#[derive(Default)]
pub(super) struct Rows(HashMap<u64, Row>);

struct Row {
    /// Of the session's id: an item must have the same.
    session: u64,
    /// A request may have been handed to the network.
    was_sent: bool,
    key: Option<Box<str>>,
    asked_at_ms: Option<i64>,
    /// `None`: sent, and nothing more is known.
    end: Option<End>,
}

/// What an earlier run did with an item.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::bulk) struct Earlier {
    pub(in crate::bulk) idempotency_key: Option<String>,
    pub(in crate::bulk) asked_at_ms: Option<i64>,
    /// A request may have reached Flex.
    pub(in crate::bulk) in_doubt: bool,
    /// It need not be tried again.
    pub(in crate::bulk) end: Option<End>,
}

impl Rows {
    pub(super) fn sent(&mut self, number: u64, line: &Line) {
        let row = Row {
            session: hash(line.text("session_id").unwrap_or_default()),
            was_sent: true,
            key: line.text("idempotency_key").map(Box::from),
            asked_at_ms: line.asked_at_ms(),
            end: None,
        };
        self.0.insert(number, row);
    }

    pub(super) fn ended(&mut self, number: u64, line: &Line) {
        let end = line.text("outcome").and_then(Outcome::from_name);
        let end = end.zip(line.text("code").and_then(Code::from_name));
        let end = end.zip(line.text("hold").and_then(Hold::from_name));
        let session = hash(line.text("session_id").unwrap_or_default());
        let new = Row { session, was_sent: false, key: None, asked_at_ms: None, end: None };
        self.0.entry(number).or_insert(new).end =
            end.map(|((outcome, code), hold)| (outcome, code, hold));
    }

    /// How many items there are that were not asked for.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The row of an item. It is needed once.
    pub(super) fn take(&mut self, number: u64, session_id: &str) -> Result<Earlier, Error> {
        let Some(row) = self.0.remove(&number) else { return Ok(Earlier::default()) };
        if row.session != hash(session_id) {
            return Err(invalid(&format!(
                "expected the input of the earlier run; item {number} is another session"
            )));
        }
        let in_doubt = row.was_sent && row.end.is_none_or(|(outcome, ..)| !outcome.is_definite());
        Ok(Earlier {
            idempotency_key: row.key.map(String::from),
            asked_at_ms: row.asked_at_ms,
            in_doubt,
            end: row.end.filter(|end| is_final(*end)),
        })
    }
}

/// True if the same call would come to the same end.
const fn is_final((outcome, code, _): End) -> bool {
    match outcome {
        Outcome::Canceled | Outcome::AlreadyCanceled | Outcome::NotCancelable => true,
        Outcome::NotApplied => matches!(
            code,
            Code::InvalidSessionId
                | Code::InvalidArgument
                | Code::NotFound
                | Code::Rejected
                | Code::ModeMismatch
                | Code::NewerHold
        ),
        Outcome::Unknown => false,
    }
}

fn hash(session_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    session_id.hash(&mut hasher);
    hasher.finish()
}
