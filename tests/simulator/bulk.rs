//! One bulk run in one simulated back office: sessions of every kind, runs that are killed, aborted
//! and left, resumed with their journal hours later; then the questions that the model is asked.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flexcancel::{BulkItem, BulkOptions, Client, Code, Config, Options, Report, Status};
use serde_json::{Value, json};

use super::actors;
use super::bulk_disk::{Disk, Found, Life, SimulatedFile};
use super::bulk_network::{BulkNetwork, Net, RunLog, Weather};
use super::bulk_oracle;
use super::clock::{EPOCH_MS, server_ms};
use super::machine::Crash;
use super::random::Random;
use super::said::Said;
use super::stage::{Asked, Step, Told};
use super::story::{Range, settings};
use super::world::{Act, Event, Send};

/// What the runs of one world came to.
#[derive(Default)]
pub struct BulkStory {
    pub kills: u64,
    /// How the runs ended that were not killed.
    pub ends: BTreeMap<&'static str, u64>,
    /// The results of all runs.
    pub outcomes: BTreeMap<&'static str, u64>,
    pub requests: u64,
    pub from_journal: u64,
    /// What is not as docs/BULK.md promises; empty in a world without defects.
    pub violations: Vec<String>,
}

/// One item of the input.
pub struct Item {
    pub id: String,
    pub own_key: Option<String>,
    /// Its world, if its id is one that can be sent.
    pub world: Option<usize>,
    /// An earlier item has the same session.
    pub duplicate_of: Option<usize>,
    /// When it was asked for: in the first run whose journal has it.
    pub asked: Option<Asked>,
}

/// An item that a run took from its input, and what it was told of it.
pub struct Begun {
    pub at: Duration,
    /// How many cancels of its session were sent before.
    sends: usize,
    pub told: Option<(Report, Duration)>,
}

/// What one run came to.
pub struct Run {
    pub found: Found,
    pub begun: Vec<Begun>,
    /// The numbers of its results, in their order.
    pub order: Vec<u64>,
    /// `None`: it was killed.
    pub status: Option<Status>,
    pub is_quiet: bool,
    /// The caller has left the loop.
    pub has_left: bool,
    pub had_write_error: bool,
    pub options: BulkOptions,
    pub log: RunLog,
    pub ended: Duration,
}

/// A back office with a journal.
pub struct Office {
    pub items: Vec<Item>,
    pub network: BulkNetwork,
    pub disk: Arc<Mutex<Disk>>,
    /// What was told of each session, by its world.
    pub told: BTreeMap<usize, Vec<Told>>,
    random: Random,
    options: Value,
    asked_before: Option<Duration>,
    pub story: BulkStory,
}

