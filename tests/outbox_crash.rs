//! Tills that are killed at any moment, and disks that fail at any write: nothing is lost,
//! nothing is sent with a second key, and nothing that was told is wrong.
//!
//! `FLEXCANCEL_KILLS=2000 cargo test --test outbox_crash` is the full run.

#![cfg(feature = "outbox")]

mod native;
mod outbox_kit;
#[allow(dead_code, reason = "the simulator uses more of it")]
#[path = "simulator/random.rs"]
mod random;

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use flex_sandbox::{Fault, How, Injection, Options, Sandbox};
use flexcancel::{Code, Outcome};
use native::{Program, Scratch, Under, run_tool, said};
use outbox_kit::audit::{Told, audit, entries, long_after};
use outbox_kit::held;
use random::Random;

/// How many tills are killed where nothing else is asked for.
const KILLS: usize = 150;

/// How many of them share one file.
const KILLS_PER_FILE: usize = 50;

/// So short that a till whose responses are lost does not outlive the test.
const TIMEOUT_MS: &str = "400";

fn kills() -> usize {
    std::env::var("FLEXCANCEL_KILLS").map_or(KILLS, |text| text.parse().expect("a number"))
}

/// What may befall the next request, besides the kill.
fn inject_faults(sandbox: &Sandbox, random: &mut Random) {
    let fault = match random.below(6) {
        0 => Fault::DropAnswer { how: How::Rst },
        1 => Fault::CutRequest { at: usize::try_from(random.below(300)).unwrap(), how: How::Fin },
        2 => Fault::Status { status: 500, headers: Vec::new(), body: String::new() },
        _ => return,
    };
    sandbox.inject_as(Injection::of(fault));
}

/// The till, ready for its commands.
fn till(program: &Program, sandbox: &Sandbox, file: &Path) -> Command {
    let mut command = program.command(Under::Nothing);
    command.arg(sandbox.url()).arg(file).arg(TIMEOUT_MS);
    command
}

/// A till's day: cancels, an enqueue, a flush; some of it again what an earlier one may have
/// left undone.
fn commands(
    sandbox: &Sandbox,
    random: &mut Random,
    undone: &mut Vec<String>,
    delivery: &str,
) -> Vec<String> {
    let mut commands = Vec::new();
    for _ in 0..3 {
        let again = random.below(3) == 0;
        let id = undone.pop().filter(|_| again).unwrap_or_else(|| held(sandbox));
        let verb = if random.below(3) == 0 { "enqueue" } else { "cancel" };
        commands.push(format!("{verb}:{id}"));
    }
    commands.insert(usize::try_from(random.below(4)).unwrap(), delivery.to_owned());
    commands
}

#[test]
fn given_tills_that_are_killed_at_any_moment_then_nothing_is_lost_doubled_or_wrong() {
    kill_tills("outbox_kill", "flush", kills());
}

#[test]
fn given_forwarders_that_are_killed_at_any_moment_then_nothing_is_lost_doubled_or_wrong() {
    kill_tills("outbox_kill_forwarder", "hand", KILLS_PER_FILE);
}

/// Kills so many tills, which deliver by this command.
fn kill_tills(test: &str, delivery: &str, kills: usize) {
    let scratch = Scratch::new(test);
    let program = scratch.compile_test("outbox_till");
    let killer = scratch.compile_preloaded("kill");
    let mut random = Random::new(20_261_123);
    let (mut killed, mut ended, mut entries) = (0, 0, 0);
    while killed < kills {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let file = scratch.path(&format!("outbox-{killed}.db"));
        let (mut told, mut undone, mut calls) = (Vec::new(), Vec::new(), 0);
        for round in 0..KILLS_PER_FILE.min(kills - killed) {
            let log = scratch.path("log");
            inject_faults(&sandbox, &mut random);
            let commands = commands(&sandbox, &mut random, &mut undone, delivery);
            let mut command = till(&program, &sandbox, &file);
            command.args(&commands).stdout(Stdio::from(File::create(&log).unwrap()));
            command.env("LD_PRELOAD", &killer).env("KILL_COUNT", scratch.path("count"));
            // The first of each file lives, to count what a day asks of the system.
            let kill_at = if round == 0 { 0 } else { 1 + random.below(calls) };
            command.env("KILL_AT", kill_at.to_string());
            let has_ended = command.status().unwrap().success();
            if round == 0 {
                calls = scratch.read("count").parse().expect("a count");
            }
            (killed, ended) = (killed + 1, ended + usize::from(has_ended));
            let lines = fs::read_to_string(&log).unwrap();
            let heard = Told::read(&lines);
            let silent = heard.iter().filter(|told| told.result.is_none());
            undone.extend(silent.filter_map(|told| told.session().map(str::to_owned)));
            told.extend(heard);
        }
        sandbox.clear_faults();
        let audit = audit(&sandbox, &file, &told);
        audit.assert_clean();
        entries += audit.entries;
    }
    println!(
        "{killed} tills, {ended} came to their end; {entries} entries: 0 lost, 0 doubled, 0 wrong"
    );
    assert!(ended < killed / 2, "most were killed at work: {ended} of {killed} ended");
    assert!(entries > killed, "they had something to do: {entries}");
}

