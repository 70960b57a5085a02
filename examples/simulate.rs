//! Runs as many simulated worlds as asked:
//! `cargo run --release --example simulate -- --seeds 10000000 [--first N] [--classic] [--outbox]`
//!
//! `--classic` draws the worlds that the simulator has always had, with one call each; without it,
//! all that there are. With `--outbox` each world is one of a till with an outbox, over two days.
//! With `--worlds` nothing is drawn: each world of a list is played once, and shown as a row.
//! With `--seeds 1` the one story is shown in full. Progress goes to stderr, the result to stdout.
//! Exits with 1 if anything that a till is told contradicts the truth.

#[path = "../tests/simulator/mod.rs"]
mod simulator;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use simulator::{OutboxTally, Range, Sum, Tally, run, run_outbox, worlds};

const USAGE: &str = "usage: simulate [--seeds NUMBER] [--first NUMBER] [--classic | --wide] \
                     [--outbox | --worlds]";
const BATCH: u64 = 1_000;

struct Arguments {
    first: u64,
    seeds: u64,
    range: Range,
    is_outbox: bool,
    is_worlds: bool,
}

fn main() -> ExitCode {
    let Arguments { first, seeds, range, is_outbox, is_worlds } = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("simulate: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if is_worlds {
        return show_worlds();
    }
    if is_outbox {
        let tally = simulate(first, seeds, |tally: &mut OutboxTally, seed| {
            tally.add(seed, run_outbox(seed, range));
        });
        print!("{tally}");
        return ExitCode::from(u8::from(!tally.violations.is_empty()));
    }
    if seeds == 1 {
        let story = run(first, range);
        print!("{story}");
        return ExitCode::from(u8::from(!story.violations.is_empty()));
    }
    let tally = simulate(first, seeds, |tally: &mut Tally, seed| tally.add(seed, run(seed, range)));
    print!("{tally}");
    ExitCode::from(u8::from(!tally.violations.is_empty()))
}

/// The worlds that are played by hand.
fn show_worlds() -> ExitCode {
    println!("item | world | what the till was told | what is true | violation");
    let rows = worlds();
    rows.iter().for_each(|row| println!("{row}"));
    let wrong = rows.iter().filter(|row| !row.wrong.is_empty()).count();
    println!("{} worlds, {wrong} with a violation", rows.len());
    ExitCode::from(u8::from(wrong > 0))
}

fn arguments() -> Result<Arguments, String> {
    let mut read = Arguments {
        first: 0,
        seeds: 100_000,
        range: Range::Wide,
        is_outbox: false,
        is_worlds: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let target = match name.as_str() {
            "--seeds" => &mut read.seeds,
            "--first" => &mut read.first,
            "--worlds" => {
                read.is_worlds = true;
                continue;
            }
            "--outbox" => {
                read.is_outbox = true;
                continue;
            }
            "--classic" | "--wide" => {
                read.range = if name == "--classic" { Range::Classic } else { Range::Wide };
                continue;
            }
            _ => return Err(format!("{name}: unknown")),
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *target = value.ok_or_else(|| format!("{name}: expected a whole number"))?;
    }
    Ok(read)
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
