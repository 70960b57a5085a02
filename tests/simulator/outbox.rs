//! One till's outbox over two days in one world: cancels, flushes, waits, restarts and crashes at
//! any point; then the questions that the model is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use flex_sandbox::Settings;
use flexcancel::outbox::EntryOptions;
use flexcancel::{Code, OutboxEntry, OutboxState};

use super::actors;
use super::clock::Incident;
use super::entries;
use super::fault::{CLASSIC, Named, WIDE};
use super::network::MEANWHILE;
use super::newer;
use super::oracle;
use super::random::Random;
use super::stage::{Step, Told};
use super::story::{Range, settings};
use super::till::Till;
use super::world::{Act, Event, Luck, World};

/// What a run came to.
pub struct OutboxRun {
    /// How the entries ended.
    pub states: Vec<OutboxState>,
    pub crashes: u64,
    pub restarts: u64,
    /// How many entries were handed over, and how many of these were settled.
    pub claims: (u64, u64),
    /// What is not as docs/OUTBOX.md promises; empty in a world without defects.
    pub violations: Vec<String>,
}

const MINUTE: Duration = Duration::from_secs(60);

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

/// What other people do with a session meanwhile.
pub const ACTS: [Act; 7] = [
    Act::Pay,
    Act::Capture,
    Act::CapturePart,
    Act::Cancel,
    Act::Reauthorize,
    Act::Reauthorize,
    Act::Expire,
];

/// Runs the world of one seed. The same seed gives the same run, but for the idempotency keys, in
/// which the process is.
pub fn run(seed: u64, range: Range) -> OutboxRun {
    let mut random = Random::new(seed ^ 0x6f75_7462_6f78);
    let mut till = till(seed, range, &mut random);
    let (mut crashes, mut restarts) = (0, 0);
    // Of some tills somebody else delivers.
    let forwards_percent = *random.pick(&[0, 70]);
    let more = if forwards_percent == 0 { 0 } else { 10 };
    for _ in 0..random.below(6) + 2 + more {
        if random.chance(40) {
            till.fuse.set(random.below(30));
        }
        let step = match random.below(100) {
            0..=39 => Some(Step::HandOver),
            40..=54 => Some(Step::Enqueue),
            55..=94 => Some(Step::Flush),
            _ => None,
        };
        let went_well = if random.chance(forwards_percent) {
            till.forward(&mut random)
        } else {
            step.is_none_or(|step| till.does(step))
        };
        till.fuse.unset();
        if !went_well || random.chance(10) {
            let is_restart = random.chance(30);
            crashes += u64::from(!went_well);
            restarts += u64::from(is_restart);
            till.reopen(is_restart);
        }
        wait(&till, &mut random, range);
    }
    end(&mut till);
    let states = till.finals.values().map(|entry| entry.state).collect();
    let claims = till.claims();
    OutboxRun { states, crashes, restarts, claims, violations: violations(till) }
}

fn till(seed: u64, range: Range, random: &mut Random) -> Till {
    let settings = settings(seed, range, random);
    let mut world = actors::world(seed, settings, range == Range::Wide);
    for _ in 0..random.below(4) {
        let after = random.millis(48 * 3_600_000);
        world.schedule(after, Event::Acts(*random.pick(&ACTS)));
    }
    if random.chance(20) {
        world.clock.ahead_ms = -i64::try_from(random.below(30_001)).unwrap();
    }
    let percent = *random.pick(&[0, 20, 50, 80]);
    let (mut faults, mut incident_percent): (&'static [Named], u64) = (CLASSIC, 0);
    if range == Range::Wide {
        faults = if random.chance(50) { WIDE } else { CLASSIC };
        incident_percent = if random.chance(20) { 10 } else { 0 };
        if random.chance(20) {
            world.clock.ahead_ms = i64::try_from(random.below(120_001)).unwrap();
        }
    }
    world.luck = Luck::Drawn { faults, percent, incident_percent };
    let mut options = EntryOptions::default();
    options.deliver_within = random.chance(30).then_some(Duration::from_secs(3_600));
    Till::new(seed, world, options)
}

fn wait(till: &Till, random: &mut Random, range: Range) {
    let time = *random.pick(&WAITS);
    if range == Range::Classic || !random.chance(20) {
        return till.pass(time);
    }
    let incident = match random.below(5) {
        0 => Incident::Sleep(time),
        1 => Incident::Pause(time),
        2 => Incident::Reset,
        3 => Incident::Forward(time),
        _ => Incident::Correct,
    };
    let meanwhile = if incident.length().is_zero() { &[] } else { *random.pick(&MEANWHILE) };
    till.world().suffer(incident, meanwhile);
}

/// Lets everything be delivered.
fn end(till: &mut Till) {
    till.world().luck = Luck::Drawn { faults: CLASSIC, percent: 0, incident_percent: 0 };
    till.world().suffer(Incident::Correct, &[]);
    till.pass(MINUTE);
    till.reopen(false);
    // The last wait is longer than an entry lives, even if its clock was days ahead.
    for hours in [2, 2, 2, 20 * 24, 0] {
        till.does(Step::Flush);
        till.pass(MINUTE * 60 * hours);
    }
}

/// Compares all that was told with all that happened.
fn violations(mut till: Till) -> Vec<String> {
    let entries = till.all_entries();
    till.world().finish();
    let mut wrong = std::mem::take(&mut till.broken);
    let told = std::mem::take(&mut till.told);
    for id in &till.expired_untried {
        wrong.push(format!("expired before its time, and never tried: entry {id}"));
    }
    let world = till.into_world();
    let mut found = oracle::violations(&world, &told);
    found.extend(newer::violations(&world, &told));
    found.extend(entries::violations(&world, &told, &entries));
    wrong.extend(found.into_iter().map(|violation| {
        let told = &told[violation.step];
        let (report, step) = (&told.report, told.step.name());
        let (outcome, hold) = (report.outcome, report.hold);
        let said = format!("{outcome}, hold={hold}: {}", report.message);
        format!("{}: {step}, {:?}: {said}", violation.rule, told.span)
    }));
    for told in &told {
        let entry = told.report.outbox.as_ref().and_then(|view| view.entry.as_ref());
        if let Some(told) = entry
            && !entries.iter().any(|entry| entry.id == told.id)
        {
            wrong.push(format!("told of an entry that is lost: {}", told.id));
        }
    }
    for entry in &entries {
        if entry.state == OutboxState::Pending {
            wrong.push(format!("never ended: {entry:?}"));
        }
    }
    let is_kept = |key: &String| entries.iter().any(|entry| entry.idempotency_key == *key);
    if !world.sends.iter().all(|send| is_kept(&send.key)) {
        wrong.push("a key was sent that is not in the file".to_owned());
    }
    wrong
}
