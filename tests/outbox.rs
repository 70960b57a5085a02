//! The outbox against the sandbox: what it keeps, what it delivers, and what it must not.

#![cfg(feature = "outbox")]

mod outbox_kit;

use std::thread;
use std::time::Duration;

use flex_sandbox::{Dialect, Fault, Hold, How, Injection, Intents, Operation, Options, Sandbox};
use flexcancel::outbox::{Clock, EntryOptions, FlushOptions, ListFilter};
use flexcancel::{Abort, Code, OutboxState, Outcome, Report};
use outbox_kit::{KEY, Till, entry, flush, ground_truth, held, open};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The options that hand over a cancel whose outcome was unknown.
fn repeated(key: &str, till: &Till) -> EntryOptions {
    let mut options = EntryOptions::default();
    options.call.idempotency_key = Some(key.to_owned());
    options.call.in_doubt = Some(true);
    options.call.asked_at_ms = Some(till.clock.now().wall_ms);
    options
}

fn says(report: &Report) -> (Outcome, Code, OutboxState) {
    (report.outcome, report.code, entry(report).state)
}

#[test]
fn given_a_held_session_when_canceled_then_it_is_delivered_with_the_key_that_was_kept() {
    let till = Till::new("delivered");
    let id = held(&till.sandbox);
    let report = till.outbox.cancel(&id, &EntryOptions::default(), None);
    assert_eq!(says(&report), (Outcome::Canceled, Code::Ok, OutboxState::Delivered));
    assert_eq!(report.idempotency_key.as_deref(), Some(&*entry(&report).idempotency_key));
    assert_eq!(report.session_id.as_deref(), Some(&*id));
    let truth = till.sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.cancels_applied.len()), (Hold::Released, 1));
    assert_eq!(truth.cancels_applied[0].idempotency_key, report.idempotency_key);
    assert_eq!(flush(&till.outbox), [], "nothing is left to do");
}

