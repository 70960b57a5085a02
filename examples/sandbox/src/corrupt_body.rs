//! Corrupts the body of a response as a fault says.

use serde_json::{Value, json};

use crate::fault::Fault;

/// Deeper than any parser has reason to follow.
const DEEP: usize = 10_000;
/// Where a session begins in a body.
const OPENING: &[u8] = b"{\"checkout_session\":{";

/// The body that a fault makes of a right one.
pub(crate) fn corrupted_body(fault: &Fault, body: &[u8]) -> Vec<u8> {
    match fault {
        Fault::HugeBody { bytes } => {
            let missing = usize::try_from(*bytes).unwrap_or(usize::MAX).saturating_sub(body.len());
            [body, &vec![b' '; missing]].concat()
        }
        Fault::OtherId => edited(body, |session| {
            session["checkout_session_id"] = json!("fcs_01AAAAAAAAAAAAAAAAAAAAAAAA");
        }),
        Fault::WrongTypes => edited(body, |session| {
            session["status"] = json!(7);
            session["amount_received"] = json!("0");
            session["payment_intents"] = json!("none");
        }),
        Fault::Truncated => body[..body.len() / 2].to_vec(),
        Fault::DeepJson => {
            let deep = ["\"deep\":", &"[".repeat(DEEP), &"]".repeat(DEEP), ","].concat();
            inserted(body, deep.as_bytes())
        }
        Fault::DuplicateKeys => {
            let again = b"\"checkout_session_id\":\"fcs_1\",\"status\":\"canceled\",\
                          \"payment_intents\":[],";
            inserted(body, again)
        }
        Fault::BadUtf8 => inserted(body, b"\"note\":\"\xff\xfe\","),
        Fault::BigNumbers => inserted(
            body,
            b"\"big\":9007199254740993,\"bigger\":123456789012345678901234567890,\
              \"long\":0.1000000000000000055511151231257827,",
        ),
        Fault::UnknownFields => inserted(body, b"\"mood\":{\"now\":[\"sunny\",null]},"),
        Fault::ArrayForObject => edited(body, |session| {
            let id = session["checkout_session_id"].take();
            *session = json!([id, "canceled", true, 0, null, []]);
        }),
        Fault::ErrorBeside | Fault::StatusWord { .. } => contradicted(fault, body),
        Fault::IntentWord { .. } | Fault::CapturesListed => contradicted(fault, body),
        _ => b"{\"checkout_session\":{,}}".to_vec(),
    }
}

/// A session that contradicts itself, or that is in doubt.
fn contradicted(fault: &Fault, body: &[u8]) -> Vec<u8> {
    match fault {
        Fault::ErrorBeside => match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(mut object)) => {
                let message = "The authorization could not be voided.";
                let errors = json!([{"code": "void_failed", "message": message}]);
                object.insert("errors".to_owned(), errors);
                Value::Object(object).to_string().into_bytes()
            }
            _ => body.to_vec(),
        },
        Fault::StatusWord { word } => edited(body, |session| session["status"] = json!(word)),
        Fault::IntentWord { word } => edited(body, |session| show_intent_as(session, word)),
        _ => edited(body, |session| {
            session["captures"] = json!(["fcap_x"]);
            session["amount_received"] = json!(0);
        }),
    }
}

/// Shows `payment_intent` as an object, and the same in `payment_intents` where it is one there.
fn show_intent_as(session: &mut Value, status: &str) {
    let mut intent = session["payment_intent"].take();
    if !intent.is_object() {
        let id = intent.as_str().unwrap_or("fpi_01AAAAAAAAAAAAAAAAAAAAAAAA");
        intent = json!({
            "payment_intent_id": id,
            "amount": session["amount_total"],
            "amount_received": 0,
            "test_mode": session["test_mode"],
        });
    }
    intent["status"] = json!(status);
    intent["amount_capturable"] = json!(0);
    let id = intent["payment_intent_id"].clone();
    for listed in session["payment_intents"].as_array_mut().into_iter().flatten() {
        if listed.is_object() && listed["payment_intent_id"] == id {
            *listed = intent.clone();
        }
    }
    session["payment_intent"] = intent;
}

/// A body with its session changed; as it is where there is none.
fn edited(body: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) if value["checkout_session"].is_object() => {
            edit(&mut value["checkout_session"]);
            value.to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

/// A body with more at the beginning of its session, or else of its object.
fn inserted(body: &[u8], more: &[u8]) -> Vec<u8> {
    let at = if body.starts_with(OPENING) { OPENING.len() } else { 1.min(body.len()) };
    [&body[..at], more, &body[at..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        b"{\"checkout_session\":{\"checkout_session_id\":\"fcs_9\",\"status\":\"open\"}}";

    #[test]
    fn what_is_inserted_stands_in_the_session_and_what_is_edited_stays_json() {
        for fault in [Fault::BigNumbers, Fault::UnknownFields, Fault::WrongTypes, Fault::OtherId] {
            let body = corrupted_body(&fault, BODY);
            let json: Value = serde_json::from_slice(&body).unwrap();
            assert_ne!(json["checkout_session"], Value::Null, "{fault:?}");
            assert_ne!(body, BODY, "{fault:?}");
        }
        let other = corrupted_body(&Fault::OtherId, BODY);
        assert!(!String::from_utf8(other).unwrap().contains("fcs_9"));
        assert_eq!(corrupted_body(&Fault::HugeBody { bytes: 5000 }, BODY).len(), 5000);
        assert_eq!(corrupted_body(&Fault::Truncated, BODY).len(), BODY.len() / 2);
        assert!(std::str::from_utf8(&corrupted_body(&Fault::BadUtf8, BODY)).is_err());
        assert_eq!(corrupted_body(&Fault::WrongTypes, b"sorry"), b"sorry");
        assert_eq!(corrupted_body(&Fault::BadUtf8, b"").len(), 12);
    }
}
