use super::*;

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

fn header<'a>(request: &'a Request<()>, name: &str) -> &'a str {
    request.headers()[name].to_str().unwrap()
}

fn read_body(body: &str) -> Reply {
    let response = Response {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    };
    read(&id("fcs_1"), &response, &Secret::new(KEY.to_owned()))
}

fn read_error(body: &str) -> ProviderError {
    let response = Response {
        status: StatusCode::BAD_REQUEST,
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    };
    match read(&id("fcs_1"), &response, &Secret::new(KEY.to_owned())) {
        Reply::Refusal(error) => error,
        reply => panic!("{reply:?}"),
    }
}

#[test]
fn a_cancel_is_one_post_without_a_body() {
    let request = requests("").cancel(&id("fcs_aB-9"), &[], "key-1").unwrap();
    assert_eq!(request.method(), Method::POST);
    let uri = "https://flex.test/base/v1/checkout/sessions/fcs_aB-9/cancel";
    assert_eq!(request.uri().to_string(), uri);
    assert_eq!(header(&request, "authorization"), format!("Bearer {KEY}"));
    assert_eq!(header(&request, "accept"), "application/json");
    assert_eq!(header(&request, "idempotency-key"), "key-1");
    assert_eq!(header(&request, "content-length"), "0");
    let ours = concat!("flexcancel/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(&request, "user-agent"), ours);
    assert_eq!(request.headers().len(), 5);
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[test]
fn a_hosts_own_user_agent_stands_behind_ours() {
    let request = requests(r#","user_agent":"acme-pos/2""#).retrieve(&id("x"), &[]).unwrap();
    let expected = concat!("flexcancel/", env!("CARGO_PKG_VERSION"), " acme-pos/2");
    assert_eq!(header(&request, "user-agent"), expected);
}

#[test]
fn expand_is_one_percent_encoded_parameter() {
    let expand = names(&["customer", "payment_intent", "a&b=c/é"]);
    let request = requests("").cancel(&id("x"), &expand, "k").unwrap();
    let query = "expand=customer%2Cpayment_intent%2Ca%26b%3Dc%2F%C3%A9";
    assert_eq!(request.uri().query(), Some(query));
}

#[test]
fn a_read_back_always_asks_for_the_money_and_carries_no_key() {
    let requests = requests("");
    let request = requests.retrieve(&id("x"), &names(&["customer", "payment_intent"])).unwrap();
    assert_eq!(request.method(), Method::GET);
    let uri = request.uri().to_string();
    assert!(uri.ends_with("/x?expand=payment_intent%2Cpayment_intents%2Ccustomer"), "{uri}");
    assert!(!request.headers().contains_key("idempotency-key"));
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
        (r#"{"checkout_session":{"checkout_session_id":"FCS_1"}}"#, "another session"),
        (r#"{"checkout_session":{"checkout_session_id":"fcs_1"}"#, "cannot be read"),
        (r#"{"checkout_session":{"checkout_session_id":"fcs_1"}} x"#, "cannot be read"),
        (r#"{"checkout_session":{"checkout_session_id":"fcs_1","status":3}}"#, "cannot be read"),
        (
            r#"{"checkout_session":{"checkout_session_id":"fcs_1","status":"open","status":"x"}}"#,
            "cannot be read",
        ),
        (
            r#"{"checkout_session":{"checkout_session_id":"fcs_1"},"checkout_session":{}}"#,
            "cannot be read",
        ),
        (
            r#"{"checkout_session":{"checkout_session_id":"fcs_1","payment_intent":[]}}"#,
            "cannot be read",
        ),
        (
            r#"{"checkout_session":{"checkout_session_id":"fcs_1","amount_received":1.5}}"#,
            "cannot be read",
        ),
    ] {
        match read_body(body) {
            Reply::Unreadable(found) => assert!(found.contains(why), "{body}: {found}"),
            reply => panic!("{body}: {reply:?}"),
        }
    }
    let response = Response {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: b"{\"checkout_session\":{\"checkout_session_id\":\"fcs_1\xff\"}}".to_vec(),
    };
    let reply = read(&id("fcs_1"), &response, &Secret::new(KEY.to_owned()));
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
