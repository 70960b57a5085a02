//! Entries that are delivered by somebody else: claims, leases, and results that come back.

#![cfg(feature = "outbox")]

mod outbox_kit;

use std::sync::Arc;
use std::time::Duration;

use flex_sandbox::{Fault, Hold, How, Options as SandboxOptions, Sandbox};
use flexcancel::outbox::{
    ClaimOptions, Clock, EntryOptions, FlushOptions, OpenOptions, Outbox, Settlement,
};
use flexcancel::{Client, Code, Config, Options, OutboxEntry, OutboxState, Outcome, Status};
use outbox_kit::{KEY, Till, client_of, entry, flush, ground_truth, held};
use serde_json::json;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Longer than every lease here.
const LEASE_MS: i64 = 15 * MINUTE_MS;

/// A program that has no API key, on the till's file.
fn forwarder(till: &Till, base_url: &str) -> Outbox {
    let config = json!({ "api_key": "no-key", "base_url": base_url });
    let client = Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap();
    let options = OpenOptions::new(till.directory.file());
    Outbox::open_with_clock(Arc::new(client), &options, Box::new(till.clock.clone())).unwrap()
}

fn claimed(outbox: &Outbox) -> Vec<OutboxEntry> {
    let status = outbox.claim(&ClaimOptions::default());
    assert_eq!(status.code, Code::Ok, "{}", status.message);
    status.outbox.unwrap().entries
}

/// The only entry that is due.
fn claim(outbox: &Outbox) -> OutboxEntry {
    let [claim] = &claimed(outbox)[..] else { panic!("one entry") };
    claim.clone()
}

fn lease(claim: &OutboxEntry) -> &str {
    claim.lease.as_deref().unwrap()
}

fn result(claim: &OutboxEntry, outcome: Outcome, code: Code) -> Settlement {
    Settlement::new(lease(claim), &*claim.idempotency_key, outcome, code)
}

/// What a worker with the API key makes of it.
fn delivered(till: &Till, claim: &OutboxEntry) -> Settlement {
    let mut options = Options::default();
    options.idempotency_key = Some(claim.idempotency_key.clone());
    options.in_doubt = claim.in_doubt;
    options.asked_at_ms = Some(claim.asked_at_ms);
    let report = client_of(&till.sandbox.url(), 1_000).cancel(&claim.session_id, &options, None);
    result(claim, report.outcome, report.code)
}

fn settled(status: Status) -> OutboxEntry {
    assert_eq!(status.code, Code::Ok, "{}", status.message);
    status.outbox.unwrap().entry.unwrap()
}

fn stands(entry: &OutboxEntry) -> (OutboxState, Option<Outcome>, Option<Code>) {
    (entry.state, entry.last_outcome, entry.last_code)
}

#[test]
fn given_a_claim_when_its_result_comes_back_then_the_entry_is_delivered() {
    let till = Till::new("handed_over");
    let id = held(&till.sandbox);
    let kept = till.enqueue(&id);
    let outbox = forwarder(&till, &till.sandbox.url());
    let claim = claim(&outbox);
    assert_eq!(till.sandbox.requests(), [], "a claim sends nothing");
    assert_eq!((claim.in_doubt, lease(&claim).len()), (Some(false), 32));
    let (mut shown, mut expected) = (claim.clone(), kept);
    (shown.lease, shown.in_doubt) = (None, None);
    (expected.attempts, expected.unclear, expected.in_delivery) = (1, 1, true);
    assert_eq!(shown, expected, "all of its fields");
    assert_eq!(till.entry(claim.id), expected, "it is on the disk, and no lease is shown");
    let ended = settled(outbox.settle(claim.id, &delivered(&till, &claim)));
    assert_eq!(stands(&ended), (OutboxState::Delivered, Some(Outcome::Canceled), Some(Code::Ok)));
    assert_eq!((ended.in_delivery, ended.attempts), (false, 1));
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
    assert_eq!(claimed(&outbox), [], "nothing is left to do");
}

#[test]
fn given_a_claim_while_its_lease_lasts_then_everybody_else_passes_the_entry_by() {
    let till = Till::new("leased");
    let kept = till.enqueue(&held(&till.sandbox));
    let claim = claim(&till.outbox);
    till.clock.pass(LEASE_MS - 1);
    assert_eq!(claimed(&till.another()), []);
    let mut now = FlushOptions::default();
    now.now = Some(true);
    assert_eq!(till.outbox.flush(&now, None).outbox.unwrap().entries, []);
    let report = till.outbox.cancel(&kept.session_id, &EntryOptions::default(), None);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::OutboxBusy));
    assert_eq!(entry(&report).idempotency_key, claim.idempotency_key);
    assert_eq!(till.outbox.withdraw(kept.id, "why").code, Code::OutboxBusy);
    assert!(till.entry(kept.id).in_delivery);
    let counts = till.outbox.stats().outbox.unwrap().counts.unwrap();
    assert_eq!((counts.pending, counts.due), (1, 0));
    assert_eq!(till.sandbox.requests(), []);
}

