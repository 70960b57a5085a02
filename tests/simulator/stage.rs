//! A till in a world: its steps on one session, and what it was told at each.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, Outbox};
use flexcancel::{Client, Config, Options, OutboxEntry, Outcome};

use super::clock::Incident;
use super::machine::{Fuse, Machine, MachineClock};
use super::network::Network;
use super::said::Said;
use super::world::{Act, World};

/// What a till does with one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A cancel that is asked for anew.
    Ask,
    /// The cancel before, again, by its result's `repeat`.
    Repeat,
    /// A look at the session.
    Retrieve,
    /// The cancel before, handed over to the outbox, which tries it at once.
    HandOver,
    /// The same; the outbox only keeps it.
    Enqueue,
    /// The outbox delivers what is due.
    Flush,
    /// The outbox hands what is due over to somebody else.
    Claim,
    /// Somebody else delivers what was handed over.
    Deliver,
    /// The result of that comes back.
    Settle,
    /// A second till cancels, with a key of its own.
    OtherTill,
}

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ask => "cancel",
            Self::Repeat => "repeat",
            Self::Retrieve => "retrieve",
            Self::HandOver => "hand-over",
            Self::Enqueue => "enqueue",
            Self::Flush => "flush",
            Self::Claim => "claim",
            Self::Deliver => "deliver",
            Self::Settle => "settle",
            Self::OtherTill => "other till",
        }
    }
}

/// When a cancel was first asked for, and what was known then.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub at: Duration,
    /// How much the till's wall clock was ahead then.
    pub ahead_ms: i64,
}

/// What a till was told at one step.
#[derive(Debug)]
pub struct Told {
    pub step: Step,
    pub span: (Duration, Duration),
    /// When the cancel that the step is about was first asked for.
    pub asked: Asked,
    /// An earlier request with the key may have reached Flex when the step began.
    pub in_doubt: bool,
    pub key: Option<String>,
    pub report: Said,
    pub options: Options,
    /// How many round trips it made.
    pub round_trips: usize,
    /// Which of the world's sends are its own.
    pub sends: Range<usize>,
}

impl Told {
    /// An earlier request with the key of the report may have reached Flex when the step began.
    /// What is handed over may be answered by an entry with another key.
    pub fn is_key_in_doubt(&self) -> bool {
        self.in_doubt && self.key == self.options.idempotency_key
    }
}

/// A till in a world.
pub struct Stage {
    pub world: Arc<Mutex<World>>,
    pub client: Arc<Client>,
    pub outbox: Option<Outbox>,
    machine: Arc<Mutex<Machine>>,
    session: String,
    pub told: Vec<Told>,
}

