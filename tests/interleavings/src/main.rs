//! The abort, the pool, the queues of a bulk run, the table of handles and the fork handlers in every order in which their
//! threads can come.
//!
//!     tests/interleavings/run [PART OF A MODEL'S NAME]
//!
//! The files are those of the library, built over loom's locks. What they use of the rest has
//! stand-ins here. Loom runs each model once for every order of its threads' locks and atomics
//! that can make a difference, with the values that the memory model allows. A lock that is never
//! released and a notification that never comes end in a deadlock, which loom finds.
//!
//! Not modelled: the counts of `Arc` and `Weak` (loom has no `Weak`; std's are used), time-outs,
//! poisoned locks, locks that let a waiting writer go first, what is inside SQLite, rustls and the
//! C library at a fork, and memory that parent and child do not share: here the parent's threads
//! go on in the child's memory.

#![allow(dead_code, reason = "the library's files have more than the models use")]

#[path = "../../../src/abort.rs"]
mod abort;
mod abort_model;
mod bulk;
mod client;
mod clock;
mod ffi;
mod outbox;
mod sync;
mod transport;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bulk::model as bulk_model;
use ffi::{fork_model, handle_model};
use transport::model as pool_model;

/// A name that says what holds, and the threads that try to break it.
#[derive(Clone, Copy)]
pub struct Model {
    pub name: &'static str,
    pub run: fn(),
    pub may_fork: bool,
    /// How often threads are interrupted where they could go on; without a bound by default.
    pub most_preemptions: Option<usize>,
}

impl Model {
    pub const fn new(name: &'static str, run: fn()) -> Self {
        Self { name, run, may_fork: false, most_preemptions: None }
    }

    /// One whose fork may come at any point.
    pub const fn forking(name: &'static str, run: fn()) -> Self {
        Self { may_fork: true, ..Self::new(name, run) }
    }

    /// For a model with millions of interleavings.
    pub const fn bounded(self, most_preemptions: usize) -> Self {
        Self { most_preemptions: Some(most_preemptions), ..self }
    }

    /// The number of interleavings, if none of them breaks it.
    fn check(&self) -> Option<u64> {
        let Self { run, may_fork, most_preemptions, .. } = *self;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let checked = std::panic::catch_unwind(move || {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = most_preemptions;
            builder.check(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                sync::begin(may_fork);
                outbox::begin();
                run();
                outbox::end();
            });
        });
        checked.ok().map(|()| count.load(Ordering::Relaxed))
    }
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let models = [
        abort_model::MODELS,
        pool_model::MODELS,
        bulk_model::MODELS,
        handle_model::MODELS,
        fork_model::MODELS,
    ];
    let mut broken = 0;
    let mut tried = 0;
    for model in models.concat().iter().filter(|model| model.name.contains(&wanted)) {
        tried += 1;
        // Before it is run: a panic while another unwinds ends the whole process.
        print!("{}: ", model.name);
        let _ = std::io::stdout().flush();
        if let Some(count) = model.check() {
            println!("holds in {count} interleavings");
        } else {
            println!("BROKEN");
            broken += 1;
        }
    }
    assert!(tried > 0, "no model is called so");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