/// It is no session's id, and must not be written to any file.
pub const API_KEY: &str = "fsk_test_simulated";
/// When the first run begins: after the past of every session.
const BEGIN: Duration = Duration::from_secs(2_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// Runs the world of one seed. The same seed gives the same story.
pub fn run(seed: u64) -> BulkStory {
    let mut office = Office::new(seed);
    for _ in 0..=office.random.below(4) {
        office.disturb();
        office.run(false);
        office.pass();
    }
    // Whatever is late has come, and no outage lasts so long.
    let now = office.network.lock().now;
    office.network.lock().now = now + HOUR * 5;
    office.network.lock().clear_up();
    office.run(true);
    bulk_oracle::judge(office)
}

impl Office {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x6275_6c6b);
        let disk = Arc::new(Mutex::new(Disk::new(Random::new(seed ^ 0x6469_736b))));
        let mut net = Net::new(Random::new(seed ^ 0x6e65_7477), BEGIN, Arc::clone(&disk));
        let max = *random.pick(&[6, 6, 8, 12, 40]);
        let sessions = 5 + random.below(max - 4);
        let range = if random.chance(70) { Range::Classic } else { Range::Wide };
        // One dialect for all.
        let settings = settings(seed, range, &mut random);
        for index in 0..=sessions {
            let seed = seed.wrapping_mul(64) + index;
            let settings = flex_sandbox::Settings { seed, ..settings.clone() };
            let world = actors::world(seed, settings, range == Range::Wide);
            if index < sessions {
                net.by_id.insert(world.session.clone(), net.worlds.len());
            }
            net.worlds.push(Arc::new(Mutex::new(world)));
        }
        let items = items(&net, &mut random);
        let net = Arc::new(Mutex::new(net));
        let network = BulkNetwork { base: Instant::now(), net, life: Life::default() };
        let options = json!({
            "concurrency": 1,
            "timeout_ms": random.pick(&[1_000, 4_000, 15_000, 60_000]),
            "max_attempts": 1 + random.below(4),
            "verify": random.chance(10),
            "in_order": !random.chance(10),
        });
        let asked_before = random.chance(30).then(|| Duration::from_millis(random.below(200_000)));
        let story = BulkStory::default();
        Self { items, network, disk, told: BTreeMap::new(), random, options, asked_before, story }
    }

    /// What goes wrong in the next run.
    fn disturb(&mut self) {
        let random = &mut self.random;
        let weather = Weather {
            percent: *random.pick(&[0, 5, 20, 50]),
            outage_percent: *random.pick(&[0, 0, 0, 2, 10]),
            stored_percent: *random.pick(&[0, 0, 0, 0, 5]),
            limit: random.chance(25).then(|| (1 + random.below(6), random.chance(50))),
        };
        let life = random.chance(40).then(|| random.below(150));
        self.network.life.ends_after(life);
        let fails_after = random.chance(10).then(|| random.below(30));
        self.disk.lock().unwrap().fails_after = fails_after;
        let mut net = self.network.net.lock().unwrap();
        net.weather = weather;
        let aborts_after = random.chance(15).then(|| random.below(60));
        net.run = RunLog { aborts_after, ..RunLog::default() };
        let count = net.worlds.len() as u64 - 1;
        let within = *random.pick(&[2_000, 30_000, 2_000_000]);
        for _ in 0..random.below(count + 1) {
            let index = usize::try_from(random.below(count)).unwrap();
            let (after, act) = (random.millis(within), *random.pick(&super::outbox::ACTS));
            net.world_at(index).schedule(after, Event::Acts(act));
        }
    }

    /// Time passes until the next run.
    fn pass(&mut self) {
        let seconds = *self.random.pick(&[0, 1, 20, 600, 3_600, 5 * 3_600, 30 * 3_600]);
        self.network.lock().now += Duration::from_secs(seconds);
    }

    fn run_options(&mut self, is_quiet: bool) -> BulkOptions {
        let mut options = self.options.clone();
        if self.random.chance(60) {
            options["rate_per_second"] = json!(self.random.pick(&[1, 2, 3, 5, 10, 100]));
        }
        if let Some(before) = self.asked_before {
            options["asked_at_ms"] = json!(server_ms(self.network.lock().now - before));
        }
        if !is_quiet && self.random.chance(10) {
            options["max_unknown"] = json!(self.random.below(4));
        }
        if is_quiet {
            options["timeout_ms"] = json!(15_000);
        }
        BulkOptions::from_json(&options.to_string()).unwrap()
    }

    /// One run to its end, however it ends.
    fn run(&mut self, is_quiet: bool) {
        if is_quiet {
            self.network.life.ends_after(None);
            self.disk.lock().unwrap().fails_after = None;
            self.network.lock().run = RunLog::default();
        }
        let options = self.run_options(is_quiet);
        let leaves_after =
            (!is_quiet && self.random.chance(10)).then(|| self.random.below(10) as usize + 1);
        let found = self.disk.lock().unwrap().found();
        let had_fault = self.disk.lock().unwrap().fails_after.is_some();
        let mut run = Run {
            found,
            begun: Vec::new(),
            order: Vec::new(),
            status: None,
            is_quiet,
            has_left: false,
            had_write_error: false,
            options,
            log: RunLog::default(),
            ended: Duration::ZERO,
        };
        let done =
            panic::catch_unwind(AssertUnwindSafe(|| self.cancel_many(&mut run, leaves_after)));
        match done {
            Ok(status) => run.status = Some(status),
            Err(payload) if payload.is::<Crash>() => {
                self.story.kills += 1;
                self.disk.lock().unwrap().survive();
            }
            Err(payload) => panic::resume_unwind(payload),
        }
        self.network.life.ends_after(None);
        run.had_write_error = had_fault && self.disk.lock().unwrap().fails_after == Some(0);
        let mut net = self.network.lock();
        run.ended = net.now;
        run.log = std::mem::take(&mut net.run);
        drop(net);
        self.hear(&run);
        bulk_oracle::check_run(self, &run);
    }

    fn cancel_many(&mut self, run: &mut Run, leaves_after: Option<usize>) -> Status {
        let network = &self.network;
        let config = json!({ "api_key": API_KEY, "base_url": "http://127.0.0.1:1" }).to_string();
        let config = Config::from_json(&config).unwrap();
        let client = Client::with_transport(&config, Box::new(network.clone())).unwrap();
        let file = SimulatedFile { disk: Arc::clone(&self.disk), life: network.life.clone() };
        let abort = network.lock().run.abort.clone();
        let Run { found, begun, order, has_left, options, .. } = run;
        let begun = RefCell::new(begun);
        let (items, given) = (&mut self.items, options.call.asked_at_ms);
        let mut next = || {
            network.step();
            let number = begun.borrow().len();
            let item = items.get_mut(number)?;
            let net = network.lock();
            if !found.sent.contains(&(number as u64)) {
                let given = given.map(|ms| Duration::from_millis((ms - EPOCH_MS) as u64));
                item.asked = Some(Asked { at: given.unwrap_or(net.now), ahead_ms: 0 });
            }
            let sends = item.world.map_or(0, |index| net.world_at(index).sends.len());
            begun.borrow_mut().push(Begun { at: net.now, sends, told: None });
            let mut own = Options::default();
            own.idempotency_key = item.own_key.clone();
            own.in_doubt = item.own_key.as_ref().map(|_| false);
            Some(BulkItem::new(item.id.clone(), own))
        };
        let mut done = |report: Report| {
            network.step();
            let number = report.item.map_or(u64::MAX, |item| item.number);
            order.push(number);
            let now = network.lock().now;
            if let Some(begun) = begun.borrow_mut().get_mut(number as usize) {
                begun.told = Some((report, now));
            }
            *has_left = leaves_after.is_some_and(|count| order.len() >= count);
            if *has_left { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        client.cancel_many_with_journal(Box::new(file), options, Some(&abort), &mut next, &mut done)
    }

    /// Keeps what was told of each session, as the other modes of the simulator do.
    fn hear(&mut self, run: &Run) {
        let net = self.network.lock();
        for (number, begun) in run.begun.iter().enumerate() {
            let item = &self.items[number];
            let (Some(index), None) = (item.world, item.duplicate_of) else { continue };
            let world = net.world_at(index);
            let from_journal = begun.told.as_ref().and_then(|(report, _)| report.item);
            let from_journal = from_journal.is_some_and(|item| item.from_journal);
            let asked = item.asked.unwrap();
            let key = self.disk.lock().unwrap().sent.get(&(number as u64)).map(|it| it.key.clone());
            let is_open = |send: &Send| key.as_ref() == Some(&send.key) && !send.is_refused;
            let told = begun.told.as_ref();
            let (report, ended) = match told {
                Some((report, ended)) => (Said::from(report.clone()), *ended),
                None => (Said::nothing(), run.ended),
            };
            let told = Told {
                step: Step::Ask,
                span: (if from_journal { asked.at } else { begun.at }, ended),
                asked,
                in_doubt: world.sends[..begun.sends].iter().any(is_open),
                key,
                report,
                options: Options::default(),
                round_trips: 0,
                sends: begun.sends..world.sends.len(),
            };
            self.told.entry(index).or_default().push(told);
        }
    }

    pub fn wrong(&mut self, problem: String) {
        self.story.violations.push(problem);
    }
}

/// The input: every session once, some twice, and ids that are none.
fn items(net: &Net, random: &mut Random) -> Vec<Item> {
    let mut ids: Vec<String> = net.by_id.keys().cloned().collect();
    for index in (1..ids.len()).rev() {
        ids.swap(index, usize::try_from(random.below(index as u64 + 1)).unwrap());
    }
    let mut insert = |ids: &mut Vec<String>, id: String| {
        let at = usize::try_from(random.below(ids.len() as u64 + 1)).unwrap();
        ids.insert(at, id);
        random.below(3)
    };
    for extra in 0..ids.len() / 2 {
        let id = match extra % 5 {
            0 => format!("fcs_unknown{extra}"),
            1 => format!("no id {extra}"),
            2 if ids.len() > 10 => API_KEY.to_owned(),
            _ => ids[extra].clone(),
        };
        if insert(&mut ids, id) == 0 {
            break;
        }
    }
    let nowhere = net.worlds.len() - 1;
    let is_usable = |id: &str| id != API_KEY && !id.contains(' ');
    let mut items: Vec<Item> = Vec::new();
    for (number, id) in ids.into_iter().enumerate() {
        let usable = is_usable(&id);
        let duplicate_of = items.iter().position(|item| usable && item.id == id);
        let own_key = random.chance(5).then(|| format!("own-{number}"));
        let world = usable.then(|| net.by_id.get(&id).copied().unwrap_or(nowhere));
        items.push(Item { id, own_key, world, duplicate_of, asked: None });
    }
    items
}
