//! Many cancels in one call, against the sandbox: each line right, and nothing sent twice.

mod bulk_kit;

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bulk_kit::{cancels, client, counts, held, is_released, options, run};
use flex_sandbox::{Fault, How, Injection, Operation, Options, RateLimit, Sandbox};
use flexcancel::{Abort, BulkItem, BulkOptions, Code, Outcome};
use serde_json::json;

const TWO_MINUTES: Duration = Duration::from_secs(120);

#[test]
fn given_every_kind_of_session_when_all_are_canceled_then_each_line_is_right_and_in_order() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let mut expected = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for number in 0..300 {
        let (id, outcome, code) = match number % 10 {
            3 => (format!("fcs_unknown{number}"), Outcome::NotApplied, Code::NotFound),
            5 => {
                let id = held(&sandbox);
                sandbox.capture(&id, None).unwrap();
                (id, Outcome::NotCancelable, Code::NotCancelable)
            }
            7 => {
                let id = held(&sandbox);
                sandbox.cancel(&id).unwrap();
                (id, Outcome::AlreadyCanceled, Code::Ok)
            }
            8 => (format!("no id {number}"), Outcome::NotApplied, Code::InvalidSessionId),
            9 => (ids[number - 9].clone(), Outcome::Canceled, Code::Ok),
            _ => (held(&sandbox), Outcome::Canceled, Code::Ok),
        };
        ids.push(id);
        expected.push((outcome, code));
    }
    let (status, reports) = run(&client, &ids, &BulkOptions::default());
    assert_eq!(status.code, Code::Ok, "{}", status.message);
    let found: Vec<_> = reports.iter().map(|report| (report.outcome, report.code)).collect();
    assert_eq!(found, expected);
    for (number, report) in reports.iter().enumerate() {
        let item = report.item.unwrap();
        assert_eq!(item.number, number as u64);
        let first = (number % 10 == 9).then(|| number as u64 - 9);
        assert_eq!(item.duplicate_of, first);
        assert!(!item.from_journal);
        let usable = number % 10 != 8;
        assert_eq!(report.session_id.as_deref(), usable.then_some(ids[number].as_str()));
    }
    let counts = counts(&status);
    assert!(counts.complete);
    let five = [counts.canceled, counts.already_canceled, counts.not_cancelable];
    assert_eq!(five, [180, 30, 30]);
    assert_eq!([counts.not_applied, counts.unknown, counts.duplicates], [60, 0, 30]);
    assert_eq!(counts.items, 300);
    for (id, keys) in cancels(&sandbox) {
        assert_eq!(keys.len(), 1, "{id} was sent once");
    }
}

#[test]
fn given_results_as_the_calls_end_when_one_is_late_then_the_others_do_not_wait_for_it() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..20).map(|_| held(&sandbox)).collect();
    let late = || sandbox.inject(Fault::Delay { ms: 1_000 }, 1);
    let numbers = |in_order: bool| -> Vec<u64> {
        late();
        let options = options(json!({ "in_order": in_order, "concurrency": 4 }));
        let (status, reports) = run(&client, &ids, &options);
        assert_eq!(status.code, Code::Ok);
        reports.iter().map(|report| report.item.unwrap().number).collect()
    };
    assert!(numbers(true).into_iter().eq(0..20));
    let mut as_they_end = numbers(false);
    assert!(!as_they_end.iter().copied().eq(0..20), "the late one came later");
    as_they_end.sort_unstable();
    assert!(as_they_end.into_iter().eq(0..20));
}

#[test]
fn given_an_input_that_waits_for_each_cancel_when_it_is_read_then_what_was_taken_is_sent_meanwhile()
{
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("bulk-waiting.jsonl");
    let _ = std::fs::remove_file(&path);
    for options in [json!({}), json!({ "journal": path })] {
        // Several calls are under way at any time.
        let latency = Duration::from_millis(50);
        let sandbox = Sandbox::start(Options { latency, ..Options::default() }).unwrap();
        let client = client(&sandbox);
        let ids: Vec<String> = (0..10).map(|_| held(&sandbox)).collect();
        let until = Instant::now() + TWO_MINUTES;
        let input = ids.iter().enumerate().map(|(number, id)| {
            while sandbox.counts().cancel < number as u64 {
                assert!(Instant::now() < until, "the item before {number} is not sent");
                std::thread::yield_now();
            }
            id.as_str()
        });
        let status = client.cancel_many(input, &self::options(options), None, |report| {
            assert_eq!(report.outcome, Outcome::Canceled);
            ControlFlow::Continue(())
        });
        assert_eq!(counts(&status).canceled, 10);
    }
}

