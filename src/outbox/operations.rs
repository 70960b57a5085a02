//! The operations: what a host asks of the outbox, and what it is told.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::clock::{Clock, SystemClock};
use super::delivery::{Claim, Delivery};
use super::entries::{self, Draft};
use super::file::FileLocation;
use super::options::{
    DEFAULT_DELIVER_WITHIN, DEFAULT_FLUSH_TIMEOUT, DEFAULT_KEEP, DEFAULT_MAX, EntryOptions,
    FlushOptions, OpenOptions,
};
use super::purge::purge;
use super::queries;
use super::reports::{failed, kept_report, summary};
use super::store::{Source, Store};
use super::transition::{Record, Target, stops_flush};
use crate::abort::Abort;
use crate::api::Operation;
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::options::{Options, Repeat};
use crate::outcome::Code;
use crate::report::{OutboxEntry, OutboxView, Report, Status};

/// With less time than this left, a flush begins no further try: it would only become unclear.
const TOO_SHORT_TO_TRY: Duration = Duration::from_secs(1);

/// The most transactions of a flush that forget entries.
const MAX_FORGETTINGS: u32 = 20;

pub(super) const DELIVERED_ELSEWHERE: &str = "somebody else delivers it now";

/// Keeps cancels in a file until they are delivered. Blocking; share it between threads, and the
/// file between the processes of one till. There is no thread behind it.
///
/// [`Outbox::cancel`] and [`Outbox::enqueue`] are about one cancel: they give a [`Report`], whose
/// outcome is that cancel's. The others assert nothing of any cancel: they give a [`Status`], and
/// [`Code::Ok`] says that all went well. What either found is in its `outbox`.
pub struct Outbox {
    pub(super) client: Arc<Client>,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) target: Target,
    pub(super) keep_ms: i64,
}

impl Outbox {
    /// Opens the outbox in a file. Makes the file if it is not there and `create` is not false.
    /// Sends nothing.
    ///
    /// It delivers through the client, and only what is for that client's service and mode.
    ///
    /// # Errors
    /// An [`Error`] whose code is one of the outbox's: the file is not safe, cannot be read or
    /// written, is damaged (it is quarantined then), or is no outbox (it stays as it is).
    pub fn open(client: Arc<Client>, options: &OpenOptions) -> Result<Self, Error> {
        Self::open_with_clock(client, options, Box::new(SystemClock::new()?))
    }

    /// The same with another clock, as a simulator needs it.
    ///
    /// # Errors
    /// As for [`Outbox::open`].
    pub fn open_with_clock(
        client: Arc<Client>,
        options: &OpenOptions,
        clock: Box<dyn Clock>,
    ) -> Result<Self, Error> {
        let source = Source::File(FileLocation::find(&options.path)?);
        let store = Store::open(source, options.create.unwrap_or(true), clock.now().wall_ms)?;
        Ok(Self::over(client, store, millis(options.keep.unwrap_or(DEFAULT_KEEP)), clock))
    }

    /// An outbox in memory, under this name, for as long as somebody has it open: what survives
    /// is what would be on the disk. For simulators.
    ///
    /// # Errors
    /// As for [`Outbox::open`].
    pub fn open_in_memory(
        client: Arc<Client>,
        name: &str,
        clock: Box<dyn Clock>,
    ) -> Result<Self, Error> {
        let store = Store::open(Source::Memory(name.to_owned()), true, clock.now().wall_ms)?;
        Ok(Self::over(client, store, millis(DEFAULT_KEEP), clock))
    }

    fn over(client: Arc<Client>, store: Store, keep_ms: i64, clock: Box<dyn Clock>) -> Self {
        let target =
            Target { mode: client.context.mode, base_url: client.context.base_url.clone() };
        Self { client, store, clock: clock.into(), target, keep_ms }
    }

