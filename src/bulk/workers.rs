//! The threads of a bulk run. They live as long as the run, within the caller's call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use super::item::Job;
use super::queues::Queues;
use crate::outcome::Code;
use crate::report::Report;

/// By this name a panic is known to be this library's.
pub(crate) const BULK_THREAD: &str = "flexcancel-bulk";

/// A call that has ended.
pub(super) type Ended = (Job, Report);

/// Makes one call.
pub(super) type Call<'a> = dyn Fn(&Job) -> Report + Sync + 'a;

/// Begins calls, and gives back what has ended.
pub(super) struct Workers<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    call: &'env Call<'env>,
    queues: &'env Queues<Job, Ended>,
    threads: Vec<ScopedJoinHandle<'scope, ()>>,
    in_flight: usize,
    max_threads: usize,
}

impl<'scope, 'env> Workers<'scope, 'env> {
    pub(super) fn new(
        scope: &'scope Scope<'scope, 'env>,
        call: &'env Call<'env>,
        queues: &'env Queues<Job, Ended>,
        concurrency: u16,
    ) -> Self {
        // One call at a time needs no thread of its own.
        let max_threads = if concurrency == 1 { 0 } else { concurrency.into() };
        Self { scope, call, queues, threads: Vec::new(), in_flight: 0, max_threads }
    }

    /// Begins a call. Where no thread can be had, it is made here.
    pub(super) fn start(&mut self, job: Job) {
        self.in_flight += 1;
        if self.in_flight > self.threads.len() && self.threads.len() < self.max_threads {
            self.spawn();
        }
        if self.threads.is_empty() {
            let report = contained(self.call, &job);
            self.queues.end((job, report));
        } else {
            self.queues.add(job);
        }
    }

    /// Waits for a call to end, and takes all that have.
    pub(super) fn ended(&mut self) -> Vec<Ended> {
        let ended = self.queues.ended();
        self.counted(ended)
    }

    /// Takes all calls that have ended, without waiting.
    pub(super) fn ended_by_now(&mut self) -> Vec<Ended> {
        let ended = self.queues.ended_by_now();
        self.counted(ended)
    }

    fn counted(&mut self, ended: Vec<Ended>) -> Vec<Ended> {
        self.in_flight = self.in_flight.saturating_sub(ended.len());
        ended
    }

    fn spawn(&mut self) {
        let (queues, call) = (self.queues, self.call);
        let thread = Builder::new().name(BULK_THREAD.to_owned());
        match thread.spawn_scoped(self.scope, move || work(queues, call)) {
            Ok(thread) => self.threads.push(thread),
            Err(_) => self.max_threads = self.threads.len(),
        }
    }
}

impl Drop for Workers<'_, '_> {
    /// Waits for the threads, which end after the calls that they make. The scope alone would not
    /// wait until the system has ended them.
    fn drop(&mut self) {
        self.queues.close();
        for thread in self.threads.drain(..) {
            // A panic of a call is its result, so there is none here.
            let _ = thread.join();
        }
    }
}

/// What one thread does.
fn work(queues: &Queues<Job, Ended>, call: &Call<'_>) {
    while let Some(job) = queues.next() {
        let report = contained(call, &job);
        queues.end((job, report));
    }
}

/// Makes a call; a panic is its result.
fn contained(call: &Call<'_>, job: &Job) -> Report {
    catch_unwind(AssertUnwindSafe(|| call(job))).unwrap_or_else(|_| {
        Report::without_attempts(Code::Internal, "a defect in the library was contained")
    })
}
