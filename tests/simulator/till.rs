//! A till with an outbox on a machine that crashes, starts again, sleeps and is paused; and what it
//! was told.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, Outbox};
use flexcancel::{Client, Config, Options, OutboxEntry, OutboxState, Outcome};

use super::clock::server_ms;
use super::forwarder::Handed;
use super::machine::{Crash, Fragile, Fuse, Machine, MachineClock};
use super::network::Network;
use super::said::Said;
use super::stage::{Asked, Step, Told};
use super::world::World;

/// A till with an outbox, in a world.
pub struct Till {
    name: String,
    pub world: Arc<Mutex<World>>,
    pub base: Instant,
    machine: Arc<Mutex<Machine>>,
    pub fuse: Fuse,
    session: String,
    pub options: EntryOptions,
    /// Keeps the file there while the till is down.
    disk: Outbox,
    pub outbox: Option<Outbox>,
    /// What was claimed, and under a lease of which length the next one is.
    pub handed: Vec<Handed>,
    pub lease: Duration,
    /// Which of these is settled next.
    pub settled: usize,
    pub told: Vec<Told>,
    pub finals: BTreeMap<i64, OutboxEntry>,
    /// What is not as docs/OUTBOX.md promises of the file itself.
    pub broken: Vec<String>,
    /// Entries that expired before their time was over, and were never tried.
    pub expired_untried: Vec<i64>,
}

/// How things are between two things that the till does.
pub struct Before {
    entries: Vec<OutboxEntry>,
    pub asked: Asked,
    round_trips: usize,
    sends: usize,
}

