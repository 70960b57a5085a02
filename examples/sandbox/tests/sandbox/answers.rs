//! What answers look like: all documented fields, expansion, and the shapes of errors.

use std::collections::BTreeSet;

use flex_sandbox::{CreateParams, ErrorShape, Options, Sandbox};
use serde_json::{Value, json};

use crate::client::Client;

const EXAMPLE: &str = include_str!("../../../../tests/data/response-example.json");
const EXPANDED: &str = include_str!("../../../../tests/data/response-expanded.json");

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Every path of names within a value; lists are looked into as if they were their elements.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = format!("{at}.{name}");
                paths(field, &path, into);
                into.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, at, into)),
        _ => {}
    }
}

fn authorized(options: Options) -> (Sandbox, Client, String) {
    let sandbox = Sandbox::start(options).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client, id)
}

#[test]
fn every_answer_carries_all_documented_fields_and_no_others() {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let expected = keys(&example["checkout_session"]);
    assert_eq!(expected.len(), 47);
    let (_sandbox, mut client, id) = authorized(Options::default());
    let url = format!("/v1/checkout/sessions/{id}");
    for session in [
        client.post("/v1/checkout/sessions", "").session(),
        client.get(&url).session(),
        client.cancel(&id).session(),
    ] {
        assert_eq!(keys(&session), expected);
    }

    let mut documented = BTreeSet::new();
    let example: Value = serde_json::from_str(EXPANDED).unwrap();
    paths(&example, "", &mut documented);
    let mut shown = BTreeSet::new();
    paths(&client.get(&url).json(), "", &mut shown);
    assert_eq!(shown, documented);
}

#[test]
fn values_have_the_documented_types() {
    let (sandbox, mut client, id) = authorized(Options::default());
    let session = client.get(&format!("/v1/checkout/sessions/{id}")).session();
    assert_eq!(session["checkout_session_id"], id);
    assert_eq!(session["test_mode"], true);
    assert_eq!(session["capture_method"], "manual");
    let created_at = session["created_at"].as_u64().expect("an integer");
    assert!(created_at > 1_700_000_000, "{created_at}");
    assert_eq!(session["expires_at"], created_at + 24 * 3600);
    let intent = &sandbox.ground_truth(&id).unwrap().intents[0].id;
    assert_eq!(&session["payment_intent"], intent.as_str());
    assert_eq!(session["payment_intents"], json!([intent]));
    for (id, prefix) in [(id.as_str(), "fcs_"), (intent, "fpi_")] {
        let ulid = id.strip_prefix(prefix).expect(prefix);
        assert_eq!(ulid.len(), 26);
        assert!(ulid.bytes().all(|it| it.is_ascii_digit() || it.is_ascii_uppercase()), "{ulid}");
    }
}

#[test]
fn expand_turns_the_ids_it_names_into_objects_and_leaves_the_others() {
    let (sandbox, mut client, id) = authorized(Options::default());
    sandbox.capture(&id, Some(1500)).unwrap();
    sandbox.refund(&id, Some(500)).unwrap();
    let url = format!("/v1/checkout/sessions/{id}");
    let plain = client.get(&format!("{url}?expand=nonsense,")).session();
    let names = ["payment_intent", "customer", "payment_intents", "captures", "refunds"];
    for name in names {
        let session = client.get(&format!("{url}?expand={name}")).session();
        for other in names.iter().filter(|other| **other != name) {
            assert_eq!(session[other], plain[other], "{other} when {name} is expanded");
        }
        let one = |value: &Value| value.get(0).unwrap_or(value).clone();
        let id_name = format!("{}_id", name.trim_end_matches('s'));
        assert_eq!(one(&session[name])[&id_name], one(&plain[name]), "{name}");
    }

    let all = client.post(&format!("{url}/reauth?expand=payment_intents%2Cpayment_intent"), "");
    let session = all.session();
    let intents = &session["payment_intents"];
    assert_eq!(session["payment_intent"], intents[1]);
    let fields = ["amount", "amount_capturable", "amount_received", "status", "capture_method"];
    let shown = |intent: &Value| fields.map(|field| intent[field].clone());
    let (first, second) = (shown(&intents[0]), shown(&intents[1]));
    let succeeded = [json!(4999), json!(0), json!(1500), json!("succeeded"), json!("manual")];
    assert_eq!(first, succeeded);
    let held = [json!(4999), json!(4999), json!(0), json!("requires_capture"), json!("manual")];
    assert_eq!(second, held);
    let created_at = intents[0]["created_at"].as_str().expect("an ISO 8601 string");
    assert!(created_at.len() == 20 && created_at.ends_with('Z'), "{created_at}");
    assert_eq!(intents[0]["test_mode"], true);
}

#[test]
fn errors_take_each_of_the_shapes_flex_has_been_seen_to_use() {
    let message = "The checkout session has expired.";
    let code = "checkout_session_expired";
    for &shape in ErrorShape::ALL {
        let options = Options { error_shape: shape, ..Options::default() };
        let (sandbox, mut client, id) = authorized(options);
        sandbox.expire(&id).unwrap();
        let reply = client.cancel(&id);
        assert_eq!(reply.status, 400, "{shape}");
        let expected = match shape {
            ErrorShape::Code => json!({"error": {"code": code, "message": message}}),
            ErrorShape::Type => {
                json!({"error": {"type": code, "message": message, "param": null}})
            }
            ErrorShape::DetailList => json!({"detail": [{
                "loc": ["path", "id"], "msg": format!("{code}: {message}"), "type": code,
            }]}),
            ErrorShape::DetailText => json!({"detail": code}),
            ErrorShape::DetailMessage => json!({"detail": message}),
            ErrorShape::ErrorText => json!({"error": code}),
            ErrorShape::CodeUpper => {
                json!({"error": {"code": "CHECKOUT_SESSION_EXPIRED", "message": message}})
            }
            ErrorShape::TypeFirst => {
                let body = String::from_utf8(reply.body.clone()).unwrap();
                assert!(body.starts_with("{\"error\":{\"type\":"), "{body}");
                json!({"error": {
                    "type": "invalid_request_error", "code": code, "message": message,
                }})
            }
            ErrorShape::Message => json!({"message": message}),
            ErrorShape::Html => {
                assert_eq!(reply.header("content-type"), Some("text/html"));
                let page = String::from_utf8(reply.body).unwrap();
                assert!(page.starts_with("<html>") && page.contains(message), "{page}");
                continue;
            }
            ErrorShape::Empty => {
                assert_eq!(reply.body, b"");
                continue;
            }
        };
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.json(), expected);
    }
}
