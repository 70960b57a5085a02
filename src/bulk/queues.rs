//! What goes to the threads of a bulk run, and what comes back from them.

use std::collections::VecDeque;

use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs for threads, and what they made of them.
pub(super) struct Queues<J, E> {
    state: Mutex<State<J, E>>,
    has_job: Condvar,
    has_ended: Condvar,
}

struct State<J, E> {
    jobs: VecDeque<J>,
    ended: Vec<E>,
    is_closed: bool,
}

impl<J, E> Queues<J, E> {
    pub(super) fn new() -> Self {
        let state = State { jobs: VecDeque::new(), ended: Vec::new(), is_closed: false };
        Self {
            state: Mutex::new(state),
            has_job: Condvar::default(),
            has_ended: Condvar::default(),
        }
    }

    pub(super) fn add(&self, job: J) {
        self.lock().jobs.push_back(job);
        self.has_job.notify_one();
    }

    pub(super) fn end(&self, ended: E) {
        self.lock().ended.push(ended);
        self.has_ended.notify_one();
    }

    /// Waits for the next job; `None` when there will be none.
    pub(super) fn next(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            match state.jobs.pop_front() {
                None if !state.is_closed => {
                    state = self.has_job.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                job => return job,
            }
        }
    }

    /// Waits until a job has ended, and takes all that have.
    pub(super) fn ended(&self) -> Vec<E> {
        let mut state = self.lock();
        while state.ended.is_empty() {
            state = self.has_ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut state.ended)
    }

    /// Takes what has ended, without waiting.
    pub(super) fn ended_by_now(&self) -> Vec<E> {
        std::mem::take(&mut self.lock().ended)
    }

    /// Ends the threads; what none has begun is dropped.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.jobs.clear();
        self.has_job.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<J, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
