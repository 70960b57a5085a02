use std::time::Duration;

use super::*;
use crate::options::Options;
use crate::phase::Phase;
use crate::report::Attempt;

const SECOND: Duration = Duration::from_secs(1);

fn plan(concurrency: u16) -> Plan {
    Plan::new(concurrency, true, None, Operation::Cancel)
}

fn report(outcome: Outcome, code: Code, phase: Phase) -> Report {
    let mut report = Report::without_attempts(code, "");
    report.outcome = outcome;
    report.attempts = vec![Attempt::new(Operation::Cancel, "", phase)];
    report
}

fn out_of_reach() -> Report {
    report(Outcome::NotApplied, Code::Connect, Phase::Connecting)
}

fn canceled() -> Report {
    report(Outcome::Canceled, Code::Ok, Phase::Complete)
}

/// Takes the next item out of the input and begins its call.
fn begin(plan: &mut Plan, now: Instant) -> Job {
    assert!(matches!(plan.next(now), Some(Source::Input)));
    let number = plan.take();
    let session_id = format!("fcs_{number}");
    assert!(plan.is_first(number, &session_id, false));
    plan.start();
    let options = Options { in_doubt: Some(false), ..Options::default() };
    Job { number, session_id, options: Ok(options) }
}

fn held(plan: &mut Plan, now: Instant) -> Job {
    match plan.next(now) {
        Some(Source::Held(job)) => *job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_more_are_taken_than_are_called_at_a_time_or_fit_into_the_window() {
    let (mut plan, now) = (plan(2), Instant::now());
    let (first, second) = (begin(&mut plan, now), begin(&mut plan, now));
    assert!(plan.next(now).is_none(), "two calls are under way");
    plan.end_call(second, canceled(), now);
    for _ in 0..6 {
        let job = begin(&mut plan, now);
        plan.end_call(job, canceled(), now);
    }
    assert!(plan.next(now).is_none(), "eight are open, and the first has not ended");
    assert!(plan.deliver().is_none(), "in the order of the input");
    plan.end_call(first, canceled(), now);
    let numbers: Vec<u64> =
        std::iter::from_fn(|| plan.deliver()).map(|report| report.item.unwrap().number).collect();
    assert!(numbers.into_iter().eq(0..8));
    assert!(matches!(plan.next(now), Some(Source::Input)));
}

#[test]
fn while_the_breaker_is_open_one_item_at_a_time_probes_and_all_are_tried_again() {
    let (mut plan, now) = (plan(3), Instant::now());
    let jobs = [begin(&mut plan, now), begin(&mut plan, now), begin(&mut plan, now)];
    for job in jobs {
        plan.end_call(job, out_of_reach(), now);
    }
    assert!(plan.deliver().is_none(), "none has ended");
    assert!(plan.next(now).is_none());
    assert_eq!(plan.wait_until(), Some(now + SECOND));
    let probe = held(&mut plan, now + SECOND);
    assert_eq!(probe.number, 0);
    assert!(plan.next(now + SECOND).is_none(), "one at a time");
    plan.end_call(probe, out_of_reach(), now + SECOND);
    let probe = held(&mut plan, now + 3 * SECOND);
    assert_eq!(probe.number, 1);
    plan.end_call(probe, canceled(), now + 3 * SECOND);
    assert_eq!(held(&mut plan, now + 3 * SECOND).number, 2);
    assert_eq!(held(&mut plan, now + 3 * SECOND).number, 0);
    assert!(matches!(plan.next(now + 3 * SECOND), Some(Source::Input)));
}

#[test]
fn a_breaker_that_stays_open_ends_the_run_and_what_was_held_is_not_applied() {
    let (mut plan, mut now) = (plan(2), Instant::now());
    let job = begin(&mut plan, now);
    plan.end_call(job, out_of_reach(), now);
    for _ in 0..5 {
        now = plan.wait_until().unwrap();
        let probe = held(&mut plan, now);
        plan.end_call(probe, out_of_reach(), now);
    }
    plan.end_held();
    assert_eq!(plan.deliver().unwrap().outcome, Outcome::NotApplied);
    assert!(plan.is_over());
    let (code, message, counts) = plan.summary();
    assert_eq!((code, counts.not_applied, counts.complete), (Code::Connect, 1, false));
    assert!(message.starts_with("no session can be canceled now"), "{message}");
}

#[test]
fn what_may_have_reached_flex_before_the_breaker_opened_is_in_doubt_when_it_is_tried_again() {
    let (mut plan, now) = (plan(1), Instant::now());
    let job = begin(&mut plan, now);
    // Its request was lost, and its read-back was answered by a 401.
    plan.end_call(job, report(Outcome::Unknown, Code::Unauthorized, Phase::Complete), now);
    let again = held(&mut plan, now + SECOND);
    assert_eq!(again.options.unwrap().in_doubt, Some(true));
}

#[test]
fn a_duplicate_ends_with_its_first_whether_that_has_ended_or_not() {
    let (mut plan, now) = (plan(4), Instant::now());
    let first = begin(&mut plan, now);
    let waits = plan.take();
    assert!(!plan.is_first(waits, "fcs_0", false));
    let mut end = canceled();
    end.session_id = Some("fcs_0".to_owned());
    plan.end_call(first, end, now);
    let later = plan.take();
    assert!(!plan.is_first(later, "fcs_0", false));
    let unnoted: Vec<u64> = plan.unnoted().map(|(number, _)| number).collect();
    assert_eq!(unnoted, [0, 1, 2], "all are for the journal");
    assert_eq!(plan.unnoted().count(), 0);
    let reports: Vec<Report> = std::iter::from_fn(|| plan.deliver()).collect();
    let duplicates: Vec<Option<u64>> =
        reports.iter().map(|report| report.item.unwrap().duplicate_of).collect();
    assert_eq!(duplicates, [None, Some(0), Some(0)]);
    assert!(reports.iter().all(|report| report.outcome == Outcome::Canceled));
    assert_eq!(plan.summary().2.duplicates, 2);
}