#[test]
fn given_a_claim_whose_lease_has_ended_then_the_entry_is_due_in_doubt_and_read_first() {
    for (test, is_restart) in [("lease_over", false), ("lease_restart", true)] {
        let till = Till::new(test);
        let id = held(&till.sandbox);
        till.enqueue(&id);
        let first = claim(&till.outbox);
        let end = || if is_restart { till.clock.restart(1_000) } else { till.clock.pass(LEASE_MS) };
        end();
        assert!(!till.entry(first.id).in_delivery);
        let second = claim(&till.outbox);
        assert_eq!((second.in_doubt, second.attempts, second.unclear), (Some(true), 2, 2));
        assert_ne!(second.lease, first.lease);
        end();
        let [delivered] = &flush(&till.outbox)[..] else { panic!("one entry") };
        assert_eq!(delivered.state, OutboxState::Delivered);
        let requests = till.sandbox.requests();
        assert_eq!(requests[0].method, "GET", "it is read first: {requests:?}");
        assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
    }
}

#[test]
fn given_a_claimer_without_a_key_then_it_has_the_entries_of_its_service_of_every_mode() {
    let till = Till::new("keyless");
    let other = Sandbox::start(SandboxOptions::default()).unwrap();
    let with_key = |key: &str| {
        let config = json!({ "api_key": key, "base_url": till.sandbox.url() });
        let client = Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap();
        let options = OpenOptions::new(till.directory.file());
        Outbox::open_with_clock(Arc::new(client), &options, Box::new(till.clock.clone())).unwrap()
    };
    let live = with_key("fsk_hunter2hunter2");
    for (outbox, id) in [(&till.outbox, "fcs_test"), (&live, "fcs_live")] {
        outbox.enqueue(id, &EntryOptions::default());
        till.clock.pass(1);
    }
    with_key("wrong").enqueue("fcs_mistyped", &EntryOptions::default());
    assert_eq!(claimed(&forwarder(&till, &other.url())), [], "of another service");
    let mut two = ClaimOptions::default();
    two.max = Some(2);
    let outbox = forwarder(&till, &till.sandbox.url());
    let mut claims = outbox.claim(&two).outbox.unwrap().entries;
    assert_eq!(claims.len(), 2, "no more than it was asked to");
    claims.extend(claimed(&outbox));
    let shown: Vec<_> = claims.iter().map(|c| (c.session_id.as_str(), c.mode)).collect();
    let expected = [("fcs_test", Some("test")), ("fcs_live", Some("live")), ("fcs_mistyped", None)];
    assert_eq!(shown, expected, "what has waited longest comes first");
    till.clock.pass(LEASE_MS);
    let modes: Vec<_> = claimed(&live).into_iter().map(|claim| claim.mode).collect();
    assert_eq!(modes, [Some("live"), None], "a key that shows its mode has that one");
}

#[test]
fn given_a_result_that_is_not_definite_then_the_entry_waits_as_after_a_flush() {
    let till = Till::new("waits");
    till.enqueue("fcs_1");
    let first = claim(&till.outbox);
    let mut limited = result(&first, Outcome::NotApplied, Code::RateLimited);
    limited.retry_after = Some(Duration::from_secs(600));
    limited.message = "slow down".to_owned();
    let waiting = settled(till.outbox.settle(first.id, &limited));
    assert_eq!(
        stands(&waiting),
        (OutboxState::Pending, Some(Outcome::Unknown), Some(Code::RateLimited))
    );
    assert_eq!((waiting.unclear, waiting.last_message.as_deref()), (0, Some("slow down")));
    let waits_ms = waiting.next_try_ms.unwrap() - till.clock.now().wall_ms;
    assert_eq!(waits_ms, 600_000, "as Flex has asked");
    assert_eq!(claimed(&till.outbox), []);
    till.clock.pass(600_000);
    let second = claim(&till.outbox);
    assert_eq!(
        (second.in_doubt, second.unclear),
        (Some(true), 1),
        "to be read: it is no first try"
    );
    let mut lost = result(&second, Outcome::Unknown, Code::Timeout);
    lost.retry_after = Some(Duration::from_secs(u64::MAX / 1000));
    let waiting = settled(till.outbox.settle(second.id, &lost));
    assert_eq!((waiting.state, waiting.unclear), (OutboxState::Pending, 1));
    let waits_ms = waiting.next_try_ms.unwrap() - till.clock.now().wall_ms;
    assert_eq!(waits_ms, 3_600_000, "an hour at most");
    till.clock.pass(3_600_000);
    let third = claim(&till.outbox);
    assert_eq!(third.in_doubt, Some(true));
    let refused = result(&third, Outcome::NotApplied, Code::Rejected);
    let ended = settled(till.outbox.settle(third.id, &refused));
    let expected = (OutboxState::NeedsAttention, Some(Outcome::Unknown), Some(Code::Rejected));
    assert_eq!(stands(&ended), expected, "an earlier request may have had its effect");
}

