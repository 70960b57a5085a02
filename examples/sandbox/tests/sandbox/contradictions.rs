//! Answers that are HTTP and JSON, and that contradict the truth or themselves.

use std::time::{Duration, SystemTime};

use flex_sandbox::{CreateParams, Fault, Hold, Injection, Options, Sandbox};
use serde_json::{Value, json};

use crate::client::{Client, Reply};

fn start() -> (Sandbox, Client, String) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client, id)
}

/// Injects a fault as HTTP takes it and cancels: the response, once the hold is released.
fn cancel_with(fault: &Value, query: &str) -> Reply {
    let (sandbox, mut client, id) = start();
    assert_eq!(client.post("/__sandbox/faults", &fault.to_string()).status, 200);
    let reply = client.post(&format!("/v1/checkout/sessions/{id}/cancel{query}"), "");
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released, "{fault}");
    reply
}

fn age_of(reply: &Reply) -> Duration {
    let date = httpdate::parse_http_date(reply.header("date").expect("a date")).unwrap();
    SystemTime::now().duration_since(date).unwrap()
}

#[test]
fn no_answer_is_dated_if_so_asked() {
    let sandbox = Sandbox::start(Options { dated: false, ..Options::default() }).unwrap();
    let id = sandbox.create(&CreateParams::default());
    let reply = Client::of(&sandbox).get(&format!("/v1/checkout/sessions/{id}"));
    assert_eq!((reply.status, reply.header("date")), (200, None));
}

#[test]
fn every_answer_is_dated() {
    let (sandbox, mut client, id) = start();
    let url = format!("/v1/checkout/sessions/{id}");
    let unavailable = Fault::Status { status: 503, headers: vec![], body: String::new() };
    for fault in [None, Some(Fault::Gzip), Some(Fault::NoContent), Some(unavailable)] {
        fault.into_iter().for_each(|fault| sandbox.inject(fault, 1));
        assert!(age_of(&client.get(&url)) < Duration::from_secs(60));
    }
    let dated = vec![("date".to_owned(), "Thu, 01 Jan 1970 00:00:00 GMT".to_owned())];
    sandbox.inject(Fault::Status { status: 503, headers: dated, body: String::new() }, 1);
    let reply = client.get(&url);
    assert_eq!(reply.head.to_lowercase().matches("\r\ndate:").count(), 1, "{}", reply.head);
    assert!(age_of(&client.get("/__sandbox/faults")) < Duration::from_secs(60));
    client.send(b"nonsense\r\n\r\n");
    assert!(age_of(&client.reply()) < Duration::from_secs(60));
}

#[test]
fn a_cached_answer_is_the_one_before_the_latest_change_and_tells_its_age() {
    let (sandbox, mut client, id) = start();
    let url = format!("/v1/checkout/sessions/{id}?expand=payment_intent");
    let before = client.get(&url).body;
    assert_eq!(client.cancel(&id).status, 200);
    sandbox.inject(Fault::Cached { age_s: 3600 }, 1);
    let cached = client.get(&url);
    assert_eq!((cached.status, &cached.body), (200, &before));
    assert_eq!(cached.header("age"), Some("3600"));
    assert!(age_of(&cached) >= Duration::from_secs(3600), "{}", cached.head);
    assert_eq!(cached.head.matches("Date:").count(), 1);
    assert_eq!(client.get(&url).session()["status"], "canceled");
}

#[test]
fn a_head_may_be_old_or_claim_a_replay_or_another_success() {
    let stale = cancel_with(&json!({"fault": "stale_date", "seconds": 86_400}), "");
    assert_eq!(stale.session()["status"], "canceled");
    assert!(age_of(&stale) >= Duration::from_secs(86_400));
    assert_eq!(stale.head.matches("Date:").count(), 1);

    let replayed = cancel_with(&json!({"fault": "replayed_header"}), "");
    assert_eq!(replayed.session()["status"], "canceled");
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));

    for status in [202, 203, 206] {
        let reply = cancel_with(&json!({"fault": "success_status", "status": status}), "");
        assert_eq!(reply.status, status);
        assert_eq!(reply.json()["checkout_session"]["status"], "canceled");
    }
    let (sandbox, mut client, _) = start();
    sandbox.inject(Fault::SuccessStatus { status: 202 }, 1);
    assert_eq!(client.cancel("fcs_0").status, 404, "a refusal stays a refusal");
}

#[test]
fn a_body_may_be_right_and_have_an_error_beside_it_or_a_word_that_leaves_doubt() {
    let body = cancel_with(&json!({"fault": "error_beside"}), "").json();
    assert_eq!(body["checkout_session"]["status"], "canceled");
    assert_eq!(body["errors"][0]["code"], "void_failed");

    let body = cancel_with(&json!({"fault": "status_word", "word": "canceling"}), "").session();
    assert_eq!(body["status"], "canceling");

    let body = cancel_with(&json!({"fault": "captures_listed"}), "").session();
    assert_eq!((&body["captures"], &body["amount_received"]), (&json!(["fcap_x"]), &json!(0)));

    let fault = json!({"fault": "intent_word", "word": "processing"});
    for (query, listed) in
        [("", false), ("?expand=payment_intent", false), ("?expand=payment_intents", true)]
    {
        let body = cancel_with(&fault, query).session();
        let intent = &body["payment_intent"];
        assert_eq!(intent["status"], "processing", "{query}");
        assert_eq!(intent["amount_capturable"], 0, "{query}");
        if listed {
            assert_eq!(body["payment_intents"][0]["status"], "processing");
        }
    }
}

#[test]
fn a_status_can_come_after_the_effect_or_in_its_place() {
    for apply in [true, false] {
        let (sandbox, mut client, id) = start();
        let conflict = Fault::Status { status: 409, headers: vec![], body: "{}".to_owned() };
        sandbox.inject_as(Injection::of(conflict).apply(apply));
        assert_eq!(client.cancel(&id).status, 409);
        let hold = if apply { Hold::Released } else { Hold::Held };
        assert_eq!(sandbox.ground_truth(&id).unwrap().hold, hold);
    }
    let fault = json!({"fault": "status", "status": 400, "body": "{}", "apply": true});
    assert_eq!(cancel_with(&fault, "").status, 400);
}
