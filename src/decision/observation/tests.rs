//! Holds docs/OUTCOMES.md and what one response proves together.

use super::super::funds::FundsState;
use super::super::next::tests::{observation, rows, state};
use super::*;
use crate::api::{self, Response, SessionId};
use crate::secret::Secret;

fn response(status: u16, body: &str) -> Received {
    let status = StatusCode::from_u16(status).unwrap();
    let id = SessionId::parse("fcs_1").unwrap();
    let secret = Secret::new("fsk_test_1".to_owned());
    let reply = api::read(
        &id,
        Response { status, body: body.as_bytes().to_vec(), ..Response::default() },
        &secret,
    );
    Received { status, reply, is_stored: false, is_replayed: false, has_retry_after: false }
}

fn session(fields: &str) -> String {
    format!(r#"{{"checkout_session":{{"checkout_session_id":"fcs_1","test_mode":true{fields}}}}}"#)
}

fn intent(fields: &str) -> String {
    session(&format!(r#","payment_intent":{{"payment_intent_id":"fpi_1",{fields}}}"#))
}

fn asked() -> Asked {
    Asked { mode: Some(Mode::Test), is_first: true, is_expanded: false }
}

/// What a row of the table names.
fn round_trip(text: &str) -> (Asked, RoundTripResult) {
    let plain = session(r#","status":"open","amount_received":0"#);
    let response = match text {
        "none, before hand-over" | "none, after hand-over" => {
            let is_handed_over = text.contains("after");
            return (asked(), RoundTripResult::Failed { is_handed_over, code: Code::Timeout });
        }
        "200, not the session" => response(200, &plain.replace("fcs_1", "fcs_2")),
        "400, in prose: already canceled" => {
            response(400, r#"{"detail":"This checkout session was already canceled."}"#)
        }
        "429, with Retry-After" => Received { has_retry_after: true, ..response(429, "") },
        "400, another code, to a request with expand" => {
            let refused =
                RoundTripResult::Answered(response(400, r#"{"error":{"code":"something_else"}}"#));
            return (Asked { is_expanded: true, ..asked() }, refused);
        }
        _ => match text.split_once(", ") {
            None => response(text.parse().unwrap(), ""),
            Some((status, rest)) => {
                let status = status.parse().unwrap();
                match (rest.strip_prefix("code "), rest.strip_prefix("the session, ")) {
                    (Some(code), _) => {
                        response(status, &format!(r#"{{"error":{{"code":"{code}"}}}}"#))
                    }
                    (_, Some(what)) => with_session(status, what, &plain),
                    _ => response(status, r#"{"error":{"code":"something_else"}}"#),
                }
            }
        },
    };
    (asked(), RoundTripResult::Answered(response))
}

fn with_session(status: u16, what: &str, plain: &str) -> Received {
    match what {
        "nothing against it" => response(status, plain),
        "every payment intent canceled" => response(status, &intent(r#""status":"canceled""#)),
        "money captured" => response(status, &session(r#","amount_received":1"#)),
        "captures listed and nothing received" => {
            response(status, &session(r#","amount_received":0,"captures":["fcap_1"]"#))
        }
        "money held" => response(status, &intent(r#""status":"requires_capture""#)),
        "a status that is not documented" => response(status, &plain.replace("open", "canceling")),
        "an error beside it" => {
            response(status, &plain.replacen('{', r#"{"errors":[{"code":"void_failed"}],"#, 1))
        }
        "of the other mode" => response(status, &plain.replace("true", "false")),
        "served by a cache" => Received { is_stored: true, ..response(status, plain) },
        "a replay on a first request" => Received { is_replayed: true, ..response(status, plain) },
        _ => {
            let word = what.strip_prefix("a payment intent `").unwrap().trim_end_matches('`');
            response(status, &intent(&format!(r#""status":"{word}","amount_capturable":0"#)))
        }
    }
}

#[test]
fn each_row_of_what_one_response_proves_is_what_the_code_says() {
    for row in rows("What one response to the cancel proves") {
        let (asked, round_trip) = round_trip(row[0]);
        let name = match send_result(asked, &round_trip) {
            SendResult::NotSent(_) => "not_sent",
            SendResult::InDoubt(_) => "in_doubt",
            SendResult::Confirmed(_) => "confirmed",
            SendResult::ConfirmedWithCapture(_) => "confirmed_with_capture",
            SendResult::ReportedCanceled => "reported_canceled",
            SendResult::ReportedNotCancelable => "reported_not_cancelable",
            SendResult::Refused(_) => "refused",
            SendResult::RefusedExpand => "refused_expand",
        };
        assert_eq!(name, row[1], "{}", row[0]);
    }
}

#[test]
fn a_replay_to_a_repetition_within_the_call_is_the_right_response() {
    let replayed =
        Received { is_replayed: true, ..response(200, &intent(r#""status":"canceled""#)) };
    let later = Asked { is_first: false, ..asked() };
    let result = send_result(later, &RoundTripResult::Answered(replayed));
    assert_eq!(result, SendResult::Confirmed(Release::Shown));
    let in_doubt = Observation::Cancel(SendResult::InDoubt(Code::Timeout));
    let refused = Observation::Cancel(SendResult::Refused(Code::RateLimited));
    assert!(is_first(&[], false) && is_first(&[refused], false) && is_first(&[in_doubt], true));
    assert!(!is_first(&[in_doubt, refused], false));
}

#[test]
fn only_flexs_own_shapes_refuse() {
    for (status, body, refuses) in [
        (400, r#"{"error":{"code":"no_such_thing"}}"#, true),
        (400, r#"{"error":{"type":"invalid_request_error","code":"no_such_thing"}}"#, true),
        (400, r#"{"error":{"type":"no_such_thing"}}"#, true),
        (422, r#"{"detail":[{"loc":["path"],"msg":"bad_id: No.","type":"bad_id"}]}"#, true),
        (422, r#"{"detail":[{"loc":["path"],"msg":"bad_id: No."}]}"#, true),
        (422, r#"{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"}]}"#, false),
        (400, r#"{"detail":"not_now"}"#, true),
        (400, r#"{"detail":"The session was canceled before."}"#, false),
        (400, r#"{"message":"No."}"#, false),
        (400, r#"{"code":"no_such_thing"}"#, false),
        (400, "<html>No.</html>", false),
        (400, r#"{"error":{"code":"It is not known."}}"#, false),
        (400, r#"{"error":{"code":"x"}}"#, false),
        (400, r#"{"error":{"code":"payment_in_progress"}}"#, false),
        (400, r#"{"error":{"code":"LOCK_TIMEOUT"}}"#, false),
        (400, r#"{"error":{"code":"internal_error"}}"#, false),
    ] {
        let result = send_result(asked(), &RoundTripResult::Answered(response(status, body)));
        assert_eq!(matches!(result, SendResult::Refused(_)), refuses, "{body}: {result:?}");
    }
}

/// The session that a row of the table describes.
fn funds_of(text: &str) -> Funds {
    let (full, bare) = (|fields: &str| intent(fields), r#","payment_intent":"fpi_1""#);
    let none = r#","payment_intents":[]"#;
    let two = |one: &str, other: &str| {
        session(&format!(
            r#","payment_intents":[{{"payment_intent_id":"fpi_1","status":"{one}"}},
               {{"payment_intent_id":"fpi_2","status":"{other}"}}]"#
        ))
    };
    let with_status = |rest: &str| {
        let (status, what) = rest.split_once("`, and ").unwrap();
        let intents = match what {
            "no payment intents" => none.to_owned(),
            "a payment intent as a bare id" => bare.to_owned(),
            _ => {
                let word = what.split('`').nth(1).unwrap();
                format!(r#","payment_intent":{{"payment_intent_id":"fpi_1","status":"{word}"}}"#)
            }
        };
        session(&format!(r#","status":"{status}"{intents}"#))
    };
    let body = match text {
        "a payment intent that `requires_capture" => full(r#""status":"requires_capture""#),
        "a payment intent with an amount still capturable" => {
            full(r#""status":"succeeded","amount_capturable":"0.01""#)
        }
        "a payment intent that succeeded, without amounts" => full(r#""status":"succeeded""#),
        "every payment intent in full, `succeeded` with its whole amount" => {
            full(r#""status":"succeeded","amount":5,"amount_received":5,"amount_capturable":0"#)
        }
        "every payment intent in full, one `succeeded` and one `canceled" => {
            two("succeeded", "canceled")
        }
        "a payment intent that succeeded with less than its amount" => {
            full(r#""status":"succeeded","amount":5,"amount_received":4"#)
        }
        "every payment intent in full and `canceled" => two("canceled", "canceled"),
        "every payment intent in full and `cancelled`, amounts as strings" => {
            full(r#""status":"cancelled","amount_capturable":"0.00","amount_received":"0""#)
        }
        "a payment intent that `succeeded` beside one `authorized" => {
            two("succeeded", "authorized")
        }
        "a payment intent `partially_captured`, without an amount capturable" => {
            full(r#""status":"partially_captured","amount_received":4"#)
        }
        "amount received, and no payment intents" => {
            session(&format!(r#","amount_received":1,"status":"complete"{none}"#))
        }
        "amount received, and a payment intent as a bare id" => {
            session(&format!(r#","amount_received":1,"status":"complete"{bare}"#))
        }
        "neither `payment_intent` nor `payment_intents" => session(r#","status":"canceled""#),
        _ => with_status(text.strip_prefix("status `").unwrap()),
    };
    match response(200, &body).reply {
        Reply::Session(parsed) => Funds::of(&parsed.facts),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn each_row_of_where_the_money_is_is_what_the_code_says() {
    for row in rows("Where the money is") {
        assert_eq!(funds_of(row[0]).state, state(row[1]), "{}", row[0]);
    }
}

#[test]
fn a_read_back_shows_nothing_unless_it_is_new_and_whole() {
    let body = intent(r#""status":"canceled""#);
    let read = |response: Received, is_expanded| {
        let asked = Asked { is_expanded, ..asked() };
        read_result(asked, &RoundTripResult::Answered(response), |_| HoldAge::Older)
    };
    let shows = read(response(200, &body), true);
    assert!(matches!(shows, ReadResult::Shows(funds, _) if funds.state == FundsState::Canceled));
    let nothing = ReadResult::Nothing(Code::Protocol);
    assert_eq!(read(response(203, &body), true), nothing);
    assert_eq!(read(Received { is_stored: true, ..response(200, &body) }, true), nothing);
    assert_eq!(read(Received { is_replayed: true, ..response(200, &body) }, true), nothing);
    let coded = r#"{"error":{"code":"invalid_request"}}"#;
    let of_framework = r#"{"detail":[{"loc":["query","expand"],"msg":"No.","type":"enum"}]}"#;
    assert_eq!(read(response(400, coded), true), ReadResult::RefusedExpand);
    assert_eq!(read(response(422, of_framework), true), ReadResult::RefusedExpand);
    for status in [400, 403, 404, 422] {
        let locked = read(response(status, r#"{"error":{"code":"lock_timeout"}}"#), true);
        assert_eq!(locked, ReadResult::Nothing(Code::ServerError), "not about expand");
    }
    assert_eq!(read(response(422, ""), true), ReadResult::Nothing(Code::Protocol));
    assert_eq!(read(response(422, ""), false), ReadResult::Nothing(Code::Protocol));
    let other = read(response(200, &body.replace("true", "false")), true);
    assert_eq!(other, ReadResult::Nothing(Code::ModeMismatch));
}

#[test]
fn a_read_back_with_an_error_in_it_shows_nothing_and_a_refusal_says_why() {
    let read = |response: Received| {
        let plain = Asked { is_expanded: false, ..asked() };
        read_result(plain, &RoundTripResult::Answered(response), |_| HoldAge::Older)
    };
    let failed = session(r#","status":"canceled","payment_intents":[],"errors":[{"code":"x"}]"#);
    assert_eq!(read(response(200, &failed)), ReadResult::Nothing(Code::Protocol));
    let refused = r#"{"error":{"code":"something_else"}}"#;
    for (status, code) in [(400, Code::Rejected), (403, Code::Forbidden), (404, Code::NotFound)] {
        assert_eq!(read(response(status, refused)), ReadResult::Nothing(code), "{status}");
    }
}

#[test]
fn only_a_bad_request_is_blamed_on_expand() {
    let refused = r#"{"error":{"code":"something_else"}}"#;
    let expanded = Asked { is_expanded: true, ..asked() };
    for (status, is_blamed) in [(400, true), (422, true), (402, false), (403, false), (404, false)]
    {
        let answer = || RoundTripResult::Answered(response(status, refused));
        let read = read_result(expanded, &answer(), |_| HoldAge::Older);
        assert_eq!(read == ReadResult::RefusedExpand, is_blamed, "{status}");
        let sent = send_result(expanded, &answer());
        assert_eq!(sent == SendResult::RefusedExpand, is_blamed, "{status}");
    }
}

#[test]
fn prose_reports_a_canceled_session_only_if_it_says_already_and_canceled() {
    for (text, reports) in [
        ("This checkout session was already canceled.", true),
        ("It was already done.", false),
        ("It was canceled before.", false),
    ] {
        let refused = response(400, &format!(r#"{{"detail":"{text}"}}"#));
        let result = send_result(asked(), &RoundTripResult::Answered(refused));
        assert_eq!(result == SendResult::ReportedCanceled, reports, "{text}");
    }
}

#[test]
fn each_status_has_its_code() {
    for (statuses, code) in [
        (&[401][..], Code::Unauthorized),
        (&[403], Code::Forbidden),
        (&[404], Code::NotFound),
        (&[408, 409, 423, 424, 425, 499, 500, 503, 599], Code::ServerError),
        (&[429], Code::RateLimited),
        (&[400, 402, 410, 422, 498], Code::Rejected),
        (&[200, 204, 302, 600], Code::Protocol),
    ] {
        for status in statuses {
            let found = code_of_status(StatusCode::from_u16(*status).unwrap());
            assert_eq!(found, code, "{status}");
        }
    }
}

#[test]
fn an_observation_says_its_code_and_whether_flex_answered_and_how() {
    for (text, code, is_refused_expand, is_answered, is_success) in [
        ("confirmed(shown)", Code::Ok, false, true, true),
        ("confirmed_with_capture", Code::NotCancelable, false, true, true),
        ("not_sent(dns)", Code::Dns, false, false, false),
        ("in_doubt(timeout)", Code::Timeout, false, false, false),
        ("in_doubt(protocol)", Code::Protocol, false, true, false),
        ("refused(rejected)", Code::Rejected, false, true, false),
        ("refused_expand", Code::Rejected, true, true, false),
        ("reported_not_cancelable", Code::NotCancelable, false, true, false),
        ("nothing(rejected)", Code::Rejected, false, true, false),
        ("nothing(timeout)", Code::Timeout, false, false, false),
        ("read_refused_expand", Code::Rejected, true, true, false),
        ("shows(open)", Code::Ok, false, true, true),
    ] {
        let one = observation(text);
        assert_eq!(one.code(), code, "{text}");
        assert_eq!(one.is_refused_expand(), is_refused_expand, "{text}");
        assert_eq!(one.is_answered(), is_answered, "{text}");
        assert_eq!(one.is_success(), is_success, "{text}");
    }
}
