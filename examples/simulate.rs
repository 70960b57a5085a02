//! Runs as many simulated worlds as asked:
//! `cargo run --release --example simulate -- --seeds 10000000 [--first N] [--classic] [--outbox | --bulk]`
//!
//! `--classic` draws the worlds that the simulator has always had, with one call each; without it,
//! all that there are. With `--outbox` each world is one of a till with an outbox, over two days.
//! With `--bulk` each is one of a back office with a journal, whose bulk run is killed and resumed.
//! With `--worlds` nothing is drawn: each world of a list is played once, and shown as a row.
//! With `--seeds 1` the one story is shown in full. Progress goes to stderr, the result to stdout.
//! Exits with 1 if anything that a till is told contradicts the truth.

#[path = "../tests/simulator/mod.rs"]
mod simulator;

use std::process::ExitCode;

use simulator::{BulkTally, OutboxTally, Range, Tally, run, run_bulk, run_outbox, tally, worlds};

const USAGE: &str = "usage: simulate [--seeds NUMBER] [--first NUMBER] [--classic | --wide] \
                     [--outbox | --bulk | --worlds]";
/// After how many seeds the progress is shown.
const PROGRESS: u64 = 100_000;

struct Arguments {
    first: u64,
    seeds: u64,
    range: Range,
    is_outbox: bool,
    is_bulk: bool,
    is_worlds: bool,
}

fn main() -> ExitCode {
    let Arguments { first, seeds, range, is_outbox, is_bulk, is_worlds } = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("simulate: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if is_worlds {
        return show_worlds();
    }
    let progress = |done: u64, violations: usize| {
        if done.is_multiple_of(PROGRESS) {
            eprintln!("{done} of {seeds}, {violations} violations");
        }
    };
    let all = first..first.saturating_add(seeds);
    if is_outbox {
        let add = |tally: &mut OutboxTally, seed| tally.add(seed, run_outbox(seed, range));
        let tally = tally(all, add, progress);
        print!("{tally}");
        return ExitCode::from(u8::from(!tally.violations.is_empty()));
    }
    if is_bulk {
        let add = |tally: &mut BulkTally, seed| tally.add(seed, run_bulk(seed));
        let tally = tally(all, add, progress);
        print!("{tally}");
        return ExitCode::from(u8::from(!tally.violations.is_empty()));
    }
    if seeds == 1 {
        let story = run(first, range);
        print!("{story}");
        return ExitCode::from(u8::from(!story.violations.is_empty()));
    }
    let add = |tally: &mut Tally, seed| tally.add(seed, run(seed, range));
    let tally = tally(all, add, progress);
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
        is_bulk: false,
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
            "--bulk" => {
                read.is_bulk = true;
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