#[test]
fn given_no_network_when_canceled_then_it_is_pending_and_a_later_flush_delivers_it() {
    let till = Till::new("offline");
    let id = held(&till.sandbox);
    till.sandbox.close_port();
    let report = till.outbox.cancel(&id, &EntryOptions::default(), None);
    assert_eq!(says(&report), (Outcome::Unknown, Code::Connect, OutboxState::Pending));
    assert_eq!((entry(&report).attempts, entry(&report).unclear), (1, 0));
    assert!(report.retryable && report.advice.contains("pending"), "{}", report.advice);
    let nothing_done = "nothing has taken effect yet; the outbox keeps the cancel: ";
    assert!(report.message.starts_with(nothing_done), "{}", report.message);
    till.sandbox.open_port();
    assert_eq!(flush(&till.outbox), [], "not before its next try");
    till.clock.pass(MINUTE_MS);
    let [delivered] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(delivered.state, OutboxState::Delivered);
    assert_eq!(delivered.idempotency_key, entry(&report).idempotency_key);
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_an_enqueue_when_it_returns_then_the_entry_is_in_the_file_and_nothing_was_sent() {
    let till = Till::new("enqueue");
    let id = held(&till.sandbox);
    let report = till.outbox.enqueue(&id, &EntryOptions::default());
    assert_eq!(says(&report), (Outcome::Unknown, Code::Ok, OutboxState::Pending));
    assert_eq!(till.sandbox.requests(), []);
    let again = till.another().list(&ListFilter::default());
    assert_eq!(again.outbox.unwrap().entries, [entry(&report).clone()]);
}

#[test]
fn given_a_pending_session_when_kept_again_then_the_same_entry_comes_back_with_its_key() {
    let till = Till::new("again");
    let id = held(&till.sandbox);
    let first = till.outbox.enqueue(&id, &EntryOptions::default());
    let mut options = EntryOptions::default();
    options.call.idempotency_key = Some("another".to_owned());
    options.call.in_doubt = Some(false);
    let second = till.outbox.enqueue(&id, &options);
    assert_eq!(entry(&first), entry(&second));
    let third = till.outbox.cancel(&id, &options, None);
    assert_eq!(says(&third), (Outcome::Canceled, Code::Ok, OutboxState::Delivered));
    assert_eq!(third.idempotency_key, first.idempotency_key);
    let fourth = till.outbox.cancel(&id, &options, None);
    assert_eq!(says(&fourth), (Outcome::AlreadyCanceled, Code::Ok, OutboxState::Delivered));
    assert_eq!(fourth.idempotency_key.as_deref(), Some("another"), "a new entry has its own");
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_a_captured_or_unknown_session_when_canceled_then_it_is_refused_or_for_a_person() {
    let till = Till::new("refused");
    let captured = held(&till.sandbox);
    till.sandbox.capture(&captured, None).unwrap();
    let report = till.outbox.cancel(&captured, &EntryOptions::default(), None);
    assert_eq!(says(&report), (Outcome::NotCancelable, Code::NotCancelable, OutboxState::Refused));
    let report = till.outbox.cancel("fcs_nowhere", &EntryOptions::default(), None);
    assert_eq!(says(&report), (Outcome::NotApplied, Code::NotFound, OutboxState::NeedsAttention));
    let worklist = till.outbox.list(&ListFilter::worklist()).outbox.unwrap().entries;
    assert_eq!(worklist.len(), 2);
    for entry in &worklist {
        let report = till.outbox.acknowledge(entry.id);
        assert_eq!(report.code, Code::Ok);
    }
    assert_eq!(till.outbox.list(&ListFilter::worklist()).outbox.unwrap().entries, []);
    let counts = till.outbox.stats().outbox.unwrap().counts.unwrap();
    assert_eq!((counts.refused, counts.needs_attention, counts.worklist), (1, 1, 0));
}

#[test]
fn given_an_entry_that_is_pending_or_missing_when_acknowledged_then_it_says_so_and_stays() {
    let till = Till::new("acknowledge");
    let report = till.outbox.enqueue(&held(&till.sandbox), &EntryOptions::default());
    let id = entry(&report).id;
    let refused = till.outbox.acknowledge(id);
    assert_eq!(refused.code, Code::OutboxPending);
    let entry = refused.outbox.unwrap().entry.unwrap();
    assert_eq!(entry.acknowledged_ms, None);
    assert_eq!(till.outbox.acknowledge(id + 1).code, Code::OutboxNoEntry);
}

#[test]
fn given_a_hold_that_is_newer_than_the_entry_when_flushed_later_then_it_is_left_alone() {
    let till = Till::new("stale");
    let id = held(&till.sandbox);
    // The cancel was asked for a quarter of an hour ago, of the hold that there was then.
    till.clock.pass(-15 * MINUTE_MS);
    till.enqueue(&id);
    till.clock.pass(15 * MINUTE_MS);
    let [stale] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(
        (stale.state, stale.last_code),
        (OutboxState::NeedsAttention, Some(Code::OutboxStale))
    );
    assert_eq!(stale.last_outcome, Some(Outcome::NotApplied), "nothing of it was ever sent");
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Held, 0));
    let requests = till.sandbox.requests();
    assert_eq!(requests.iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["GET"]);
    let asked_again = till.outbox.cancel(&id, &EntryOptions::default(), None);
    assert_eq!(says(&asked_again), (Outcome::Canceled, Code::Ok, OutboxState::Delivered));
}