    /// Keeps a cancel, then tries it at once: one call for a till.
    ///
    /// The intent is on the disk before the first byte is sent. A definite outcome ends the
    /// entry; anything else keeps it for a later flush, and the outcome is then `unknown` even
    /// where nothing was sent, because it will be. A session whose cancel is pending already
    /// keeps that entry and its key, and that one is tried.
    pub fn cancel(
        &self,
        session_id: &str,
        options: &EntryOptions,
        abort: Option<&Abort>,
    ) -> Report {
        let started = self.client.context.transport.now();
        let keep = &|draft| self.keep_and_try(draft, &options.call, abort);
        self.kept(session_id, options, started, keep)
    }

    /// Keeps a cancel for a later flush, and sends nothing. The outcome is `unknown`, because
    /// the cancel is still to come; the code is [`Code::Ok`].
    pub fn enqueue(&self, session_id: &str, options: &EntryOptions) -> Report {
        let started = self.client.context.transport.now();
        self.kept(session_id, options, started, &|draft| self.enqueue_draft(draft))
    }

    /// Tries the entries that are due, those that have waited longest first, until none is left,
    /// `max` were tried, the time is up, the abort is triggered, or no entry can be delivered now.
    /// The status lists the entries that were tried as they stand now, and counts.
    pub fn flush(&self, options: &FlushOptions, abort: Option<&Abort>) -> Status {
        let started = self.client.context.transport.now();
        let status = match options.check() {
            Ok(()) => self.try_all(options, started, abort),
            Err(error) => failed(error),
        };
        Status { elapsed: self.since(started), ..status }
    }

    /// Has a cancel kept; where it is not, the report says so, and how to repeat it.
    fn kept(
        &self,
        session_id: &str,
        options: &EntryOptions,
        started: Instant,
        keep: &dyn Fn(Draft) -> Result<Report, Error>,
    ) -> Report {
        let mut drafted = None;
        let kept = self.draft(session_id, options, started).and_then(|draft| {
            drafted = Some((Arc::clone(&draft.is_first), repeat_of(&draft)));
            keep(draft)
        });
        let mut report = match kept {
            Ok(report) => report,
            Err(error) => self.not_kept(error, session_id, &options.call, drafted),
        };
        report.elapsed = self.since(started);
        report.outbox.get_or_insert_default();
        report
    }

    /// Checks the arguments by the rules of a plain cancel, and makes the key.
    fn draft(
        &self,
        session_id: &str,
        options: &EntryOptions,
        started: Instant,
    ) -> Result<Draft, Error> {
        options.check()?;
        let call = Call::new(
            &self.client.context,
            Operation::Cancel,
            session_id,
            &options.call,
            started,
            None,
        )
        .map_err(|(code, problem)| Error::new(code, problem))?;
        let (session_id, key) = call.session_and_key();
        let asked_at_ms = options.call.asked_at_ms.unwrap_or_else(|| self.clock.now().wall_ms);
        Ok(Draft {
            target: self.target.clone(),
            session_id: session_id.to_owned(),
            idempotency_key: key.unwrap_or_default().to_owned(),
            expand: options.call.expand.clone(),
            deliver_within_ms: millis(options.deliver_within.unwrap_or(DEFAULT_DELIVER_WITHIN)),
            asked_at_ms,
            is_asked_now: options.call.asked_at_ms.is_none(),
            in_doubt: call.is_in_doubt(),
            is_first: Arc::default(),
        })
    }

    fn enqueue_draft(&self, draft: Draft) -> Result<Report, Error> {
        let now = self.clock.now();
        let kept = self.store.write(move |db| entries::enqueue(db, &draft, now))?;
        Ok(kept_report("the outbox keeps the cancel", Code::Ok, kept, now))
    }

