//! The abort: a trigger reaches who waits or is registered, and nobody else.

use std::time::Duration;

use loom::thread;

use crate::Model;
use crate::abort::{Abort, Wake};
use crate::clock;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Arc, Weak};

pub const MODELS: &[Model] = &[
    Model::new("a trigger ends every sleep", a_trigger_ends_every_sleep),
    Model::new("a trigger reaches every registration", a_trigger_reaches_every_registration),
    Model::new("a registration is woken once", a_registration_is_woken_once),
    Model::new("a registration that ended is not woken", a_registration_that_ended_is_not_woken),
];

/// Counts how often it was woken.
#[derive(Default)]
struct Sleeper(AtomicU32);

impl Wake for Sleeper {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sleeper {
    fn weak(self: &Arc<Self>) -> Weak<dyn Wake> {
        let weak: Weak<Self> = Arc::downgrade(self);
        weak
    }

    fn woken(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

fn a_trigger_ends_every_sleep() {
    let abort = Abort::new();
    let sleeps = || {
        let abort = abort.clone();
        thread::spawn(move || {
            abort.sleep_until(clock::now() + Duration::from_secs(3_600));
            assert!(abort.is_triggered());
        })
    };
    let threads = [sleeps(), sleeps()];
    abort.trigger();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn a_trigger_reaches_every_registration() {
    let abort = Abort::new();
    let sleeper = Arc::new(Sleeper::default());
    let thread = {
        let (abort, sleeper) = (abort.clone(), Arc::clone(&sleeper));
        thread::spawn(move || {
            let registration = abort.register(sleeper.weak());
            assert!(registration.is_some() || abort.is_triggered());
            registration
        })
    };
    abort.trigger();
    let registration = thread.join().unwrap();
    assert_eq!(sleeper.woken(), u32::from(registration.is_some()));
}

fn a_registration_is_woken_once() {
    let abort = Abort::new();
    let sleeper = Arc::new(Sleeper::default());
    let registration = abort.register(sleeper.weak());
    let other = abort.clone();
    let thread = thread::spawn(move || other.trigger());
    abort.trigger();
    thread.join().unwrap();
    assert_eq!(sleeper.woken(), 1);
    drop(registration);
}

/// As a round trip does it: with no trigger yet after its registration, the socket is another
/// call's.
fn a_registration_that_ended_is_not_woken() {
    let abort = Abort::new();
    let (ends, stays) = (Arc::new(Sleeper::default()), Arc::new(Sleeper::default()));
    let _kept = abort.register(stays.weak());
    let thread = {
        let (abort, ends) = (abort.clone(), Arc::clone(&ends));
        thread::spawn(move || {
            drop(abort.register(ends.weak()));
            !abort.is_triggered()
        })
    };
    abort.trigger();
    let is_anothers = thread.join().unwrap();
    assert!(!is_anothers || ends.woken() == 0);
    assert_eq!(stays.woken(), 1);
}
