//! Worlds that differ from the plain one in what Flex leaves undocumented, or where something
//! stands between Flex and the till.

use flex_sandbox::{
    Dialect, Fault, How, Injection, Link, Paid, PartialCapture, Scripted, Several, Then,
};
use flexcancel::{Code, Hold};

use crate::case::{
    CANCELED, Case, Expected, Given, Session, TOO_LATE, always, not_applied, on_cancel,
    on_retrieve, once, unknown,
};

const SHORT_MS: u64 = 500;
const LONG_MS: u64 = 4_000;
const REPEATED: &str = r#","idempotency_key":"till-7/4711""#;
const BLOCKED: &str = "<html><body><h1>Blocked</h1></body></html>";
const BY_A_FRAMEWORK: &str =
    r#"{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"}]}"#;
const LOCKED: &str = r#"{"error":{"code":"lock_timeout","message":"Busy."}}"#;

pub fn all() -> Vec<Case> {
    let mut cases = confirmations();
    cases.extend(stored());
    cases.extend(refusals_after_the_effect());
    cases.extend(dialects());
    cases.extend(holds_left());
    cases.extend(repeats());
    cases.extend(verified());
    cases
}

fn given(tls: bool) -> Given {
    Given { tls, ..Given::default() }
}

fn short(tls: bool) -> Given {
    Given { timeout_ms: SHORT_MS, ..given(tls) }
}

fn lost() -> Injection {
    on_cancel(once(Fault::DropAnswer { how: How::Rst }))
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.to_owned() }
}

/// A response to the cancel that proves nothing: the read-back finds what was done, and what was
/// not done is sent again; where no other response comes, it stays unknown.
fn doubtful(row: u16, name: &str, fault: &Fault, codes: &'static [Code], cases: &mut Vec<Case>) {
    for tls in [false, true] {
        for apply in [true, false] {
            let case = given(tls).fault(on_cancel(once(fault.clone())).apply(apply));
            cases.push(case.case(row, format!("{name}, once"), CANCELED));
            let expected = if apply { CANCELED } else { unknown(codes) };
            let case = short(tls).fault(on_cancel(always(fault.clone())).apply(apply));
            cases.push(case.case(row, format!("{name}, always, effect: {apply}"), expected));
        }
    }
}

fn confirmations() -> Vec<Case> {
    const PROTOCOL: &[Code] = &[Code::Protocol];
    let mut cases = Vec::new();
    for status in [202, 203, 206] {
        let fault = Fault::SuccessStatus { status };
        doubtful(42, &format!("{status} with the session"), &fault, PROTOCOL, &mut cases);
    }
    for word in ["processing", "authorized", "requires_action", "melting"] {
        let fault = Fault::IntentWord { word: word.to_owned() };
        doubtful(42, &format!("200, a payment intent {word}"), &fault, PROTOCOL, &mut cases);
    }
    let fault = Fault::StatusWord { word: "paused".to_owned() };
    doubtful(42, "200, a status that is not documented", &fault, PROTOCOL, &mut cases);
    doubtful(42, "200, an error beside the session", &Fault::ErrorBeside, PROTOCOL, &mut cases);
    doubtful(42, "200, a capture listed", &Fault::CapturesListed, PROTOCOL, &mut cases);
    cases
}

/// Answers that are not to this request.
fn stored() -> Vec<Case> {
    let mut cases = Vec::new();
    let stale = Fault::StaleDate { seconds: 3_600 };
    doubtful(75, "a Date before the request", &stale, &[Code::Protocol], &mut cases);
    let codes = &[Code::Protocol, Code::ServerError];
    doubtful(75, "a replay at first", &Fault::ReplayedHeader, codes, &mut cases);
    for tls in [false, true] {
        for (name, fault) in [
            ("a cache", Fault::Cached { age_s: 60 }),
            ("an old Date", stale.clone()),
            ("203", Fault::SuccessStatus { status: 203 }),
            ("an error beside the session", Fault::ErrorBeside),
        ] {
            let case = given(tls).fault(lost()).fault(on_retrieve(once(fault.clone())));
            cases.push(case.case(71, format!("read back by {name}, once"), CANCELED));
            // A clock that goes on is a server's that is behind, or the till's is ahead: that
            // takes more than a second to see.
            let is_clock = matches!(fault, Fault::StaleDate { .. });
            let (at, expected) = if is_clock {
                (Given { timeout_ms: LONG_MS, ..given(tls) }, CANCELED)
            } else {
                (short(tls), unknown(&[Code::ConnectionLost]))
            };
            let case = at.fault(lost()).fault(on_retrieve(always(fault.clone())));
            cases.push(case.case(71, format!("read back by {name}, always"), expected));
        }
    }
    cases
}