    fn keep_and_try(
        &self,
        draft: Draft,
        call: &Options,
        abort: Option<&Abort>,
    ) -> Result<Report, Error> {
        let delivery = self.delivery(abort);
        let claim = delivery.claim(call.timeout.unwrap_or(self.client.context.timeout))?;
        let (lease, now) = (claim.lease.clone(), self.clock.now());
        let (kept, claimed) = self.store.write(move |db| {
            let kept = entries::enqueue(db, &draft, now)?;
            let claimed = entries::claim(db, kept.entry.id, &lease, now)?;
            Ok((kept, claimed))
        })?;
        let Some(record) = claimed else {
            return Ok(kept_report(DELIVERED_ELSEWHERE, Code::OutboxBusy, kept, now));
        };
        let mut attempt = delivery.run(&record, &claim, call);
        // An older entry of the session stood in the way of what is asked for now.
        if let Some(successor) = attempt.successor.take() {
            let (lease, now) = (claim.lease.clone(), self.clock.now());
            let id = successor.entry.id;
            match self.store.write(move |db| entries::claim(db, id, &lease, now)) {
                Ok(Some(record)) => attempt = delivery.run(&record, &claim, call),
                Ok(None) => {
                    return Ok(kept_report(DELIVERED_ELSEWHERE, Code::OutboxBusy, successor, now));
                }
                Err(error) => {
                    return Ok(kept_report(&error.message, error.code, successor, now));
                }
            }
        }
        let message = attempt.message();
        let report = Report { message, ..attempt.report };
        Ok(report.with_entry(attempt.result.outcome, attempt.result.code, attempt.entry))
    }

    fn try_all(&self, options: &FlushOptions, started: Instant, abort: Option<&Abort>) -> Status {
        let deadline = started + options.timeout.unwrap_or(DEFAULT_FLUSH_TIMEOUT);
        let max = options.max.unwrap_or(DEFAULT_MAX) as usize;
        let delivery = self.delivery(abort);
        let mut entries: Vec<OutboxEntry> = Vec::new();
        // A store that fails may take seconds to say so, each time: it is not asked again.
        let mut is_store_lost = false;
        let first = self.next_claim(&delivery, deadline, Duration::ZERO, abort);
        let (mut next, mut end) = match first.map(|it| self.first_claim(it, options)) {
            Ok(Ok(first)) => (first, None),
            Ok(Err(error)) => {
                is_store_lost = true;
                (None, Some(error))
            }
            Err(error) => (None, Some(error)),
        };
        while let Some((record, claim)) = next {
            let mut why = None;
            let (attempt, claimed) =
                delivery.run_then(&record, &claim, &Options::default(), |result| {
                    if stops_flush(result) {
                        why = Some(Error::new(result.code, result.message.clone()));
                    } else if entries.len() + 1 < max {
                        let claim = self.next_claim(&delivery, deadline, TOO_SHORT_TO_TRY, abort);
                        return claim.map_err(|error| why = Some(error)).ok();
                    }
                    None
                });
            is_store_lost = attempt.unnoted.is_some();
            end = attempt.unnoted.or(why);
            entries.push(attempt.entry);
            next = claimed;
        }
        if !is_store_lost && let Err(error) = self.forget(deadline, abort) {
            is_store_lost = true;
            end.get_or_insert(error);
        }
        let now = self.clock.now();
        let count = || self.store.read(|db| queries::counts(db, &self.target, now)).ok();
        let counts = if is_store_lost { None } else { count() };
        // That the time was up is news only if something was left to do.
        let is_all_done = counts.is_some_and(|counts| counts.due == 0);
        let end = end.filter(|error| error.code != Code::Timeout || !is_all_done);
        let (code, message) = match end {
            None => (Code::Ok, summary(&entries)),
            Some(error) => (error.code, format!("{}; {error}", summary(&entries))),
        };
        Status::of_outbox(code, message, OutboxView { entry: None, entries, counts })
    }

