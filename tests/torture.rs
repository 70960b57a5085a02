//! A till's day in which something fails: one call to the system, one of memory's, or the process.
//! Nothing crashes, nothing hangs, and nothing that was told is wrong.
//!
//! Each kind of call fails in every way that it can, at places spread over the day.
//! `FLEXCANCEL_TORTURE=all cargo test --test torture` is the full run: at every place.

#![cfg(all(feature = "outbox", target_os = "linux", target_arch = "x86_64"))]

#[path = "torture/day.rs"]
mod day;
mod native;
mod outbox_kit;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use day::{After, Day, Fault, World};

/// At how many places of the day one kind of failure is tried, where not all are asked for.
const PLACES: usize = 5;

/// At how many of them the failure stays.
const PLACES_THAT_STAY: usize = 1;

/// How many tills are killed.
const KILLS: usize = 40;

fn wants_all() -> bool {
    std::env::var("FLEXCANCEL_TORTURE").is_ok_and(|text| text == "all")
}

/// So many of the places, from the first to the last, with the same distance between them.
fn spread(places: &[usize], most: usize) -> Vec<usize> {
    let count = if wants_all() { places.len() } else { most.min(places.len()) };
    let at = |number: usize| places[number * (places.len() - 1) / count.saturating_sub(1).max(1)];
    (0..count).map(at).collect()
}

/// Where each call can fail, by its name and the number of the error.
fn places(calls: &[(String, usize)]) -> BTreeMap<(&str, usize), Vec<usize>> {
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, (name, errors)) in calls.iter().enumerate() {
        for with in 0..*errors {
            places.entry((name.as_str(), with)).or_default().push(index + 1);
        }
    }
    places
}

/// Runs a day for each fault, and hands it to `judge`; several at once, each in a world of its own.
fn each_day(
    test: &str,
    faults: &[Fault<'_>],
    judge: impl Fn(&World, &Day) -> Result<(), String> + Sync,
) {
    let next = AtomicUsize::new(0);
    let (wrong, times) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let workers = thread::available_parallelism().map_or(2, usize::from).min(8);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (next, wrong, times, judge) = (&next, &wrong, &times, &judge);
            scope.spawn(move || {
                let world = World::new(&format!("{test}_{worker}"));
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let started = Instant::now();
                    let day = world.day(fault);
                    times.lock().unwrap().push((started.elapsed(), *fault, day.log.clone()));
                    if let Err(why) = judge(&world, &day) {
                        wrong.lock().unwrap().push(format!(
                            "{fault:?}, {}: {why}\n{}",
                            day.log,
                            day.said()
                        ));
                    }
                }
            });
        }
    });
    let mut times = times.into_inner().unwrap();
    times.sort_unstable_by_key(|(time, ..)| Reverse(*time));
    for (time, fault, log) in times.iter().take(3) {
        println!("{} ms: {fault:?}, {log:.60}", time.as_millis());
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), faults.len(), wrong.join("\n"));
}

#[test]
fn given_a_call_to_the_system_that_fails_when_a_till_works_then_it_goes_on_and_tells_the_truth() {
    let world = World::new("torture_calls");
    let clean = world.day(&Fault::none("fail_call"));
    world.judge(&clean).unwrap();
    clean.assert_undisturbed().unwrap();
    let calls = clean.calls();
    assert!(calls.len() > 200, "the shim sees the calls: {}", calls.len());
    let mut faults = Vec::new();
    for ((name, with), places) in places(&calls) {
        // A read of the outbox's file that fails must not look like damage, wherever it is.
        let once = if name == "pread64" { places.len() } else { PLACES };
        let all: Vec<usize> = (1..=places.len()).collect();
        for (most, after) in [(once, After::Once), (PLACES_THAT_STAY, After::Stays)] {
            let fault = |at| Fault { shim: "fail_call", call: Some(name), at, with, after };
            faults.extend(spread(&all, most).into_iter().map(fault));
        }
    }
    let reached = AtomicUsize::new(0);
    each_day("torture_calls", &faults, |world, day| {
        reached.fetch_add(usize::from(day.was_reached()), Ordering::Relaxed);
        // Where no page can be had, memory is short.
        if day.log.starts_with("FAILED mmap ") {
            return world.judge_short_of_memory(day);
        }
        world.judge(day)?;
        // To be interrupted, or to be asked to come again, is no failure.
        if day.was_interrupted() { day.assert_undisturbed() } else { Ok(()) }
    });
    let reached = reached.into_inner();
    println!("{} calls; {} days, {reached} with a failure", calls.len(), faults.len());
    assert!(reached * 10 > faults.len() * 9, "most days have their failure: {reached}");
}

#[test]
fn given_a_till_that_is_killed_at_any_call_then_nothing_that_it_was_told_is_wrong() {
    let world = World::new("torture_kills");
    let calls = world.day(&Fault::none("fail_call")).calls();
    let all: Vec<usize> = (1..=calls.len()).collect();
    let kill = |at| Fault { shim: "fail_call", call: None, at, with: 0, after: After::Killed };
    let faults: Vec<Fault> = spread(&all, KILLS).into_iter().map(kill).collect();
    each_day("torture_kills", &faults, |world, day| world.judge_killed(day));
}

/// One place for each code that asks for memory, and then some more.
const ALLOCATIONS: usize = 200;

#[test]
fn given_an_allocation_that_fails_when_a_till_works_then_no_untruth_is_told() {
    let world = World::new("torture_memory");
    let clean = world.day(&Fault::none("fail_memory"));
    world.judge(&clean).unwrap();
    let calls = clean.calls();
    let all: Vec<usize> = (1..=calls.len()).collect();
    let mut at = spread(&all, ALLOCATIONS);
    for places in places(&calls).values() {
        at.extend(spread(places, PLACES));
    }
    at.sort_unstable();
    at.dedup();
    let fault = |at| Fault { shim: "fail_memory", call: None, at, with: 0, after: After::Once };
    let faults: Vec<Fault> = at.into_iter().map(fault).collect();
    let (ended, survived) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each_day("torture_memory", &faults, |world, day| {
        let counter = if day.has_ended() { &ended } else { &survived };
        counter.fetch_add(usize::from(day.was_reached()), Ordering::Relaxed);
        world.judge_short_of_memory(day)
    });
    let (ended, survived) = (ended.into_inner(), survived.into_inner());
    println!(
        "{} allocations; of {}: {ended} end the process, {survived} do not",
        calls.len(),
        faults.len()
    );
    assert!(survived > 0, "SQLite and the C library tell of it");
}
