//! One story: what one till does with one session in a world that is drawn from a seed, and the
//! questions that the model is asked after it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use flex_sandbox::{Dialect, ErrorShape, Settings};
use flexcancel::{Operation, Options, Outcome};

use super::actors;
use super::clock::Incident;
use super::entries;
use super::fault::{CLASSIC, Named, WIDE};
use super::network::MEANWHILE;
use super::newer;
use super::oracle::{self, Violation};
use super::random::Random;
use super::stage::{Stage, Step, Told, with_limits};
use super::world::{Act, Event, Luck, World};

/// Which worlds are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// One call, and the dialects and faults that the simulator has always had.
    Classic,
    /// All that there are.
    Wide,
}

/// What a story came to.
pub struct Story {
    pub world: World,
    pub told: Vec<Told>,
    /// What is wrong, and in which world it came to light.
    pub violations: Vec<(Violation, String)>,
}

/// Timeouts that stories draw from.
const TIMEOUTS_MS: [u64; 4] = [400, 2_000, 5_000, 15_000];
const LONG_MS: u64 = 120_000;

/// How long a till may wait between two steps.
const GAPS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(30),
    Duration::from_secs(5 * 60),
    Duration::from_secs(25 * 60),
    Duration::from_secs(3 * 3600),
];

/// A new ask comes so long after what others did that every replica shows it.
const SETTLED: Duration = Duration::from_secs(60);

/// Runs the story of one seed. The same seed gives the same story, but for the idempotency keys,
/// in which the process is.
pub fn run(seed: u64, range: Range) -> Story {
    let mut random = Random::new(seed ^ 0x73_746f_7279);
    let mut world = actors::world(seed, settings(seed, range, &mut random), range == Range::Wide);
    let percent = *world.random.pick(&[0, 20, 50, 80]);
    let mut incident_percent = 0;
    let mut faults: &'static [Named] = CLASSIC;
    if range == Range::Wide {
        faults = if random.chance(70) { WIDE } else { CLASSIC };
        incident_percent = if random.chance(20) { 15 } else { 0 };
        if random.chance(20) {
            world.clock.ahead_ms = i64::try_from(random.below(240_001)).unwrap() - 120_000;
        }
    }
    world.luck = Luck::Drawn { faults, percent, incident_percent };
    let options = options(&mut world, range);
    let mut stage = Stage::new(world);
    stage.cancel(&options);
    if range == Range::Wide {
        go_on(&mut stage, &mut random);
    }
    end(stage)
}

/// Lets everything happen that is still to come, and asks the questions.
pub fn end(stage: Stage) -> Story {
    let entries = stage.entries();
    let Stage { world, client, outbox, told, .. } = stage;
    drop((outbox, client));
    let mut world = Arc::into_inner(world).unwrap().into_inner().unwrap();
    world.finish();
    let mut found = oracle::violations(&world, &told);
    found.extend(newer::violations(&world, &told));
    found.extend(entries::violations(&world, &told, &entries));
    found.extend(against_the_rules(&world, &told));
    let tag = |violation: Violation| {
        let world = world_of(&world, &told, &violation);
        (violation, world)
    };
    let violations = found.into_iter().map(tag).collect();
    Story { world, told, violations }
}

pub fn settings(seed: u64, range: Range, random: &mut Random) -> Settings {
    let settings = Settings { seed, ..Settings::default() };
    if range == Range::Classic {
        let dialects: Vec<Dialect> = Dialect::classic().collect();
        let dialect = dialects[usize::try_from(seed % dialects.len() as u64).unwrap()];
        return Settings { dialect, ..settings };
    }
    let dialect = actors::wide_dialect(random);
    let error_shape =
        if random.chance(20) { *random.pick(ErrorShape::ALL) } else { ErrorShape::default() };
    let lag = Duration::from_millis(*random.pick(&[0, 0, 0, 0, 0, 0, 400, 3_000]));
    let late = Duration::from_millis(*random.pick(&[250, 250, 2_000, 10_000]));
    Settings { dialect, error_shape, lag, late, ..settings }
}

