//! Many entries: several processes that flush one file, two days without a network, and many
//! threads that keep at once.
//!
//! `FLEXCANCEL_ENTRIES=10000 cargo test --test outbox_many` is the full run.

#![cfg(feature = "outbox")]

mod native;
mod outbox_kit;

use std::env;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;

use flex_sandbox::{CreateParams, Fault, Hold, Injection};
use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, OpenOptions, Outbox};
use flexcancel::{Code, OutboxState, Outcome};
use native::{Scratch, Under, said};
use outbox_kit::audit::entries;
use outbox_kit::{Till, client_of, flush, ground_truth, held};

const HOUR_MS: i64 = 3_600_000;

/// How many entries four processes share where nothing else is asked for.
const ENTRIES: usize = 1_500;

/// Keeps a cancel for each session, many at a time.
fn enqueue_all(outbox: &Outbox, ids: &[String]) {
    thread::scope(|scope| {
        for part in ids.chunks(ids.len().div_ceil(16)) {
            scope.spawn(move || {
                for id in part {
                    let report = outbox.enqueue(id, &EntryOptions::default());
                    assert_eq!(report.code, Code::Ok, "{}", report.message);
                }
            });
        }
    });
}

#[test]
fn given_many_entries_when_four_processes_flush_one_file_then_each_is_delivered_once() {
    let count = env::var("FLEXCANCEL_ENTRIES").map_or(ENTRIES, |text| text.parse().unwrap());
    const PROCESSES: usize = 4;
    let scratch = Scratch::new("outbox_four");
    let program = scratch.compile_test("outbox_till");
    let till = Till::new("four");
    let ids: Vec<String> = (0..count).map(|_| held(&till.sandbox)).collect();
    // By the machine's own clock, which the processes go by too.
    let client = Arc::new(client_of(&till.sandbox.url(), 1_000));
    let outbox = Outbox::open(client, &OpenOptions::new(till.directory.file())).unwrap();
    enqueue_all(&outbox, &ids);
    let flushes = vec!["flush"; count.div_ceil(1000)];
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut command = program.command(Under::Nothing);
            command.arg(till.sandbox.url()).arg(till.directory.file()).arg("10000").args(&flushes);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let kept = entries(&till.outbox);
    assert_eq!(kept.len(), count);
    for entry in &kept {
        let found = (entry.state, entry.attempts, entry.last_outcome);
        assert_eq!(found, (OutboxState::Delivered, 1, Some(Outcome::Canceled)), "{entry:?}");
        let truth = till.sandbox.ground_truth(&entry.session_id).unwrap();
        let applied = (truth.hold, truth.cancels_received, truth.cancels_applied.len());
        assert_eq!(applied, (Hold::Released, 1, 1), "{entry:?}");
        assert_eq!(
            truth.cancels_applied[0].idempotency_key.as_deref(),
            Some(&*entry.idempotency_key)
        );
    }
}

#[test]
fn given_two_days_without_a_network_when_it_is_back_then_all_are_delivered_or_honestly_expired() {
    const ENTRIES: usize = 300;
    let till = Till::new("two_days");
    let ids: Vec<String> = (0..ENTRIES).map(|_| held(&till.sandbox)).collect();
    let (short, long) = ids.split_at(50);
    let mut one_day = EntryOptions::default();
    one_day.deliver_within = Some(std::time::Duration::from_secs(24 * 3600));
    short.iter().for_each(|id| drop(till.outbox.enqueue(id, &one_day)));
    enqueue_all(&till.outbox, long);
    till.sandbox.close_port();
    for _ in 0..4 {
        till.clock.pass(12 * HOUR_MS);
        let mut brief = FlushOptions::default();
        brief.timeout = Some(std::time::Duration::from_millis(200));
        let report = till.outbox.flush(&brief, None);
        assert_eq!(report.code, Code::Connect, "one try shows that there is no way");
        assert_eq!(report.outbox.unwrap().entries.len(), 1);
    }
    till.sandbox.open_port();
    // Three that Flex fails on for good.
    for _ in 0..3 {
        let fault = Fault::Replayed500;
        till.sandbox.inject_as(Injection { fault, times: 1, operation: None, apply: false });
    }
    till.clock.pass(HOUR_MS);
    while !flush(&till.outbox).is_empty() {}
    let kept = entries(&till.outbox);
    let of = |state: OutboxState| kept.iter().filter(|entry| entry.state == state).count();
    let poisoned = of(OutboxState::Pending);
    assert!(poisoned <= 3, "{poisoned}");
    assert_eq!((of(OutboxState::Expired), of(OutboxState::Delivered)), (50, 250 - poisoned));
    for entry in &kept {
        let is_released = ground_truth(&till.sandbox, &entry.session_id) == (Hold::Released, 1);
        assert_eq!(is_released, entry.state == OutboxState::Delivered, "{entry:?}");
        if entry.state == OutboxState::Expired {
            assert_eq!(till.sandbox.ground_truth(&entry.session_id).unwrap().cancels_received, 0);
        }
    }
    let worklist = till.outbox.list(&ListFilter::worklist()).outbox.unwrap().entries;
    assert_eq!(worklist.len(), 50);
}

#[test]
fn given_sixteen_threads_when_they_keep_at_once_then_each_entry_is_there_once() {
    let till = Till::new("sixteen");
    let create = |_| till.sandbox.create(&CreateParams::default());
    let ids: Vec<String> = (0..800).map(create).collect();
    enqueue_all(&till.outbox, &ids);
    let mut kept: Vec<_> = entries(&till.another()).into_iter().map(|e| e.session_id).collect();
    kept.sort_unstable();
    let mut expected = ids;
    expected.sort_unstable();
    assert_eq!(kept, expected);
}
