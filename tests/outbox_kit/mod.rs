//! What the tests of the outbox share: a sandbox, a till with its outbox, and a clock that the
//! test rules.

#![allow(dead_code, reason = "each test program uses its own part of this")]

pub mod audit;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, process};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
use flexcancel::outbox::{Clock, EntryOptions, FlushOptions, OpenOptions, Outbox, Timestamps};
use flexcancel::{Client, Config, OutboxEntry, Report};
use serde_json::json;

/// The start of the machine that a test's clock counts from.
pub const BOOT: u128 = 7;

/// An API key that nothing may show.
pub const KEY: &str = "fsk_test_hunter2";

/// A clock that goes on only when it is told to.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<Timestamps>>);

impl TestClock {
    /// At this machine's time; the till asks a few seconds after the shopper has paid.
    pub fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let wall_ms = i64::try_from(wall.as_millis()).unwrap() + 5_000;
        Self(Arc::new(Mutex::new(Timestamps::new(wall_ms, 1_000_000, 1_000_000, BOOT))))
    }

    /// Lets time pass.
    pub fn pass(&self, ms: i64) {
        self.set(|now| {
            Timestamps::new(now.wall_ms + ms, now.awake_ms + ms, now.up_ms + ms, now.boot)
        });
    }

    /// Puts the wall clock forward or back, and no other.
    pub fn jump(&self, ms: i64) {
        self.set(|now| Timestamps::new(now.wall_ms + ms, now.awake_ms, now.up_ms, now.boot));
    }

    /// Restarts the machine, which is off for a while.
    pub fn restart(&self, off_ms: i64) {
        self.set(|now| Timestamps::new(now.wall_ms + off_ms, 1_000, 1_000, now.boot + 1));
    }

    fn set(&self, change: impl FnOnce(Timestamps) -> Timestamps) {
        let mut now = self.0.lock().unwrap();
        *now = change(*now);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamps {
        *self.0.lock().unwrap()
    }
}

/// A directory under the target directory, for one test. Stays where the test fails.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new(test: &str) -> Self {
        let name = format!("outbox-{test}-{}", process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("outbox.db")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // What cannot be removed lies in the target directory, where it harms nobody.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A till: its client, its outbox, and the sandbox that it talks to.
pub struct Till {
    pub outbox: Outbox,
    pub clock: TestClock,
    pub sandbox: Sandbox,
    pub directory: Directory,
}

impl Till {
    pub fn new(test: &str) -> Self {
        Self::at(test, Options::default())
    }

    pub fn at(test: &str, options: Options) -> Self {
        // Its clock would not go on with the test's.
        let sandbox = Sandbox::start(Options { dated: false, ..options }).unwrap();
        let (directory, clock) = (Directory::new(test), TestClock::new());
        let outbox = open(&sandbox.url(), &directory.file(), &clock);
        Self { outbox, clock, sandbox, directory }
    }

    /// The same file, opened once more.
    pub fn another(&self) -> Outbox {
        open(&self.sandbox.url(), &self.directory.file(), &self.clock)
    }

    /// Keeps a cancel, and nothing more.
    pub fn enqueue(&self, id: &str) -> OutboxEntry {
        entry(&self.outbox.enqueue(id, &EntryOptions::default())).clone()
    }

    pub fn entry(&self, id: i64) -> OutboxEntry {
        let all = self.outbox.list(&Default::default()).outbox.unwrap().entries;
        all.into_iter().find(|entry| entry.id == id).unwrap()
    }
}

pub fn open(url: &str, file: &Path, clock: &TestClock) -> Outbox {
    let client = Arc::new(client_of(url, 1_000));
    Outbox::open_with_clock(client, &OpenOptions::new(file), Box::new(clock.clone())).unwrap()
}

pub fn client_of(url: &str, timeout_ms: u64) -> Client {
    let config = json!({ "api_key": KEY, "base_url": url, "timeout_ms": timeout_ms });
    Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap()
}

/// A session whose money is held.
pub fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

/// The hold, and how many cancels took effect.
pub fn ground_truth(sandbox: &Sandbox, id: &str) -> (Hold, usize) {
    let truth = sandbox.ground_truth(id).unwrap();
    (truth.hold, truth.cancels_applied.len())
}

/// The entry that a report is about.
pub fn entry(report: &Report) -> &OutboxEntry {
    let view = report.outbox.as_ref().unwrap_or_else(|| panic!("{report:?}"));
    view.entry.as_ref().unwrap_or_else(|| panic!("{report:?}"))
}

/// Flushes, and gives the entries that were tried.
pub fn flush(outbox: &Outbox) -> Vec<OutboxEntry> {
    outbox.flush(&FlushOptions::default(), None).outbox.unwrap().entries
}
