//! The rows that one sandbox and one call can show.

use std::time::{Duration, SystemTime};

use flex_sandbox::{
    Dialect, Effects, ErrorShape, Fault, How, Injection, Intents, KeyHandling, Scripted,
    SecondCancel, Then,
};
use flexcancel::{Code, Hold};

use crate::case::{
    ALREADY_CANCELED, CANCELED, Case, Given, Session, TOO_LATE, always, not_applied, on_cancel,
    on_retrieve, once, unknown,
};

/// Enough to see that the end of the time is kept to.
const SHORT_MS: u64 = 500;
/// Enough to wait for what a server asks to wait for.
const LONG_MS: u64 = 4_000;

pub fn all() -> Vec<Case> {
    // First, as one of them has a Date of now.
    let mut cases = rate_limits();
    cases.extend(connecting());
    cases.extend(connection_life());
    cases.extend(http());
    cases.extend(status());
    cases.extend(json());
    cases.extend(state());
    cases.extend(someone_else());
    cases
}

fn given(tls: bool) -> Given {
    Given { tls, ..Given::default() }
}

fn short(tls: bool) -> Given {
    Given { timeout_ms: SHORT_MS, ..given(tls) }
}

/// A fault of responses, whether the cancel takes effect or not: once, it is got over; always,
/// nothing can be known.
fn unclear(row: u16, fault: &Fault, codes: &'static [Code], cases: &mut Vec<Case>) {
    let name = match fault {
        Fault::Status { status, .. } => format!("status {status}"),
        fault => format!("{fault:?}"),
    };
    for tls in [false, true] {
        for apply in [true, false] {
            let with = |injection: Injection| injection.apply(apply);
            let case = given(tls).fault(with(on_cancel(once(fault.clone()))));
            cases.push(case.case(row, format!("{name}, once"), CANCELED));
            let case = short(tls).fault(with(always(fault.clone())));
            cases.push(case.case(row, format!("{name}, always"), unknown(codes)));
        }
    }
}

fn connecting() -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, fault) in [
        (11, Fault::ResetHandshake),
        (11, Fault::CloseBeforeRead),
        (19, Fault::StallHandshake),
        (19, Fault::AcceptAndStall),
    ] {
        let name = format!("{fault:?}");
        let patient = |given: Given| Given { connect_timeout_ms: 300, ..given };
        let case = patient(given(true)).fault(once(fault.clone()));
        cases.push(case.case(row, format!("{name}, once"), CANCELED));
        // The last try may be cut short by the end of the time.
        let both: &[Code] = &[Code::ConnectionLost, Code::Timeout];
        let codes = if row == 11 { both } else { &[Code::Timeout] };
        let case = patient(short(true)).fault(always(fault.clone()));
        cases.push(case.case(row, format!("{name}, always"), not_applied(codes)));
        if row == 19 {
            let case = short(true).fault(always(fault));
            cases.push(case.case(76, format!("{name}, always"), not_applied(codes)));
        }
    }
    for tls in [false, true] {
        let out = |outage_ms, given| Given { outage_ms: Some(outage_ms), ..given };
        cases.push(out(3_600_000, short(tls)).case(
            7,
            "port closed",
            not_applied(&[Code::Connect, Code::Timeout]),
        ));
        for (ms, timeout_ms) in [(50, LONG_MS), (200, LONG_MS), (400, LONG_MS), (3_000, 10_000)] {
            let long = Given { timeout_ms, ..given(tls) };
            cases.push(out(ms, long).case(30, format!("port closed for {ms} ms"), CANCELED));
        }
    }
    cases
}

