//! Holds docs/OUTCOMES.md and the decision together.

use super::super::observation::Release;
use super::*;
use crate::api::facts::Amount;

const DOCUMENT: &str = include_str!("../../../docs/OUTCOMES.md");

/// The rows of the table below the heading, cells trimmed, without the table's own head.
pub(crate) fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &'static str| {
        let line = line.strip_prefix('|').unwrap().strip_suffix('|').unwrap();
        line.split('|').map(|cell| cell.trim().trim_matches('`')).collect()
    };
    let rows: Vec<Vec<_>> = lines.map(cells).collect();
    assert!(!rows.is_empty(), "{heading}");
    rows
}

/// `name(argument)` or `name`.
fn parts(text: &str) -> (&str, &str) {
    text.split_once('(').map_or((text, ""), |(name, rest)| (name, rest.trim_end_matches(')')))
}

fn code(name: &str) -> Code {
    *Code::ALL.iter().find(|code| code.name() == name).unwrap_or_else(|| panic!("{name}"))
}

pub(crate) fn state(name: &str) -> FundsState {
    match name {
        "authorized" => FundsState::Authorized,
        "captured" => FundsState::Captured,
        "captured_in_part" => FundsState::CapturedInPart,
        "canceled" => FundsState::Canceled,
        "expired" => FundsState::Expired,
        "open" => FundsState::Open,
        "indeterminate" => FundsState::Indeterminate,
        _ => panic!("{name}"),
    }
}

fn funds(state: FundsState) -> Funds {
    let is_captured = matches!(state, FundsState::Captured | FundsState::CapturedInPart);
    let amount_received = Amount::Of(if is_captured { 5 } else { 0 });
    let is_released = matches!(state, FundsState::Canceled | FundsState::CapturedInPart);
    Funds {
        state,
        is_captured,
        is_captured_whole: false,
        is_captured_before: false,
        is_released,
        amount_received,
    }
}

fn shown(text: &str) -> (Funds, HoldAge) {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut funds = funds(state(name));
    let age = match rest {
        "" => HoldAge::Older,
        "newer" => HoldAge::Newer,
        "age unknown" => HoldAge::Unknown,
        "released" => {
            funds.is_released = true;
            HoldAge::Older
        }
        "captured whole" => {
            (funds.is_captured, funds.is_captured_whole) = (true, true);
            HoldAge::Older
        }
        "before" => {
            funds.is_captured_before = true;
            HoldAge::Older
        }
        "captured" => {
            funds.is_captured = true;
            HoldAge::Older
        }
        _ => panic!("{text}"),
    };
    (funds, age)
}

pub(crate) fn observation(text: &str) -> Observation {
    use SendResult::{
        Confirmed, ConfirmedWithCapture, InDoubt, NotSent, Refused, RefusedExpand,
        ReportedCanceled, ReportedNotCancelable,
    };
    match parts(text) {
        ("not_sent", name) => Observation::Cancel(NotSent(code(name))),
        ("in_doubt", name) => Observation::Cancel(InDoubt(code(name))),
        ("refused", name) => Observation::Cancel(Refused(code(name))),
        ("refused_expand", "") => Observation::Cancel(RefusedExpand),
        ("confirmed", "shown") => Observation::Cancel(Confirmed(Release::Shown)),
        ("confirmed", "not_shown") => Observation::Cancel(Confirmed(Release::NotShown)),
        ("confirmed_with_capture", "") => {
            Observation::Cancel(ConfirmedWithCapture(funds(FundsState::CapturedInPart)))
        }
        ("reported_canceled", "") => Observation::Cancel(ReportedCanceled),
        ("reported_not_cancelable", "") => Observation::Cancel(ReportedNotCancelable),
        ("shows", text) => {
            let (funds, age) = shown(text);
            Observation::ReadBack(ReadResult::Shows(funds, age))
        }
        ("nothing", name) => Observation::ReadBack(ReadResult::Nothing(code(name))),
        ("read_refused_expand", "") => Observation::ReadBack(ReadResult::RefusedExpand),
        _ => panic!("{text}"),
    }
}

fn limits(text: &str) -> Limits {
    let mut limits = Limits {
        max_sends: 2,
        max_connects: 3,
        in_doubt: false,
        must_look: false,
        needs_proof: false,
        verify: false,
    };
    for word in text.split(", ").filter(|word| !word.is_empty()) {
        match word {
            "in doubt" => limits.in_doubt = true,
            "must look" => limits.must_look = true,
            "needs proof" => limits.needs_proof = true,
            "verify" => limits.verify = true,
            _ => panic!("{word}"),
        }
    }
    limits
}

fn words(decision: Decision) -> String {
    format!("{}/{}", decision.outcome, decision.code)
}

/// A hold that was seen before a capture has the capture's amount beside it.
fn with_amounts(mut history: Vec<Observation>) -> Vec<Observation> {
    let captures = |observation: &Observation| {
        matches!(observation, Observation::Cancel(SendResult::ConfirmedWithCapture(_)))
    };
    let parts = |observation: &Observation| match observation {
        Observation::ReadBack(ReadResult::Shows(funds, _)) => {
            funds.state == FundsState::CapturedInPart
        }
        Observation::Cancel(_) | Observation::ReadBack(_) => false,
    };
    if history.iter().any(captures) || history.iter().any(parts) {
        for observation in &mut history {
            if let Observation::ReadBack(ReadResult::Shows(funds, _)) = observation {
                funds.amount_received = Amount::Of(5);
            }
        }
    }
    history
}