#[test]
fn given_claimers_that_are_killed_before_they_settle_then_each_entry_is_in_doubt_and_read_first() {
    const CLAIMERS: usize = 50;
    let scratch = Scratch::new("outbox_claimers");
    let program = scratch.compile_test("outbox_till");
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let file = scratch.path("outbox.db");
    let ids: Vec<String> = (0..CLAIMERS).map(|_| held(&sandbox)).collect();
    let keep = ids.iter().map(|id| format!("enqueue:{id}"));
    let output = till(&program, &sandbox, &file).args(keep).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mut told = Told::read(&String::from_utf8(output.stdout).unwrap());
    for number in 0..CLAIMERS {
        // Every other one dies when its worker has canceled.
        let verb = if number % 2 == 0 { "claim" } else { "deliver" };
        let output = till(&program, &sandbox, &file).args([verb, "die"]).output().unwrap();
        assert_eq!(output.status.signal(), Some(9), "{}", said(&output));
        told.extend(Told::read(&String::from_utf8(output.stdout).unwrap()));
    }
    let kept = entries(&long_after(&sandbox, &file));
    let in_doubt = kept.iter().filter(|entry| (entry.attempts, entry.unclear) == (1, 1)).count();
    assert_eq!((kept.len(), in_doubt), (CLAIMERS, CLAIMERS), "each was claimed by one of them");
    sandbox.clear_requests();
    let audit = audit(&sandbox, &file, &told);
    audit.assert_clean();
    let requests = sandbox.requests();
    for id in &ids {
        let first = requests.iter().find(|request| request.target.contains(id.as_str())).unwrap();
        assert_eq!(first.method, "GET", "{id} is read first");
    }
    println!("{CLAIMERS} claimers killed: {} entries, 0 lost, 0 doubled, 0 wrong", audit.entries);
}

#[test]
fn given_a_disk_that_fails_at_any_write_then_it_is_told_before_anything_is_sent() {
    let scratch = Scratch::new("outbox_disk");
    let program = scratch.compile_test("outbox_till");
    let disk = scratch.compile_preloaded("disk");
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let day = |number: &str, fail_at: usize, with: &str, after: &str| {
        sandbox.clear_requests();
        let file = scratch.path(&format!("outbox-{number}.db"));
        let ids = [held(&sandbox), held(&sandbox)];
        let mut command = till(&program, &sandbox, &file);
        command.arg(format!("enqueue:{}", ids[0])).arg(format!("cancel:{}", ids[1]));
        command.args(["flush", "stats"]);
        command.env("LD_PRELOAD", &disk).env("FAIL_PATH", "/outbox-");
        command.env("FAIL_AT", fail_at.to_string()).env("FAIL_WITH", with);
        command.env("FAIL_AFTER", after).env("FAIL_COUNT", scratch.path("count"));
        let output = run_tool(&mut command, "");
        assert!(output.status.success(), "write {fail_at}, {with}: {}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        let told = Told::read(&lines);
        // What was sent before the file was seen to again: of a cancel that could not be kept,
        // nothing.
        let sent: Vec<String> = sandbox.requests().into_iter().map(|r| r.target).collect();
        for told in &told {
            let id = told.session().unwrap_or("none");
            let has_no_entry = told.result.as_ref().is_some_and(|r| r["outbox"]["entry"].is_null());
            if has_no_entry && told.session().is_some() {
                let outcome = told.outcome().unwrap();
                assert!([Outcome::NotApplied, Outcome::Unknown].contains(&outcome), "{lines}");
                let code = told.code().unwrap();
                let is_of_file = [Code::OutboxFull, Code::OutboxIo, Code::OutboxCorrupt];
                assert!(is_of_file.contains(&code), "write {fail_at}, {with}: {lines}");
                let repeat = &told.result.as_ref().unwrap()["repeat"];
                assert!(repeat["idempotency_key"].is_string(), "{lines}");
                assert_eq!(repeat["in_doubt"], outcome == Outcome::Unknown, "{lines}");
                assert!(!sent.iter().any(|target| target.contains(id)), "sent: {lines}");
            }
        }
        audit(&sandbox, &file, &told).assert_clean();
        scratch.read("count").parse::<usize>().expect("a count")
    };
    let writes = day("none", 0, "EIO", "");
    assert!(writes > 20, "{writes}: the shim sees the writes");
    for fail_at in 1..=writes {
        for (with, after) in [("EIO", ""), ("ENOSPC", ""), ("EIO", "all"), ("ENOSPC", "all")] {
            day(&format!("{fail_at}-{with}-{after}"), fail_at, with, after);
        }
    }
    println!("{writes} writes, each failed in 4 ways: told before anything was sent");
}
