//! Runs the cases, many at a time, and holds each against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flex_sandbox::{CreateParams, Hold, Options as SandboxOptions, Sandbox};
use flexcancel::{Client, Config, Event, Operation, Options, Outcome, Report};

use crate::case::{Act, Case, Expected, Given, Session, Told};
use crate::elsewhere;

/// The API key of every case: no report may show it.
pub const API_KEY: &str = "fsk_test_matrixkeythatnobodymaysee";
/// How late a call may return in a test that shares the machine with many others. How late it
/// does return on an idle one, tests/deadline.rs tells.
const MARGIN: Duration = Duration::from_millis(250);
/// How many cases run at a time: most of their time they sleep.
const THREADS: usize = 32;

/// A sandbox and a client of it.
pub struct World {
    pub sandbox: Sandbox,
    pub id: String,
    /// What was captured before the call.
    captured: u64,
}

impl World {
    pub fn new(options: SandboxOptions, session: Session) -> World {
        let sandbox = Sandbox::start(options).unwrap();
        let id = sandbox.create(&CreateParams::default());
        if session != Session::Open && session != Session::Expired {
            sandbox.pay(&id).unwrap();
        }
        let mut world = World { sandbox, id, captured: 0 };
        match session {
            Session::Open | Session::Held => {}
            Session::Captured => world.sandbox.capture(&world.id, None).unwrap(),
            Session::Expired | Session::HeldExpired => world.sandbox.expire(&world.id).unwrap(),
            Session::HeldTwice => world.sandbox.reauth(&world.id, None).unwrap(),
            Session::HeldBesideCaptured => {
                world.sandbox.capture(&world.id, None).unwrap();
                world.sandbox.reauth(&world.id, None).unwrap();
            }
            Session::CapturedInPart => world.sandbox.capture(&world.id, Some(1_000)).unwrap(),
            Session::Canceled => {
                let report = world.client("").cancel(&world.id, &Options::default(), None);
                assert_eq!(report.outcome, Outcome::Canceled, "{}", report.message);
                world.sandbox.clear_requests();
            }
        }
        world.captured = world.sandbox.ground_truth(&world.id).unwrap().amount_captured;
        world
    }

    pub fn held(tls: bool) -> World {
        World::new(SandboxOptions { tls, ..SandboxOptions::default() }, Session::Held)
    }

    /// A client; `more` are further members of its configuration, with a comma before each.
    pub fn client(&self, more: &str) -> Client {
        client(&self.sandbox.url(), self.sandbox.ca_pem(), more)
    }

    /// A cancel by a new client, held against the truth.
    pub fn cancel(self, more: &str, timeout_ms: u64) -> Told {
        let client = self.client(more);
        self.cancel_by(client, timeout_ms)
    }

    pub fn cancel_by(self, client: Client, timeout_ms: u64) -> Told {
        self.cancel_with(client, &options(timeout_ms), timeout_ms)
    }

    pub fn cancel_with(self, client: Client, options: &Options, timeout_ms: u64) -> Told {
        let started = Instant::now();
        let report = client.cancel(&self.id, options, None);
        let took = started.elapsed();
        drop(client);
        self.told(report, took, timeout_ms)
    }

    /// What is to be said of a report, once all that was asked of the sandbox has happened.
    pub fn told(self, report: Report, took: Duration, timeout_ms: u64) -> Told {
        let mut told = Told::of(report);
        told.overshoot = took.saturating_sub(Duration::from_millis(timeout_ms));
        told.expect(told.overshoot <= MARGIN, format!("it took {took:?} of {timeout_ms} ms"));
        let at_once = self.sandbox.ground_truth(&self.id);
        self.sandbox.clear_faults();
        self.sandbox.see_out();
        against_the_truth(&mut told, &self, at_once.unwrap());
        told
    }
}