fn connection_life() -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, how, codes) in [
        (24, How::Rst, &[Code::ConnectionLost][..]),
        (25, How::Fin, &[Code::ConnectionLost]),
        (26, How::Stall, &[Code::Timeout]),
    ] {
        unclear(row, &Fault::DropAnswer { how }, codes, &mut cases);
    }
    for (how, codes) in [
        (How::CloseNotify, &[Code::ConnectionLost][..]),
        (How::Alert, &[Code::Tls, Code::ConnectionLost]),
    ] {
        let fault = Fault::DropAnswer { how };
        for apply in [true, false] {
            let case = given(true).fault(on_cancel(once(fault.clone())).apply(apply));
            cases.push(case.case(20, format!("{how:?} in place of the response, once"), CANCELED));
            let case = short(true).fault(always(fault.clone()).apply(apply));
            let name = format!("{how:?} in place of the response, always");
            cases.push(case.case(20, name, unknown(codes)));
        }
    }
    for tls in [false, true] {
        for (row, how) in [(23, How::Fin), (23, How::Rst), (29, How::Stall)] {
            let warm = |given: Given| Given { warm: true, ..given };
            let cut = Fault::CutRequest { at: 0, how };
            let case = warm(given(tls)).fault(once(cut.clone()));
            let name = format!("warm connection, {how:?} at the request");
            cases.push(case.case(row, format!("{name}, once"), CANCELED));
            let codes: &[Code] =
                if how == How::Stall { &[Code::Timeout] } else { &[Code::ConnectionLost] };
            let case = warm(short(tls)).fault(always(cut));
            cases.push(case.case(row, format!("{name}, always"), unknown(codes)));
        }
        let case = short(tls).fault(always(Fault::DropAnswer { how: How::Stall }));
        cases.push(case.case(77, "silence after the request", unknown(&[Code::Timeout])));
    }
    cases
}

fn http() -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, fault) in [
        (31, Fault::NotHttp),
        (32, Fault::HeaderFlood),
        (33, Fault::TwoContentLengths),
        (33, Fault::LengthAndChunked),
        (34, Fault::BadChunk),
        (35, Fault::ShortBody),
        (37, Fault::Endless1xx),
        (39, Fault::Gzip),
        (40, Fault::HugeBody { bytes: 2_000_000 }),
    ] {
        let codes: &[Code] = match fault {
            Fault::ShortBody => &[Code::ConnectionLost, Code::Protocol],
            Fault::Endless1xx => &[Code::Protocol, Code::Timeout],
            // Without effect it is a 503 that is too long.
            _ => &[Code::Protocol],
        };
        unclear(row, &fault, codes, &mut cases);
    }
    unclear(41, &Fault::Drip { bytes_per_second: 1 }, &[Code::Timeout], &mut cases);
    for tls in [false, true] {
        for bytes in [1, 20, 20_000] {
            let given = Given { round_trips: Some(1), ..given(tls) };
            let case = given.fault(always(Fault::Surplus { bytes }));
            cases.push(case.case(38, format!("{bytes} bytes after the response"), CANCELED));
        }
        let late = Given { round_trips: Some(1), takes_ms: 300..1_500, ..given(tls) }
            .fault(once(Fault::Delay { ms: 300 }));
        cases.push(late.case(41, "the response comes late, in time", CANCELED));
        let case =
            Given { round_trips: Some(1), ..given(tls) }.fault(always(Fault::CloseDelimited));
        cases.push(case.case(36, "the end of the connection ends the response", CANCELED));
        let cut = |id: &str| Scripted { answer: cut(id), apply: false, then: Then::Close };
        let case = Given { script: Some(Box::new(cut)), hold: Some(Hold::Released), ..given(tls) };
        cases.push(case.case(36, "the end of the connection cuts the response, once", CANCELED));
        let broken: &[Then] = if tls { &[Then::Fin, Then::Reset] } else { &[Then::Reset] };
        for then in broken {
            let then = *then;
            let lie = move |id: &str| Scripted { answer: open_ended(id), apply: false, then };
            let case = Given { script: Some(Box::new(lie)), ..given(tls) };
            let name = format!("{then:?} where the end of the connection is to end the response");
            cases.push(case.case(36, name, CANCELED));
        }
        let smuggled =
            |id: &str| Scripted { answer: two_answers(id), apply: false, then: Then::KeepOpen };
        let given = Given { script: Some(Box::new(smuggled)), ..given(tls) };
        cases.push(given.case(106, "a second response behind the first", CANCELED));
    }
    cases
}

