//! The audit: what tills were told, what the file says, and what the sandbox knows must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flex_sandbox::{Hold, Sandbox};
use flexcancel::outbox::{FlushOptions, ListFilter, Outbox};
use flexcancel::{Code, OutboxEntry, OutboxState, Outcome};
use serde_json::Value;

use super::{TestClock, open};

const HOURS_MS: i64 = 3_600_000;

/// One command of a till, and what it was told of it, if it lived to hear.
pub struct Told {
    pub command: String,
    pub result: Option<Value>,
}

impl Told {
    /// Reads what a till has written down.
    pub fn read(lines: &str) -> Vec<Self> {
        let mut told: Vec<Self> = Vec::new();
        for line in lines.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (command, json) = rest.split_once(' ').unwrap_or((rest, ""));
            match word {
                "begin" => told.push(Self { command: command.to_owned(), result: None }),
                "end" if command == "open" => {}
                "end" => {
                    let last = told.last_mut().unwrap_or_else(|| panic!("no begin: {line}"));
                    assert_eq!(last.command, command, "{line}");
                    last.result = Some(serde_json::from_str(json).expect("a result is JSON"));
                }
                _ => {}
            }
        }
        told
    }

    /// The session of a cancel or an enqueue.
    pub fn session(&self) -> Option<&str> {
        self.command.split_once(':').map(|(_, id)| id)
    }

    pub fn outcome(&self) -> Option<Outcome> {
        let name = self.result.as_ref()?["outcome"].as_str()?;
        Outcome::from_name(name)
    }

    pub fn code(&self) -> Option<Code> {
        Code::from_name(self.result.as_ref()?["code"].as_str()?)
    }

    fn entry(&self) -> Option<&Value> {
        self.result.as_ref().map(|result| &result["outbox"]["entry"]).filter(|e| !e.is_null())
    }
}

/// What the audit finds after everything has been delivered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub entries: usize,
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub wrong: Vec<String>,
}

impl Audit {
    pub fn assert_clean(&self) {
        let counts = (self.lost.len(), self.doubled.len(), self.wrong.len());
        let first = self.lost.first().or(self.doubled.first()).or(self.wrong.first());
        assert_eq!(counts, (0, 0, 0), "lost, doubled, wrong; the first: {first:?}");
    }
}

/// An outbox on this file long after every lease and wait is over.
pub fn long_after(sandbox: &Sandbox, file: &Path) -> Outbox {
    let clock = TestClock::new();
    clock.pass(2 * HOURS_MS);
    open(&sandbox.url(), file, &clock)
}

/// Every entry of the file.
pub fn entries(outbox: &Outbox) -> Vec<OutboxEntry> {
    let mut entries: Vec<OutboxEntry> = Vec::new();
    loop {
        let mut filter = ListFilter::default();
        filter.max = Some(1_000);
        filter.after = entries.last().map(|entry| entry.id);
        let report = outbox.list(&filter);
        assert_eq!(report.code, Code::Ok, "{}", report.message);
        let page = report.outbox.unwrap().entries;
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// Delivers what is left, then audits. Every session was held, and nobody but the
/// tills canceled any.
pub fn audit(sandbox: &Sandbox, file: &Path, told: &[Told]) -> Audit {
    let outbox = long_after(sandbox, file);
    let mut options = FlushOptions::default();
    options.max = Some(1_000);
    while !outbox.flush(&options, None).outbox.unwrap().entries.is_empty() {}
    let entries = entries(&outbox);
    let mut by_session: BTreeMap<&str, Vec<&OutboxEntry>> = BTreeMap::new();
    for entry in &entries {
        by_session.entry(&entry.session_id).or_default().push(entry);
    }
    let mut sent: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in sandbox.requests().into_iter().filter(|request| request.method == "POST") {
        let id = request.target.split('/').nth(4).unwrap_or_default().to_owned();
        let mut headers = request.headers.into_iter();
        let key = headers.find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        sent.entry(id).or_default().insert(key.unwrap_or_default().1);
    }
    let mut audit = Audit { entries: entries.len(), ..Audit::default() };
    for (id, keys) in &sent {
        let kept: BTreeSet<&str> = by_session
            .get(id.as_str())
            .map(|entries| entries.iter().map(|entry| entry.idempotency_key.as_str()).collect())
            .unwrap_or_default();
        // Kept before it is sent, and no key but the one that is kept.
        if !keys.iter().all(|key| kept.contains(key.as_str())) {
            audit.doubled.push(format!("{id}: sent {keys:?}, kept {kept:?}"));
        }
    }
    for told in told {
        let Some(id) = told.session() else { continue };
        let there = by_session.get(id).map_or(&[][..], Vec::as_slice);
        check(&mut audit, sandbox, told, there, sent.contains_key(id));
    }
    audit
}

fn check(
    audit: &mut Audit,
    sandbox: &Sandbox,
    told: &Told,
    there: &[&OutboxEntry],
    was_sent: bool,
) {
    let id = told.session().unwrap_or_default();
    let truth = sandbox.ground_truth(id).unwrap();
    let mut wrong = |what: &str| {
        audit.wrong.push(format!("{id}: {what}: told {:?}, file {there:?}", told.result));
    };
    if let Some(entry) = told.entry() {
        match there.iter().find(|kept| entry["id"] == kept.id) {
            None => audit.lost.push(format!("{id}: {entry}")),
            Some(kept) => {
                if entry["idempotency_key"] != *kept.idempotency_key {
                    wrong("another key");
                }
                if entry["state"] != "pending" && entry["state"] != kept.state.name() {
                    wrong("back from a final state");
                }
            }
        }
    }
    let is_released = truth.hold == Hold::Released && truth.cancels_applied.len() == 1;
    match told.outcome() {
        Some(Outcome::Canceled | Outcome::AlreadyCanceled) if !is_released => wrong("not so"),
        Some(Outcome::NotApplied) if was_sent || !there.is_empty() => wrong("not so"),
        _ => {}
    }
    if there.iter().any(|entry| entry.state != OutboxState::Delivered) {
        wrong("not delivered");
    }
    if there.is_empty() == is_released {
        wrong("released without an entry, or an entry without release");
    }
}