    /// Forgets entries that nobody needs any more: some in each transaction, and not longer than
    /// the flush may last. What is left is for the next one.
    fn forget(&self, deadline: Instant, abort: Option<&Abort>) -> Result<(), Error> {
        for _ in 0..MAX_FORGETTINGS {
            let is_over = self.client.context.transport.now() >= deadline;
            if is_over || abort.is_some_and(Abort::is_triggered) {
                break;
            }
            let (keep_ms, now) = (self.keep_ms, self.clock.now());
            if !self.store.write(move |db| purge(db, keep_ms, now))? {
                break;
            }
        }
        Ok(())
    }

    /// Ends what is overdue, then claims the first entry that is due.
    fn first_claim(
        &self,
        (claim, target): (Claim, Target),
        options: &FlushOptions,
    ) -> Result<Option<(Record, Claim)>, Error> {
        let (lease, now) = (claim.lease.clone(), self.clock.now());
        let ends_waits = options.now.unwrap_or(false);
        let claimed = self.store.write(move |db| {
            entries::end_overdue(db, None, now)?;
            if ends_waits {
                entries::end_waits(db, &target, now)?;
            }
            entries::claim_due(db, &target, 1, &lease, now)
        });
        Ok(claimed?.pop().map(|record| (record, claim)))
    }

    /// The claim for the next try of a flush, or why there must be none.
    fn next_claim(
        &self,
        delivery: &Delivery<'_>,
        deadline: Instant,
        min: Duration,
        abort: Option<&Abort>,
    ) -> Result<(Claim, Target), Error> {
        let remaining = deadline.saturating_duration_since(self.client.context.transport.now());
        if abort.is_some_and(Abort::is_triggered) {
            return Err(Error::new(Code::Aborted, "the flush was aborted"));
        }
        if remaining.is_zero() || remaining < min {
            return Err(Error::new(Code::Timeout, "the time is up"));
        }
        Ok((delivery.claim(remaining.min(self.client.context.timeout))?, self.target.clone()))
    }

    pub(super) fn delivery<'a>(&'a self, abort: Option<&'a Abort>) -> Delivery<'a> {
        Delivery { client: &self.client, store: &self.store, clock: &*self.clock, abort }
    }

    /// The report where the intent could not be written; nothing was sent.
    ///
    /// Where the write failed in its last step, a restart may find the entry in the file, and a
    /// flush deliver it; and where nobody looked into the file, it may keep a cancel of the session
    /// since before: then nothing may be asserted.
    fn not_kept(
        &self,
        mut error: Error,
        session_id: &str,
        options: &Options,
        drafted: Option<(Arc<AtomicBool>, Repeat)>,
    ) -> Report {
        let is_first = match &drafted {
            Some((is_first, _)) => is_first.load(Ordering::Relaxed),
            None => error.code == Code::InvalidSessionId,
        };
        let may_be_kept = error.may_be_kept || !is_first;
        if may_be_kept && drafted.is_some() {
            const WHAT: &str =
                "nothing was sent, and whether the file keeps the cancel is not known: ";
            error.message.insert_str(0, WHAT);
        }
        let mut refused = self.client.context.refused(options, error.code, error.message);
        refused.in_doubt |= may_be_kept;
        let mut report = Report::refused(Operation::Cancel, refused);
        let id = self.client.context.usable(session_id).ok();
        report.session_id = id.map(|id| id.as_str().to_owned());
        if let Some((_, repeat)) = drafted {
            report.idempotency_key = Some(repeat.idempotency_key.clone());
            let in_doubt = repeat.in_doubt || may_be_kept;
            report.repeat = Some(Repeat { in_doubt, ..repeat });
        }
        report
    }

    pub(super) fn since(&self, started: Instant) -> Duration {
        self.client.context.transport.now().saturating_duration_since(started)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("target", &self.target).finish_non_exhaustive()
    }
}

fn repeat_of(draft: &Draft) -> Repeat {
    Repeat {
        idempotency_key: draft.idempotency_key.clone(),
        in_doubt: draft.in_doubt,
        asked_at_ms: draft.asked_at_ms,
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
