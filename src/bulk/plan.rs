//! What a bulk run does next: which item to take, to send, to hold back, to hand over. Pure.

use std::collections::VecDeque;
use std::time::Instant;

use super::breaker::Breaker;
use super::item::Job;
use super::seen::{First, Seen};
use crate::api::Operation;
use crate::decision::Decision;
use crate::outcome::{Code, Hold, Outcome};
use crate::report::{BulkCounts, BulkItemView, Report};

/// Room for this many items for each call at a time.
const WINDOW: u64 = 4;

pub(super) struct Plan {
    concurrency: u64,
    in_order: bool,
    max_unknown: Option<u64>,
    operation: Operation,
    /// How many items were taken from the input.
    taken: u64,
    /// How many results were handed over.
    delivered: u64,
    in_flight: u64,
    /// Items that were taken and not handed over as yet, by number; with their results.
    open: VecDeque<(u64, Option<Report>)>,
    /// Later items with the session of one that has not ended: its number, theirs, the session.
    waiting: Vec<(u64, u64, String)>,
    /// What is tried again because Flex could not be reached, with the report of the last try.
    held: VecDeque<(Job, Report)>,
    breaker: Breaker,
    seen: Seen,
    is_input_at_its_end: bool,
    stop: Option<(Code, String)>,
    counts: BulkCounts,
    /// What has ended and is not in the journal as yet.
    unnoted: Vec<u64>,
}

/// Where the next item to send comes from.
#[derive(Debug)]
pub(super) enum Source {
    Held(Box<Job>),
    Input,
}

impl Plan {
    pub(super) fn new(
        concurrency: u16,
        in_order: bool,
        max_unknown: Option<u64>,
        operation: Operation,
    ) -> Self {
        Self {
            concurrency: concurrency.into(),
            in_order,
            max_unknown,
            operation,
            taken: 0,
            delivered: 0,
            in_flight: 0,
            open: VecDeque::new(),
            waiting: Vec::new(),
            held: VecDeque::new(),
            breaker: Breaker::default(),
            seen: Seen::new(),
            is_input_at_its_end: false,
            stop: None,
            counts: BulkCounts::default(),
            unnoted: Vec::new(),
        }
    }

    /// Where to take one more item from; `None`: nowhere now.
    pub(super) fn next(&mut self, now: Instant) -> Option<Source> {
        let has_room = self.taken - self.delivered < WINDOW * self.concurrency;
        let may_take = has_room && !self.is_input_at_its_end;
        if self.stop.is_some() || self.in_flight >= self.concurrency {
            return None;
        }
        match self.breaker {
            Breaker::Closed => {}
            Breaker::Open { failed_probes, until } if self.in_flight == 0 && now >= until => {
                self.breaker = Breaker::HalfOpen { failed_probes };
            }
            Breaker::Open { .. } | Breaker::HalfOpen { .. } | Breaker::GivenUp => return None,
        }
        match self.held.pop_front() {
            Some((job, _)) => {
                self.in_flight += 1;
                Some(Source::Held(Box::new(job)))
            }
            None => may_take.then_some(Source::Input),
        }
    }

    /// Counts an item that was taken from the input, and gives its number.
    pub(super) fn take(&mut self) -> u64 {
        let number = self.taken;
        self.taken += 1;
        self.open.push_back((number, None));
        number
    }

    pub(super) const fn has_taken_all(&self) -> bool {
        self.is_input_at_its_end
    }

    pub(super) const fn end_input(&mut self) {
        self.is_input_at_its_end = true;
    }

    /// True if the item is to be sent; else it has the session of an earlier one, or waits for it.
    pub(super) fn is_first(&mut self, number: u64, session_id: &str, from_journal: bool) -> bool {
        let Some(First { number: first, end }) = self.seen.first(session_id, number) else {
            return true;
        };
        match end {
            Some(end) => {
                self.finish_duplicate(number, first, session_id.to_owned(), end, from_journal);
            }
            None => {
                self.waiting.push((first, number, session_id.to_owned()));
            }
        }
        false
    }

    /// Counts a call that begins.
    pub(super) const fn start(&mut self) {
        self.in_flight += 1;
    }

    /// A call has ended. If Flex could not be reached, its item is tried again.
    pub(super) fn end_call(&mut self, mut job: Job, report: Report, now: Instant) {
        self.in_flight -= 1;
        let limited = report.attempts.iter().filter(|attempt| attempt.http_status == Some(429));
        self.counts.rate_limited_responses += limited.count() as u64;
        let is_failure = Breaker::is_failure(&report);
        self.breaker = self.breaker.after(is_failure, now);
        if is_failure && self.breaker == Breaker::GivenUp {
            let message = format!("no session can be canceled now: {}", report.message);
            self.stop(report.code, &message);
        }
        if is_failure && self.stop.is_none() {
            // Its next call does not know what this one has sent.
            if let (Ok(options), Outcome::Unknown) = (&mut job.options, report.outcome) {
                options.in_doubt = (self.operation == Operation::Cancel).then_some(true);
            }
            self.held.push_back((job, report));
        } else {
            self.finish(job.number, report, false);
        }
    }

