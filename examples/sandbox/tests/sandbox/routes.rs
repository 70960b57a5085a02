//! Each route, the public ones and the sandbox's own.

use flex_sandbox::{CreateParams, Hold, Options, Sandbox, Status};
use serde_json::json;

use crate::client::Client;

const SESSIONS: &str = "/v1/checkout/sessions";

fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client)
}

#[test]
fn what_is_no_route_is_refused() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    for (method, path, status) in [
        ("POST", "/", 404),
        ("OPTIONS", "/", 404),
        ("GET", "//", 404),
        ("GET", "/page.js", 404),
        ("POST", "/__sandbox/page.js", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/checkout/sessionsx", 404),
        ("GET", "/v1/checkout/sessions/", 404),
        ("POST", "/v1/checkout/sessions/ID/confetti", 404),
        ("POST", "/v1/checkout/sessions/ID/cancel/", 404),
        ("GET", "/v1/checkout/sessions", 405),
        ("POST", "/v1/checkout/sessions/ID", 405),
        ("GET", "/v1/checkout/sessions/ID/cancel", 405),
        ("DELETE", "/v1/checkout/sessions/ID", 405),
        ("GET", "/__sandbox/", 404),
        ("GET", "/__sandbox/nothing", 404),
        ("POST", "/__sandbox/requests", 405),
        ("DELETE", "/__sandbox/sessions", 405),
        ("POST", "/__sandbox/overview", 405),
        ("DELETE", "/__sandbox/sessions/ID", 405),
        ("GET", "/__sandbox/sessions/ID/pay", 405),
        ("POST", "/__sandbox/sessions/ID/confetti", 404),
        ("POST", "/__sandbox/sessions/fcs_0/pay", 404),
        ("GET", "/__sandbox/sessions/fcs_0", 404),
    ] {
        let path = path.replace("ID", &id);
        let authorization = [("Authorization", "Bearer fsk_test_1")];
        let reply = client.request(method, &path, &authorization, "");
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(!reply.error().1.is_empty(), "{method} {path}");
    }
    assert_eq!(sandbox.ground_truth(&id).unwrap().status, Status::Open);
}

#[test]
fn bodies_that_are_not_what_they_should_be_are_refused_without_effect() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let before = sandbox.ground_truth(&id);
    for (path, body) in [
        (SESSIONS.to_owned(), "{"),
        (SESSIONS.to_owned(), "[]"),
        (SESSIONS.to_owned(), "{\"amount_total\":-1}"),
        (SESSIONS.to_owned(), "{\"capture_method\":\"later\"}"),
        (format!("{SESSIONS}/{id}/capture"), "{\"amount\":5000}"),
        (format!("{SESSIONS}/{id}/capture"), "{\"amount\":\"all\"}"),
        (format!("{SESSIONS}/{id}/reauth"), "{\"amount\":1.5}"),
        ("/__sandbox/sessions".to_owned(), "{\"paid\":1}"),
        (format!("/__sandbox/sessions/{id}/capture"), "{\"amount\":5000}"),
    ] {
        assert_eq!(client.post(&path, body).status, 422, "{path} {body}");
    }
    assert_eq!(client.post(&format!("{SESSIONS}/{id}/refund"), "").status, 400);
    assert_eq!(sandbox.ground_truth(&id), before);
}

#[test]
fn a_session_lives_its_life_over_the_public_routes() {
    let (sandbox, mut client) = start();
    let body = "{\"amount_total\":1200,\"client_reference_id\":\"till 4\",\"metadata\":{\"a\":1}}";
    let created = client.post(SESSIONS, body).session();
    assert_eq!(created["amount_total"], 1200);
    assert_eq!(created["client_reference_id"], "till 4");
    assert_eq!(created["metadata"], json!({"a": 1}));
    assert_eq!((&created["status"], &created["payment_intent"]), (&json!("open"), &json!(null)));
    let id = created["checkout_session_id"].as_str().unwrap();
    let url = format!("{SESSIONS}/{id}");
    assert_eq!(client.get(&url).session(), created);

    assert_eq!(client.post(&format!("{url}/capture"), "").error().1, "checkout_session_not_paid");
    assert_eq!(client.post(&format!("{url}/reauth"), "").error().1, "checkout_session_not_paid");
    sandbox.pay(id).unwrap();
    assert_eq!(client.get(&url).session()["status"], "complete");
    let captured = client.post(&format!("{url}/capture"), "{\"amount\":1000}").session();
    assert_eq!(captured["amount_received"], 1000);
    assert_eq!(captured["captures"].as_array().unwrap().len(), 1);
    let refunded = client.post(&format!("{url}/refund"), "{\"amount\":400}").session();
    assert_eq!(refunded["amount_refunded"], 400);
    assert_eq!(client.post(&format!("{url}/refund"), "{\"amount\":601}").status, 422);
    let again = client.post(&format!("{url}/reauth"), "{\"amount\":50}").session();
    assert_eq!(again["payment_intents"].as_array().unwrap().len(), 2);
    assert_eq!(again["payment_intent"], again["payment_intents"][1]);

    let truth = sandbox.ground_truth(id).unwrap();
    assert_eq!((truth.hold, truth.amount_captured, truth.amount_refunded), (Hold::Held, 1000, 400));
}

