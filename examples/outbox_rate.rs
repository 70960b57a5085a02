//! How fast cancels are kept: `cargo run --release --example outbox_rate -- [DIRECTORY]`
//!
//! On one disk, in one run, by turns: bare `write` and `fdatasync` of a page; an enqueue of one
//! thread; and enqueues of 16 threads, which share their waits for the disk. DIRECTORY is where the
//! files are made (the system's temporary directory if not given); they are removed in the end.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, error, process, thread};

use flexcancel::outbox::{EntryOptions, OpenOptions as Open, Outbox};
use flexcancel::{Client, Code, Config};

const ROUNDS: u32 = 10;
const TIME: Duration = Duration::from_secs(1);
const THREADS: usize = 16;

fn main() -> Result<(), Box<dyn error::Error>> {
    let directory = env::args_os().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    let directory = directory.join(format!("outbox-rate-{}", process::id()));
    fs::create_dir_all(&directory)?;
    let measured = measure(&directory);
    fs::remove_dir_all(&directory)?;
    let (bare, one, many) = measured?;
    println!("write + fdatasync of 4 KiB     {bare:>8.0} / s");
    println!("enqueue, 1 thread              {one:>8.0} / s   {:.2} of bare", one / bare);
    println!("enqueue, {THREADS} threads            {many:>8.0} / s   {:.1} times one", many / one);
    Ok(())
}

fn measure(directory: &Path) -> Result<(f64, f64, f64), Box<dyn error::Error>> {
    let config =
        Config::from_json(r#"{"api_key":"fsk_test_rate","base_url":"http://127.0.0.1:1"}"#)?;
    let client = Arc::new(Client::new(&config)?);
    let outbox = Outbox::open(client, &Open::new(directory.join("outbox.db")))?;
    let mut file = OpenOptions::new().create(true).append(true).open(directory.join("bare"))?;
    let (mut sum, rounds) = ((0.0, 0.0, 0.0), f64::from(ROUNDS));
    for _ in 0..ROUNDS {
        sum.0 += bare(&mut file)? / rounds;
        sum.1 += enqueue(&outbox, 1) / rounds;
        sum.2 += enqueue(&outbox, THREADS) / rounds;
    }
    Ok(sum)
}

fn bare(file: &mut File) -> std::io::Result<f64> {
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < TIME {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

fn enqueue(outbox: &Outbox, threads: usize) -> f64 {
    // Each session once: kept again, it would be the same entry.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let first = NUMBER.load(Ordering::Relaxed);
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(move || {
                while started.elapsed() < TIME {
                    let id = format!("fcs_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
                    let report = outbox.enqueue(&id, &EntryOptions::default());
                    assert_eq!(report.code, Code::Ok, "{}", report.message);
                }
            });
        }
    });
    (NUMBER.load(Ordering::Relaxed) - first) as f64 / started.elapsed().as_secs_f64()
}
