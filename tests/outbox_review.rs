//! What a person does with an outbox: put a key right, deliver now, end an entry.

#![cfg(feature = "outbox")]

mod outbox_kit;

use std::sync::Arc;

use flex_sandbox::{Fault, Hold, How, Injection, Operation, Options, Sandbox};
use flexcancel::outbox::{EntryOptions, FlushOptions, OpenOptions, Outbox};
use flexcancel::{Client, Code, Config, Options as Call, OutboxState, Outcome};
use outbox_kit::{KEY, Till, client_of, entry, flush, ground_truth, held, open};
use serde_json::json;

const MINUTE_MS: i64 = 60_000;

/// The till's file, opened with another key.
fn with_key(till: &Till, key: &str) -> Outbox {
    let config = json!({ "api_key": key, "base_url": till.sandbox.url(), "timeout_ms": 1_000 });
    let client = Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap();
    let options = OpenOptions::new(till.directory.file());
    Outbox::open_with_clock(Arc::new(client), &options, Box::new(till.clock.clone())).unwrap()
}

#[test]
fn given_a_mistyped_key_when_it_is_put_right_then_the_entry_is_delivered() {
    let till = Till::new("mistyped");
    let id = held(&till.sandbox);
    let mistyped = with_key(&till, "wrong");
    till.sandbox
        .inject(Fault::Status { status: 401, headers: Vec::new(), body: String::new() }, u32::MAX);
    let report = mistyped.cancel(&id, &EntryOptions::default(), None);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Unauthorized));
    assert_eq!(entry(&report).mode, None);
    till.sandbox.clear_faults();
    till.clock.pass(MINUTE_MS);
    let counts = till.outbox.stats().outbox.unwrap().counts.unwrap();
    assert_eq!((counts.due, counts.foreign), (1, 0));
    let [delivered] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(delivered.state, OutboxState::Delivered);
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_a_mistyped_key_when_a_session_is_kept_with_either_key_then_it_has_one_entry() {
    let till = Till::new("mistyped_twice");
    let mistyped = with_key(&till, "wrong");
    let (one, two) = (held(&till.sandbox), held(&till.sandbox));
    let options = EntryOptions::default();
    let first = entry(&mistyped.enqueue(&one, &options)).clone();
    assert_eq!(till.enqueue(&one).idempotency_key, first.idempotency_key);
    let first = till.enqueue(&two);
    assert_eq!(entry(&mistyped.enqueue(&two, &options)).idempotency_key, first.idempotency_key);
    assert_eq!(till.outbox.stats().outbox.unwrap().counts.unwrap().pending, 2);
}

#[test]
fn given_a_stored_error_and_a_hold_that_is_there_when_canceled_then_the_advice_names_a_new_key() {
    let till = Till::new("stored");
    let (stored, passing) = (held(&till.sandbox), held(&till.sandbox));
    let client = client_of(&till.sandbox.url(), 2_000);
    let on_cancel =
        |fault, times| Injection { fault, times, operation: Some(Operation::Cancel), apply: false };
    till.sandbox.inject_as(on_cancel(Fault::Replayed500, 1));
    let report = client.cancel(&stored, &Call::default(), None);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::ServerError));
    assert!(report.advice.contains("a new `idempotency_key`"), "{}", report.advice);
    // In the way that the advice names.
    let mut again = Call::default();
    again.idempotency_key = Some("a-new-key".to_owned());
    again.in_doubt = report.repeat.as_ref().map(|repeat| repeat.in_doubt);
    again.asked_at_ms = report.repeat.as_ref().map(|repeat| repeat.asked_at_ms);
    let report = client.cancel(&stored, &again, None);
    assert_eq!((report.outcome, report.code), (Outcome::Canceled, Code::Ok));
    assert_eq!(ground_truth(&till.sandbox, &stored), (Hold::Released, 1));
    // An outage is none: it passes.
    let away = Fault::Status { status: 503, headers: Vec::new(), body: String::new() };
    till.sandbox.inject_as(on_cancel(away, u32::MAX));
    let report = client.cancel(&passing, &Call::default(), None);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::ServerError));
    assert!(!report.advice.contains("new"), "{}", report.advice);
    let report = till.outbox.cancel(&passing, &EntryOptions::default(), None);
    assert_eq!(entry(&report).state, OutboxState::Pending);
}