    /// An item that was about to be sent was not.
    pub(super) fn end_unsent(&mut self, number: u64, report: Report) {
        self.in_flight -= 1;
        self.finish(number, report, false);
    }

    /// An item has ended.
    pub(super) fn finish(&mut self, number: u64, mut report: Report, from_journal: bool) {
        let end = (report.outcome, report.code, report.hold);
        if let Some(session_id) = &report.session_id {
            self.seen.note(session_id, end);
        }
        self.counts.count(report.outcome);
        self.counts.from_journal += u64::from(from_journal);
        report.item = Some(BulkItemView { number, duplicate_of: None, from_journal });
        self.keep(number, report);
        if !from_journal {
            self.unnoted.push(number);
        }
        while let Some(index) = self.waiting.iter().position(|(first, ..)| *first == number) {
            let (_, later, session_id) = self.waiting.swap_remove(index);
            self.finish_duplicate(later, number, session_id, end, false);
        }
        if self.max_unknown.is_some_and(|max| self.counts.unknown > max) {
            self.stop(Code::MaxUnknown, "more outcomes are unknown than max_unknown allows");
        }
    }

    fn finish_duplicate(
        &mut self,
        number: u64,
        first: u64,
        session_id: String,
        (outcome, code, hold): (Outcome, Code, Hold),
        from_journal: bool,
    ) {
        let message = format!("the same session as item {first}, which was sent: {outcome}");
        let mut report = noted(self.operation, (outcome, code, hold), message);
        report.session_id = Some(session_id);
        report.item = Some(BulkItemView { number, duplicate_of: Some(first), from_journal });
        self.counts.count(outcome);
        self.counts.duplicates += 1;
        self.counts.from_journal += u64::from(from_journal);
        self.keep(number, report);
        if !from_journal {
            self.unnoted.push(number);
        }
    }

    fn keep(&mut self, number: u64, report: Report) {
        if let Ok(index) = self.index(number)
            && let Some((_, kept)) = self.open.get_mut(index)
        {
            *kept = Some(report);
        }
    }

    fn index(&self, number: u64) -> Result<usize, usize> {
        self.open.binary_search_by_key(&number, |(number, _)| *number)
    }

    /// What has ended since the last time, for the journal.
    pub(super) fn unnoted(&mut self) -> impl Iterator<Item = (u64, &Report)> {
        let numbers = std::mem::take(&mut self.unnoted);
        numbers.into_iter().filter_map(|number| {
            let (_, report) = self.open.get(self.index(number).ok()?)?;
            Some((number, report.as_ref()?))
        })
    }

    /// The next result to hand over.
    pub(super) fn deliver(&mut self) -> Option<Report> {
        let index = self.open.iter().position(|(_, report)| report.is_some())?;
        if self.in_order && index > 0 {
            return None;
        }
        self.delivered += 1;
        self.open.remove(index)?.1
    }

    /// Ends the run once what is in flight has ended; the first reason counts.
    pub(super) fn stop(&mut self, code: Code, message: &str) {
        if self.stop.is_none() {
            self.stop = Some((code, message.to_owned()));
        }
    }

    /// Ends what was held back, once the run stops and nothing is in flight.
    pub(super) fn end_held(&mut self) {
        if self.stop.is_some() && self.in_flight == 0 {
            for (job, report) in std::mem::take(&mut self.held) {
                self.finish(job.number, report, false);
            }
        }
    }

    /// How many calls are under way.
    pub(super) const fn calls(&self) -> u64 {
        self.in_flight
    }

    /// The moment to wait for if there is nothing else to do.
    pub(super) const fn wait_until(&self) -> Option<Instant> {
        match self.breaker {
            Breaker::Open { until, .. } if self.in_flight == 0 && self.stop.is_none() => {
                Some(until)
            }
            _ => None,
        }
    }

    /// True if nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        let is_stopped = self.stop.is_some() || (self.is_input_at_its_end && self.held.is_empty());
        is_stopped && self.in_flight == 0 && self.open.iter().all(|(_, report)| report.is_none())
    }

    /// Why the run ended, and how its items have.
    pub(super) fn summary(self) -> (Code, String, BulkCounts) {
        let complete = self.stop.is_none() && self.is_input_at_its_end;
        let (code, message) =
            self.stop.unwrap_or_else(|| (Code::Ok, "every item of the input has ended".to_owned()));
        (code, message, BulkCounts { complete, ..self.counts })
    }
}

/// A report that is known from elsewhere than a call.
pub(super) fn noted(
    operation: Operation,
    (outcome, code, hold): (Outcome, Code, Hold),
    message: String,
) -> Report {
    Report::new(operation, Decision { outcome, code, hold, reason: "" }, message)
}

#[cfg(test)]
mod tests;