fn options(world: &mut World, range: Range) -> Options {
    let mut timeout = *world.random.pick(&TIMEOUTS_MS);
    if range == Range::Wide && world.random.chance(10) {
        timeout = LONG_MS;
        for act in *world.random.pick(&MEANWHILE) {
            let after = world.random.millis(LONG_MS);
            world.schedule(after, Event::Acts(*act));
        }
    }
    let attempts = u32::try_from(world.random.below(4) + 1).unwrap();
    let mut options = with_limits(Options::default(), Duration::from_millis(timeout), attempts);
    if world.random.chance(30) {
        options.expand = vec!["payment_intent".to_owned(), "payment_intents".to_owned()];
    }
    options.verify = (range == Range::Wide && world.random.chance(20)).then_some(true);
    options
}

/// Up to three more steps.
fn go_on(stage: &mut Stage, random: &mut Random) {
    for _ in 0..3 {
        let outcome = stage.told.last().unwrap().report.outcome;
        let is_open = matches!(outcome, Outcome::Unknown | Outcome::NotApplied);
        if !is_open && !random.chance(15) {
            return;
        }
        pass(stage, random);
        match random.below(100) {
            0..=54 => repeat(stage, random),
            55..=69 => {
                let options = with_limits(Options::default(), Duration::from_secs(2), 3);
                stage.call(Step::Retrieve, &options);
            }
            70..=81 => deliver(stage, random),
            82..=89 => {
                let options = with_limits(Options::default(), Duration::from_secs(5), 3);
                stage.call(Step::OtherTill, &options);
            }
            90..=94 => {
                stage.pass(SETTLED);
                let options = with_limits(Options::default(), Duration::from_secs(5), 3);
                stage.call(Step::Ask, &options);
            }
            _ => return,
        }
    }
}

/// A gap between two steps, in which others act, and in which the network may be repaired.
fn pass(stage: &Stage, random: &mut Random) {
    let gap = *random.pick(&GAPS);
    let meanwhile = if random.chance(40) { *random.pick(&MEANWHILE) } else { &[][..] };
    match random.below(20) {
        0 => stage.suffer(Incident::Sleep(gap), meanwhile),
        1 => stage.suffer(Incident::Pause(gap), meanwhile),
        2 => stage.suffer(Incident::Reset, &[]),
        3 => stage.suffer(Incident::Forward(gap), &[]),
        4 => stage.act(Act::Cancel),
        5 => {
            stage.pass(gap);
            stage.restart();
        }
        _ => {
            let mut world = stage.world();
            let step = gap / (u32::try_from(meanwhile.len()).unwrap() + 1);
            for (index, act) in meanwhile.iter().enumerate() {
                let after = step * (u32::try_from(index).unwrap() + 1);
                world.schedule(after, Event::Acts(*act));
            }
            let instant = world.now() + gap;
            world.advance(instant);
        }
    }
    if let Luck::Drawn { percent, .. } = &mut stage.world().luck {
        *percent = *random.pick(&[0, 30, 80]);
    }
}

fn repeat(stage: &mut Stage, random: &mut Random) {
    let timeout = Duration::from_millis(*random.pick(&TIMEOUTS_MS));
    let attempts = u32::try_from(random.below(4) + 1).unwrap();
    if random.chance(20) {
        stage.repeat_by_key(timeout, attempts);
    } else {
        stage.repeat(timeout, attempts);
    }
}

/// The outbox takes over, and delivers later.
fn deliver(stage: &mut Stage, random: &mut Random) {
    let timeout = Duration::from_millis(*random.pick(&TIMEOUTS_MS));
    let step = *random.pick(&[Step::HandOver, Step::Enqueue]);
    stage.hand_over(step, timeout);
    for _ in 0..2 {
        pass(stage, random);
        stage.flush();
    }
}

/// What must hold of every call, whatever its outcome.
fn against_the_rules(world: &World, told: &[Told]) -> Vec<Violation> {
    let calls = told.iter().enumerate().filter(|(_, told)| {
        matches!(told.step, Step::Ask | Step::Repeat | Step::OtherTill | Step::Retrieve)
    });
    calls
        .flat_map(|(step, told)| {
            let broken = broken_rules(world, told).into_iter().filter(|(_, holds)| !holds);
            broken.map(move |(rule, _)| Violation { rule, step })
        })
        .collect()
}

