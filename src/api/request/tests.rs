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
