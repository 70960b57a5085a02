//! The sandbox at a glance: its sessions and the latest requests, as JSON.

use flex_sandbox::{CreateParams, Fault, How, Options, Sandbox, Scripted, Then};
use serde_json::{Value, json};

use crate::client::{Client, LIVE_KEY, TEST_KEY, bearer};

fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Options { frozen: true, ..Options::default() }).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client)
}

fn overview(client: &mut Client) -> Value {
    let reply = client.request("GET", "/__sandbox/overview", &[], "");
    assert_eq!(reply.status, 200);
    reply.json()
}

/// One field of each entry of a list.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list.as_array().unwrap().iter().map(|it| &it[field]).collect()
}

#[test]
fn the_sessions_are_listed_newest_first_with_the_truth_and_what_they_were_created_with() {
    let (sandbox, mut client) = start();
    let first = sandbox.create(&CreateParams::default());
    sandbox.pay(&first).unwrap();
    let named = CreateParams {
        amount_total: 7,
        client_reference_id: Some("till 4".to_owned()),
        ..CreateParams::default()
    };
    let second = sandbox.create(&named);

    let listed = client.get("/__sandbox/sessions").json();
    assert_eq!(listed["total"], 2);
    assert_eq!(each(&listed["sessions"], "session_id"), [&json!(second), &json!(first)]);
    let mut expected = serde_json::to_value(sandbox.ground_truth(&second)).unwrap();
    expected["amount_total"] = json!(7);
    expected["capture_method"] = json!("manual");
    expected["client_reference_id"] = json!("till 4");
    expected["created_at_ms"] = json!(0);
    assert_eq!(listed["sessions"][0], expected);
    assert_eq!(listed["sessions"][1]["hold"], "held");
    assert_eq!(listed["sessions"], overview(&mut client)["sessions"]);
}

#[test]
fn only_the_latest_hundred_sessions_and_requests_are_listed() {
    let (sandbox, mut client) = start();
    for amount_total in 1..=101 {
        sandbox.create(&CreateParams { amount_total, ..CreateParams::default() });
        client.get("/v1/checkout/sessions/fcs_0");
    }
    let overview = overview(&mut client);
    assert_eq!(overview["total"], 101);
    let amounts: Vec<Value> = (2..=101).rev().map(Value::from).collect();
    assert_eq!(each(&overview["sessions"], "amount_total"), amounts.iter().collect::<Vec<_>>());
    assert_eq!(each(&overview["requests"], "number"), amounts.iter().collect::<Vec<_>>());
    assert_eq!(sandbox.requests().len(), 101, "the records are another list");
}

#[test]
fn a_request_is_shown_with_what_became_of_it() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let path = format!("/v1/checkout/sessions/{id}");
    let cancel = format!("{path}/cancel");
    client.post_once(&cancel, "till-4");
    client.request("GET", &path, &[], "");
    sandbox.inject(Fault::Empty200, 1);
    client.request("GET", &path, &[("Authorization", &bearer(LIVE_KEY))], "");
    sandbox.script(Scripted {
        answer: b"HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n".to_vec(),
        apply: false,
        then: Then::KeepOpen,
    });
    client.get(&path);
    sandbox.inject(Fault::DropAnswer { how: How::Fin }, 1);
    client.send(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes());
    assert_eq!(client.rest(), b"");

    let shown = overview(&mut Client::of(&sandbox));
    let request = |number: u64, method: &str, target: &str| {
        json!({
            "number": number, "at_ms": 0, "method": method, "target": target, "mode": null,
            "idempotency_key": null, "status": null, "fault": null,
        })
    };
    let mut expected = [
        request(5, "GET", &path),
        request(4, "GET", &path),
        request(3, "GET", &path),
        request(2, "GET", &path),
        request(1, "POST", &cancel),
    ];
    expected[0]["fault"] = json!("drop_answer");
    for (index, field, value) in [
        (1, "mode", json!("test")),
        (1, "status", json!(599)),
        (1, "fault", json!("scripted")),
        (2, "mode", json!("live")),
        (2, "status", json!(200)),
        (2, "fault", json!("empty_200")),
        (3, "status", json!(401)),
        (4, "mode", json!("test")),
        (4, "status", json!(200)),
        (4, "idempotency_key", json!("till-4")),
    ] {
        expected[index][field] = value;
    }
    assert_eq!(shown["requests"], json!(expected));
    assert_eq!(shown["counts"], serde_json::to_value(sandbox.counts()).unwrap());
    assert_eq!((&shown["faults"], &shown["now_ms"]), (&json!([]), &json!(0)));

    sandbox.clear_requests();
    assert_eq!(overview(&mut Client::of(&sandbox))["requests"], json!([]));
    Client::of(&sandbox).get(&path);
    Client::of(&sandbox).request("DELETE", "/__sandbox/requests", &[], "");
    assert_eq!(overview(&mut Client::of(&sandbox))["requests"], json!([]));
}

#[test]
fn no_api_key_is_kept_wherever_it_stood() {
    let (_sandbox, mut client) = start();
    let headers = [("Authorization", bearer(TEST_KEY)), ("Idempotency-Key", TEST_KEY.to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let target = format!("/v1/checkout/sessions/{LIVE_KEY}?key={TEST_KEY}");
    client.request("POST", &target, &headers, "");
    let shown = overview(&mut client).to_string();
    assert!(shown.contains("[redacted]"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("Bearer"), "{shown}");
}
