//! A bulk run: a thin loop around its plan.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use super::item::{BulkItem, Job};
use super::journal::{Earlier, Journal, JournalFile, Target, open};
use super::options::BulkOptions;
use super::plan::{Plan, Source, noted};
use super::queues::Queues;
use super::workers::{Ended, Workers};
use crate::abort::{Abort, Wake};
use crate::api::{Operation, SessionId};
use crate::call::Pacer;
use crate::client::Client;
use crate::error::Error;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::{Refused, Report, Status};

/// Gives the next item, or `None` at the end of the input; breaks to end the run.
pub(crate) type Next<'a> = &'a mut dyn FnMut() -> ControlFlow<(), Option<BulkItem>>;
/// Takes a report; breaks to end the run.
pub(crate) type Done<'a> = &'a mut dyn FnMut(Report) -> ControlFlow<()>;

struct Run<'a> {
    client: &'a Client,
    options: &'a BulkOptions,
    operation: Operation,
    journal: Option<Journal>,
    plan: Plan,
    /// Triggered by the caller's, and where the caller breaks.
    abort: Abort,
    /// The caller has broken, and is handed nothing more.
    has_left: bool,
}

/// Triggers an abort together with another one, or when it goes out of scope: also by a panic of
/// the caller's closures, which must leave no call behind.
struct Forward(Abort);

impl Wake for Forward {
    fn wake(&self) {
        self.0.trigger();
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.0.trigger();
    }
}

/// Runs to its end.
pub(crate) fn run(
    client: &Client,
    options: &BulkOptions,
    journal: Option<Box<dyn JournalFile>>,
    abort: Option<&Abort>,
    next: Next<'_>,
    done: Done<'_>,
) -> Status {
    let transport = &client.context.transport;
    let started = transport.now();
    let mut status = match begin(client, options, journal) {
        Ok(run) => drive(run, abort, next, done),
        Err(error) => Status::of_bulk(error.code, error.message, Default::default()),
    };
    status.elapsed = transport.now().saturating_duration_since(started);
    status
}

fn begin<'a>(
    client: &'a Client,
    options: &'a BulkOptions,
    journal: Option<Box<dyn JournalFile>>,
) -> Result<Run<'a>, Error> {
    options.check()?;
    let journal = match (journal, &options.journal) {
        (Some(journal), _) => Some(journal),
        (None, Some(path)) => Some(open(path)?),
        (None, None) => None,
    };
    let context = &client.context;
    let target = Target {
        base_url: &context.base_url,
        reason: options.reason.as_deref(),
        started_at_ms: context.transport.wall_ms(),
    };
    let journal = journal.map(|file| Journal::read(file, &target)).transpose()?;
    let operation = if options.dry_run { Operation::Retrieve } else { Operation::Cancel };
    let plan = Plan::new(options.concurrency, options.in_order, options.max_unknown, operation);
    Ok(Run { client, options, operation, journal, plan, abort: Abort::new(), has_left: false })
}

fn drive(mut run: Run<'_>, abort: Option<&Abort>, next: Next<'_>, done: Done<'_>) -> Status {
    let forward = Arc::new(Forward(run.abort.clone()));
    let waiter: Weak<Forward> = Arc::downgrade(&forward);
    let registration = abort.map(|abort| abort.register(waiter));
    if let Some(None) = registration {
        run.abort.trigger();
    }
    let (client, operation, own_abort) = (run.client, run.operation, run.abort.clone());
    // Without a rate the run follows what Flex accepts.
    let pacer = Pacer::new(run.options.rate_per_second);
    let call = |job: &Job| {
        let options = job.options.as_ref().map_err(Clone::clone);
        client.call_checked(operation, &job.session_id, options, Some(&own_abort), Some(&pacer))
    };
    let queues = Queues::new();
    thread::scope(|scope| {
        // Both are dropped before the threads are waited for, first the one that ends their calls.
        let mut workers = Workers::new(scope, &call, &queues, run.options.concurrency);
        let _forward = forward;
        run.run(&mut workers, next, done);
    });
    if let Some(journal) = &mut run.journal {
        let whole = if run.plan.has_taken_all() { journal.check_end() } else { Ok(()) };
        if let Err(error) = journal.sync().and(whole) {
            run.plan.stop(error.code, &error.message);
        }
    }
    let (code, message, counts) = run.plan.summary();
    Status::of_bulk(code, message, counts)
}

