//! What goes over the wire, without sending it: builds requests, reads answers.

mod request;

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

pub use self::request::Request;
pub(crate) use self::request::Requests;
use crate::facts::{SessionFacts, Snapshot, is_filled};
use crate::fields::FieldError;
use crate::secret::Secret;

/// The longest session id, in bytes.
pub(crate) const MAX_SESSION_ID_BYTES: usize = 255;
/// The longest request id that is passed on, in bytes.
pub(crate) const MAX_REQUEST_ID_BYTES: usize = 255;
/// The longest idempotency key, in bytes.
pub(crate) const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;
/// The most names in `expand`.
pub(crate) const MAX_EXPAND_NAMES: usize = 32;
/// The longest name in `expand`, in bytes.
pub(crate) const MAX_EXPAND_NAME_BYTES: usize = 128;
/// The largest answer that is read, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The deepest nesting of an answer that is read.
pub(crate) const MAX_JSON_DEPTH: usize = 100;
/// How much of a refusal's body the result shows, in bytes.
pub(crate) const MAX_SHOWN_BODY_BYTES: usize = 2_048;
/// How much of a refusal's code and message the result shows, in bytes.
pub(crate) const MAX_SHOWN_TEXT_BYTES: usize = 512;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/checkout/sessions/{id}/cancel`.
    Cancel,
    /// `GET /v1/checkout/sessions/{id}`, which changes nothing.
    Retrieve,
}

/// A checkout session's id: 1 to 255 characters of `[A-Za-z0-9_-]`, sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionId(String);

impl SessionId {
    pub(crate) fn parse(text: &str) -> Result<Self, FieldError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=MAX_SESSION_ID_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        let problem = format!("expected 1 to {MAX_SESSION_ID_BYTES} characters of [A-Za-z0-9_-]");
        Err(FieldError::new("session_id", problem))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Checks what a caller wants expanded.
pub(crate) fn check_expand(names: &[String]) -> Result<(), FieldError> {
    let is_name = |name: &String| {
        (1..=MAX_EXPAND_NAME_BYTES).contains(&name.len())
            && !name.contains(|c: char| c == ',' || c.is_control() || c.is_whitespace())
    };
    if names.len() <= MAX_EXPAND_NAMES && names.iter().all(is_name) {
        return Ok(());
    }
    Err(FieldError::new(
        "expand",
        format!(
            "expected at most {MAX_EXPAND_NAMES} names of 1 to {MAX_EXPAND_NAME_BYTES} bytes \
             without commas, blanks or control characters"
        ),
    ))
}

/// Checks an idempotency key that a caller brings.
pub(crate) fn check_idempotency_key(key: &str) -> Result<(), FieldError> {
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len()) && is_visible {
        return Ok(());
    }
    Err(FieldError::new(
        "idempotency_key",
        format!("expected 1 to {MAX_IDEMPOTENCY_KEY_BYTES} visible ASCII characters, no blanks"),
    ))
}

/// A response that arrived whole.
#[derive(Debug, Default)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Flex's name for the round trip (`X-Request-Id`), for a support ticket.
    pub request_id: Option<String>,
    /// How long the server asks the client to wait before the next request.
    pub retry_after: Option<Duration>,
    /// The server's clock (`Date`), in Unix milliseconds; a `Date` has whole seconds.
    pub date_ms: Option<i64>,
    /// True if a cache served it (`Age` above 0).
    pub is_cached: bool,
    /// True if it repeats the response to an earlier request with the same idempotency key
    /// (`Idempotent-Replayed` or a header like it).
    pub is_replayed: bool,
    /// Its whole body.
    pub body: Vec<u8>,
}

/// What an answer says.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A 2xx with complete JSON about the session that was asked for.
    Session(Snapshot),
    /// An answer that is no 2xx.
    Refusal(ProviderError),
    /// A 2xx that cannot be trusted, and why.
    Unreadable(String),
}

impl Reply {
    /// What it says in words, where the status alone does not tell.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Session(_) => None,
            Self::Unreadable(why) => Some(why.clone()),
            Self::Refusal(error) => error.detail(),
        }
    }
}

/// Reads an answer about a session. What a refusal says is redacted first of all, so that no cut
/// can leave a part of the secret behind.
pub(crate) fn read(id: &SessionId, status: StatusCode, body: Vec<u8>, secret: &Secret) -> Reply {
    if !status.is_success() {
        let body = secret.redact(String::from_utf8_lossy(&body).into_owned());
        let error = ProviderError::read(&body);
        return Reply::Refusal(error.redacted(|text| secret.redact(text)));
    }
    match read_session(id, body) {
        Ok(snapshot) if !snapshot.facts.is_asked_for => {
            Reply::Unreadable("the answer is about another session".to_owned())
        }
        Ok(snapshot) => Reply::Session(snapshot),
        Err(why) => Reply::Unreadable(why),
    }
}

/// A response about a session.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    checkout_session: &'a RawValue,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    errors: Value,
}

fn read_session(id: &SessionId, body: Vec<u8>) -> Result<Snapshot, String> {
    let text = String::from_utf8(body).map_err(|_| "the answer is not UTF-8".to_owned())?;
    // A struct is also read from a list, and what is skipped may nest without a bound.
    if !is_object(&text) {
        return Err("the answer is no JSON object".to_owned());
    }
    if is_nested_deeper(&text, MAX_JSON_DEPTH) {
        return Err(format!("the answer cannot be read: nested deeper than {MAX_JSON_DEPTH}"));
    }
    let unreadable = |error: serde_json::Error| format!("the answer cannot be read: {error}");
    let envelope: Envelope<'_> = serde_json::from_str(&text).map_err(unreadable)?;
    let session = envelope.checkout_session;
    if !is_object(session.get()) {
        return Err("the answer's checkout_session is no JSON object".to_owned());
    }
    let mut facts = SessionFacts::read(id.as_str(), session.get()).map_err(unreadable)?;
    facts.has_errors |= is_filled(&envelope.error) || is_filled(&envelope.errors);
    Ok(Snapshot { facts, raw: session.into() })
}

fn is_object(json: &str) -> bool {
    json.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{')
}

/// True if the brackets of a JSON text nest deeper than this; those in its texts do not count.
fn is_nested_deeper(json: &str, most: usize) -> bool {
    let opens = |byte: &u8| matches!(byte, b'{' | b'[');
    if json.as_bytes().iter().filter(|byte| opens(byte)).count() <= most {
        return false;
    }
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    json.bytes().any(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > most
    })
}

/// What Flex, or somebody on the way to it, said when it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProviderError {
    /// The machine-readable reason, if the body has one.
    pub code: Option<String>,
    /// The reason in words, if the body has one.
    pub message: Option<String>,
    /// The beginning of the body as it came.
    pub body: String,
    /// True if the code stands where Flex is known to write it: no framework's own word.
    #[serde(skip)]
    pub(crate) has_code_of_flex: bool,
}

impl ProviderError {
    /// What it says in words.
    pub(crate) fn detail(&self) -> Option<String> {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.clone().or_else(|| message.clone()),
        }
    }

    /// The same, with every text passed through a redaction.
    fn redacted(self, redact: impl Fn(String) -> String) -> Self {
        Self {
            code: self.code.map(&redact),
            message: self.message.map(&redact),
            body: redact(self.body),
            ..self
        }
    }

    /// Reads any shape of error body that Flex is known to send, or none of them.
    fn read(body: &str) -> Self {
        let mut error = Self { body: beginning(body, MAX_SHOWN_BODY_BYTES), ..Self::default() };
        // serde_json itself refuses to build a tree deeper than 128.
        let Ok(json) = serde_json::from_str::<Value>(body) else { return error };
        let shown = |text: &str| beginning(text, MAX_SHOWN_TEXT_BYTES);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(shown);
        (error.code, error.message) = match (&json["error"], &json["detail"]) {
            (Value::Object(inner), _) => {
                let code = text(inner.get("code")).or_else(|| text(inner.get("type")));
                error.has_code_of_flex = code.is_some();
                (code, text(inner.get("message")))
            }
            (Value::String(word), _) => (Some(shown(word)), text(json.get("message"))),
            (_, Value::Array(list)) => {
                let first = list.first().unwrap_or(&Value::Null);
                let message = text(first.get("msg"));
                let of_message = message.as_ref().and_then(|message| message.split_once(": "));
                let of_message = of_message.map(|(code, _)| code.to_owned());
                let code = text(first.get("type"));
                // A framework that refuses a request by itself has a type, but no such message.
                error.has_code_of_flex =
                    of_message.is_some() && (code.is_none() || code == of_message);
                (code.or(of_message), message)
            }
            (_, Value::String(word)) => {
                // One word alone is the status in words, as frameworks write it: "Forbidden".
                error.has_code_of_flex = word.contains('_');
                (Some(shown(word)), text(json.get("message")))
            }
            _ => (text(json.get("code")), text(json.get("message"))),
        };
        error
    }
}

fn beginning(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

#[cfg(test)]
mod tests;
