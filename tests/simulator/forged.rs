//! The responses that something other than Flex's model makes up.

use std::time::Duration;

use flexcancel::transport::Response;
use serde_json::{Value, json};

use super::clock::date_ms;
use super::fault::Answered;
use super::world::{Request, World};

/// Such a response to a request, without the request's effect.
pub fn response(world: &mut World, answered: Answered, request: &Request) -> Response {
    let id = request.session();
    let mut retry_after = None;
    let (status, body) = match answered {
        Answered::Status(status, body) | Answered::SaysCanceled(status, body) => {
            (status, body.to_owned())
        }
        Answered::RetryAfter(status, seconds) => {
            retry_after = Some(Duration::from_secs(seconds));
            (status, "{}".to_owned())
        }
        Answered::Truncated => {
            (200, format!(r#"{{"checkout_session":{{"checkout_session_id":"{id}","status":"canc"#))
        }
        Answered::OtherSession => (
            200,
            r#"{"checkout_session":{"checkout_session_id":"other","status":"canceled"}}"#.into(),
        ),
        Answered::Empty => (200, String::new()),
        Answered::Redirect => (307, String::new()),
        Answered::Unchanged(status) => (status, session(world, request, |_| {})),
        Answered::UnchangedWithErrors => {
            let errors = r#"{"errors":[{"message":"The processor did not confirm."}],"#;
            (200, session(world, request, |_| {}).replacen('{', errors, 1))
        }
        Answered::ShowsStatus(status) => (
            200,
            session(world, request, |session| {
                hide_intents(session);
                session["status"] = json!(status);
            }),
        ),
        Answered::ShowsIntent(status) => {
            (200, session(world, request, |session| show_intent(session, status)))
        }
        Answered::ShowsCapture => (
            200,
            session(world, request, |session| {
                hide_intents(session);
                session["captures"] = json!(["fcap_01KDVDNA00628PB8PBQK748P3G"]);
                session["amount_received"] = json!(0);
            }),
        ),
        Answered::Replayed | Answered::Cached | Answered::CachedWithOldDate => (
            200,
            session(world, request, |session| {
                hide_intents(session);
                session["status"] = json!("canceled");
            }),
        ),
        Answered::ShowsNoIntent => (
            200,
            session(world, request, |session| {
                hide_intents(session);
                session["payment_intent"] = Value::Null;
            }),
        ),
        Answered::ShowsNoAmounts => (200, session(world, request, corrupt_amounts)),
    };
    let is_old = matches!(answered, Answered::CachedWithOldDate);
    let age = if is_old { Duration::from_secs(3600) } else { Duration::ZERO };
    Response {
        status: status.try_into().unwrap(),
        retry_after,
        date_ms: Some(date_ms(world.now().saturating_sub(age))),
        is_cached: matches!(answered, Answered::Cached),
        is_replayed: matches!(answered, Answered::Replayed),
        body: body.into_bytes(),
        ..Response::default()
    }
}

/// The session as it is, with something changed.
fn session(world: &mut World, request: &Request, change: impl FnOnce(&mut Value)) -> String {
    let said = world.deliver(&request.as_read());
    let Ok(mut body) = serde_json::from_slice::<Value>(&said.body) else {
        return String::from_utf8_lossy(&said.body).into_owned();
    };
    if body["checkout_session"].is_object() {
        change(&mut body["checkout_session"]);
    }
    body.to_string()
}

/// As a service does that shows no payment intents in the response to a cancel.
fn hide_intents(session: &mut Value) {
    let session = session.as_object_mut().unwrap();
    session.remove("payment_intent");
    session.remove("payment_intents");
}

fn show_intent(session: &mut Value, status: &str) {
    let shown = &session["payment_intent"];
    let id = if shown.is_object() { &shown["payment_intent_id"] } else { shown };
    session["payment_intent"] = json!({
        "payment_intent_id": id,
        "amount": session["amount_total"],
        "amount_received": 0,
        "status": status,
        "test_mode": true,
    });
    session.as_object_mut().unwrap().remove("payment_intents");
}

fn corrupt_amounts(shown: &mut Value) {
    match shown {
        Value::Array(list) => list.iter_mut().for_each(corrupt_amounts),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if name.starts_with("amount") {
                    *value = json!("n/a");
                } else {
                    corrupt_amounts(value);
                }
            }
        }
        _ => {}
    }
}
