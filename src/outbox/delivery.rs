//! One try to deliver one entry: a look at the session where one is due, the cancel, and the
//! note of what became of it.

use std::time::{Duration, Instant};

use super::clock::Clock;
use super::entries::{self, Finished, Lease};
use super::store::Store;
use super::transition::{self, DeliveryResult, Record, Target};
use crate::abort::Abort;
use crate::api::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::{Event, OutboxEntry, OutboxState, Refused, Report};

/// How much longer a lease lasts than the try that it is for, so that a machine under load still
/// notes the end of the try within it.
const GRACE: Duration = Duration::from_secs(10);

/// The shortest deadline that a call takes.
const SHORTEST: Duration = Duration::from_millis(1);

/// What a try needs.
pub(super) struct Delivery<'a> {
    pub(super) client: &'a Client,
    pub(super) store: &'a Store,
    pub(super) clock: &'a dyn Clock,
    pub(super) abort: Option<&'a Abort>,
}

/// A claim on an entry, before there is one.
pub(super) struct Claim {
    pub(super) lease: Lease,
    /// When the try must have ended; reckoned before the lease, so that it ends before it.
    pub(super) deadline: Instant,
}

/// One delivery attempt that has ended.
pub(super) struct DeliveryAttempt {
    /// Of the call, or of the look if there was no call.
    pub(super) report: Report,
    pub(super) result: DeliveryResult,
    /// The entry as it stands now.
    pub(super) entry: OutboxEntry,
    /// The entry that takes its place, if it turned stale and was asked for again.
    pub(super) successor: Option<Record>,
    /// The end could not be noted; the entry is tried again when its lease is over.
    pub(super) unnoted: Option<Error>,
}

impl DeliveryAttempt {
    /// The message of the cancel that was tried, for one line in a log.
    pub(super) fn message(&self) -> String {
        let told = &self.report.message;
        let nothing_done = self.entry.state == OutboxState::Pending && self.entry.unclear == 0;
        match &self.unnoted {
            Some(error) => format!("{told}; not noted: {error}"),
            None if nothing_done => kept_message(told),
            None => told.clone(),
        }
    }
}

impl Delivery<'_> {
    /// What a claim for a try of this length must say.
    pub(super) fn claim(&self, within: Duration) -> Result<Claim, Error> {
        let deadline = self.client.context.transport.now() + within;
        Ok(Claim { lease: self.lease(within + GRACE)?, deadline })
    }

    /// A lease of this length, which begins now.
    pub(super) fn lease(&self, length: Duration) -> Result<Lease, Error> {
        let token = self.client.context.transport.random_key()?;
        let length_ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        let until_ms = self.clock.now().awake_ms.saturating_add(length_ms);
        Ok(Lease { token: format!("{token:032x}"), until_ms })
    }

    /// Makes the try for an entry that was claimed, and notes its end.
    pub(super) fn run(&self, record: &Record, claim: &Claim, call: &Options) -> DeliveryAttempt {
        self.run_then(record, claim, call, |_| None).0
    }

    /// The same; in the transaction that notes the end, the next entry that is due is claimed,
    /// if the end says to go on. So a flush waits for the disk once for each entry.
    pub(super) fn run_then(
        &self,
        record: &Record,
        claim: &Claim,
        call: &Options,
        go_on: impl FnOnce(&DeliveryResult) -> Option<(Claim, Target)>,
    ) -> (DeliveryAttempt, Option<(Record, Claim)>) {
        let (result, report) = self.attempt(record, claim, call);
        let asked = report.retry_after.unwrap_or_default().as_millis();
        let asked_ms = i64::try_from(asked).unwrap_or(i64::MAX);
        let random = self.client.context.transport.random();
        let result = result.after(transition::wait_ms(record.entry.attempts, random, asked_ms));
        let next = go_on(&result);
        let now = self.clock.now();
        let (id, token, noted) = (record.entry.id, claim.lease.token.clone(), result.clone());
        let successor_key = match result.code {
            Code::OutboxStale => self.client.context.new_key().ok(),
            _ => None,
        };
        let wanted = next.as_ref().map(|(claim, target)| (claim.lease.clone(), target.clone()));
        let written = self.store.write(move |db| {
            let ended = entries::finish(db, id, &token, &noted, successor_key.as_deref(), now)?;
            let next = match wanted {
                Some((lease, target)) => entries::claim_due(db, &target, 1, &lease, now)?.pop(),
                None => None,
            };
            Ok((ended, next))
        });
        let (entry, successor, unnoted, claimed) = match written {
            Ok((Finished { entry, successor }, claimed)) => {
                (entry.unwrap_or_else(|| record.clone()), successor, None, claimed)
            }
            Err(error) => (record.clone(), None, Some(error), None),
        };
        let attempt =
            DeliveryAttempt { report, result, entry: entry.shown(now), successor, unnoted };
        (attempt, claimed.zip(next.map(|(claim, _)| claim)))
    }

    /// One call; it looks at the session first where one look is due.
    fn attempt(&self, record: &Record, claim: &Claim, call: &Options) -> (DeliveryResult, Report) {
        let entry = &record.entry;
        // Past the deadline the lease may be over, and somebody else delivering.
        let Some(remaining) = self.remaining(claim) else { return out_of_time(record) };
        let before = record.unclear_before();
        let is_fresh = record.is_fresh(self.clock.now());
        let options = Options {
            expand: entry.expand.clone(),
            idempotency_key: Some(entry.idempotency_key.clone()),
            in_doubt: Some(before > 0),
            asked_at_ms: Some(entry.asked_at_ms),
            must_look: !is_fresh,
            is_part: true,
            may_skip_look: is_fresh,
            verify: call.verify,
            timeout: Some(remaining),
            max_attempts: call.max_attempts,
        };
        let observer = self.client.observer();
        let report = self.client.cancel(&entry.session_id, &options, self.abort);
        let is_sent = report.attempts.iter().any(|attempt| {
            attempt.operation == Operation::Cancel && attempt.phase.is_handed_over()
        });
        let Report { outcome, code, message, .. } = &report;
        let result = transition::after_call(before, *outcome, *code, is_sent, message);
        let has_failed_so = entry.last_code == Some(Code::ServerError);
        let is_stored = report.has_stored_error(has_failed_so);
        let result = if is_stored { result.for_person() } else { result };
        if let Some(observer) = observer {
            let is_kept = result.state == OutboxState::Pending && before == 0 && result.is_clear;
            let message = if is_kept { kept_message(message) } else { message.clone() };
            observer(&Event::of_delivery(&report, result.outcome, result.code, &message));
        }
        (result, report)
    }

    /// The time that is left for the try, if any.
    fn remaining(&self, claim: &Claim) -> Option<Duration> {
        let remaining =
            claim.deadline.saturating_duration_since(self.client.context.transport.now());
        (remaining >= SHORTEST).then_some(remaining)
    }
}

/// Nobody may take it for the last word: it is sent later.
fn kept_message(told: &str) -> String {
    format!("nothing has taken effect yet; the outbox keeps the cancel: {told}")
}

fn out_of_time(record: &Record) -> (DeliveryResult, Report) {
    let message = "the time ran out before anything was sent".to_owned();
    let before = record.unclear_before();
    let refused = Refused { code: Code::Timeout, message, in_doubt: before > 0 };
    let report = Report::refused(Operation::Cancel, refused);
    let result =
        transition::after_call(before, report.outcome, report.code, false, &report.message);
    (result, report)
}