#[test]
fn given_a_final_entry_when_settled_again_then_it_stays_and_another_end_is_told() {
    let till = Till::new("again");
    till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    let late = result(&claim, Outcome::NotCancelable, Code::NotCancelable);
    let ended = settled(till.outbox.settle(claim.id, &late));
    assert_eq!(ended.state, OutboxState::Refused);
    till.clock.pass(MINUTE_MS);
    assert_eq!(settled(till.outbox.settle(claim.id, &late)), ended, "the same result");
    for (outcome, code) in [
        (Outcome::Canceled, Code::Ok),
        (Outcome::Unknown, Code::Timeout),
        (Outcome::NotApplied, Code::Rejected),
    ] {
        let status = till.outbox.settle(claim.id, &result(&claim, outcome, code));
        assert_eq!((status.code, status.retryable), (Code::OutboxFinal, false), "{outcome}");
        assert!(status.message.contains("is refused"), "{}", status.message);
        assert_eq!(status.outbox.unwrap().entry.unwrap(), ended, "final stays final");
    }
}

#[test]
fn given_a_voided_entry_when_another_word_for_it_comes_then_that_is_no_difference() {
    let till = Till::new("voided");
    till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    let voided =
        settled(till.outbox.settle(claim.id, &result(&claim, Outcome::Canceled, Code::Ok)));
    let again = result(&claim, Outcome::AlreadyCanceled, Code::Timeout);
    assert_eq!(settled(till.outbox.settle(claim.id, &again)), voided);
}

#[test]
fn given_a_late_result_when_nobody_has_the_entry_then_it_counts_and_denies_only_its_own_effect() {
    let till = Till::new("late");
    till.enqueue("fcs_1");
    let first = claim(&till.outbox);
    till.clock.pass(LEASE_MS);
    let second = claim(&till.outbox);
    let denied = result(&first, Outcome::NotApplied, Code::RateLimited);
    let status = till.outbox.settle(first.id, &denied);
    assert_eq!((status.code, status.retryable), (Code::OutboxBusy, true));
    assert_eq!(status.outbox.unwrap().entry.unwrap(), till.entry(first.id), "nothing has changed");
    till.clock.pass(LEASE_MS);
    for _ in 0..3 {
        let waiting = settled(till.outbox.settle(first.id, &denied));
        assert_eq!((waiting.state, waiting.unclear), (OutboxState::Pending, 2), "of both claims");
    }
    let refused = result(&second, Outcome::NotApplied, Code::Rejected);
    let ended = settled(till.outbox.settle(second.id, &refused));
    assert_eq!(
        (ended.state, ended.last_outcome),
        (OutboxState::NeedsAttention, Some(Outcome::Unknown))
    );
}

#[test]
fn given_a_result_after_its_lease_when_nobody_has_claimed_since_then_it_is_as_one_in_time() {
    let till = Till::new("after_lease");
    till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    till.clock.pass(LEASE_MS);
    let refused = result(&claim, Outcome::NotApplied, Code::Rejected);
    let ended = settled(till.outbox.settle(claim.id, &refused));
    assert_eq!((ended.state, ended.attempts), (OutboxState::Refused, 1));
}

#[test]
fn given_a_result_with_doubt_that_comes_twice_then_the_second_one_counts_as_doubt_too() {
    let till = Till::new("doubt_twice");
    till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    settled(till.outbox.settle(claim.id, &result(&claim, Outcome::NotApplied, Code::Connect)));
    let lost = result(&claim, Outcome::Unknown, Code::Timeout);
    let waiting = settled(till.outbox.settle(claim.id, &lost));
    assert_eq!((waiting.state, waiting.unclear), (OutboxState::Pending, 1));
}

