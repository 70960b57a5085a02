//! What an operation costs follows what is still to be done: counted in steps of SQLite's machine.

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::Connection;

use super::clock::{Clock, SystemClock, Timestamps};
use super::options::{FlushOptions, ListFilter};
use super::purge::purge;
use super::{EntryOptions, Outbox};
use crate::abort::Abort;
use crate::client::Client;
use crate::config::Config;
use crate::outcome::Code;
use crate::report::OutboxState;

thread_local! {
    /// The steps that SQLite's machine has made for this thread.
    pub(super) static STEPS: Cell<i64> = const { Cell::new(0) };
}

const DAY_MS: i64 = 24 * 3_600_000;

/// The clock of the machine, some days ahead.
struct Ahead(SystemClock, i64);

impl Clock for Ahead {
    fn now(&self) -> Timestamps {
        let now = self.0.now();
        Timestamps::new(now.wall_ms + self.1, now.awake_ms, now.up_ms, now.boot)
    }
}

/// An outbox without anything pending, two entries for a person, and so many that have ended.
fn outbox_with(name: &str, ended: u32, ahead_ms: i64) -> Outbox {
    let config = r#"{"api_key":"fsk_test_hunter2","base_url":"http://127.0.0.1:1"}"#;
    let client = Arc::new(Client::new(&Config::from_json(config).unwrap()).unwrap());
    let clock = Box::new(Ahead(SystemClock::new().unwrap(), ahead_ms));
    let outbox = Outbox::open_in_memory(client, name, clock).unwrap();
    let first = outbox.enqueue("fcs_1", &EntryOptions::default()).outbox.unwrap().entry.unwrap();
    let wall_ms = SystemClock::new().unwrap().now().wall_ms;
    outbox.store.write(move |db| fill(db, first.id, ended, wall_ms)).unwrap();
    outbox
}

/// Makes the first entry one of the past, and gives it company.
fn fill(db: &Connection, first: i64, ended: u32, wall_ms: i64) -> rusqlite::Result<()> {
    let columns = "session_id, idempotency_key, expand, mode, base_url, created_ms, not_after_ms, \
                   born_boot, born_up_ms";
    db.execute(
        "UPDATE entry SET state = 'delivered', ended_ms = ?2, next_try_ms = NULL WHERE id = ?1",
        [first, wall_ms],
    )?;
    db.execute(
        &format!(
            "INSERT INTO entry ({columns}, state, ended_ms, acknowledged_ms) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
             SELECT {columns}, iif(i % 3, 'delivered', 'refused'), ?3, iif(i % 3, NULL, ?3) \
             FROM entry, n WHERE id = ?1"
        ),
        [first, ended.into(), wall_ms],
    )?;
    for state in ["refused", "needs_attention"] {
        let sql = format!(
            "INSERT INTO entry ({columns}, state, ended_ms) SELECT {columns}, '{state}', ?2 \
             FROM entry WHERE id = ?1"
        );
        db.execute(&sql, [first, wall_ms])?;
    }
    Ok(())
}

/// The steps that SQLite's machine makes while something is done.
fn steps(outbox: &Outbox, work: impl FnOnce(&Outbox) -> Code) -> i64 {
    STEPS.set(0);
    assert_eq!(work(outbox), Code::Ok);
    STEPS.get()
}

#[test]
fn given_any_number_of_ended_entries_then_stats_lists_and_a_flush_cost_the_same() {
    let costs = [30, 30_000].map(|ended| {
        let outbox = outbox_with(&format!("cost-{ended}"), ended, 0);
        let counts = outbox.stats().outbox.unwrap().counts.unwrap();
        assert_eq!(counts.delivered + counts.refused, u64::from(ended) + 2);
        assert_eq!((counts.pending, counts.worklist), (0, 2));
        let pending = ListFilter { states: vec![OutboxState::Pending], ..ListFilter::default() };
        [
            steps(&outbox, |outbox| outbox.stats().code),
            steps(&outbox, |outbox| outbox.list(&ListFilter::worklist()).code),
            steps(&outbox, |outbox| outbox.list(&pending).code),
            steps(&outbox, |outbox| outbox.flush(&FlushOptions::default(), None).code),
        ]
    });
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].iter().all(|steps| *steps > 0 && *steps < 1_000), "{costs:?}");
}

#[test]
fn given_many_entries_to_forget_when_flushed_then_they_go_in_small_transactions() {
    let outbox = outbox_with("forget", 25_000, 31 * DAY_MS);
    let count = |outbox: &Outbox| {
        let counts = outbox.stats().outbox.unwrap().counts.unwrap();
        counts.delivered + counts.refused + counts.needs_attention
    };
    let now = outbox.clock.now();
    let more = outbox.store.write(move |db| purge(db, outbox_keep(), now)).unwrap();
    assert!(more);
    assert_eq!(count(&outbox), 25_003 - 500, "one transaction forgets 500");
    let abort = Abort::new();
    abort.trigger();
    assert_eq!(outbox.flush(&FlushOptions::default(), Some(&abort)).code, Code::Aborted);
    assert_eq!(count(&outbox), 25_003 - 500, "an abort ends it");
    for expected in [14_503, 4_503, 2, 2] {
        assert_eq!(outbox.flush(&FlushOptions::default(), None).code, Code::Ok);
        assert_eq!(count(&outbox), expected, "what a person must see stays");
    }
}

const fn outbox_keep() -> i64 {
    30 * DAY_MS
}
