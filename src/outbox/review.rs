//! The operations of a person who sees to the outbox: they send nothing.

use super::clock::Timestamps;
use super::entries;
use super::operations::{DELIVERED_ELSEWHERE, Outbox};
use super::options::ListFilter;
use super::queries;
use super::reports::failed;
use super::transition::Record;
use crate::error::Error;
use crate::outcome::Code;
use crate::report::{OutboxState, OutboxView, Status};

/// The longest reason of a person, in bytes.
const MAX_REASON_BYTES: usize = 200;

impl Outbox {
    /// Lists entries, in the order of their numbers.
    pub fn list(&self, filter: &ListFilter) -> Status {
        let started = self.client.context.transport.now();
        let status = match filter.check() {
            Err(error) => failed(error),
            Ok(()) => {
                let listed = self.store.read(|db| queries::list(db, filter));
                self.about_outbox(listed, |records, now| {
                    let entries: Vec<_> = records.into_iter().map(|r| r.shown(now)).collect();
                    let message = format!("{} entries", entries.len());
                    (message, OutboxView { entries, ..OutboxView::default() })
                })
            }
        };
        Status { elapsed: self.since(started), ..status }
    }

    /// Notes that a person has seen a final entry: it leaves the worklist. Doing so again has no
    /// effect. A pending entry is [`Code::OutboxPending`], and stays.
    pub fn acknowledge(&self, entry_id: i64) -> Status {
        let started = self.client.context.transport.now();
        let now = self.clock.now();
        let noted = self.store.write(move |db| entries::acknowledge(db, entry_id, now));
        let status = self.about_entry(noted, entry_id, |state| match state {
            OutboxState::Pending => {
                (Code::OutboxPending, format!("entry {entry_id} is still pending"))
            }
            _ => (Code::Ok, "acknowledged".to_owned()),
        });
        Status { elapsed: self.since(started), ..status }
    }

    /// Ends a pending entry for good, because a person says so: it is not delivered any more, and
    /// is acknowledged at once. It ends as one whose time is over: `expired` if surely no request
    /// of it reached Flex, otherwise `needs_attention`. The reason, of 1 to 200 bytes, is its
    /// message. What is final stays as it is.
    ///
    /// The code is [`Code::Ok`], [`Code::OutboxNoEntry`], or [`Code::OutboxBusy`] while somebody
    /// delivers the entry.
    pub fn withdraw(&self, entry_id: i64, reason: &str) -> Status {
        let started = self.client.context.transport.now();
        let status = match self.checked_reason(reason) {
            Err(error) => failed(error),
            Ok(message) => {
                let now = self.clock.now();
                let ended =
                    self.store.write(move |db| entries::withdraw(db, entry_id, &message, now));
                self.about_entry(ended, entry_id, |state| match state {
                    OutboxState::Pending => (Code::OutboxBusy, DELIVERED_ELSEWHERE.to_owned()),
                    state => (Code::Ok, format!("entry {entry_id} is {}", state.name())),
                })
            }
        };
        Status { elapsed: self.since(started), ..status }
    }

    /// Counts the entries.
    pub fn stats(&self) -> Status {
        let started = self.client.context.transport.now();
        let now = self.clock.now();
        let counted = self.store.read(|db| queries::counts(db, &self.target, now));
        let status = self.about_outbox(counted, |counts, _| {
            let message = format!("{} pending, {} for a person", counts.pending, counts.worklist);
            (message, OutboxView { counts: Some(counts), ..OutboxView::default() })
        });
        Status { elapsed: self.since(started), ..status }
    }

    fn checked_reason(&self, reason: &str) -> Result<String, Error> {
        let problem = if self.client.context.api_key.is_in(reason) {
            "expected without the API key, which must not be repeated".to_owned()
        } else if reason.trim().is_empty()
            || reason.len() > MAX_REASON_BYTES
            || reason.contains(char::is_control)
        {
            format!("expected 1 to {MAX_REASON_BYTES} bytes of text without control characters")
        } else {
            return Ok(format!("withdrawn: {reason}"));
        };
        Err(Error::argument("reason", problem))
    }

    /// The status of an operation on one entry.
    pub(super) fn about_entry(
        &self,
        found: Result<Option<Record>, Error>,
        entry_id: i64,
        says: impl FnOnce(OutboxState) -> (Code, String),
    ) -> Status {
        let (entry, code, message) = match found {
            Err(error) => return failed(error),
            Ok(None) => (None, Code::OutboxNoEntry, format!("the outbox has no entry {entry_id}")),
            Ok(Some(record)) => {
                let (code, message) = says(record.entry.state);
                (Some(record.shown(self.clock.now())), code, message)
            }
        };
        Status::of_outbox(code, message, OutboxView { entry, ..OutboxView::default() })
    }

    /// The status of an operation on the outbox.
    pub(super) fn about_outbox<T>(
        &self,
        found: Result<T, Error>,
        view: impl FnOnce(T, Timestamps) -> (String, OutboxView),
    ) -> Status {
        match found {
            Err(error) => failed(error),
            Ok(found) => {
                let (message, view) = view(found, self.clock.now());
                Status::of_outbox(Code::Ok, message, view)
            }
        }
    }
}
