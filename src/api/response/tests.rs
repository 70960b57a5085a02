use super::*;
use crate::api::provider_error::MAX_SHOWN_BODY_BYTES;

const KEY: &str = "fsk_test_hunter2";

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn read_answer(status: StatusCode, body: &[u8]) -> Reply {
    let response = Response { status, body: body.to_vec(), ..Response::default() };
    read(&id("fcs_1"), response, &Secret::new(KEY.to_owned()))
}

fn read_body(body: &str) -> Reply {
    read_answer(StatusCode::OK, body.as_bytes())
}

fn read_error(body: &str) -> ProviderError {
    match read_answer(StatusCode::BAD_REQUEST, body.as_bytes()) {
        Reply::Refusal(error) => error,
        reply => panic!("{reply:?}"),
    }
}

#[test]
fn only_complete_json_about_the_session_asked_for_is_a_session() {
    for (body, why) in [
        ("", "no JSON object"),
        ("null", "no JSON object"),
        ("<html>", "no JSON object"),
        ("[[\"fcs_1\",\"open\",true,null,null,null]]", "no JSON object"),
        ("{}", "cannot be read"),
        (r#"{"checkout_session":null}"#, "checkout_session is no JSON object"),
        (r#"{"checkout_session":["fcs_1","open",true,0,null,null]}"#, "is no JSON object"),
        (r#"{"checkout_session":{}}"#, "cannot be read"),
        (r#"{"checkout_session":{"checkout_session_id":7}}"#, "cannot be read"),
        (r#"{"checkout_session":{"checkout_session_id":"fcs_2"}}"#, "another session"),
        (r#"{"checkout_session":{"checkout_session_id":"fcs_1"}"#, "cannot be read"),
        (r#"{"checkout_session":{"checkout_session_id":"fcs_1"}} x"#, "cannot be read"),
        (
            r#"{"checkout_session":{"checkout_session_id":"fcs_1","status":"open","status":"x"}}"#,
            "cannot be read",
        ),
        (
            r#"{"checkout_session":{"checkout_session_id":"fcs_1"},"checkout_session":{}}"#,
            "cannot be read",
        ),
    ] {
        match read_body(body) {
            Reply::Unreadable(found) => assert!(found.contains(why), "{body}: {found}"),
            reply => panic!("{body}: {reply:?}"),
        }
    }
    for readable in [
        r#"{"checkout_session":{"checkout_session_id":"FCS_1"}}"#,
        r#"{"checkout_session":{"checkout_session_id":"fcs_1","status":3}}"#,
        r#"{"checkout_session":{"checkout_session_id":"fcs_1","payment_intent":[]}}"#,
        r#"{"checkout_session":{"checkout_session_id":"fcs_1","amount_received":1.5}}"#,
    ] {
        assert!(matches!(read_body(readable), Reply::Session(_)), "{readable}");
    }
    let body = b"{\"checkout_session\":{\"checkout_session_id\":\"fcs_1\xff\"}}";
    let reply = read_answer(StatusCode::OK, body);
    assert!(matches!(reply, Reply::Unreadable(why) if why == "the response is not UTF-8"));
}

#[test]
fn nesting_is_bounded_and_brackets_in_texts_do_not_count() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let fields = r#""checkout_session_id":"fcs_1""#;
        format!(r#"{{"checkout_session":{{{fields},"new":{open}{close}}}}}"#)
    };
    assert!(matches!(read_body(&nested(MAX_JSON_DEPTH - 2)), Reply::Session(_)));
    assert!(matches!(read_body(&nested(MAX_JSON_DEPTH - 1)), Reply::Unreadable(_)));
    assert!(matches!(read_body(&nested(10_000)), Reply::Unreadable(_)));
    let text = r#"{"checkout_session":{"checkout_session_id":"fcs_1","t":"\"[["}}"#;
    assert!(matches!(read_body(&text.replace("[[", &"[{".repeat(500))), Reply::Session(_)));
}

#[test]
fn the_sessions_bytes_are_kept_as_they_came() {
    let session = "{ \"checkout_session_id\" : \"fcs_1\",\n\t\"big\": 12345678901234567890.0100,\
                   \"new\":{\"x\":[1e400,\"\\u00e9\"]}, \"status\":\"surprise\" }";
    match read_body(&format!("{{\"more\":1,\"checkout_session\":{session} }}")) {
        Reply::Session(parsed) => assert_eq!(parsed.raw.get(), session),
        reply => panic!("{reply:?}"),
    }
}

#[test]
fn every_shape_of_error_body_is_read() {
    for (body, code, message) in [
        (r#"{"error":{"code":"invalid_request","message":"No."}}"#, "invalid_request", "No."),
        (r#"{"error":{"type":"card","message":"No.","param":"id"}}"#, "card", "No."),
        (r#"{"error":"teapot","message":"No."}"#, "teapot", "No."),
        (r#"{"detail":[{"loc":["x"],"msg":"late: No.","type":"late"}]}"#, "late", "late: No."),
        (r#"{"detail":[{"msg":"late: No."}]}"#, "late", "late: No."),
        (r#"{"detail":"not_found"}"#, "not_found", ""),
        (r#"{"message":"Internal Server Error"}"#, "", "Internal Server Error"),
        (r#"{"detail":[]}"#, "", ""),
        (r#"{"error":null}"#, "", ""),
        (r#"{"error":{"code":7}}"#, "", ""),
        ("[]", "", ""),
        ("<html>502</html>", "", ""),
        ("", "", ""),
    ] {
        let error = read_error(body);
        assert_eq!(error.code.as_deref().unwrap_or_default(), code, "{body}");
        assert_eq!(error.message.as_deref().unwrap_or_default(), message, "{body}");
        assert_eq!(error.body, body);
    }
}

#[test]
fn what_a_refusal_shows_is_cut_and_never_holds_the_key() {
    let long = read_error(&"é".repeat(MAX_SHOWN_BODY_BYTES));
    assert_eq!(long.body.len(), MAX_SHOWN_BODY_BYTES);
    let across_the_cut = format!("{}{KEY}", "x".repeat(MAX_SHOWN_BODY_BYTES - 8));
    let error = read_error(&across_the_cut);
    assert!(!error.body.contains("fsk_"), "{}", error.body);
    let escaped = r#"{"error":{"code":"x","message":"fsk_test_\u0068unter2"}}"#;
    assert_eq!(read_error(escaped).message.as_deref(), Some("[redacted]"));
}

#[test]
fn the_encoding_of_what_cannot_be_read_is_named() {
    let read_encoded = |status, body: &[u8]| {
        let encoding = Some("gzip".to_owned());
        let response = Response { status, encoding, body: body.to_vec(), ..Response::default() };
        read(&id("fcs_1"), response, &Secret::new(KEY.to_owned()))
    };
    for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
        let detail = read_encoded(status, b"\x1f\x8b\x08\xff").detail().unwrap();
        assert!(detail.contains("encoded (gzip)"), "{detail}");
    }
    // A header that is wrong costs nothing.
    let session = br#"{"checkout_session":{"checkout_session_id":"fcs_1"}}"#;
    assert!(matches!(read_encoded(StatusCode::OK, session), Reply::Session(_)));
    let refusal = read_encoded(StatusCode::BAD_REQUEST, br#"{"error":{"code":"late"}}"#);
    assert_eq!(refusal.detail().as_deref(), Some("late"));
}
