//! One till's outbox over two days in one world: cancels, flushes, waits, restarts and crashes at
//! any point; then the questions that the model is asked.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flex_sandbox::{Dialect, IntentStatus};
use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, Outbox};
use flexcancel::{Client, Config, Entry, Outcome, Report, State};

use super::actors;
use super::machine::{Crash, EPOCH_MS, Fragile, Fuse, Machine, MachineClock};
use super::network::Network;
use super::random::Random;
use super::run::was_released;
use super::world::{Act, Event, World};

/// What a run came to.
pub struct OutboxRun {
    /// How the entries ended.
    pub states: Vec<State>,
    pub crashes: u64,
    pub restarts: u64,
    /// What is not as docs/OUTBOX.md promises; empty in a world without defects.
    pub violations: Vec<String>,
}

const MINUTE: Duration = Duration::from_secs(60);

/// Younger than this, and never unclear, an entry is sent without a look at the session.
const FRESH: Duration = Duration::from_secs(600);

/// How long a till may wait between two things that it does.
const WAITS: [Duration; 8] = [
    Duration::from_millis(200),
    Duration::from_secs(6),
    MINUTE,
    Duration::from_secs(9 * 60),
    Duration::from_secs(11 * 60),
    Duration::from_secs(3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(30 * 3_600),
];

const ACTS: [Act; 7] = [
    Act::Pay,
    Act::Capture,
    Act::CapturePart,
    Act::Cancel,
    Act::Reauthorize,
    Act::Reauthorize,
    Act::Expire,
];

/// A till and the world around it.
struct Till {
    name: String,
    world: Arc<Mutex<World>>,
    base: Instant,
    machine: Arc<Mutex<Machine>>,
    fuse: Fuse,
    fault_percent: u64,
    session: String,
    options: EntryOptions,
    /// Keeps the file there while the till is down.
    disk: Outbox,
    outbox: Option<Outbox>,
    told: Vec<Told>,
    finals: BTreeMap<i64, Entry>,
    born: BTreeMap<i64, Duration>,
    violations: Vec<String>,
}

/// What the till was told of a cancel.
struct Told {
    span: (Duration, Duration),
    outcome: Outcome,
    key: Option<String>,
    entry: Option<i64>,
    result: String,
}

/// How things stand between two things that the till does.
struct Stand {
    entries: Vec<Entry>,
    holds: Vec<Hold>,
    at: Duration,
    /// How many cancels were sent so far.
    sends: usize,
}

/// A hold on the card, and when it was made.
struct Hold {
    id: String,
    made: Duration,
}

/// Runs the world of one seed. The same seed gives the same run, but for the idempotency keys, in
/// which the process is.
pub fn run(seed: u64) -> OutboxRun {
    let dialects: Vec<Dialect> = Dialect::all().collect();
    let dialect = dialects[usize::try_from(seed % dialects.len() as u64).unwrap()];
    let mut random = Random::new(seed ^ 0x6f75_7462_6f78);
    let mut world = actors::world(seed, dialect);
    for _ in 0..random.below(4) {
        let after = random.millis(48 * 3_600_000);
        world.schedule(after, Event::Acts(*random.pick(&ACTS)));
    }
    let mut till = Till::new(seed, world, &mut random);
    let (mut crashes, mut restarts) = (0, 0);
    for _ in 0..random.below(6) + 2 {
        if random.chance(40) {
            till.fuse.set(random.below(30));
        }
        let before = till.stand();
        let what = random.below(100);
        let went_well = till.protected(|till| match what {
            0..=39 => till.cancel(),
            40..=54 => till.enqueue(),
            55..=94 => till.flush(),
            _ => {}
        });
        till.fuse.unset();
        till.compare(&before);
        if !went_well || random.chance(10) {
            let is_restart = random.chance(30);
            (crashes, restarts) =
                (crashes + u64::from(!went_well), restarts + u64::from(is_restart));
            till.reopen(is_restart);
        }
        till.pass(*random.pick(&WAITS));
    }
    till.end();
    let states = till.finals.values().map(|entry| entry.state).collect();
    OutboxRun { states, crashes, restarts, violations: till.violations }
}

impl Till {
    fn new(seed: u64, world: World, random: &mut Random) -> Self {
        let session = world.session.clone();
        let world = Arc::new(Mutex::new(world));
        // The same seed may be run twice at a time.
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let (name, base) = (format!("simulated-{seed}-{run}"), Instant::now());
        // A till's clock may be behind; one that is ahead is not covered.
        let behind = if random.chance(20) { random.millis(30_000) } else { Duration::ZERO };
        let machine = Arc::new(Mutex::new(Machine { started: Duration::ZERO, boot: 1, behind }));
        let (fuse, fault_percent) = (Fuse::default(), *random.pick(&[0, 20, 50, 80]));
        let mut options = EntryOptions::default();
        options.deliver_within = random.chance(30).then_some(Duration::from_secs(3_600));
        let disk = open(&name, &world, base, &machine, &Fuse::default(), fault_percent);
        let outbox = Some(open(&name, &world, base, &machine, &fuse, fault_percent));
        Self {
            name,
            world,
            base,
            machine,
            fuse,
            fault_percent,
            session,
            options,
            disk,
            outbox,
            told: Vec::new(),
            finals: BTreeMap::new(),
            born: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    fn now(&self) -> Duration {
        self.world.lock().unwrap().now()
    }

    fn pass(&self, time: Duration) {
        let mut world = self.world.lock().unwrap();
        let until = world.now() + time;
        world.advance(until);
    }

    /// Does something; false if the till crashed in it.
    fn protected(&mut self, work: impl FnOnce(&mut Self)) -> bool {
        match panic::catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(()) => true,
            Err(payload) if payload.is::<Crash>() => false,
            Err(payload) => panic::resume_unwind(payload),
        }
    }

    /// The till is started again, with or without its machine.
    fn reopen(&mut self, is_restart: bool) {
        self.outbox = None;
        if is_restart {
            let mut machine = self.machine.lock().unwrap();
            (machine.started, machine.boot) = (self.now(), machine.boot + 1);
        }
        let (name, percent) = (&self.name, self.fault_percent);
        let outbox = open(name, &self.world, self.base, &self.machine, &self.fuse, percent);
        self.outbox = Some(outbox);
    }

    fn outbox(&self) -> &Outbox {
        self.outbox.as_ref().unwrap()
    }

    fn cancel(&mut self) {
        let begun = self.now();
        let mut options = self.options.clone();
        options.call.timeout = Some(Duration::from_secs(5));
        let report = self.outbox().cancel(&self.session, &options, None);
        self.hear(begun, &report);
    }

    fn enqueue(&mut self) {
        let begun = self.now();
        let report = self.outbox().enqueue(&self.session, &self.options);
        if report.outcome != Outcome::Unknown {
            self.violations.push(format!("an enqueue is {}", report.outcome));
        }
        self.hear(begun, &report);
    }

    fn flush(&mut self) {
        let report = self.outbox().flush(&FlushOptions::default(), None);
        if report.outcome != Outcome::Unknown {
            self.violations.push(format!("a flush is {}", report.outcome));
        }
    }

    fn hear(&mut self, begun: Duration, report: &Report) {
        let entry = report.outbox.as_ref().and_then(|view| view.entry.as_ref());
        self.told.push(Told {
            span: (begun, self.now()),
            outcome: report.outcome,
            key: report.idempotency_key.clone(),
            entry: entry.map(|entry| entry.id),
            result: report.to_json().unwrap(),
        });
    }

    /// What is on the disk, and which holds there are.
    fn stand(&self) -> Stand {
        let entries = self.disk.list(&ListFilter::default()).outbox.unwrap().entries;
        let world = self.world.lock().unwrap();
        Stand { entries, holds: holds_of(&world), at: world.now(), sends: world.keys.len() }
    }

    /// Final states stay, and no old cancel has hit a newer hold.
    fn compare(&mut self, before: &Stand) {
        let after = self.stand();
        for entry in &after.entries {
            self.born.entry(entry.id).or_insert(before.at);
            if !entry.state.is_final() {
                continue;
            }
            let first = self.finals.entry(entry.id).or_insert_with(|| entry.clone());
            if first != entry {
                self.violations.push(format!("changed when final: {first:?}, {entry:?}"));
            }
        }
        for entry in &before.entries {
            let is_there = after.entries.iter().any(|other| {
                other.id == entry.id && other.idempotency_key == entry.idempotency_key
            });
            if !is_there {
                self.violations.push(format!("lost: {entry:?}"));
            }
            self.look_for_stale_effect(entry, before, &after);
        }
    }

    /// A try of an entry that is not fresh must not release a hold that was there before the
    /// try, and that is newer than the entry. A request that was long on its way when the hold
    /// was made cannot be called back.
    fn look_for_stale_effect(&mut self, entry: &Entry, before: &Stand, after: &Stand) {
        let born = self.born.get(&entry.id).copied().unwrap_or(before.at);
        let is_fresh = before.at < born + FRESH && entry.unclear == 0;
        let is_gone = |hold: &Hold| !after.holds.iter().any(|other| other.id == hold.id);
        let hits_newer = before.holds.iter().any(|hold| hold.made > born && is_gone(hold));
        let world = self.world.lock().unwrap();
        let was_sent = world.keys[before.sends..].contains(&entry.idempotency_key);
        if is_fresh || !hits_newer || !was_sent {
            return;
        }
        let truth = world.model.truth(&self.session).unwrap();
        let span = before.at.as_millis()..=after.at.as_millis();
        let mut effects =
            truth.cancels_applied.iter().filter(|c| span.contains(&u128::from(c.at_ms)));
        let is_ours = |key: &Option<String>| key.as_deref() == Some(&*entry.idempotency_key);
        if effects.next().is_some_and(|cancel| is_ours(&cancel.idempotency_key)) {
            self.violations.push(format!("an old cancel hit a newer hold: {entry:?}"));
        }
    }

    /// Lets everything be delivered, then compares all that was told with all that happened.
    fn end(&mut self) {
        self.fault_percent = 0;
        self.pass(MINUTE);
        self.reopen(false);
        for hours in [2, 2, 2, 8 * 24, 0] {
            let before = self.stand();
            self.flush();
            self.compare(&before);
            self.pass(MINUTE * 60 * hours);
        }
        let entries = self.stand().entries;
        self.world.lock().unwrap().finish();
        self.audit(&entries);
    }

    fn audit(&mut self, entries: &[Entry]) {
        let world = self.world.lock().unwrap();
        let mut wrong = Vec::new();
        for told in &self.told {
            let (begun, ended) = told.span;
            let effects = told.key.as_deref().map_or(0, |key| world.effects_of(key));
            let holds = match told.outcome {
                Outcome::Canceled => was_released(&world, begun, ended),
                Outcome::AlreadyCanceled => {
                    was_released(&world, begun, ended) || was_released_before(&world, begun)
                }
                Outcome::NotCancelable => world.moments(begun, ended).any(|moment| !moment.held),
                Outcome::NotApplied => effects == 0,
                _ => true,
            };
            if !holds {
                wrong.push(format!("it is not so: {:?}: {}", told.span, told.result));
            }
            if let Some(id) = told.entry
                && !entries.iter().any(|entry| entry.id == id)
            {
                wrong.push(format!("told of entry {id}, which is lost"));
            }
        }
        for entry in entries {
            let effects = world.effects_of(&entry.idempotency_key);
            let holds = match (entry.state, entry.last_outcome) {
                (State::Pending, _) => false,
                (State::Expired, _) | (_, Some(Outcome::NotApplied)) => effects == 0,
                _ => true,
            };
            if !holds {
                wrong.push(format!("{effects} effects, and the file says: {entry:?}"));
            }
        }
        let is_kept = |key: &String| entries.iter().any(|entry| entry.idempotency_key == *key);
        if !world.keys.iter().all(is_kept) {
            wrong.push("a key was sent that is not in the file".to_owned());
        }
        drop(world);
        self.violations.extend(wrong);
    }
}

fn open(
    name: &str,
    world: &Arc<Mutex<World>>,
    base: Instant,
    machine: &Arc<Mutex<Machine>>,
    fuse: &Fuse,
    fault_percent: u64,
) -> Outbox {
    let network = Network { base, world: Arc::clone(world), fault_percent };
    let transport = Fragile { network, fuse: fuse.clone() };
    let config = r#"{"api_key":"fsk_test_simulated","base_url":"http://127.0.0.1:1"}"#;
    let config = Config::from_json(config).unwrap();
    let client = Client::with_transport(&config, Box::new(transport)).unwrap();
    let (world, machine) = (Arc::clone(world), Arc::clone(machine));
    let clock = MachineClock { world, machine, fuse: fuse.clone() };
    Outbox::open_in_memory(Arc::new(client), name, Box::new(clock)).unwrap()
}

/// The last hold ended before the call, and not by being captured; an earlier one may have been.
fn was_released_before(world: &World, begun: Duration) -> bool {
    let past: Vec<_> = world.history.iter().take_while(|moment| moment.at <= begun).collect();
    let last = past.windows(2).rev().find(|pair| pair[0].held && !pair[1].held);
    last.is_some_and(|pair| pair[0].captured == pair[1].captured)
}

/// The holds that there are; their ids tell when they were made.
fn holds_of(world: &World) -> Vec<Hold> {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let truth = world.model.truth(&world.session).unwrap();
    let held = truth.intents.into_iter().filter(|i| i.status == IntentStatus::RequiresCapture);
    held.map(|intent| {
        let digits = intent.id.trim_start_matches("fpi_").bytes().take(10);
        let ms = digits.fold(0, |time, byte| {
            time << 5 | DIGITS.iter().position(|digit| *digit == byte).unwrap() as u64
        });
        Hold { id: intent.id, made: Duration::from_millis(ms - EPOCH_MS.unsigned_abs()) }
    })
    .collect()
}