#[test]
fn given_a_hold_that_is_older_than_the_entry_when_flushed_later_then_it_is_looked_at_and_canceled()
{
    let till = Till::new("older");
    let id = held(&till.sandbox);
    till.enqueue(&id);
    till.clock.pass(DAY_MS);
    let [delivered] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!((delivered.state, delivered.unclear), (OutboxState::Delivered, 1));
    let requests = till.sandbox.requests();
    assert_eq!(requests.iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["GET", "POST"]);
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_an_unclear_try_when_flushed_then_the_session_is_looked_at_however_young_the_entry_is() {
    let till = Till::new("unclear");
    let id = held(&till.sandbox);
    till.sandbox.inject(Fault::DropAnswer { how: How::Rst }, u32::MAX);
    let report = till.outbox.cancel(&id, &EntryOptions::default(), None);
    assert_eq!(says(&report), (Outcome::Unknown, Code::ConnectionLost, OutboxState::Pending));
    assert_eq!(entry(&report).unclear, 1);
    till.sandbox.clear_faults();
    till.sandbox.clear_requests();
    till.clock.pass(MINUTE_MS);
    let [delivered] = &flush(&till.outbox)[..] else { panic!("one entry") };
    let last = (delivered.state, delivered.last_outcome);
    assert_eq!(last, (OutboxState::Delivered, Some(Outcome::Canceled)), "by its own earlier try");
    let requests = till.sandbox.requests();
    assert!(requests.iter().all(|request| request.method == "GET"), "{requests:?}");
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_an_unknown_handed_over_when_delivered_then_the_session_is_read_first_and_it_is_canceled() {
    let till = Till::new("handed_over");
    let id = held(&till.sandbox);
    let options = repeated("k-1", &till);
    let report = till.outbox.enqueue(&id, &options);
    assert_eq!((entry(&report).unclear, entry(&report).attempts), (1, 0));
    assert_eq!(entry(&report).idempotency_key, "k-1");
    let [delivered] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(
        (delivered.state, delivered.last_outcome),
        (OutboxState::Delivered, Some(Outcome::Canceled))
    );
    let requests = till.sandbox.requests();
    assert_eq!(requests.iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["GET", "POST"]);
}

#[test]
fn given_an_unknown_handed_over_when_flex_refuses_then_it_is_for_a_person_and_never_refused() {
    let till = Till::new("handed_over_refused");
    let id = held(&till.sandbox);
    let options = repeated("k-1", &till);
    till.outbox.enqueue(&id, &options);
    let body = r#"{"error":{"code":"no_such_thing"}}"#.to_owned();
    let refusal = Fault::Status { status: 400, headers: Vec::new(), body };
    till.sandbox.inject_as(Injection::of(refusal).times(u32::MAX).only(Operation::Cancel));
    let [entry] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(
        (entry.state, entry.last_outcome),
        (OutboxState::NeedsAttention, Some(Outcome::Unknown))
    );
}

#[test]
fn given_a_cancel_asked_again_when_the_entry_before_is_stale_then_a_new_entry_is_begun() {
    let till = Till::new("asked_again");
    let id = held(&till.sandbox);
    till.clock.pass(-15 * MINUTE_MS);
    let first = till.outbox.enqueue(&id, &EntryOptions::default());
    till.clock.pass(15 * MINUTE_MS);
    // The hold that is there now is newer than the first asking, and older than the second.
    let second = till.outbox.enqueue(&id, &EntryOptions::default());
    assert_eq!(entry(&first).id, entry(&second).id, "nobody has looked as yet");
    let tried = flush(&till.outbox);
    let states: Vec<_> = tried.iter().map(|entry| (entry.id, entry.state)).collect();
    assert_eq!(states, [(1, OutboxState::NeedsAttention), (2, OutboxState::Delivered)]);
    assert_ne!(tried[0].idempotency_key, tried[1].idempotency_key);
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_a_cancel_handed_over_in_doubt_when_the_entry_before_is_stale_then_key_and_doubt_stay() {
    let till = Till::new("asked_again_in_doubt");
    let id = held(&till.sandbox);
    till.clock.pass(-15 * MINUTE_MS);
    let first = till.enqueue(&id);
    // Asked for after the first, and before the hold that is there now.
    till.clock.pass(MINUTE_MS);
    let mut options = EntryOptions::default();
    options.call.idempotency_key = Some("handed-over".to_owned());
    options.call.in_doubt = Some(true);
    options.call.asked_at_ms = Some(first.asked_at_ms + MINUTE_MS);
    till.outbox.enqueue(&id, &options);
    till.clock.pass(14 * MINUTE_MS);
    let tried = flush(&till.outbox);
    let ends: Vec<_> = tried.iter().map(|entry| (entry.state, entry.last_outcome)).collect();
    let attention = |outcome| (OutboxState::NeedsAttention, Some(outcome));
    assert_eq!(ends, [attention(Outcome::Unknown), attention(Outcome::Unknown)], "{tried:?}");
    assert_eq!(tried[1].idempotency_key, "handed-over");
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Held, 0));
}

#[test]
fn given_a_cancel_handed_over_in_doubt_when_one_is_asked_for_anew_then_that_has_its_own_key() {
    let till = Till::new("asked_anew");
    let id = held(&till.sandbox);
    till.clock.pass(-15 * MINUTE_MS);
    let first = till.enqueue(&id);
    till.clock.pass(15 * MINUTE_MS);
    let mut options = EntryOptions::default();
    options.call.idempotency_key = Some("handed-over".to_owned());
    options.call.in_doubt = Some(true);
    // The key may have released a hold of before: with it Flex may answer what it answered then.
    for asked_at_ms in [first.asked_at_ms + MINUTE_MS, first.asked_at_ms + 2 * MINUTE_MS] {
        options.call.asked_at_ms = Some(asked_at_ms);
        till.outbox.enqueue(&id, &options);
        till.enqueue(&id);
    }
    till.outbox.enqueue(&id, &options);
    let tried = flush(&till.outbox);
    let states: Vec<_> = tried.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [OutboxState::NeedsAttention, OutboxState::Delivered], "{tried:?}");
    assert_ne!(tried[1].idempotency_key, "handed-over");
    assert_eq!(ground_truth(&till.sandbox, &id), (Hold::Released, 1));
}