impl Stage {
    pub fn new(world: World) -> Self {
        let (session, world) = (world.session.clone(), Arc::new(Mutex::new(world)));
        let base = Instant::now();
        let network = Network { base, world: Arc::clone(&world) };
        let config = r#"{"api_key":"fsk_test_simulated","base_url":"http://127.0.0.1:1"}"#;
        let config = Config::from_json(config).unwrap();
        let client = Arc::new(Client::with_transport(&config, Box::new(network)).unwrap());
        let machine = Arc::new(Mutex::new(Machine { started: Duration::ZERO, boot: 1 }));
        Self { world, client, outbox: None, machine, session, told: Vec::new() }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn pass(&self, time: Duration) {
        let mut world = self.world();
        let instant = world.now() + time;
        world.advance(instant);
    }

    pub fn act(&self, act: Act) {
        self.world().act(act);
    }

    pub fn suffer(&self, incident: Incident, meanwhile: &[Act]) {
        self.world().suffer(incident, meanwhile);
    }

    /// The machine is started again; what the outbox keeps is kept.
    pub fn restart(&self) {
        let mut world = self.world.lock().unwrap();
        let started = world.clock.monotonic(world.now());
        self.machine.lock().unwrap().restart(started);
        world.clock.slept = Duration::ZERO;
    }

    /// A cancel that is asked for anew.
    pub fn cancel(&mut self, options: &Options) -> &Told {
        self.call(Step::Ask, options)
    }

    /// The last cancel again, by what its result says; `None` if that is definite.
    pub fn repeat(&mut self, timeout: Duration, attempts: u32) -> Option<&Told> {
        let options = with_limits(self.repetition()?, timeout, attempts);
        Some(self.call(Step::Repeat, &options))
    }

    /// The same by its key alone, as programs do that know no more.
    pub fn repeat_by_key(&mut self, timeout: Duration, attempts: u32) -> Option<&Told> {
        let mut options = Options::default();
        options.idempotency_key = self.repetition()?.idempotency_key;
        Some(self.call(Step::Repeat, &with_limits(options, timeout, attempts)))
    }

    /// The options that repeat the last cancel.
    pub fn repetition(&self) -> Option<Options> {
        let last = self.told.iter().rev().find(|told| told.key.is_some())?;
        let repeat = last.report.repeat.as_ref()?;
        let is_open = matches!(last.report.outcome, Outcome::Unknown | Outcome::NotApplied);
        is_open.then(|| Options::from(repeat))
    }

    pub fn call(&mut self, step: Step, options: &Options) -> &Told {
        let is_told = options.asked_at_ms.is_some();
        let started = self.begin(options.idempotency_key.as_deref().filter(|_| is_told));
        let report = match step {
            Step::Retrieve => self.client.retrieve(&self.session, options, None),
            _ => self.client.cancel(&self.session, options, None),
        };
        self.hear(step, started, report, options.clone())
    }

    /// The outbox takes the last cancel over; a fresh one if that is definite.
    pub fn hand_over(&mut self, step: Step, timeout: Duration) -> &Told {
        let call = self.repetition().unwrap_or_default();
        let call = with_limits(call, timeout, 3);
        let started = self.begin(call.idempotency_key.as_deref());
        let mut entry = EntryOptions::default();
        entry.call = call.clone();
        let session = self.session.clone();
        let report = match step {
            Step::Enqueue => self.outbox().enqueue(&session, &entry),
            _ => self.outbox().cancel(&session, &entry, None),
        };
        self.hear(step, started, report, call)
    }

    pub fn flush(&mut self) -> &Told {
        let started = self.begin(None);
        let report = self.outbox().flush(&FlushOptions::default(), None);
        self.hear(Step::Flush, started, report, Options::default())
    }

    /// What the outbox keeps.
    pub fn entries(&self) -> Vec<OutboxEntry> {
        let list = |outbox: &Outbox| outbox.list(&ListFilter::default()).outbox.unwrap().entries;
        self.outbox.as_ref().map(list).unwrap_or_default()
    }

    /// When the cancel with this key was asked for. A repetition by the key alone does not say so,
    /// and is asked for when it begins.
    pub fn asked(&self, key: &str) -> Option<Asked> {
        let told = self.told.iter().rev().find(|told| told.key.as_deref() == Some(key))?;
        Some(told.asked)
    }

    fn begin(&self, key: Option<&str>) -> Begun {
        let world = self.world();
        let now = Asked { at: world.now(), ahead_ms: world.clock.ahead_ms };
        Begun {
            at: world.now(),
            asked: key.and_then(|key| self.asked(key)).unwrap_or(now),
            round_trips: world.round_trips,
            sends: world.sends.len(),
        }
    }

    fn hear(
        &mut self,
        step: Step,
        started: Begun,
        said: impl Into<Said>,
        options: Options,
    ) -> &Told {
        let world = self.world.lock().unwrap();
        let (now, round_trips, sends) = (world.now(), world.round_trips, world.sends.len());
        drop(world);
        let report = said.into();
        let told = Told {
            step,
            span: (started.at, now),
            asked: started.asked,
            in_doubt: options.in_doubt.unwrap_or(options.idempotency_key.is_some()),
            key: report.idempotency_key.clone(),
            report,
            options,
            round_trips: round_trips - started.round_trips,
            sends: started.sends..sends,
        };
        self.told.push(told);
        self.told.last().unwrap()
    }

    fn outbox(&mut self) -> &Outbox {
        let (world, machine) = (&self.world, &self.machine);
        self.outbox.get_or_insert_with(|| {
            static STAGES: AtomicU64 = AtomicU64::new(0);
            let name = format!("stage-{}", STAGES.fetch_add(1, Ordering::Relaxed));
            let (world, machine) = (Arc::clone(world), Arc::clone(machine));
            let clock = MachineClock { world, machine, fuse: Fuse::default() };
            Outbox::open_in_memory(Arc::clone(&self.client), &name, Box::new(clock)).unwrap()
        })
    }
}

/// How things stood when a step began.
struct Begun {
    at: Duration,
    asked: Asked,
    round_trips: usize,
    sends: usize,
}

pub fn with_limits(mut options: Options, timeout: Duration, attempts: u32) -> Options {
    options.timeout = Some(timeout);
    options.max_attempts = Some(attempts);
    options
}