/// A response without a length.
fn open_ended(id: &str) -> Vec<u8> {
    let session =
        format!(r#"{{"checkout_session":{{"checkout_session_id":"{id}","test_mode":true}}}}"#);
    format!("HTTP/1.0 200 OK\r\n\r\n{session}").into_bytes()
}

/// The same, of which the end is missing.
fn cut(id: &str) -> Vec<u8> {
    let mut answer = open_ended(id);
    answer.pop();
    answer
}

/// A response that says nothing, and one behind it that nobody asked for and that lies.
fn two_answers(id: &str) -> Vec<u8> {
    let lie =
        format!(r#"{{"checkout_session":{{"checkout_session_id":"{id}","status":"canceled"}}}}"#);
    format!(
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{lie}",
        lie.len()
    )
    .into_bytes()
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Fault::Status { status, headers: headers.iter().map(owned).collect(), body: body.to_owned() }
}

fn status() -> Vec<Case> {
    let mut cases = Vec::new();
    for tls in [false, true] {
        let given = || Given { round_trips: Some(1), takes_ms: 0..1_000, ..given(tls) };
        cases.push(given().case(42, "none", CANCELED));
        for (row, status, code, read_backs) in [
            // Refused with `expand`, and then without.
            (48, 400, &[Code::Rejected][..], 2),
            (48, 422, &[Code::Rejected], 2),
            (50, 401, &[Code::Unauthorized], 0),
            (50, 403, &[Code::Forbidden], 1),
            (51, 404, &[Code::NotFound], 1),
            (56, 407, &[Code::Rejected], 1),
        ] {
            let body = r#"{"error":{"code":"nobody_knows","message":"No."}}"#;
            let refused = answer(status, &[], body);
            let given = |round_trips| Given { round_trips: Some(round_trips), ..given() };
            let case = given(1 + read_backs).fault(always(refused.clone()));
            cases.push(case.case(row, format!("{status} at first"), not_applied(code)));
            if status != 401 {
                let given = Given { hold: Some(Hold::Held), ..given(2) };
                let case = given.fault(on_cancel(always(refused)));
                let name = format!("{status} to the cancel, and the hold is read");
                cases.push(case.case(row, name, not_applied(code)));
            }
        }
    }
    for (row, statuses, code) in [
        (46, &[300, 301, 302, 303, 304, 307, 308][..], &[Code::Protocol][..]),
        (52, &[408, 425, 499], &[Code::ServerError]),
        (54, &[500, 502, 504, 599], &[Code::ServerError]),
        (55, &[503], &[Code::ServerError]),
    ] {
        for status in statuses {
            let headers = [("Location", "/v1/checkout/sessions/fcs_1/cancel")];
            let headers = if row == 46 { &headers[..] } else { &[] };
            unclear(row, &answer(*status, headers, ""), code, &mut cases);
        }
    }
    unclear(43, &Fault::OtherId, &[Code::Protocol], &mut cases);
    unclear(44, &Fault::Empty200, &[Code::Protocol], &mut cases);
    unclear(44, &Fault::NotJson200, &[Code::Protocol], &mut cases);
    unclear(45, &Fault::NoContent, &[Code::Protocol], &mut cases);
    // After an unclear attempt, a refusal says nothing of that attempt.
    for (apply, expected) in [(true, CANCELED), (false, unknown(&[Code::Rejected]))] {
        let lost = once(Fault::DropAnswer { how: How::Rst }).apply(apply);
        let refused = always(answer(400, &[], r#"{"error":{"code":"nobody_knows"}}"#));
        let case = short(false).fault(on_cancel(lost)).fault(on_cancel(refused));
        cases.push(case.case(49, format!("400 after a lost one, effect: {apply}"), expected));
    }
    cases
}

fn rate_limits() -> Vec<Case> {
    let mut cases = Vec::new();
    const LIMITED: &[Code] = &[Code::RateLimited];
    let limit = |value: &str| answer(429, &[("Retry-After", value)], "");
    // An old Date would be a stored response's, and one yet to come makes the next ones old.
    let now = SystemTime::now();
    let date = httpdate::fmt_http_date(now);
    let later = httpdate::fmt_http_date(now + Duration::from_secs(1));
    let date_forms = answer(429, &[("Date", &date), ("Retry-After", &later)], "");
    // What says neither why nor how long may have come after the effect: it is read back.
    for (name, fault, min_ms, round_trips) in [
        ("absent", answer(429, &[], ""), 0, 3),
        ("absent, with a code", answer(429, &[], r#"{"error":{"code":"slow_down"}}"#), 0, 2),
        ("0", limit("0"), 0, 2),
        ("1 s", limit("1"), 1_000, 2),
        ("a date in 1 s", date_forms, 1_000, 2),
        ("a date in the past, no Date", limit("Mon, 01 Jan 2001 00:00:00 GMT"), 0, 2),
        ("negative", limit("-5"), 0, 3),
        ("garbage", limit("soon"), 0, 3),
        ("beyond 64 bits", limit("99999999999999999999999999"), 0, 3),
    ] {
        let long = Given {
            timeout_ms: LONG_MS,
            round_trips: Some(round_trips),
            takes_ms: min_ms..min_ms + 1_000,
            ..Given::default()
        };
        let case = long.fault(on_cancel(once(fault)));
        cases.push(case.case(53, format!("429 once, Retry-After: {name}"), CANCELED));
    }
    let beyond = Given { round_trips: Some(1), takes_ms: 0..1_000, ..given(false) }
        .fault(always(limit("3600")));
    cases.push(beyond.case(53, "429, Retry-After beyond the time", not_applied(LIMITED)));
    let case = short(false).fault(always(answer(429, &[], "")));
    cases.push(case.case(53, "429 always", unknown(LIMITED)));
    let case = given(false).fault(always(limit("0")));
    cases.push(case.case(53, "429 always, Retry-After: 0", not_applied(LIMITED)));
    cases
}

fn json() -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, fault) in [
        (57, Fault::InvalidJson),
        (57, Fault::Truncated),
        (58, Fault::DeepJson),
        (59, Fault::DuplicateKeys),
        (60, Fault::WrongTypes),
        (60, Fault::ArrayForObject),
        (61, Fault::BadUtf8),
    ] {
        unclear(row, &fault, &[Code::Protocol], &mut cases);
    }
    for tls in [false, true] {
        for (row, fault, kept) in [
            (62, Fault::UnknownFields, r#""mood":{"now":["sunny",null]}"#),
            (63, Fault::BigNumbers, "9007199254740993"),
            (63, Fault::BigNumbers, "123456789012345678901234567890"),
            (63, Fault::BigNumbers, "0.1000000000000000055511151231257827"),
        ] {
            let name = format!("{fault:?}, bytes kept");
            let kind = Given { round_trips: Some(1), keeps: Some(kept), ..given(tls) };
            cases.push(kind.fault(always(fault)).case(row, name, CANCELED));
        }
    }
    // A code is looked at before it is believed, and what has none is in doubt: both are read back.
    for shape in ErrorShape::ALL {
        let given = Given {
            error_shape: *shape,
            session: Session::Captured,
            round_trips: Some(2),
            hold: Some(Hold::Captured),
            ..given(false)
        };
        cases.push(given.case(64, format!("captured, told as {shape}"), TOO_LATE));
    }
    cases
}

fn state() -> Vec<Case> {
    let mut cases = Vec::new();
    let at = |session| Given { session, ..given(false) };
    cases.push(at(Session::Captured).case(66, "captured before", TOO_LATE));
    cases.push(at(Session::Captured).case(47, "400, known code: captured", TOO_LATE));
    cases.push(at(Session::Expired).case(67, "expired before", TOO_LATE));
    cases.push(at(Session::Expired).case(47, "400, known code: expired", TOO_LATE));
    cases.push(at(Session::Open).case(65, "never paid", CANCELED));
    for second_cancel in SecondCancel::ALL.iter().copied() {
        let dialect = Dialect { second_cancel, ..Dialect::default() };
        // A response without a code may as well be said of a cancel that failed half-way.
        let may_be_ours = matches!(second_cancel, SecondCancel::OkAgain | SecondCancel::Gone);
        let expected = if may_be_ours { CANCELED } else { ALREADY_CANCELED };
        for row in [47, 68] {
            let given = Given { dialect, ..at(Session::Canceled) };
            cases.push(given.case(row, format!("canceled before, {second_cancel}"), expected));
        }
    }
    let lost = || on_cancel(once(Fault::DropAnswer { how: How::Rst }));
    for dialect in Dialect::classic() {
        // Where the status hides the cancel and the intents are bare, nobody can tell; there and
        // where it reads as expired, `not_cancelable` or `unknown` would be as true.
        let is_plain = dialect.intents == Intents::Expanded;
        let is_late = dialect.effects == Effects::Late;
        if is_plain {
            let row = if is_late { 70 } else { 69 };
            let given = Given { dialect, timeout_ms: LONG_MS, ..given(false) };
            cases.push(given.fault(lost()).case(row, "our own lost first attempt", CANCELED));
        }
    }
    for tls in [false, true] {
        let gone = on_retrieve(always(answer(500, &[], "")));
        let case = short(tls).fault(lost()).fault(gone);
        // Why it is unclear is told, not why it stays so.
        let name = "the cancel works, no read-back does";
        cases.push(case.case(71, name, unknown(&[Code::ConnectionLost])));
        let once_gone = on_retrieve(once(answer(500, &[], "")));
        let case = given(tls).fault(lost()).fault(once_gone);
        cases.push(case.case(71, "the cancel works, the second read-back does", CANCELED));
    }
    let ignored = Dialect { key: KeyHandling::Ignored, ..Dialect::default() };
    for apply in [true, false] {
        let given = Given { dialect: ignored, ..given(false) };
        let case = given.fault(lost().apply(apply));
        cases.push(case.case(72, format!("key ignored, first lost, effect: {apply}"), CANCELED));
        let expected = if apply { CANCELED } else { unknown(&[Code::ServerError]) };
        let case = short(false).fault(on_cancel(once(Fault::Replayed500)).apply(apply));
        cases.push(case.case(73, format!("500 for the key, effect: {apply}"), expected));
    }
    let busy = || on_cancel(once(answer(409, &[], r#"{"error":{"code":"in_progress"}}"#)));
    cases.push(given(false).fault(busy()).case(74, "409 once", CANCELED));
    let case = short(false).fault(busy().times(u32::MAX));
    cases.push(case.case(74, "409 always", unknown(&[Code::ServerError])));
    for apply in [true, false] {
        let script =
            move |id: &str| Scripted { answer: still_held(id), apply, then: Then::KeepOpen };
        let given = Given { script: Some(Box::new(script)), ..given(false) };
        cases.push(given.case(75, format!("200 that shows the hold, effect: {apply}"), CANCELED));
    }
    cases
}

/// A success that contradicts itself.
fn still_held(id: &str) -> Vec<u8> {
    let intent = r#"{"status":"requires_capture","amount_capturable":4999}"#;
    let session = format!(
        r#"{{"checkout_session_id":"{id}","status":"complete","payment_intent":{intent}}}"#
    );
    let body = format!(r#"{{"checkout_session":{session}}}"#);
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Someone else acts between a lost cancel, which had no effect, and the read-back.
fn someone_else() -> Vec<Case> {
    let lost = || on_cancel(once(Fault::DropAnswer { how: How::Rst })).apply(false);
    let mut cases = Vec::new();
    for tls in [false, true] {
        let open = Given {
            session: Session::Open,
            meanwhile: Some(|sandbox, id| sandbox.pay(id).unwrap()),
            ..given(tls)
        };
        cases.push(open.fault(lost()).case(65, "paid meanwhile", CANCELED));
        let held = Given {
            meanwhile: Some(|sandbox, id| sandbox.capture(id, None).unwrap()),
            ..given(tls)
        };
        cases.push(held.fault(lost()).case(66, "captured meanwhile", TOO_LATE));
        let held =
            Given { meanwhile: Some(|sandbox, id| sandbox.expire(id).unwrap()), ..given(tls) };
        // A hold that lapses shows its intent canceled: the same as a cancel, to the cent.
        cases.push(held.fault(lost()).case(67, "expired meanwhile", CANCELED));
    }
    cases
}