#[test]
fn given_a_clock_that_was_reset_when_flushed_then_an_entry_is_tried_before_it_expires() {
    let till = Till::new("reset");
    let id = held(&till.sandbox);
    // Eleven years ago, by a clock whose battery was flat.
    till.clock.jump(-11 * 365 * 24 * 60 * MINUTE_MS);
    till.outbox.enqueue(&id, &EntryOptions::default());
    till.clock.restart(11 * 365 * 24 * 60 * MINUTE_MS);
    let [tried] = &flush(&till.outbox)[..] else { panic!("one entry") };
    assert_eq!(
        (tried.state, tried.attempts),
        (OutboxState::NeedsAttention, 1),
        "the hold looks newer"
    );
}

#[test]
fn given_bare_ids_when_flushed_later_then_the_time_in_the_ids_decides() {
    let dialect = Dialect { intents: Intents::BareIds, ..Dialect::default() };
    let till = Till::at("bare", Options { dialect, ..Options::default() });
    let (older, newer) = (held(&till.sandbox), held(&till.sandbox));
    till.enqueue(&older);
    till.clock.pass(-15 * MINUTE_MS);
    till.enqueue(&newer);
    till.clock.pass(45 * MINUTE_MS);
    let tried = flush(&till.outbox);
    let states: Vec<_> =
        tried.iter().map(|entry| (entry.session_id.as_str(), entry.state)).collect();
    assert_eq!(states, [(&*newer, OutboxState::NeedsAttention), (&*older, OutboxState::Delivered)]);
    assert_eq!(ground_truth(&till.sandbox, &older), (Hold::Released, 1));
    assert_eq!(ground_truth(&till.sandbox, &newer), (Hold::Held, 0));
}

#[test]
fn given_no_delivery_within_its_time_when_flushed_then_it_is_expired_and_nothing_is_sent() {
    let till = Till::new("expired");
    let id = held(&till.sandbox);
    let kept = till.enqueue(&id);
    till.clock.pass(7 * DAY_MS);
    assert_eq!(flush(&till.outbox), []);
    let expired = till.entry(kept.id);
    assert_eq!(
        (expired.state, expired.last_code),
        (OutboxState::Expired, Some(Code::OutboxExpired))
    );
    assert_eq!(expired.last_outcome, Some(Outcome::NotApplied));
    assert_eq!(till.sandbox.requests(), []);
}