#[test]
fn given_a_caller_that_leaves_when_the_run_ends_then_nothing_more_is_sent_or_told() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..200).map(|_| held(&sandbox)).collect();
    let mut told = 0;
    let status = client.cancel_many(ids, &options(json!({ "concurrency": 4 })), None, |_| {
        told += 1;
        if told == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((status.code, told), (Code::Aborted, 10));
    assert!(!counts(&status).complete);
    let sent = cancels(&sandbox).len();
    assert!((10..=10 + 16 + 4).contains(&sent), "{sent} sent");
}

#[test]
fn given_an_abort_when_it_is_triggered_within_the_run_then_what_is_left_stays_untouched() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..100).map(|_| held(&sandbox)).collect();
    let abort = Abort::new();
    let mut reports = Vec::new();
    let options = options(json!({ "concurrency": 2 }));
    let status = client.cancel_many(ids.clone(), &options, Some(&abort), |report| {
        if reports.len() == 20 {
            abort.trigger();
        }
        reports.push(report);
        ControlFlow::Continue(())
    });
    assert_eq!(status.code, Code::Aborted);
    assert_eq!(counts(&status).items, reports.len() as u64, "each that was begun is told");
    assert!(reports.len() < 100);
    for (id, report) in ids.iter().zip(&reports) {
        match report.outcome {
            Outcome::Canceled => assert!(is_released(&sandbox, id)),
            Outcome::NotApplied => assert!(!is_released(&sandbox, id), "{}", report.message),
            other => assert_eq!(other, Outcome::Unknown),
        }
    }
    assert!(ids[reports.len()..].iter().all(|id| !is_released(&sandbox, id)));
    let status = client.cancel_many(ids, &options, Some(&abort), |_| {
        panic!("nothing is told of a run that was aborted before")
    });
    assert_eq!((status.code, counts(&status).items), (Code::Aborted, 0));
}

#[test]
fn given_a_panic_of_the_caller_when_it_is_caught_then_the_rest_is_not_sent_and_the_client_works() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..200).map(|_| held(&sandbox)).collect();
    let run = std::panic::AssertUnwindSafe(|| {
        client.cancel_many(ids, &BulkOptions::default(), None, |report| {
            std::panic::resume_unwind(Box::new(report.outcome));
        })
    });
    let panic = std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&Outcome::Canceled));
    let id = held(&sandbox);
    assert_eq!(client.cancel(&id, &Default::default(), None).outcome, Outcome::Canceled);
    let sent = cancels(&sandbox).len();
    // A window of 64 may have been sent before the first result was told.
    assert!(sent <= 64 + 1, "{sent} sent: no call began after the panic");
}

#[test]
fn given_a_dry_run_when_it_ends_then_each_line_says_what_would_happen_and_nothing_is_canceled() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids = vec![held(&sandbox), "fcs_unknown".to_owned()];
    let (status, reports) = run(&client, &ids, &options(json!({ "dry_run": true })));
    assert_eq!(status.code, Code::Ok);
    assert_eq!((reports[0].outcome, reports[0].code), (Outcome::NotApplied, Code::Ok));
    assert_eq!(reports[1].code, Code::NotFound);
    assert!(cancels(&sandbox).is_empty());
    assert!(!is_released(&sandbox, &ids[0]));
}

#[test]
fn given_an_item_with_options_of_its_own_when_it_is_canceled_then_they_count() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let (own, plain) = (held(&sandbox), held(&sandbox));
    let own_options =
        flexcancel::Options::from_json(r#"{"idempotency_key":"night-1","in_doubt":false}"#)
            .unwrap();
    let items = [BulkItem::new(own.as_str(), own_options), BulkItem::from(plain.as_str())];
    let status = client.cancel_many(items, &BulkOptions::default(), None, |report| {
        assert_eq!(report.outcome, Outcome::Canceled);
        ControlFlow::Continue(())
    });
    assert_eq!(status.code, Code::Ok);
    let cancels = cancels(&sandbox);
    assert_eq!(cancels[&own], ["night-1"]);
    assert_ne!(cancels[&plain], ["night-1"]);
}