#[test]
fn the_whole_story_can_be_driven_and_read_over_the_sandboxs_routes() {
    let (sandbox, mut client) = start();
    let mut admin = |method: &str, path: &str, body: &str| {
        let reply = client.request(method, &format!("/__sandbox/{path}"), &[], body);
        assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    };
    let created = admin("POST", "sessions", "");
    let id = created["checkout_session_id"].as_str().unwrap();
    let truth = admin("GET", &format!("sessions/{id}"), "");
    assert_eq!((&truth["hold"], &truth["status"]), (&json!("none"), &json!("open")));
    let truth = admin("POST", &format!("sessions/{id}/pay"), "");
    assert_eq!((&truth["hold"], &truth["test_mode"]), (&json!("held"), &json!(true)));
    let truth = admin("POST", &format!("sessions/{id}/capture"), "{\"amount\":4000}");
    assert_eq!((&truth["hold"], &truth["amount_captured"]), (&json!("captured"), &json!(4000)));
    let truth = admin("POST", &format!("sessions/{id}/refund"), "{\"amount\":1}");
    assert_eq!(truth["amount_refunded"], 1);
    let truth = admin("POST", &format!("sessions/{id}/reauth"), "");
    assert_eq!(truth["intents"][1]["status"], "requires_capture");
    let truth = admin("POST", &format!("sessions/{id}/expire"), "");
    assert_eq!(truth["intents"][1]["status"], "canceled");
    assert_eq!(truth, serde_json::to_value(sandbox.ground_truth(id)).unwrap());

    let body =
        "{\"test_mode\":false,\"paid\":true,\"amount_total\":7,\"capture_method\":\"automatic\"}";
    let created = admin("POST", "sessions", body);
    let id = created["checkout_session_id"].as_str().unwrap();
    let truth = admin("GET", &format!("sessions/{id}"), "");
    assert_eq!((&truth["hold"], &truth["test_mode"]), (&json!("captured"), &json!(false)));
    assert_eq!(truth["amount_captured"], 7);
}

#[test]
fn the_truth_has_the_documented_form() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    client.post_once(&format!("{SESSIONS}/{id}/cancel"), "k");
    client.post_once(&format!("{SESSIONS}/{id}/cancel"), "k");
    let mut truth = client.get(&format!("/__sandbox/sessions/{id}")).json();
    for at_ms in [
        truth["cancels_applied"][0]["at_ms"].take(),
        truth["intents"][0]["authorized_at_ms"].take(),
        truth["releases"][0]["authorized_at_ms"].take(),
        truth["releases"][0]["at_ms"].take(),
    ] {
        assert!(at_ms.is_u64(), "{at_ms}");
    }
    let intent = sandbox.ground_truth(&id).unwrap().intents[0].id.clone();
    assert_eq!(
        truth,
        json!({
            "session_id": id,
            "test_mode": true,
            "hold": "released",
            "status": "canceled",
            "amount_captured": 0,
            "amount_refunded": 0,
            "cancels_received": 2,
            "cancels_pending": 0,
            "cancels_applied": [{
                "request": 1,
                "idempotency_key": "k",
                "at_ms": null,
                "released": [intent],
            }],
            "replays": 1,
            "intents": [{
                "id": intent,
                "status": "canceled",
                "amount": 4999,
                "amount_capturable": 0,
                "amount_received": 0,
                "authorized_at_ms": null,
            }],
            "releases": [{
                "intent": intent,
                "authorized_at_ms": null,
                "amount": 4999,
                "at_ms": null,
                "request": 1,
                "idempotency_key": "k",
            }],
        })
    );
}

#[test]
fn a_person_cancels_by_hand_over_the_sandboxs_own_route() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let cancel = format!("/__sandbox/sessions/{id}/cancel");
    let truth = client.post(&cancel, "").json();
    assert_eq!((&truth["hold"], &truth["cancels_received"]), (&json!("released"), &json!(1)));
    assert_eq!(client.post(&cancel, "").error(), (400, "checkout_session_canceled".to_owned()));
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn the_requests_that_arrived_can_be_read_and_forgotten() {
    let (sandbox, mut client) = start();
    client.get(&format!("{SESSIONS}/fcs_1?expand=a%2Cb"));
    Client::of(&sandbox).post_once(&format!("{SESSIONS}/fcs_2/cancel"), "key-2");
    let listed = client.get("/__sandbox/requests").json();
    assert_eq!(listed["requests"], serde_json::to_value(sandbox.requests()).unwrap());

    let requests = sandbox.requests();
    assert_eq!(requests.len(), 2, "the sandbox's own routes are not recorded");
    assert_eq!((requests[0].number, requests[0].connection), (1, 1));
    assert_eq!((requests[1].number, requests[1].connection), (2, 2));
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].target, "/v1/checkout/sessions/fcs_1?expand=a%2Cb");
    assert_eq!(requests[1].header("idempotency-key"), Some("key-2"));
    let header = ("Content-Length".to_owned(), "0".to_owned());
    assert!(requests[1].headers.contains(&header), "names are kept as they were sent");

    client.request("DELETE", "/__sandbox/requests", &[], "");
    assert_eq!(sandbox.requests(), []);
    let reply = client.get(&format!("{SESSIONS}/fcs_1"));
    assert_eq!(reply.header("x-request-id"), Some("req_3"));
    sandbox.clear_requests();
    assert_eq!(sandbox.requests(), []);
}