pub fn client(url: &str, ca_pem: Option<&str>, more: &str) -> Client {
    let ca = ca_pem.map(CaFile::new);
    let ca_file = ca.as_ref().map_or(String::new(), |ca| format!(r#","ca_file":"{}""#, ca.0));
    let json = format!(r#"{{"api_key":"{API_KEY}","base_url":"{url}"{ca_file}{more}}}"#);
    Client::new(&Config::from_json(&json).unwrap()).unwrap()
}

/// A file with a certificate, there for as long as a client is made.
pub struct CaFile(pub String);

impl CaFile {
    pub fn new(pem: &str) -> CaFile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("flexcancel-faults-{}-{number}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, pem).unwrap();
        CaFile(path.to_str().unwrap().to_owned())
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

pub fn options(timeout_ms: u64) -> Options {
    options_and(timeout_ms, "")
}

fn options_and(timeout_ms: u64, more: &str) -> Options {
    Options::from_json(&format!(r#"{{"timeout_ms":{timeout_ms}{more}}}"#)).unwrap()
}

/// Holds what a report asserts against what is true, now and later.
fn against_the_truth(told: &mut Told, world: &World, at_once: flex_sandbox::GroundTruth) {
    let Some(report) = told.report.clone() else { return };
    let finally = world.sandbox.ground_truth(&world.id).unwrap();
    let key = report.idempotency_key.as_deref();
    let ours = |truth: &flex_sandbox::GroundTruth| {
        truth.cancels_applied.iter().filter(|it| it.idempotency_key.as_deref() == key).count()
    };
    let released = |it: &flex_sandbox::AppliedCancel| {
        it.idempotency_key.as_deref() == key && !it.released.is_empty()
    };
    let is_late = at_once.cancels_pending > 0;
    let holds = match report.outcome {
        Outcome::Canceled => {
            let is_released = at_once.hold != Hold::Held || is_late;
            is_released && finally.amount_captured == world.captured
        }
        Outcome::AlreadyCanceled => at_once.hold != Hold::Held && ours(&finally) == 0,
        Outcome::NotCancelable => {
            at_once.hold != Hold::Held && !finally.cancels_applied.iter().any(released)
        }
        Outcome::NotApplied => ours(&finally) == 0 && finally.cancels_pending == 0,
        _ => true,
    };
    told.expect(holds, format!("{} is not so: {at_once:?}, {finally:?}", report.outcome));

    let cancels: Vec<_> =
        world.sandbox.requests().into_iter().filter(|it| it.method == "POST").collect();
    let one_key = cancels.iter().all(|it| it.header("idempotency-key") == key);
    told.expect(one_key, "a cancel carried another key");
    let handed_over =
        |it: &&flexcancel::Attempt| it.operation == Operation::Cancel && it.phase.is_handed_over();
    let sends = report.attempts.iter().filter(handed_over).count();
    told.expect(cancels.len() <= sends, format!("{} cancels, {sends} sends", cancels.len()));
    told.expect(sends <= 4, format!("{sends} sends"));
    let json = report.to_json().unwrap();
    told.expect(!json.contains(API_KEY), "the report shows the API key");
    told.expect(!format!("{report:?}").contains(API_KEY), "Debug shows the API key");
}

fn act(given: &Given) -> Told {
    let options = SandboxOptions {
        tls: given.tls,
        dialect: given.dialect,
        error_shape: given.error_shape,
        ..SandboxOptions::default()
    };
    let world = World::new(options, given.session);
    // As often as the time allows: how soon a call gives up is another matter.
    let client = world.client(&format!(
        r#","connect_timeout_ms":{},"connect_attempts":100"#,
        given.connect_timeout_ms
    ));
    if given.warm {
        client.retrieve(&world.id, &Options::default(), None);
        world.sandbox.clear_requests();
    }
    given.faults.iter().for_each(|injection| world.sandbox.inject_as(injection.clone()));
    given.script.iter().for_each(|script| world.sandbox.script(script(&world.id)));
    if let Some(ms) = given.outage_ms {
        world.sandbox.outage(Duration::from_millis(ms));
    }
    let mut told = match given.meanwhile {
        None => {
            let options = options_and(given.timeout_ms, given.options);
            world.cancel_with(client, &options, given.timeout_ms)
        }
        Some(meanwhile) => cancel_meanwhile(world, client, meanwhile, given.timeout_ms),
    };
    let Some(report) = told.report.clone() else { return told };
    if let Some(round_trips) = given.round_trips {
        let made = report.attempts.len();
        told.expect(made == round_trips, format!("{made} round trips, not {round_trips}"));
    }
    if let Some(hold) = given.hold {
        told.expect(report.hold == hold, format!("hold={}, not {hold}", report.hold));
    }
    let took = u64::try_from(report.elapsed.as_millis()).unwrap();
    told.expect(given.takes_ms.contains(&took), format!("{took} ms, not {:?}", given.takes_ms));
    if let Some(kept) = given.keeps {
        let session = report.raw_session.as_ref().map_or("", |raw| raw.get());
        told.expect(session.contains(kept), format!("`{kept}` is lost: {session}"));
    }
    told
}

/// A cancel during which someone else acts, after the first round trip.
fn cancel_meanwhile(
    world: World,
    client: Client,
    meanwhile: crate::case::Meanwhile,
    timeout_ms: u64,
) -> Told {
    let (told_once, world) = (AtomicUsize::new(0), std::sync::Arc::new(world));
    let seen = std::sync::Arc::clone(&world);
    client.set_observer(Some(std::sync::Arc::new(move |event: &Event<'_>| {
        let is_attempt = matches!(event, Event::Attempt { .. });
        if is_attempt && told_once.fetch_add(1, Ordering::SeqCst) == 0 {
            meanwhile(&seen.sandbox, &seen.id);
        }
    })));
    let started = Instant::now();
    let report = client.cancel(&world.id, &options(timeout_ms), None);
    let took = started.elapsed();
    drop(client);
    let world = std::sync::Arc::into_inner(world).expect("the observer is gone with its client");
    world.told(report, took, timeout_ms)
}

fn run(case: &Case) -> Told {
    let acted = catch_unwind(AssertUnwindSafe(|| match &case.act {
        Act::Given(given) => act(given),
        Act::Special(act) => act(),
    }));
    let mut told = acted
        .unwrap_or_else(|_| Told { complaints: vec!["it panicked".to_owned()], ..Told::default() });
    if let Some(report) = &told.report {
        let Expected(outcome, codes) = case.expected;
        if report.outcome != outcome || !codes.contains(&report.code) {
            told.complaints.push(format!(
                "{}/{}, not {outcome}/{codes:?}: {}",
                report.outcome,
                report.code,
                report.to_json().unwrap()
            ));
        }
    }
    told
}

/// Runs all cases.
pub fn run_all(cases: Vec<Case>) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = run(case);
                    tally.lock().unwrap().add(case, told);
                }
            });
        }
    });
    let mut tally = tally.into_inner().unwrap();
    tally.took = started.elapsed();
    tally
}