#[test]
fn given_a_wall_clock_that_jumps_when_flushed_then_neither_age_nor_wait_believes_it() {
    let till = Till::new("jump");
    let kept = till.enqueue(&held(&till.sandbox));
    till.clock.jump(10 * 365 * DAY_MS);
    assert_eq!(till.outbox.stats().outbox.unwrap().counts.unwrap().due, 1);
    till.sandbox.close_port();
    assert_eq!(flush(&till.outbox).len(), 1, "tried, not expired");
    assert_eq!(till.entry(kept.id).state, OutboxState::Pending);
    till.clock.jump(-20 * 365 * DAY_MS);
    till.sandbox.open_port();
    assert_eq!(
        flush(&till.outbox)[0].state,
        OutboxState::Delivered,
        "it does not wait for ten years"
    );
}

#[test]
fn given_a_restart_when_flushed_then_the_session_is_looked_at_first() {
    let till = Till::new("restart");
    let id = held(&till.sandbox);
    till.enqueue(&id);
    till.clock.restart(MINUTE_MS);
    assert_eq!(flush(&till.outbox)[0].state, OutboxState::Delivered);
    let requests = till.sandbox.requests();
    assert_eq!(requests.iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["GET", "POST"]);
}

#[test]
fn given_a_client_of_another_service_when_it_flushes_then_it_delivers_nothing_of_this_one() {
    let till = Till::new("foreign");
    let kept = till.enqueue(&held(&till.sandbox));
    let other = Sandbox::start(Options::default()).unwrap();
    let foreign = open(&other.url(), &till.directory.file(), &till.clock);
    assert_eq!(flush(&foreign), []);
    let counts = foreign.stats().outbox.unwrap().counts.unwrap();
    assert_eq!((counts.pending, counts.due, counts.foreign), (1, 0, 1));
    assert_eq!(other.requests(), []);
    assert_eq!(flush(&till.outbox)[0].id, kept.id);
}

#[test]
fn given_a_poisoned_entry_when_flushed_then_the_others_are_delivered_all_the_same() {
    let till = Till::new("poisoned");
    let ids: Vec<String> = (0..5).map(|_| held(&till.sandbox)).collect();
    ids.iter().for_each(|id| drop(till.enqueue(id)));
    // Flex answers 500 to this key for good.
    let fault = Fault::Replayed500;
    till.sandbox.inject_as(Injection { fault, times: 1, operation: None, apply: false });
    let mut options = FlushOptions::default();
    options.timeout = Some(Duration::from_secs(30));
    let report = till.outbox.flush(&options, None);
    let tried = report.outbox.unwrap().entries;
    let delivered = tried.iter().filter(|entry| entry.state == OutboxState::Delivered).count();
    assert_eq!((tried.len(), delivered), (5, 4), "{tried:#?}");
    let poisoned = (tried[0].state, tried[0].last_outcome, tried[0].last_code);
    let expected = (OutboxState::NeedsAttention, Some(Outcome::Unknown), Some(Code::ServerError));
    assert_eq!(poisoned, expected, "its key will not help any more");
    assert_eq!(ground_truth(&till.sandbox, &ids[0]), (Hold::Held, 0));
    // A person cancels again: that has a key of its own.
    let report = till.outbox.cancel(&ids[0], &EntryOptions::default(), None);
    assert_eq!(says(&report), (Outcome::Canceled, Code::Ok, OutboxState::Delivered));
    assert_ne!(report.idempotency_key.as_deref(), Some(&*tried[0].idempotency_key));
}

#[test]
fn given_a_way_that_is_closed_when_flushed_then_it_ends_at_the_first_entry_and_says_why() {
    let till = Till::new("closed");
    (0..5).for_each(|_| drop(till.enqueue(&held(&till.sandbox))));
    till.sandbox.close_port();
    let report = till.outbox.flush(&FlushOptions::default(), None);
    assert_eq!(report.code, Code::Connect);
    let view = report.outbox.unwrap();
    assert_eq!((view.entries.len(), view.counts.unwrap().due), (1, 4));
}