#[test]
fn given_more_unknown_than_allowed_when_the_run_stops_then_the_rest_is_not_sent() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..50).map(|_| held(&sandbox)).collect();
    let lost = Injection::of(Fault::DropAnswer { how: How::Rst });
    sandbox.inject_as(lost.times(u32::MAX).only(Operation::Cancel).apply(true));
    let failing = Fault::Status { status: 503, headers: Vec::new(), body: String::new() };
    sandbox.inject_as(Injection::of(failing).times(u32::MAX).only(Operation::Retrieve));
    let options = options(json!({ "max_unknown": 3, "concurrency": 1, "timeout_ms": 60 }));
    let (status, reports) = run(&client, &ids, &options);
    assert_eq!(status.code, Code::MaxUnknown);
    assert_eq!(reports.len(), 4);
    assert!(reports.iter().all(|report| report.outcome == Outcome::Unknown));
    assert_eq!(cancels(&sandbox).len(), 4);
}

#[test]
fn options_that_make_no_sense_are_refused_by_name_and_nothing_is_sent() {
    for (options, why) in [
        (json!({ "concurrency": 0 }), "concurrency: expected a whole number from 1 to 256"),
        (json!({ "rate_per_second": 0 }), "rate_per_second: expected a whole number from 1 to"),
        (json!({ "idempotency_key": "k" }), "idempotency_key: unknown; expected one of: asked_at"),
        (json!({ "journal": "" }), "journal: expected a path of 1 to 2048 bytes"),
        (json!({ "journal": "a\0b" }), "journal: expected a path of 1 to 2048 bytes"),
        (json!({ "journal": "x", "dry_run": true }), "journal: expected without dry_run"),
        (json!({ "verify": true, "dry_run": true }), "verify: expected for a cancel only"),
        (json!({ "parallel": 3 }), "parallel: unknown; expected one of: "),
    ] {
        let error = BulkOptions::from_json(&options.to_string()).unwrap_err();
        assert!(error.to_string().starts_with(why), "{error}");
    }
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let mut wrong = BulkOptions::default();
    wrong.concurrency = 1000;
    let (status, reports) = run(&client, &[held(&sandbox)], &wrong);
    assert_eq!((status.code, reports.len()), (Code::InvalidArgument, 0));
    assert!(sandbox.requests().is_empty());
}

#[test]
fn given_holds_that_are_newer_than_the_asking_when_all_are_canceled_then_none_is_released() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..1_000).map(|_| held(&sandbox)).collect();
    let asked_at_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - TWO_MINUTES;
    let asked_at_ms = i64::try_from(asked_at_ms.as_millis()).unwrap();
    let (bulk, plain) = ids.split_at(500);
    let (status, mut reports) = run(&client, bulk, &options(json!({ "asked_at_ms": asked_at_ms })));
    assert_eq!(status.code, Code::Ok);
    let mut options = flexcancel::Options::default();
    options.asked_at_ms = Some(asked_at_ms);
    reports.extend(plain.iter().map(|id| client.cancel(id, &options, None)));
    assert_eq!(reports.len(), 1_000);
    for (id, report) in ids.iter().zip(&reports) {
        assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::NewerHold));
        assert!(!is_released(&sandbox, id), "{id}");
    }
    assert!(cancels(&sandbox).is_empty());
}

#[test]
fn given_a_limit_that_nobody_configured_when_all_are_canceled_then_the_run_keeps_to_it() {
    let per_second = NonZeroU32::new(100).unwrap();
    for silent in [false, true] {
        let rate_limit = Some(RateLimit { per_second, silent });
        let sandbox = Sandbox::start(Options { rate_limit, ..Options::default() }).unwrap();
        let ids: Vec<String> = (0..200).map(|_| held(&sandbox)).collect();
        let (status, reports) = run(&client(&sandbox), &ids, &BulkOptions::default());
        assert_eq!(counts(&status).canceled, 200, "{status:?}");
        assert!(ids.iter().all(|id| is_released(&sandbox, id)));
        let limited = sandbox.counts().rate_limited;
        assert_eq!(counts(&status).rate_limited_responses, limited);
        // Each call that was under way when the limit was met may have been told so, once.
        assert!((1..=40).contains(&limited), "{limited} of {} were refused", reports.len());
    }
}
