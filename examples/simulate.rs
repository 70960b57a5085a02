//! Runs as many simulated worlds as asked:
//! `cargo run --release --example simulate -- --seeds 10000000 [--first N] [--outbox]`
//!
//! With `--outbox` each world is one of a till with an outbox, over two days. With `--seeds 1` the one run is shown in full. Progress goes to stderr, the result to stdout. Exits with 1 if any definite outcome
//! contradicts the truth.

#[path = "../tests/simulator/mod.rs"]
mod simulator;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use simulator::{OutboxTally, Sum, Tally, run, run_outbox};

const USAGE: &str = "usage: simulate [--seeds NUMBER] [--first NUMBER] [--outbox]";
const BATCH: u64 = 1_000;

fn main() -> ExitCode {
    let (first, seeds, is_outbox) = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("simulate: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if is_outbox {
        let tally = simulate(first, seeds, |tally: &mut OutboxTally, seed| {
            tally.add(seed, run_outbox(seed));
        });
        print!("{tally}");
        return ExitCode::from(u8::from(!tally.violations.is_empty()));
    }
    if seeds == 1 {
        show(first);
    }
    let tally = simulate(first, seeds, |tally: &mut Tally, seed| tally.add(seed, run(seed)));
    print!("{tally}");
    ExitCode::from(u8::from(!tally.violations.is_empty()))
}

fn arguments() -> Result<(u64, u64, bool), String> {
    let (mut first, mut seeds, mut is_outbox) = (0, 100_000, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let target = match name.as_str() {
            "--seeds" => &mut seeds,
            "--first" => &mut first,
            "--outbox" => {
                is_outbox = true;
                continue;
            }
            _ => return Err(format!("{name}: unknown")),
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *target = value.ok_or_else(|| format!("{name}: expected a whole number"))?;
    }
    Ok((first, seeds, is_outbox))
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

fn simulate<T: Sum>(first: u64, seeds: u64, add: impl Fn(&mut T, u64) + Sync) -> T {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, sum) = (AtomicU64::new(0), Mutex::new(T::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= seeds {
                        break;
                    }
                    let mut tally = T::default();
                    for seed in from..(from + BATCH).min(seeds) {
                        add(&mut tally, first + seed);
                    }
                    let mut sum = sum.lock().expect("no thread panics while it holds the lock");
                    sum.merge(tally);
                    let (done, violations) = sum.so_far();
                    if done % (BATCH * 100) == 0 {
                        eprintln!("{done} of {seeds}, {violations} violations");
                    }
                }
            });
        }
    });
    sum.into_inner().expect("no thread panicked")
}