#[test]
fn given_a_triggered_abort_when_flushed_or_canceled_then_nothing_is_sent_and_nothing_lost() {
    let till = Till::new("abort");
    let (one, two) = (held(&till.sandbox), held(&till.sandbox));
    till.enqueue(&one);
    let abort = Abort::new();
    abort.trigger();
    let report = till.outbox.flush(&FlushOptions::default(), Some(&abort));
    assert_eq!((report.code, report.outbox.unwrap().entries.len()), (Code::Aborted, 0));
    let report = till.outbox.cancel(&two, &EntryOptions::default(), Some(&abort));
    assert_eq!(says(&report), (Outcome::Unknown, Code::Aborted, OutboxState::Pending));
    assert_eq!(till.sandbox.requests(), []);
    till.clock.pass(MINUTE_MS);
    assert_eq!(flush(&till.outbox).len(), 2);
}

#[test]
fn given_threads_that_cancel_one_session_at_once_when_they_end_then_one_key_was_sent() {
    let till = Till::new("threads");
    let id = held(&till.sandbox);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| till.outbox.cancel(&id, &EntryOptions::default(), None));
        }
    });
    let truth = till.sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.cancels_applied.len()), (Hold::Released, 1));
    let entries = till.outbox.list(&ListFilter::default()).outbox.unwrap().entries;
    assert!(entries.iter().all(|entry| entry.state == OutboxState::Delivered), "{entries:#?}");
}

#[test]
fn given_bad_arguments_when_called_then_the_field_is_named_and_nothing_is_kept() {
    let till = Till::new("arguments");
    let options = EntryOptions::default();
    let mut repeating = EntryOptions::default();
    repeating.call.idempotency_key = Some(KEY.to_owned());
    let mut never = EntryOptions::default();
    never.deliver_within = Some(Duration::ZERO);
    // Of what is a session, the file may keep a cancel: nobody has looked.
    for (id, options, field, outcome) in [
        ("../x", &options, "session_id", Outcome::NotApplied),
        (KEY, &options, "session_id", Outcome::NotApplied),
        ("fcs_1", &repeating, "idempotency_key", Outcome::Unknown),
        ("fcs_1", &never, "deliver_within_ms", Outcome::Unknown),
    ] {
        let reports = [till.outbox.cancel(id, options, None), till.outbox.enqueue(id, options)];
        for report in reports {
            assert_eq!(report.outcome, outcome, "{field}");
            assert!(report.message.starts_with(field), "{}", report.message);
            assert!(report.outbox.is_some_and(|view| view.entry.is_none()));
        }
    }
    let mut many = FlushOptions::default();
    many.max = Some(1001);
    assert!(till.outbox.flush(&many, None).message.starts_with("max"));
    assert_eq!(till.outbox.list(&ListFilter::default()).outbox.unwrap().entries, []);
    assert_eq!(till.sandbox.requests(), []);
}

#[test]
fn given_entries_when_their_time_to_be_kept_is_over_then_only_the_settled_ones_are_forgotten() {
    let till = Till::new("keep");
    let delivered = held(&till.sandbox);
    till.outbox.cancel(&delivered, &EntryOptions::default(), None);
    let lost = till.outbox.cancel("fcs_nowhere", &EntryOptions::default(), None);
    till.clock.pass(31 * DAY_MS);
    flush(&till.outbox);
    let left = till.outbox.list(&ListFilter::default()).outbox.unwrap().entries;
    assert_eq!(left.iter().map(|entry| entry.id).collect::<Vec<_>>(), [entry(&lost).id]);
    till.outbox.acknowledge(entry(&lost).id);
    flush(&till.outbox);
    assert_eq!(till.outbox.list(&ListFilter::default()).outbox.unwrap().entries, []);
}
