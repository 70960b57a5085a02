//! Runs as many simulated worlds as asked:
//! `cargo run --release --example simulate -- --seeds 10000000 [--first N]`
//!
//! With `--seeds 1` the one run is shown in full. Progress goes to stderr, the result to stdout. Exits with 1 if any definite outcome
//! contradicts the truth.

#[path = "../tests/simulator/mod.rs"]
mod simulator;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use simulator::{Tally, run};

const USAGE: &str = "usage: simulate [--seeds NUMBER] [--first NUMBER]";
const BATCH: u64 = 1_000;

fn main() -> ExitCode {
    let (first, seeds) = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("simulate: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if seeds == 1 {
        show(first);
    }
    let tally = simulate(first, seeds);
    print!("{tally}");
    ExitCode::from(u8::from(!tally.violations.is_empty()))
}

fn arguments() -> Result<(u64, u64), String> {
    let (mut first, mut seeds) = (0, 100_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let target = match name.as_str() {
            "--seeds" => &mut seeds,
            "--first" => &mut first,
            _ => return Err(format!("{name}: unknown")),
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *target = value.ok_or_else(|| format!("{name}: expected a whole number"))?;
    }
    Ok((first, seeds))
}

/// One run in full.
fn show(seed: u64) {
    let run = run(seed);
    println!("{}", run.dialect);
    let (begun, ended) = run.span;
    println!("the call: {begun:?} to {ended:?}; faults: {}", run.faults.join(", "));
    for moment in &run.history {
        println!("from {:?} on: held {}, captured {}", moment.at, moment.held, moment.captured);
    }
    println!("{}", run.report.to_json().unwrap_or_default());
}

fn simulate(first: u64, seeds: u64) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= seeds {
                        break;
                    }
                    let mut tally = Tally::default();
                    for seed in from..(from + BATCH).min(seeds) {
                        tally.add(first + seed, run(first + seed));
                    }
                    let mut sum = sum.lock().expect("no thread panics while it holds the lock");
                    sum.merge(tally);
                    if sum.seeds % (BATCH * 100) == 0 {
                        eprintln!("{} of {seeds}, {} violations", sum.seeds, sum.violations.len());
                    }
                }
            });
        }
    });
    sum.into_inner().expect("no thread panicked")
}
