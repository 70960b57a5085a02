//! Holds docs/OUTCOMES.md and the judge together.

use http::StatusCode;

use super::*;
use crate::config::Mode;
use crate::evidence::{Evidence, class_of};
use crate::secret::Secret;
use crate::wire::{self, SessionId};

const DOCUMENT: &str = include_str!("../../docs/OUTCOMES.md");

/// The rows of the table below the heading, cells trimmed, without the table's own head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &'static str| {
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
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

fn standing(name: &str) -> Standing {
    match name {
        "held" => Standing::Held,
        "held_and_taken" => Standing::HeldAndTaken,
        "captured" => Standing::Captured,
        "canceled" => Standing::Canceled,
        "expired" => Standing::Expired,
        "open" => Standing::Open,
        "taken" => Standing::Taken,
        "hidden" => Standing::Hidden,
        _ => panic!("{name}"),
    }
}

fn finding(text: &str) -> Finding {
    match parts(text) {
        ("not_sent", name) => Finding::Sent(Class::NotSent(code(name))),
        ("unclear", name) => Finding::Sent(Class::Unclear(code(name))),
        ("refused", name) => Finding::Sent(Class::Refused(code(name))),
        ("confirmed", "") => Finding::Sent(Class::Confirmed),
        ("confirmed_but_taken", "") => Finding::Sent(Class::ConfirmedButTaken),
        ("says_canceled", "") => Finding::Sent(Class::SaysCanceled),
        ("says_too_late", "") => Finding::Sent(Class::SaysTooLate),
        ("shows", name) => Finding::Read(Reading::Shows(standing(name))),
        ("nothing", name) => Finding::Read(Reading::Nothing(code(name))),
        _ => panic!("{text}"),
    }
}

fn words(verdict: Verdict) -> String {
    format!("{}/{}", verdict.outcome, verdict.code)
}

#[test]
fn each_row_of_what_follows_is_what_the_judge_says() {
    for row in rows("What follows") {
        let texts = row[0].split(", ").filter(|text| !text.is_empty());
        let findings: Vec<Finding> = texts.map(finding).collect();
        let next = match judge_cancel(&findings, 2) {
            Step::Done(verdict) => format!("done {}", words(verdict)),
            Step::Cancel(Pace::AtOnce, _) => "cancel at once".to_owned(),
            Step::Cancel(Pace::Backoff, _) => "cancel after a wait".to_owned(),
            Step::ReadBack(Pace::AtOnce, _) => "read back at once".to_owned(),
            Step::ReadBack(Pace::Backoff, _) => "read back after a wait".to_owned(),
        };
        assert_eq!(next, row[1], "{}", row[0]);
        assert_eq!(words(judge_at_the_end(&findings)), row[2], "{} at the end", row[0]);
    }
}

fn evidence(status: u16, body: &str) -> Evidence {
    let status = StatusCode::from_u16(status).unwrap();
    let id = SessionId::parse("fcs_1").unwrap();
    let secret = Secret::new("fsk_test_1".to_owned());
    let reply = wire::read(&id, status, body.as_bytes().to_vec(), &secret);
    Evidence::Answered { status, reply }
}

fn session(fields: &str) -> String {
    format!(r#"{{"checkout_session":{{"checkout_session_id":"fcs_1","test_mode":true{fields}}}}}"#)
}

fn answer(text: &str) -> Evidence {
    let held = r#","payment_intent":{"status":"requires_capture"}"#;
    if let Some((status, code)) = text.split_once(", code ") {
        return evidence(status.parse().unwrap(), &format!(r#"{{"error":{{"code":"{code}"}}}}"#));
    }
    if let Some((status, _)) = text.split_once(", another code") {
        return evidence(status.parse().unwrap(), r#"{"error":{"code":"something_else"}}"#);
    }
    match text {
        "none, before hand-over" => Evidence::Failed { handed_over: false, code: Code::Timeout },
        "none, after hand-over" => Evidence::Failed { handed_over: true, code: Code::Timeout },
        "200, the session, no money held or taken" => {
            evidence(200, &session(r#","status":"open","amount_received":0"#))
        }
        "200, the session, money taken" => evidence(200, &session(r#","amount_received":1"#)),
        "200, the session, money held" => evidence(200, &session(held)),
        "200, the session, of the other mode" => {
            evidence(200, &session("").replace("true", "false"))
        }
        "200, not the session" => evidence(200, &session("").replace("fcs_1", "fcs_2")),
        status => evidence(status.parse().unwrap(), ""),
    }
}

#[test]
fn each_row_of_what_one_answer_proves_is_what_the_judge_says() {
    for row in rows("What one answer to the cancel proves") {
        let class = class_of(Some(Mode::Test), &answer(row[0]));
        let name = match class {
            Class::NotSent(_) => "not_sent",
            Class::Unclear(_) => "unclear",
            Class::Confirmed => "confirmed",
            Class::ConfirmedButTaken => "confirmed_but_taken",
            Class::SaysCanceled => "says_canceled",
            Class::SaysTooLate => "says_too_late",
            Class::Refused(_) => "refused",
        };
        assert_eq!(name, row[1], "{}", row[0]);
    }
}

#[test]
fn the_page_of_each_outcome_names_every_outcome() {
    let named: Vec<&str> = rows("What each outcome asserts").iter().map(|row| row[0]).collect();
    let mut missing = Outcome::ALL.iter().filter(|outcome| !named.contains(&outcome.name()));
    assert_eq!(missing.next(), None);
}

#[test]
fn a_retrieve_says_what_may_be_said_of_the_void() {
    for (name, outcome, hold) in [
        ("held", Outcome::NotApplied, Hold::Held),
        ("open", Outcome::NotApplied, Hold::None),
        ("canceled", Outcome::AlreadyCanceled, Hold::Released),
        ("captured", Outcome::NotCancelable, Hold::Captured),
        ("expired", Outcome::NotCancelable, Hold::None),
        ("taken", Outcome::Unknown, Hold::Unknown),
        ("hidden", Outcome::Unknown, Hold::Unknown),
    ] {
        let findings = [Finding::Read(Reading::Shows(standing(name)))];
        let Step::Done(verdict) = judge_retrieve(&findings, 4) else { panic!("{name}") };
        assert_eq!((verdict.outcome, verdict.hold, verdict.code), (outcome, hold, Code::Ok));
    }
}

#[test]
fn a_retrieve_tries_again_what_may_pass_and_nothing_else() {
    let nothing = |code| Finding::Read(Reading::Nothing(code));
    for code in [Code::Timeout, Code::ConnectionLost, Code::ServerError, Code::RateLimited] {
        let tried = [nothing(code)];
        assert!(matches!(judge_retrieve(&tried, 2), Step::ReadBack(Pace::Backoff, _)), "{code}");
        let Step::Done(verdict) = judge_retrieve(&[nothing(code); 2], 2) else { panic!("{code}") };
        assert_eq!((verdict.outcome, verdict.code), (Outcome::Unknown, code));
    }
    for code in [Code::Unauthorized, Code::NotFound, Code::Aborted, Code::Tls, Code::ModeMismatch] {
        assert!(matches!(judge_retrieve(&[nothing(code)], 9), Step::Done(_)), "{code}");
    }
}