fn broken_rules(world: &World, told: &Told) -> [(&'static str, bool); 6] {
    let (started, ended) = told.span;
    let own = &world.sends[told.sends.clone()];
    let attempts = &told.report.attempts;
    let handed_over = attempts
        .iter()
        .filter(|attempt| attempt.operation == Operation::Cancel && attempt.phase.is_handed_over());
    let sends = handed_over.count();
    let was_idle = |(at, name): &(Duration, &str)| {
        Incident::IDLE.contains(name) && (started..=ended).contains(at)
    };
    let is_quiet = !world.faults.iter().any(was_idle);
    let is_in_call = |at: &Duration| (started..=ended).contains(at);
    let expected = told.options.max_attempts.unwrap_or(u32::MAX) as usize;
    [
        ("the deadline held", !is_quiet || ended - started <= told.options.timeout.unwrap()),
        ("no round trip began after the deadline", !world.overdue.iter().any(is_in_call)),
        (
            "every send used the one key",
            own.iter().all(|send| Some(&send.key) == told.key.as_ref()),
        ),
        ("every round trip is listed", attempts.len() == told.round_trips),
        ("every send is listed", sends == own.len()),
        ("no more sends than allowed", sends <= expected),
    ]
}

/// The story in full.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.world.dialect)?;
        for hold in self.world.holds.all() {
            let end = hold.end.as_ref().map(|end| (end.at, &end.by));
            writeln!(f, "a hold on {} from {:?}, instant {end:?}", hold.intent, hold.made)?;
        }
        for (at, fault) in &self.world.faults {
            writeln!(f, "{at:?}: {fault}")?;
        }
        for told in &self.told {
            let ((started, ended), report) = (told.span, &told.report);
            let (outcome, code, hold) = (report.outcome, report.code, report.hold);
            let doubt = if told.in_doubt { " in doubt" } else { "" };
            writeln!(f, "{}{doubt}, {started:?} to {ended:?}", told.step.name())?;
            for attempt in &report.attempts {
                let status = attempt.http_status.unwrap_or_default();
                let what = (attempt.operation, status, attempt.phase, attempt.code);
                writeln!(f, "  {what:?} {:?}", attempt.elapsed)?;
            }
            writeln!(f, "  {outcome}/{code}, hold={hold}: {}", report.message)?;
            if let Some(view) = &report.outbox {
                writeln!(f, "  {:?} {:?}", view.entry, view.entries)?;
            }
        }
        for (violation, world) in &self.violations {
            let step = violation.step + 1;
            writeln!(f, "VIOLATION at step {step}: {} | {world}", violation.rule)?;
        }
        Ok(())
    }
}

/// The axes of dialects, the most telling first.
const TELLING: &[&str] = &[
    "acknowledgement",
    "paid",
    "link",
    "several",
    "partial_capture",
    "reauth_status",
    "reauth",
    "lists",
    "notation",
    "progress",
    "expand",
    "second_cancel",
    "effects",
    "intents",
    "key",
    "after_cancel",
    "times",
    "intent_birth",
    "id_case",
    "spelling",
];

/// The world in which a violation came to light, always in the same words: what is unusual about
/// it, the most telling first.
fn world_of(world: &World, told: &[Told], violation: &Violation) -> String {
    let step = &told[violation.step];
    let faults = || world.faults.iter().rev().filter(|(at, _)| *at <= step.span.1);
    let within = |at: &Duration| *at >= step.span.0;
    let wide = |name: &str| !super::fault::is_classic(name);
    if let Some((_, name)) = faults().find(|(at, name)| within(at) && wide(name)) {
        return (*name).to_owned();
    }
    if !matches!(step.step, Step::Ask | Step::OtherTill) {
        return step.step.name().to_owned();
    }
    let (own, default) = (world.dialect.axes(), Dialect::default().axes());
    let is_special = |axis: &str| own.iter().find(|own| own.0 == axis && !default.contains(own));
    if let Some((axis, value)) = TELLING.iter().find_map(|axis| is_special(axis)) {
        return format!("{axis}={value}");
    }
    if !world.lag.is_zero() {
        return "replicas lag".to_owned();
    }
    let name = faults().next().map(|(_, name)| *name);
    name.unwrap_or("no fault").to_owned()
}
