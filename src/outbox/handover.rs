//! Delivery by somebody else: entries are handed over under a lease, and their results come back.

use rusqlite::{Connection, Result as SqlResult};

use super::clock::Timestamps;
use super::entries::{self, Lease};
use super::operations::{DELIVERED_ELSEWHERE, Outbox};
use super::options::{ClaimOptions, DEFAULT_LEASE, DEFAULT_MAX};
use super::purge::purge;
use super::reports::failed;
use super::settlement::Settlement;
use super::transition::{self, DeliveryResult, Record};
use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::report::{OutboxState, OutboxView, Status};

impl Outbox {
    /// Hands the entries that are due over to somebody else, those that have waited longest first:
    /// what a flush would try. Sends nothing. Each has a `lease`, and says whether it is
    /// `in_doubt`.
    ///
    /// The claim is on the disk when this returns. While the lease lasts nobody else delivers the
    /// entries. Those that were not [settled](Outbox::settle) by its end are due again, and in
    /// doubt: a request may have reached Flex.
    pub fn claim(&self, options: &ClaimOptions) -> Status {
        let started = self.client.context.transport.now();
        let claimed = options.check().and_then(|()| self.claim_due(options));
        let status = self.about_outbox(claimed, |records, now| {
            let entries: Vec<_> = records.into_iter().map(|r| r.claimed(now)).collect();
            (format!("{} claimed", entries.len()), OutboxView { entries, ..OutboxView::default() })
        });
        Status { elapsed: self.since(started), ..status }
    }

    /// Notes how somebody else's delivery of an entry ended; the entry becomes what it would have
    /// become by the outbox's own. What is final stays as it is: the code is then [`Code::Ok`] if
    /// it ended in the same way, and [`Code::OutboxFinal`] otherwise.
    ///
    /// It is the last word: nothing more may be sent under the lease, even if nobody knows whether
    /// this was noted.
    ///
    /// A result that comes after the end of its lease counts as well, unless somebody else
    /// delivers the entry now ([`Code::OutboxBusy`]): settle it again later. Nothing changes,
    /// either, with [`Code::OutboxNoEntry`] and [`Code::InvalidArgument`], which is also that of
    /// another entry's key.
    pub fn settle(&self, entry_id: i64, settlement: &Settlement) -> Status {
        let started = self.client.context.transport.now();
        let status = match settlement.check().and_then(|()| self.write(entry_id, settlement)) {
            Err(error) => failed(error),
            Ok(settled) => {
                let code = settled.as_ref().map_or(Code::OutboxNoEntry, |(_, code)| *code);
                let found = settled.map(|(record, _)| record);
                self.about_entry(Ok(found), entry_id, |state| match code {
                    Code::OutboxBusy => (code, DELIVERED_ELSEWHERE.to_owned()),
                    _ => (code, format!("entry {entry_id} is {}", state.name())),
                })
            }
        };
        Status { elapsed: self.since(started), ..status }
    }

    fn claim_due(&self, options: &ClaimOptions) -> Result<Vec<Record>, Error> {
        let lease = self.delivery(None).lease(options.lease.unwrap_or(DEFAULT_LEASE))?;
        let (target, keep_ms, now) = (self.target.clone(), self.keep_ms, self.clock.now());
        let max = options.max.unwrap_or(DEFAULT_MAX);
        self.store.write(move |db| {
            // Where all is delivered by somebody else there is no flush that would do so.
            purge(db, keep_ms, now)?;
            entries::end_overdue(db, None, now)?;
            entries::claim_due(db, &target, max, &lease, now)
        })
    }

    fn write(
        &self,
        entry_id: i64,
        settlement: &Settlement,
    ) -> Result<Option<(Record, Code)>, Error> {
        let context = &self.client.context;
        let message = context.api_key.redact(settlement.message.clone());
        let settlement = Settlement { message, ..settlement.clone() };
        let (random, now) = (context.transport.random(), self.clock.now());
        let new_key = match settlement.code {
            Code::NewerHold => context.new_key().ok(),
            _ => None,
        };
        let settled = self
            .store
            .write(move |db| settle(db, entry_id, &settlement, random, new_key.as_deref(), now))?;
        match settled {
            Some((_, Code::InvalidArgument)) => {
                let problem = format!("expected the key of entry {entry_id}, found another one");
                Err(Error::argument("idempotency_key", problem))
            }
            settled => Ok(settled),
        }
    }
}

/// Settles an entry; gives it as it is now, and the code that says what was done.
pub(super) fn settle(
    db: &Connection,
    id: i64,
    settlement: &Settlement,
    random: u64,
    new_key: Option<&str>,
    now: Timestamps,
) -> SqlResult<Option<(Record, Code)>> {
    let Some(record) = entries::by_id(db, id)? else { return Ok(None) };
    if record.entry.idempotency_key != settlement.idempotency_key {
        return Ok(Some((record, Code::InvalidArgument)));
    }
    if record.entry.state.is_final() {
        let code = if has_ended_so(&record, settlement) { Code::Ok } else { Code::OutboxFinal };
        return Ok(Some((record, code)));
    }
    let claimed = if record.is_under(&settlement.lease) {
        record
    } else {
        // It is one more try beside those that came after it: it may deny its own effect, and none
        // of theirs.
        let lease = Lease { token: settlement.lease.clone(), until_ms: now.awake_ms };
        match entries::claim(db, id, &lease, now)? {
            Some(claimed) => claimed,
            None => return Ok(Some((record, Code::OutboxBusy))),
        }
    };
    let result = result_of(&claimed, settlement, random);
    let ended = entries::finish(db, id, &settlement.lease, &result, new_key, now)?;
    Ok(ended.entry.map(|record| (record, Code::Ok)))
}

/// What the result means for an entry that is under its lease.
fn result_of(claimed: &Record, settlement: &Settlement, random: u64) -> DeliveryResult {
    let before = claimed.unclear_before();
    let outcome = match settlement.outcome {
        // Whoever did not know of that doubt could not know by whom it was canceled.
        Outcome::AlreadyCanceled if before > 0 => Outcome::Canceled,
        outcome => outcome,
    };
    let asked = settlement.retry_after.unwrap_or_default().as_millis();
    let asked_ms = i64::try_from(asked).unwrap_or(i64::MAX);
    // A request may always have been sent: what is known to the contrary is in the outcome.
    transition::after_call(before, outcome, settlement.code, true, &settlement.message)
        .after(transition::wait_ms(claimed.entry.attempts, random, asked_ms))
}

/// True if a final entry has ended as the result says.
fn has_ended_so(record: &Record, settlement: &Settlement) -> bool {
    let DeliveryResult { state, code, .. } = result_of(record, settlement, 0);
    let is_delivered = |state| state == OutboxState::Delivered;
    record.entry.last_code == Some(code) || is_delivered(state) && is_delivered(record.entry.state)
}

#[cfg(test)]
mod tests;