#[test]
fn each_row_of_what_follows_is_what_the_decision_says() {
    for row in rows("What follows") {
        let texts = row[1].split(", ").filter(|text| !text.is_empty());
        let history = with_amounts(texts.map(observation).collect());
        // In doubt: what is known is old, until the session was read.
        let mut limits = limits(row[0]);
        limits.must_look |= limits.in_doubt && history.is_empty();
        let found = match next(&history, limits) {
            Step::Done(decision) => format!("done {}", words(decision)),
            Step::Cancel(Delay::None, _) => "cancel at once".to_owned(),
            Step::Cancel(Delay::Backoff, _) => "cancel after a wait".to_owned(),
            Step::ReadBack(Delay::None, _) => "read back at once".to_owned(),
            Step::ReadBack(Delay::Backoff, _) => "read back after a wait".to_owned(),
        };
        assert_eq!(found, row[2], "{row:?}");
        assert_eq!(words(at_the_end(&history, limits)), row[3], "{row:?} at the end");
    }
}

#[test]
fn the_page_of_each_outcome_names_every_outcome() {
    let named: Vec<&str> = rows("What each outcome asserts").iter().map(|row| row[0]).collect();
    let mut missing = Outcome::ALL.iter().filter(|outcome| !named.contains(&outcome.name()));
    assert_eq!(missing.next(), None);
}

#[test]
fn a_request_that_is_handed_over_resets_what_is_known_of_the_hold() {
    let history: Vec<Observation> =
        ["in_doubt(timeout)", "shows(authorized)", "in_doubt(timeout)"].map(observation).into();
    assert_eq!(at_the_end(&history[..2], limits("")).hold, Hold::Held);
    assert_eq!(at_the_end(&history, limits("")).hold, Hold::Unknown);
    assert_eq!(at_the_end(&history[..2], limits("must look")).hold, Hold::Unknown, "too old");
}

#[test]
fn a_call_in_doubt_is_never_not_applied_whatever_it_meets() {
    let texts = [
        "not_sent(connect)",
        "not_sent(tls)",
        "not_sent(aborted)",
        "in_doubt(timeout)",
        "refused(rejected)",
        "refused(unauthorized)",
        "refused(rate_limited)",
        "refused_expand",
        "in_doubt(not_found)",
        "reported_canceled",
        "reported_not_cancelable",
        "nothing(not_found)",
        "nothing(unauthorized)",
        "nothing(timeout)",
        "shows(authorized)",
        "shows(open)",
        "shows(authorized newer)",
        "shows(indeterminate)",
        "shows(captured_in_part)",
    ];
    let all: Vec<Observation> = texts.map(observation).into();
    for first in &all {
        for second in &all {
            for third in &all {
                let history = [*first, *second, *third];
                for count in 0..=3 {
                    let history = &history[..count];
                    let limits = limits("in doubt, needs proof");
                    let decision = match next(history, limits) {
                        Step::Done(decision) => decision,
                        _ => at_the_end(history, limits),
                    };
                    assert_ne!(decision.outcome, Outcome::NotApplied, "{history:?}");
                    assert_ne!(at_the_end(history, limits).outcome, Outcome::NotApplied);
                }
            }
        }
    }
}

#[test]
fn a_read_back_that_shows_less_than_the_confirmation_did_proves_no_release() {
    let confirmed = observation("confirmed_with_capture");
    for (amount, outcome) in [
        (Amount::Of(5), Outcome::Canceled),
        (Amount::Of(4), Outcome::Unknown),
        (Amount::Absent, Outcome::Unknown),
        (Amount::Unreadable, Outcome::Unknown),
    ] {
        let (mut funds, age) = shown("captured_in_part before");
        funds.amount_received = amount;
        let history = [confirmed, Observation::ReadBack(ReadResult::Shows(funds, age))];
        let Step::Done(decision) = next(&history, limits("")) else { panic!("{amount:?}") };
        assert_eq!(decision.outcome, outcome, "{amount:?}");
    }
}

#[test]
fn a_part_whose_capture_cannot_be_read_contradicts_a_confirmation() {
    let (mut funds, age) = shown("captured_in_part");
    funds.is_captured = false;
    let history =
        [observation("confirmed(not_shown)"), Observation::ReadBack(ReadResult::Shows(funds, age))];
    let Step::Done(decision) = next(&history, limits("verify")) else { panic!() };
    assert_eq!(words(decision), "unknown/protocol");
}

#[test]
fn the_reason_of_what_was_not_applied_says_what_happened() {
    let reason = |texts: &[&str]| {
        let history: Vec<Observation> = texts.iter().map(|text| observation(text)).collect();
        at_the_end(&history, limits("")).reason
    };
    assert_eq!(reason(&["not_sent(dns)"]), "nothing was handed to the network");
    assert_eq!(reason(&["nothing(unauthorized)"]), "no cancel was sent");
    assert_eq!(reason(&["not_sent(dns)", "nothing(timeout)"]), "no cancel was sent");
    assert_eq!(reason(&["refused(rate_limited)"]), REFUSED);
    let of_hold = |age: &str| {
        let history =
            [observation("not_sent(dns)"), observation(&format!("shows(authorized {age})"))];
        let Step::Done(decision) = next(&history, limits("needs proof")) else { panic!("{age}") };
        decision.reason
    };
    assert!(of_hold("newer").contains("authorized after"));
    assert!(of_hold("age unknown").contains("does not show"));
}