#[test]
fn given_an_entry_that_waits_when_flushed_now_then_it_is_tried_at_once() {
    let till = Till::new("now");
    let id = held(&till.sandbox);
    till.sandbox.close_port();
    let report = till.outbox.cancel(&id, &EntryOptions::default(), None);
    assert_eq!(entry(&report).state, OutboxState::Pending);
    till.sandbox.open_port();
    assert_eq!(flush(&till.outbox), []);
    let mut options = FlushOptions::default();
    options.now = Some(true);
    let [delivered] = &till.outbox.flush(&options, None).outbox.unwrap().entries[..] else {
        panic!("one entry")
    };
    assert_eq!(delivered.state, OutboxState::Delivered);
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_entries_that_fail_again_when_flushed_now_then_each_is_tried_once() {
    let till = Till::new("now_once");
    let away = Fault::Status { status: 503, headers: Vec::new(), body: String::new() };
    till.sandbox.inject(away, u32::MAX);
    for id in ["fcs_1", "fcs_2"] {
        till.outbox.cancel(id, &EntryOptions::default(), None);
    }
    let mut options = FlushOptions::default();
    options.now = Some(true);
    options.timeout = Some(std::time::Duration::from_secs(60));
    let tried = till.outbox.flush(&options, None).outbox.unwrap().entries;
    let tried: Vec<_> = tried.iter().map(|entry| (entry.id, entry.attempts)).collect();
    assert_eq!(tried, [(1, 2), (2, 2)]);
}

#[test]
fn given_a_live_and_a_test_key_when_flushed_then_neither_delivers_what_is_the_others() {
    let till = Till::new("modes");
    till.enqueue(&held(&till.sandbox));
    let live = with_key(&till, "fsk_hunter2hunter2");
    let counts = live.stats().outbox.unwrap().counts.unwrap();
    assert_eq!((counts.pending, counts.due, counts.foreign), (1, 0, 1));
    assert_eq!(flush(&live), []);
    assert_eq!(till.sandbox.requests(), []);
}

#[test]
fn given_any_pending_entry_when_a_person_withdraws_it_then_it_has_ended_and_is_never_sent() {
    let till = Till::new("withdrawn");
    let other = Sandbox::start(Options::default()).unwrap();
    let foreign = open(&other.url(), &till.directory.file(), &till.clock);
    let fresh = till.enqueue(&held(&till.sandbox));
    let elsewhere = entry(&foreign.enqueue("fcs_1", &EntryOptions::default())).clone();
    till.sandbox.inject(Fault::DropAnswer { how: How::Rst }, u32::MAX);
    let doubtful = held(&till.sandbox);
    let doubtful = entry(&till.outbox.cancel(&doubtful, &EntryOptions::default(), None)).clone();
    till.sandbox.clear_faults();
    till.sandbox.clear_requests();
    for (id, state, outcome) in [
        (fresh.id, OutboxState::Expired, Outcome::NotApplied),
        (elsewhere.id, OutboxState::Expired, Outcome::NotApplied),
        (doubtful.id, OutboxState::NeedsAttention, Outcome::Unknown),
    ] {
        let status = till.outbox.withdraw(id, "sold by hand");
        assert_eq!(status.code, Code::Ok, "{}", status.message);
        let ended = status.outbox.unwrap().entry.unwrap();
        let found = (ended.state, ended.last_outcome, ended.last_code);
        assert_eq!(found, (state, Some(outcome), Some(Code::OutboxExpired)));
        assert_eq!(ended.last_message.as_deref(), Some("withdrawn: sold by hand"));
        assert!(ended.acknowledged_ms.is_some() && ended.next_try_ms.is_none());
        let again = till.outbox.withdraw(id, "another reason");
        assert_eq!(again.code, Code::Ok);
        assert_eq!(again.outbox.unwrap().entry.unwrap(), ended, "what is final stays");
    }
    till.clock.pass(MINUTE_MS);
    assert_eq!(flush(&till.outbox), []);
    assert_eq!(flush(&foreign), []);
    assert_eq!(till.sandbox.requests(), []);
    let counts = till.outbox.stats().outbox.unwrap().counts.unwrap();
    assert_eq!((counts.pending, counts.worklist), (0, 0));
}

#[test]
fn given_an_entry_that_cannot_be_withdrawn_then_it_says_why_and_stays() {
    let till = Till::new("not_withdrawn");
    let kept = till.enqueue(&held(&till.sandbox));
    assert_eq!(till.outbox.withdraw(kept.id + 1, "why").code, Code::OutboxNoEntry);
    let long = "x".repeat(201);
    for reason in ["", " ", "two\nlines", KEY, &long] {
        let status = till.outbox.withdraw(kept.id, reason);
        assert_eq!(status.code, Code::InvalidArgument, "{reason:?}");
        assert!(status.message.starts_with("reason: expected"), "{}", status.message);
        assert!(!status.message.contains(KEY));
    }
    assert_eq!(till.entry(kept.id), kept);
    // Somebody delivers it: what becomes of it is not the person's to say.
    till.sandbox.inject(Fault::DropAnswer { how: How::Stall }, 1);
    std::thread::scope(|scope| {
        let delivery = scope.spawn(|| flush(&till.outbox));
        while till.sandbox.requests().is_empty() {
            std::thread::yield_now();
        }
        let status = till.outbox.withdraw(kept.id, "why");
        assert_eq!(status.code, Code::OutboxBusy, "{}", status.message);
        assert_eq!(delivery.join().unwrap().len(), 1);
    });
    assert_eq!(till.outbox.flush(&FlushOptions::default(), None).code, Code::Ok);
}
