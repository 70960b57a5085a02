use super::*;
use crate::config::Config;

const KEY: &str = "fsk_test_hunter2";

fn requests(extra: &str) -> Requests {
    let json = format!(r#"{{"api_key":"{KEY}","base_url":"https://flex.test/base"{extra}}}"#);
    Requests::new(&Config::from_json(&json).unwrap()).unwrap()
}

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn text(request: &Request) -> &str {
    std::str::from_utf8(request.as_bytes()).unwrap()
}

fn read_answer(status: StatusCode, body: &[u8]) -> Reply {
    read(&id("fcs_1"), status, body.to_vec(), &Secret::new(KEY.to_owned()))
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
fn a_cancel_is_one_post_without_a_body() {
    let request = requests("").cancel(&id("fcs_aB-9"), &[], "key-1");
    let ours = concat!("flexcancel/", env!("CARGO_PKG_VERSION"));
    let expected = format!(
        "POST /base/v1/checkout/sessions/fcs_aB-9/cancel HTTP/1.1\r\nHost: flex.test\r\n\
         Authorization: Bearer {KEY}\r\nAccept: application/json\r\nCache-Control: no-cache\r\n\
         User-Agent: {ours}\r\nIdempotency-Key: key-1\r\nContent-Length: 0\r\n\r\n"
    );
    assert!(text(&request) == expected, "{}", text(&request).replace(KEY, "…"));
    assert_eq!(request.operation(), Operation::Cancel);
    assert_eq!(request.target(), "/base/v1/checkout/sessions/fcs_aB-9/cancel");
    assert_eq!(request.idempotency_key(), Some("key-1"));
    let shown = format!("{request:?} {:?}", requests(""));
    assert!(shown.contains("fcs_aB-9") && !shown.contains("hunter2"));
}

#[test]
fn a_hosts_own_user_agent_stands_behind_ours() {
    let request = requests(r#","user_agent":"acme-pos/2""#).retrieve(&id("x"), Some(&[]));
    let expected =
        concat!("\r\nUser-Agent: flexcancel/", env!("CARGO_PKG_VERSION"), " acme-pos/2\r\n");
    assert!(text(&request).contains(expected));
}

#[test]
fn the_host_and_the_path_are_those_of_the_base_url() {
    for (url, host, path) in [
        ("https://api.withflex.com", "api.withflex.com", ""),
        ("https://flex.test:8443/a/b/", "flex.test:8443", "/a/b"),
        ("http://[::1]:80", "[::1]:80", ""),
    ] {
        let json = format!(r#"{{"api_key":"{KEY}","base_url":"{url}"}}"#);
        let requests = Requests::new(&Config::from_json(&json).unwrap()).unwrap();
        let request = requests.retrieve(&id("x"), Some(&[]));
        assert!(text(&request).contains(&format!(" HTTP/1.1\r\nHost: {host}\r\n")), "{url}");
        assert!(request.target().starts_with(&format!("{path}/v1/checkout/")), "{url}");
    }
}

#[test]
fn expand_is_one_percent_encoded_parameter() {
    let expand = names(&["customer", "payment_intent", "a&b=c/é"]);
    let request = requests("").cancel(&id("x"), &expand, "k");
    let query = "/x/cancel?expand=customer%2Cpayment_intent%2Ca%26b%3Dc%2F%C3%A9";
    assert!(request.target().ends_with(query), "{}", request.target());
    assert_eq!(request.idempotency_key(), Some("k"));
}

#[test]
fn a_read_back_always_asks_for_the_money_and_carries_no_key() {
    let requests = requests("");
    let request = requests.retrieve(&id("x"), Some(&names(&["customer", "payment_intent"])));
    assert!(text(&request).starts_with("GET /base/"));
    let target = request.target();
    assert!(
        target.ends_with("/x?expand=payment_intent%2Cpayment_intents%2Ccaptures%2Ccustomer"),
        "{target}"
    );
    let without = requests.retrieve(&id("x"), None);
    assert!(without.target().ends_with("/x"), "{}", without.target());
    assert_eq!(request.idempotency_key(), None);
    let head = text(&request).to_ascii_lowercase();
    assert!(!head.contains("idempotency") && !head.contains("length"));
    assert!(head.ends_with("\r\n\r\n") && head.matches("\r\n\r\n").count() == 1);
}

#[test]
fn an_id_is_plain_or_refused() {
    let longest = "x".repeat(255);
    for good in ["a", "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T", "obj_01EXAMPLE00000000000000000", &longest]
    {
        assert_eq!(SessionId::parse(good).unwrap().as_str(), good);
    }
    let too_long = "x".repeat(256);
    for bad in ["", "../x", "a/b", "a?b", "a#b", "%2f", "a b", "a\r\nb", "a\0", "ä", ".", &too_long]
    {
        assert_eq!(SessionId::parse(bad).unwrap_err().field, "session_id", "{bad:?}");
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
    assert!(matches!(reply, Reply::Unreadable(why) if why == "the answer is not UTF-8"));
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
        Reply::Session(snapshot) => assert_eq!(snapshot.raw.get(), session),
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