/// What the cases came to.
#[derive(Default)]
pub struct Tally {
    /// By row and fault: how often each outcome and code.
    lines: BTreeMap<(u16, String), BTreeMap<String, usize>>,
    pub complaints: Vec<String>,
    overshoot: Duration,
    took: Duration,
}

impl Tally {
    fn add(&mut self, case: &Case, told: Told) {
        let came_to = match &told.report {
            Some(report) => format!("{}/{}", report.outcome, report.code),
            None => "refused before any call".to_owned(),
        };
        let line = self.lines.entry((case.row, case.fault.clone())).or_default();
        *line.entry(came_to).or_default() += 1;
        self.overshoot = self.overshoot.max(told.overshoot);
        let named = |complaint| format!("row {}, {}: {complaint}", case.row, case.fault);
        self.complaints.extend(told.complaints.into_iter().map(named));
    }

    pub fn count(&self) -> usize {
        self.lines.values().flat_map(BTreeMap::values).sum()
    }

    pub fn rows(&self) -> BTreeSet<u16> {
        self.lines.keys().map(|(row, _)| *row).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "row  {:<64} outcome/code: cases", "fault")?;
        for ((row, fault), came_to) in &self.lines {
            let came_to: Vec<String> =
                came_to.iter().map(|(what, count)| format!("{what}: {count}")).collect();
            writeln!(f, "{row:>3}  {fault:<64} {}", came_to.join(", "))?;
        }
        for (row, why) in elsewhere::ROWS {
            writeln!(f, "{row:>3}  not here: {why}")?;
        }
        let rows = self.rows().len();
        writeln!(f, "{} cases in {rows} rows, {:.1} s", self.count(), self.took.as_secs_f64())?;
        write!(f, "the latest return: {:?} after its deadline", self.overshoot)
    }
}