impl Run<'_> {
    fn run(&mut self, workers: &mut Workers<'_, '_>, next: Next<'_>, done: Done<'_>) {
        loop {
            if self.abort.is_triggered() {
                self.plan.stop(Code::Aborted, "the run was aborted");
            }
            let (job, may_take_more) = self.job(next);
            if let Some(job) = job {
                workers.start(job);
            }
            self.plan.end_held();
            self.note();
            while let Some(report) = self.plan.deliver() {
                if !self.has_left && done(report).is_break() {
                    self.leave();
                }
            }
            if may_take_more {
                self.end(workers.ended_by_now());
            } else if self.plan.calls() > 0 {
                self.end(workers.ended());
            } else if self.plan.is_over() {
                return;
            } else if let Some(until) = self.plan.wait_until() {
                self.client.context.transport.pause(until, Some(&self.abort));
            }
        }
    }

    fn end(&mut self, ended: Vec<Ended>) {
        for (job, report) in ended {
            self.plan.end_call(job, report, self.now());
        }
    }

    fn leave(&mut self) {
        self.has_left = true;
        self.plan.stop(Code::Aborted, "the caller ended the run");
        self.abort.trigger();
    }

    fn now(&self) -> Instant {
        self.client.context.transport.now()
    }

    /// Takes one item that may be sent now, and has it in the journal; true if there may be more.
    ///
    /// The input may wait for each item, and what was taken must not wait with it.
    fn job(&mut self, next: Next<'_>) -> (Option<Job>, bool) {
        let job = match self.plan.next(self.now()) {
            None => return (None, false),
            // The journal has it.
            Some(Source::Held(job)) => return (Some(*job), true),
            Some(Source::Input) => match next() {
                ControlFlow::Continue(Some(item)) => self.take(item),
                ControlFlow::Continue(None) => {
                    self.plan.end_input();
                    None
                }
                ControlFlow::Break(()) => {
                    self.leave();
                    None
                }
            },
        };
        let noted = job.as_ref().zip(self.journal.as_mut()).map(|(job, it)| it.sent(job));
        match (job, noted) {
            (Some(job), Some(Err(error))) => {
                self.refuse(job, &error);
                (None, true)
            }
            (job, _) => (job, true),
        }
    }

    /// Nothing is sent that the journal may not have.
    fn refuse(&mut self, job: Job, error: &Error) {
        self.plan.stop(error.code, &error.message);
        let in_doubt = match &job.options {
            Ok(options) => options.claims_doubt(),
            Err(refused) => refused.in_doubt,
        };
        let refused = Refused { code: error.code, message: error.message.clone(), in_doubt };
        let mut report = Report::refused(self.operation, refused);
        let session_id = self.client.context.usable(&job.session_id);
        report.session_id = session_id.ok().map(SessionId::into_string);
        report.idempotency_key = job.options.ok().and_then(|options| options.idempotency_key);
        self.plan.end_unsent(job.number, report);
    }

    /// Takes an item out of the input; gives it back if it is to be sent now.
    fn take(&mut self, item: BulkItem) -> Option<Job> {
        let number = self.plan.take();
        let context = &self.client.context;
        let unusable = context.usable(&item.session_id).err();
        let usable = unusable.is_none();
        let name = if usable { item.session_id.as_str() } else { "" };
        let earlier = match self.journal.as_mut().map(|journal| journal.earlier(number, name)) {
            None => Earlier::default(),
            Some(Ok(earlier)) => earlier,
            Some(Err(error)) => {
                // It is not this journal's item: neither it nor what follows has a result.
                self.plan.stop(error.code, &error.message);
                return None;
            }
        };
        if let Some(end) = earlier.end {
            let message = format!("an earlier run with this journal ended it: {}", end.0);
            let mut report = noted(self.operation, end, message);
            report.session_id = usable.then_some(item.session_id);
            report.idempotency_key = earlier.idempotency_key;
            let session_id = report.session_id.as_deref();
            if session_id.is_none_or(|id| self.plan.is_first(number, id, true)) {
                self.plan.finish(number, report, true);
            }
            return None;
        }
        if usable && item.refused.is_none() && !self.plan.is_first(number, &item.session_id, false)
        {
            return None;
        }
        let options = match (item.refused, unusable) {
            (Some(refused), _) => Err(refused),
            // It is not sent, so the journal has no line of it: it may be the API key.
            (None, Some(Error { code, message, .. })) => {
                Err(Refused { code, message, in_doubt: false })
            }
            (None, None) => self.options_of(&item.options, earlier),
        };
        self.plan.start();
        Some(Job { number, session_id: item.session_id, options })
    }

    fn options_of(&self, own: &Options, earlier: Earlier) -> Result<Options, Refused> {
        let mut options = self.options.of_call(own);
        if self.operation == Operation::Retrieve {
            return Ok(options);
        }
        let context = &self.client.context;
        options.asked_at_ms = earlier
            .asked_at_ms
            .or(options.asked_at_ms)
            .or_else(|| Some(context.transport.wall_ms()));
        if let Some(key) = earlier.idempotency_key {
            options.in_doubt = Some(earlier.in_doubt || options.is_in_doubt());
            options.idempotency_key = Some(key);
        } else if options.idempotency_key.is_none() {
            let key = context.new_key().map_err(|error| Refused {
                code: error.code,
                message: error.message,
                in_doubt: false,
            })?;
            options.idempotency_key = Some(key);
            options.in_doubt = Some(false);
        }
        Ok(options)
    }

    /// Keeps what has ended since the last time.
    fn note(&mut self) {
        let mut journal = self.journal.as_mut();
        let noted: Result<(), Error> = self.plan.unnoted().try_for_each(|(number, report)| {
            journal.as_mut().map_or(Ok(()), |journal| journal.ended(number, report))
        });
        if let Err(error) = noted {
            self.plan.stop(error.code, &error.message);
        }
    }
}