#[test]
fn given_a_claim_when_a_flush_took_over_then_who_voided_it_is_not_said_by_whoever_cannot_know() {
    let till = Till::new("took_over");
    let id = held(&till.sandbox);
    till.enqueue(&id);
    let claim = claim(&till.outbox);
    till.clock.pass(LEASE_MS);
    till.sandbox.inject(Fault::DropAnswer { how: How::Rst }, u32::MAX);
    let [unclear] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(unclear.state, OutboxState::Pending);
    till.sandbox.clear_faults();
    let known = delivered(&till, &claim);
    let ended = settled(till.outbox.settle(claim.id, &known));
    assert_eq!(stands(&ended), (OutboxState::Delivered, Some(Outcome::Canceled), Some(Code::Ok)));
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_a_result_that_cannot_be_used_then_it_says_why_and_nothing_changes() {
    let till = Till::new("unusable");
    till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    let before = till.entry(claim.id);
    let voided = result(&claim, Outcome::Canceled, Code::Ok);
    let status = till.outbox.settle(claim.id + 1, &voided);
    assert_eq!(status.code, Code::OutboxNoEntry);
    let (mut of_another, mut without_lease) = (voided.clone(), voided.clone());
    of_another.idempotency_key = "other".to_owned();
    without_lease.lease = String::new();
    for (settlement, message) in [
        (&of_another, "idempotency_key: expected the key of entry 1, found another one"),
        (&without_lease, "lease: expected the lease of a claim, 32 digits"),
    ] {
        let status = till.outbox.settle(claim.id, settlement);
        assert_eq!((status.code, &*status.message), (Code::InvalidArgument, message));
        assert_eq!(till.entry(claim.id), before);
    }
    let final_entry = settled(till.outbox.settle(claim.id, &voided));
    assert_eq!(till.outbox.settle(claim.id, &of_another).code, Code::InvalidArgument);
    assert_eq!(till.entry(claim.id), final_entry);
}

#[test]
fn given_a_message_with_the_api_key_then_the_file_does_not_have_it() {
    let till = Till::new("redacted");
    till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    let mut lost = result(&claim, Outcome::Unknown, Code::Timeout);
    lost.message = format!("key {KEY} {}", "x".repeat(600));
    let message = settled(till.outbox.settle(claim.id, &lost)).last_message.unwrap();
    assert!(message.starts_with("key [redacted] xxx"), "{message}");
    assert_eq!(message.len(), 512);
}

#[test]
fn given_a_newer_hold_when_the_cancel_was_asked_for_again_then_a_new_entry_takes_its_place() {
    let till = Till::new("stale");
    let kept = till.enqueue("fcs_1");
    let claim = claim(&till.outbox);
    till.clock.pass(1);
    till.enqueue("fcs_1");
    let newer = result(&claim, Outcome::NotApplied, Code::NewerHold);
    let stale = settled(till.outbox.settle(claim.id, &newer));
    let expected =
        (OutboxState::NeedsAttention, Some(Outcome::NotApplied), Some(Code::OutboxStale));
    assert_eq!(stands(&stale), expected);
    assert_eq!(settled(till.outbox.settle(claim.id, &newer)), stale, "the same result");
    let [successor] = &claimed(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!((successor.id, &*successor.session_id), (kept.id + 1, "fcs_1"));
    assert_ne!(successor.idempotency_key, kept.idempotency_key);
}

#[test]
fn given_entries_whose_time_is_over_when_claimed_then_they_end_and_old_ones_are_forgotten() {
    let till = Till::new("overdue");
    let done = till.enqueue("fcs_done");
    let first = claim(&till.outbox);
    settled(till.outbox.settle(done.id, &result(&first, Outcome::Canceled, Code::Ok)));
    till.enqueue("fcs_late");
    till.clock.pass(31 * DAY_MS);
    assert_eq!(claimed(&till.outbox), []);
    let left = till.outbox.list(&Default::default()).outbox.unwrap().entries;
    let [late] = &left[..] else { panic!("one entry: {left:?}") };
    assert_eq!((&*late.session_id, late.state), ("fcs_late", OutboxState::Expired));
}

#[test]
fn given_options_of_a_claim_then_their_bounds_are_told_and_a_lease_lasts_so_long() {
    let till = Till::new("bounds");
    till.enqueue("fcs_1");
    for (json, field) in [
        (r#"{"lease_ms":999}"#, "lease_ms"),
        (r#"{"lease_ms":86400001}"#, "lease_ms"),
        (r#"{"max":0}"#, "max"),
        (r#"{"max":1001}"#, "max"),
    ] {
        let error = ClaimOptions::from_json(json).unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArgument, Some(field)));
    }
    for (lease_ms, max, field) in
        [(999, 1, "lease_ms"), (86_400_001, 1, "lease_ms"), (1000, 0, "max")]
    {
        let mut options = ClaimOptions::default();
        options.lease = Some(Duration::from_millis(lease_ms));
        options.max = Some(max);
        let status = till.outbox.claim(&options);
        assert_eq!(status.code, Code::InvalidArgument);
        assert!(status.message.starts_with(&format!("{field}: expected")), "{}", status.message);
    }
    let options = ClaimOptions::from_json(r#"{"lease_ms":1000,"max":1000}"#).unwrap();
    assert_eq!(till.outbox.claim(&options).outbox.unwrap().entries.len(), 1);
    till.clock.pass(999);
    assert_eq!(claimed(&till.outbox), []);
    till.clock.pass(1);
    assert_eq!(claimed(&till.outbox).len(), 1);
}
