//! The disk with the journal of a bulk run: what is synced and what is not, write errors, and what
//! a power cut leaves. It reads the journal by itself, to know what every later run can know.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Cursor};
use std::panic;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use flexcancel::JournalFile;
use serde_json::Value;

use super::machine::Crash;
use super::random::Random;

/// Kills the process after so many more steps. A killed process stays dead: whatever it tries then
/// unwinds, because a panic within a call is contained by the library.
#[derive(Clone)]
pub struct Life(Arc<AtomicI64>);

impl Default for Life {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }
}

impl Life {
    pub fn ends_after(&self, steps: Option<u64>) {
        let steps = steps.map_or(i64::MAX, |steps| i64::try_from(steps).unwrap());
        self.0.store(steps, Ordering::Relaxed);
    }

    /// One step, which may be the last.
    pub fn step(&self) {
        if self.0.fetch_sub(1, Ordering::Relaxed) <= 0 {
            panic::resume_unwind(Box::new(Crash));
        }
    }

    /// Unwinds if the process is dead.
    pub fn check(&self) {
        if self.0.load(Ordering::Relaxed) < 0 {
            panic::resume_unwind(Box::new(Crash));
        }
    }
}

/// What a line says of an item that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub session: String,
    pub key: String,
    pub asked_at_ms: i64,
}

/// What a run finds in the journal that it begins with.
#[derive(Default)]
pub struct Found {
    /// The numbers of the items that were about to be sent.
    pub sent: BTreeSet<u64>,
    /// The outcome and the code of each item by its last line.
    pub ended: BTreeMap<u64, (String, String)>,
}

/// The file, and what its whole lines say that a power cut would leave.
pub struct Disk {
    bytes: Vec<u8>,
    synced: usize,
    /// How many bytes of it were read by `note_synced`.
    noted: usize,
    pub sent: BTreeMap<u64, Sent>,
    /// Sessions whose item has ended for good and well.
    pub settled: BTreeSet<String>,
    /// After how many more writes one fails.
    pub fails_after: Option<u64>,
    random: Random,
    /// What is not as docs/BULK.md promises.
    pub broken: Vec<String>,
}

impl Disk {
    pub fn new(random: Random) -> Self {
        Self {
            bytes: Vec::new(),
            synced: 0,
            noted: 0,
            sent: BTreeMap::new(),
            settled: BTreeSet::new(),
            fails_after: None,
            random,
            broken: Vec::new(),
        }
    }

    /// The process is killed. If the power was cut, a part of what is not synced is left, torn
    /// anywhere, and maybe room for the rest.
    pub fn survive(&mut self) {
        if self.random.chance(40) {
            return;
        }
        let unsynced = self.bytes.len() - self.synced;
        let kept = self.synced + self.below(unsynced + 1);
        let lost = self.bytes.len() - kept;
        self.bytes.truncate(kept);
        if self.synced > 0 && self.random.chance(20) {
            self.bytes.resize(kept + lost, 0);
        }
        self.sync();
    }

    /// What the next run finds: also what is not synced.
    pub fn found(&self) -> Found {
        let mut found = Found::default();
        let lines = whole_lines(&self.bytes).filter_map(|line| serde_json::from_slice(line).ok());
        for line in lines {
            let Some(number) = number(&line) else { continue };
            if line["state"] == "sent" {
                found.sent.insert(number);
            } else {
                let end = (text(&line, "outcome").to_owned(), text(&line, "code").to_owned());
                found.ended.insert(number, end);
            }
        }
        found
    }

    pub fn holds(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|bytes| bytes == text.as_bytes())
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).unwrap()
    }

    fn fails(&mut self) -> bool {
        let fails = self.fails_after == Some(0);
        self.fails_after = self.fails_after.map(|writes| writes.saturating_sub(1));
        fails
    }

    fn sync(&mut self) {
        self.synced = self.bytes.len();
        let new = self.bytes[self.noted..].to_vec();
        for line in whole_lines(&new) {
            self.noted += line.len();
            // What an error or a power cut has left is no line.
            if let Ok(line) = serde_json::from_slice::<Value>(line) {
                self.note(&line);
            }
        }
    }

    fn note(&mut self, line: &Value) {
        let Some(number) = number(line) else { return };
        let session = text(line, "session_id").to_owned();
        if line["state"] == "ended" {
            let is_good = ["canceled", "already_canceled", "not_cancelable"];
            if is_good.contains(&text(line, "outcome")) {
                self.settled.insert(session);
            }
            return;
        }
        let key = text(line, "idempotency_key").to_owned();
        let sent = Sent { session, key, asked_at_ms: line["asked_at_ms"].as_i64().unwrap() };
        let first = self.sent.entry(number).or_insert_with(|| sent.clone());
        if *first != sent {
            self.broken.push(format!("an item's key or asking changed: {first:?}, {sent:?}"));
        }
    }
}

/// The journal's file, as a run has it.
pub struct SimulatedFile {
    pub disk: Arc<Mutex<Disk>>,
    pub life: Life,
}

impl JournalFile for SimulatedFile {
    fn read(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        self.life.step();
        Ok(Box::new(Cursor::new(self.disk.lock().unwrap().bytes.clone())))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.life.step();
        let mut disk = self.disk.lock().unwrap();
        let fails = disk.fails();
        let written = if fails { disk.below(bytes.len() + 1) } else { bytes.len() };
        disk.bytes.extend_from_slice(&bytes[..written]);
        drop(disk);
        self.life.step();
        if fails { Err(io::Error::other("the disk is full")) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.life.step();
        let mut disk = self.disk.lock().unwrap();
        if disk.fails() {
            return Err(io::Error::other("the disk is gone"));
        }
        disk.sync();
        drop(disk);
        self.life.step();
        Ok(())
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.life.step();
        let mut disk = self.disk.lock().unwrap();
        let bytes = usize::try_from(bytes).unwrap();
        disk.bytes.truncate(bytes);
        (disk.synced, disk.noted) = (disk.synced.min(bytes), disk.noted.min(bytes));
        Ok(())
    }
}

fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"))
}

fn number(line: &Value) -> Option<u64> {
    line["number"].as_u64()
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}
