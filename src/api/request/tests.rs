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

/// The method and the headers.
fn head(request: Request) -> (Method, Vec<String>) {
    let http = request.into_http();
    let header =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    let mut headers: Vec<String> = http.headers().iter().map(header).collect();
    headers.sort();
    (http.method().clone(), headers)
}

fn cancel(expand: &[&str]) -> Request {
    requests("").cancel(&id("fcs_aB-9"), &names(expand), "key-1").unwrap()
}

#[test]
fn a_cancel_is_one_post_without_a_body() {
    let request = cancel(&[]);
    assert_eq!(request.operation(), Operation::Cancel);
    assert_eq!(request.target(), "/base/v1/checkout/sessions/fcs_aB-9/cancel");
    assert_eq!(request.idempotency_key(), Some("key-1"));
    let shown = format!("{request:?} {:?}", requests(""));
    assert!(shown.contains("fcs_aB-9") && !shown.contains("hunter2"));
    let expected = [
        "accept-encoding: identity".to_owned(),
        "accept: application/json".to_owned(),
        format!("authorization: Bearer {}", "\t".repeat(KEY.len())),
        "cache-control: no-cache".to_owned(),
        "content-length: 0".to_owned(),
        "host: flex.test".to_owned(),
        "idempotency-key: key-1".to_owned(),
        concat!("user-agent: flexcancel/", env!("CARGO_PKG_VERSION")).to_owned(),
    ];
    assert_eq!(head(request), (Method::POST, expected.to_vec()));
}

#[test]
fn a_hosts_own_user_agent_comes_after_ours() {
    let request = requests(r#","user_agent":"acme-pos/2""#).retrieve(&id("x"), None).unwrap();
    let expected = concat!("user-agent: flexcancel/", env!("CARGO_PKG_VERSION"), " acme-pos/2");
    assert!(head(request).1.contains(&expected.to_owned()));
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
        let request = requests.retrieve(&id("x"), Some(&[])).unwrap();
        assert!(request.target().starts_with(&format!("{path}/v1/checkout/")), "{url}");
        assert!(head(request).1.contains(&format!("host: {host}")), "{url}");
    }
}

#[test]
fn expand_is_one_percent_encoded_parameter() {
    let request = cancel(&["customer", "payment_intent", "a&b=c/é"]);
    let query = "/cancel?expand=customer%2Cpayment_intent%2Ca%26b%3Dc%2F%C3%A9";
    assert!(request.target().ends_with(query), "{}", request.target());
}

#[test]
fn a_read_back_always_asks_for_the_money_and_carries_no_key() {
    let requests = requests("");
    let request =
        requests.retrieve(&id("x"), Some(&names(&["customer", "payment_intent"]))).unwrap();
    let target = request.target();
    assert!(
        target.ends_with("/x?expand=payment_intent%2Cpayment_intents%2Ccaptures%2Ccustomer"),
        "{target}"
    );
    assert_eq!(request.idempotency_key(), None);
    let (method, headers) = head(request);
    assert_eq!(method, Method::GET);
    assert!(!headers.iter().any(|header| header.contains("idempotency")), "{headers:?}");
    assert!(!headers.iter().any(|header| header.contains("length")), "{headers:?}");
    let without = requests.retrieve(&id("x"), None).unwrap();
    assert!(without.target().ends_with("/x"), "{}", without.target());
}