fn refusals_after_the_effect() -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, status, body, code) in [
        (48, 400, "", &[Code::Rejected][..]),
        (48, 400, r#"{"detail":"Could not cancel the payment"}"#, &[Code::Rejected]),
        (48, 422, BY_A_FRAMEWORK, &[Code::Rejected]),
        (48, 405, "", &[Code::Rejected]),
        (48, 410, BLOCKED, &[Code::Rejected]),
        (50, 403, BLOCKED, &[Code::Forbidden]),
        (51, 404, BLOCKED, &[Code::NotFound]),
        (52, 423, LOCKED, &[Code::ServerError]),
        (52, 424, "", &[Code::ServerError]),
        (52, 425, LOCKED, &[Code::ServerError]),
        (53, 429, LOCKED, &[Code::RateLimited]),
        (53, 429, "", &[Code::RateLimited]),
        (56, 407, BLOCKED, &[Code::Rejected]),
        (74, 409, r#"{"error":{"code":"conflicting_state"}}"#, &[Code::ServerError]),
    ] {
        let kind = if body.starts_with('{') { "JSON" } else { "no code" };
        let name = format!("{status}, {kind}, to the cancel");
        doubtful(row, &name, &answer(status, body), code, &mut cases);
    }
    for tls in [false, true] {
        let case = given(tls).fault(always(answer(404, BLOCKED)));
        cases.push(case.case(51, "404 without a code, everywhere", unknown(&[Code::NotFound])));
        let case = given(tls).fault(always(answer(403, BLOCKED)));
        cases.push(case.case(50, "403 without a code, everywhere", unknown(&[Code::Forbidden])));
    }
    cases
}

/// Each value of each axis by itself: our own lost request is found, wherever it can be.
fn dialects() -> Vec<Case> {
    let mut cases = Vec::new();
    let values = Dialect::AXES
        .iter()
        .flat_map(|(axis, values)| values.iter().map(move |value| (*axis, *value)));
    for (axis, value) in values {
        let mut dialect = Dialect::default();
        dialect.set(axis, value).expect("a value of that axis");
        let name = format!("{axis}={value}");
        for tls in [false, true] {
            let given = || Given { dialect, timeout_ms: 1_500, ..given(tls) };
            // What was acknowledged may still lose to a capture.
            if value != "best_effort" {
                let case = given().fault(lost());
                cases.push(case.case(69, format!("our own lost request, {name}"), CANCELED));
            }
            cases.push(given().case(42, format!("none, {name}"), CANCELED));
        }
    }
    cases
}

/// Holds that are left where Flex says that there are none, and holds that are released beside.
fn holds_left() -> Vec<Case> {
    [false, true].into_iter().flat_map(holds_left_over).collect()
}

fn holds_left_over(tls: bool) -> Vec<Case> {
    const LEFT: Expected = not_applied(&[Code::NotCancelable]);
    let mut cases = Vec::new();
    let held = |dialect, session| Given {
        dialect,
        session,
        hold: Some(Hold::Held),
        round_trips: Some(2),
        ..given(tls)
    };
    let refuses = Dialect { paid: Paid::Refuses, ..Dialect::default() };
    let case = held(refuses, Session::HeldBesideCaptured);
    cases.push(case.case(66, "\"processed\", and another hold is left", LEFT));
    // The sandbox lets the link of a paid session expire, and its hold stays.
    let alone = Dialect { link: Link::Alone, ..Dialect::default() };
    let case = held(alone, Session::HeldExpired);
    cases.push(case.case(67, "\"expired\", and the hold is left", LEFT));
    for several in [Several::FirstOnlyThenConflict, Several::FirstOnlyThenError] {
        let dialect = Dialect { several, ..Dialect::default() };
        let codes = &[Code::ServerError, Code::Rejected];
        let given = Given { dialect, session: Session::HeldTwice, ..short(tls) };
        let name = format!("one of two holds released, {several}");
        cases.push(given.case(48, name, unknown(codes)));
    }
    let keeps = Dialect { partial_capture: PartialCapture::KeepsRest, ..Dialect::default() };
    let in_part = || Given { dialect: keeps, session: Session::CapturedInPart, ..given(tls) };
    let expected = unknown(&[Code::NotCancelable]);
    cases.push(in_part().case(66, "the rest of a partly captured hold", expected));
    cases.push(in_part().fault(lost()).case(66, "the same, lost, effect: true", expected));
    let case = in_part().fault(lost().apply(false));
    cases.push(case.case(66, "the same, lost, effect: false", CANCELED));
    cases
}

/// The call repeats one that may have reached Flex: never `not_applied`.
fn repeats() -> Vec<Case> {
    let mut cases = Vec::new();
    let repeat = |given: Given| Given { options: REPEATED, ..given };
    for tls in [false, true] {
        let case = Given { outage_ms: Some(3_600_000), ..repeat(short(tls)) };
        cases.push(case.case(7, "port closed, a repeat", unknown(&[Code::Connect])));
        for (row, status, code) in [
            (50, 401, &[Code::Unauthorized][..]),
            (50, 403, &[Code::Forbidden]),
            (51, 404, &[Code::NotFound]),
            (53, 429, &[Code::RateLimited]),
            (48, 400, &[Code::Rejected]),
        ] {
            let refused = answer(status, r#"{"error":{"code":"nobody_knows"}}"#);
            let case = repeat(short(tls)).fault(always(refused.clone()));
            cases.push(case.case(row, format!("{status} always, a repeat"), unknown(code)));
            let case = repeat(short(tls)).fault(on_cancel(always(refused)));
            let name = format!("{status} to the cancel, a repeat");
            let case = Given { hold: Some(Hold::Held), ..case };
            cases.push(case.case(row, name, unknown(code)));
        }
        for (row, session, expected, round_trips) in [
            (42, Session::Held, CANCELED, 2),
            (42, Session::Open, CANCELED, 2),
            (68, Session::Canceled, CANCELED, 1),
            (66, Session::Captured, TOO_LATE, 1),
            (67, Session::Expired, TOO_LATE, 1),
        ] {
            let given = Given { session, round_trips: Some(round_trips), ..repeat(given(tls)) };
            cases.push(given.case(row, "a repeat reads first", expected));
        }
    }
    let newer = Given {
        options: r#","asked_at_ms":1"#,
        round_trips: Some(1),
        hold: Some(Hold::Held),
        ..given(false)
    };
    cases.push(newer.case(
        79,
        "asked for before a sleep, and the hold is newer",
        not_applied(&[Code::NewerHold]),
    ));
    let newer = Given {
        options: r#","asked_at_ms":1,"idempotency_key":"till-7/4711""#,
        round_trips: Some(1),
        ..given(false)
    };
    cases.push(newer.case(79, "the same, a repeat", unknown(&[Code::NewerHold])));
    cases
}

fn verified() -> Vec<Case> {
    const VERIFY: &str = r#","verify":true"#;
    let mut cases = Vec::new();
    for tls in [false, true] {
        let verify = || Given { options: VERIFY, round_trips: Some(2), ..given(tls) };
        cases.push(verify().case(75, "a 200 that is verified", CANCELED));
        let script = |id: &str| Scripted { answer: lie(id), apply: false, then: Then::KeepOpen };
        let lied = Given { script: Some(Box::new(script)), hold: Some(Hold::Held), ..verify() };
        cases.push(lied.case(75, "a 200 that is contradicted", unknown(&[Code::Protocol])));
        let case = verify().fault(on_retrieve(always(answer(500, ""))));
        cases.push(case.case(75, "a 200 that cannot be verified", CANCELED));
    }
    cases
}

/// A confirmation of nothing.
fn lie(id: &str) -> Vec<u8> {
    let body =
        format!(r#"{{"checkout_session":{{"checkout_session_id":"{id}","status":"canceled"}}}}"#);
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