impl Till {
    pub fn new(seed: u64, world: World, options: EntryOptions) -> Self {
        let session = world.session.clone();
        let world = Arc::new(Mutex::new(world));
        // The same seed may be run twice at a time.
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let (name, base) = (format!("simulated-{seed}-{run}"), Instant::now());
        let machine = Arc::new(Mutex::new(Machine { started: Duration::ZERO, boot: 1 }));
        let fuse = Fuse::default();
        let disk = open(&name, &world, base, &machine, &Fuse::default());
        let outbox = Some(open(&name, &world, base, &machine, &fuse));
        Self {
            name,
            world,
            base,
            machine,
            fuse,
            session,
            options,
            disk,
            outbox,
            handed: Vec::new(),
            lease: Duration::ZERO,
            settled: 0,
            told: Vec::new(),
            finals: BTreeMap::new(),
            broken: Vec::new(),
            expired_untried: Vec::new(),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn pass(&self, time: Duration) {
        let mut world = self.world();
        let instant = world.now() + time;
        world.advance(instant);
    }

    /// Does something, and notes what it was told; false if it crashed in it.
    pub fn does(&mut self, step: Step) -> bool {
        let before = self.before();
        let said = match panic::catch_unwind(AssertUnwindSafe(|| self.ask(step))) {
            Ok(report) => Some(report),
            Err(payload) if payload.is::<Crash>() => None,
            Err(payload) => panic::resume_unwind(payload),
        };
        self.fuse.unset();
        let is_up = said.is_some();
        match (&said, step) {
            (Some(said), Step::Claim) => self.take_over(said),
            (Some(said), Step::Settle) => self.put_down(said),
            _ => {}
        }
        // The counts claim nothing of any cancel.
        let report = said.unwrap_or_else(|| self.disk.stats().into());
        self.hear(step, &before, report);
        self.compare(&before);
        is_up
    }

    fn ask(&self, step: Step) -> Said {
        let outbox = self.outbox.as_ref().unwrap();
        match step {
            Step::Flush => outbox.flush(&FlushOptions::default(), None).into(),
            Step::Enqueue => outbox.enqueue(&self.session, &self.options).into(),
            Step::Claim => self.claim().into(),
            Step::Settle => self.settlement().into(),
            _ => {
                let mut options = self.options.clone();
                options.call.timeout = Some(Duration::from_secs(5));
                outbox.cancel(&self.session, &options, None).into()
            }
        }
    }

    /// The till is started again, with or without its machine.
    pub fn reopen(&mut self, is_restart: bool) {
        self.outbox = None;
        if is_restart {
            let mut world = self.world.lock().unwrap();
            let started = world.clock.monotonic(world.now());
            self.machine.lock().unwrap().restart(started);
            world.clock.slept = Duration::ZERO;
        }
        let outbox = open(&self.name, &self.world, self.base, &self.machine, &self.fuse);
        self.outbox = Some(outbox);
    }

    pub fn entries(&self) -> Vec<OutboxEntry> {
        self.disk.list(&ListFilter::default()).outbox.unwrap().entries
    }

    /// The same, and those that are forgotten since.
    pub fn all_entries(&self) -> Vec<OutboxEntry> {
        let mut entries = self.entries();
        let kept: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
        let forgotten = self.finals.values().filter(|entry| !kept.contains(&entry.id));
        entries.extend(forgotten.cloned());
        entries
    }

    /// The world, once the till is no more.
    pub fn into_world(self) -> World {
        let world = Arc::clone(&self.world);
        drop(self);
        Arc::into_inner(world).unwrap().into_inner().unwrap()
    }

    pub fn before(&self) -> Before {
        let entries = self.entries();
        let world = self.world();
        let asked = Asked { at: world.now(), ahead_ms: world.clock.ahead_ms };
        Before { entries, asked, round_trips: world.round_trips, sends: world.sends.len() }
    }

    fn hear(&mut self, step: Step, before: &Before, report: Said) {
        let entry = report.outbox.as_ref().and_then(|view| view.entry.as_ref());
        let key = entry.map(|entry| entry.idempotency_key.clone());
        if matches!(step, Step::Flush | Step::Enqueue) && report.outcome != Outcome::Unknown {
            self.broken.push(format!("{} is told as {}", step.name(), report.outcome));
        }
        self.tell(step, before, before.asked, key, report);
    }

    /// The step by whose clock the entry was asked for: one that succeeds another entry was asked
    /// for while that one was being delivered.
    pub fn asked_of(&self, entry: &OutboxEntry) -> Option<Asked> {
        let wall_ms = |asked: &Asked| server_ms(asked.at) + asked.ahead_ms;
        let mut asked = self.told.iter().map(|told| told.asked);
        asked.find(|asked| wall_ms(asked) == entry.asked_at_ms)
    }

    fn tell(
        &mut self,
        step: Step,
        before: &Before,
        asked: Asked,
        key: Option<String>,
        report: Said,
    ) {
        let told = self.told_of(step, before, asked, key, report);
        self.told.push(told);
    }

    pub fn told_of(
        &self,
        step: Step,
        before: &Before,
        asked: Asked,
        key: Option<String>,
        report: Said,
    ) -> Told {
        let world = self.world.lock().unwrap();
        Told {
            step,
            span: (before.asked.at, world.now()),
            asked,
            in_doubt: false,
            key,
            report,
            options: Options::default(),
            round_trips: world.round_trips - before.round_trips,
            sends: before.sends..world.sends.len(),
        }
    }

    /// Final states stay, and nothing is lost.
    pub fn compare(&mut self, before: &Before) {
        let entries = self.entries();
        for entry in &entries {
            let is_known = |told: &Told| told.key.as_ref() == Some(&entry.idempotency_key);
            if !self.told.iter().any(is_known) {
                let (key, report) = (entry.idempotency_key.clone(), self.disk.stats().into());
                let asked = self.asked_of(entry).unwrap_or(before.asked);
                self.tell(Step::Enqueue, before, asked, Some(key), report);
            }
            if !entry.state.is_final() {
                continue;
            }
            if !self.finals.contains_key(&entry.id) && self.is_expired_untried(entry) {
                self.expired_untried.push(entry.id);
            }
            let first = self.finals.entry(entry.id).or_insert_with(|| entry.clone());
            if first != entry {
                self.broken.push(format!("changed when final: {first:?}, {entry:?}"));
            }
        }
        for entry in &before.entries {
            let is_same = |other: &OutboxEntry| {
                other.id == entry.id && other.idempotency_key == entry.idempotency_key
            };
            // A delivered one is forgotten when its time is over, or the clock says so.
            if !entries.iter().any(is_same) && entry.state != OutboxState::Delivered {
                self.broken.push(format!("lost: {entry:?}"));
            }
        }
    }

    fn is_expired_untried(&self, entry: &OutboxEntry) -> bool {
        const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
        let mut told = self.told.iter();
        let first = told.find(|told| told.key.as_ref() == Some(&entry.idempotency_key)).unwrap();
        let within = self.options.deliver_within.unwrap_or(WEEK);
        let is_early = self.world().now() < first.asked.at + within;
        entry.state == OutboxState::Expired && entry.attempts == 0 && is_early
    }
}

fn open(
    name: &str,
    world: &Arc<Mutex<World>>,
    base: Instant,
    machine: &Arc<Mutex<Machine>>,
    fuse: &Fuse,
) -> Outbox {
    let network = Network { base, world: Arc::clone(world) };
    let transport = Fragile { network, fuse: fuse.clone() };
    let config = r#"{"api_key":"fsk_test_simulated","base_url":"http://127.0.0.1:1"}"#;
    let config = Config::from_json(config).unwrap();
    let client = Client::with_transport(&config, Box::new(transport)).unwrap();
    let (world, machine) = (Arc::clone(world), Arc::clone(machine));
    let clock = MachineClock { world, machine, fuse: fuse.clone() };
    Outbox::open_in_memory(Arc::new(client), name, Box::new(clock)).unwrap()
}
