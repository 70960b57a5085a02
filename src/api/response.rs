//! Flex's responses.

use std::time::Duration;

use memchr::memchr2_iter;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use ureq::http::StatusCode;

use super::facts::{ParsedSession, SessionFacts, is_filled};
use super::headers;
use super::provider_error::ProviderError;
use super::session_id::SessionId;
use crate::raw_json::is_object;
use crate::secret::Secret;

/// The longest request id that is passed on, in bytes.
pub(crate) const MAX_REQUEST_ID_BYTES: usize = 255;
/// The largest answer that is read, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The deepest nesting of a response that is read.
pub(crate) const MAX_JSON_DEPTH: usize = 100;

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
    /// The encoding that the body is said to have (`Content-Encoding`), although none was asked
    /// for.
    pub encoding: Option<String>,
    /// Its whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// Keeps the headers that matter.
    pub(crate) fn new(head: &ureq::http::Response<()>, body: Vec<u8>) -> Self {
        let text = &|name: &str| head.headers().get(name)?.to_str().ok();
        let is_short = |id: &&str| id.len() <= MAX_REQUEST_ID_BYTES;
        let is_coded = |encoding: &&str| !encoding.trim().eq_ignore_ascii_case("identity");
        Self {
            status: head.status(),
            request_id: text("x-request-id").filter(is_short).map(str::to_owned),
            retry_after: headers::retry_after(text),
            date_ms: headers::date_ms(text),
            is_cached: headers::is_cached(text),
            is_replayed: headers::is_replayed(text),
            encoding: text("content-encoding").filter(is_coded).map(str::to_owned),
            body,
        }
    }
}

/// What a response says.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A 2xx with complete JSON about the session that was asked for.
    Session(ParsedSession),
    /// A response that is no 2xx.
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

/// Reads a response about a session. What a refusal says is redacted first of all, so that no cut
/// can leave a part of the secret behind. Where nothing can be read, its encoding may be the
/// reason.
pub(crate) fn read(id: &SessionId, response: Response, secret: &Secret) -> Reply {
    let Response { status, encoding, body, .. } = response;
    let encoded = encoding.map(|encoding| {
        secret.redact(format!("the response is encoded ({encoding}), which was not asked for"))
    });
    if !status.is_success() {
        let body = secret.redact(String::from_utf8_lossy(&body).into_owned());
        let mut error = ProviderError::read(&body).redacted(|text| secret.redact(text));
        if error.detail().is_none() {
            error.message = encoded;
        }
        return Reply::Refusal(error);
    }
    match read_session(id, body) {
        Ok(parsed) if !parsed.facts.is_asked_for => {
            Reply::Unreadable("the response is about another session".to_owned())
        }
        Ok(parsed) => Reply::Session(parsed),
        Err(why) => Reply::Unreadable(encoded.unwrap_or(why)),
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

fn read_session(id: &SessionId, body: Vec<u8>) -> Result<ParsedSession, String> {
    let text = String::from_utf8(body).map_err(|_| "the response is not UTF-8".to_owned())?;
    // A struct is also read from a list, and what is skipped may nest without a bound.
    if !is_object(&text) {
        return Err("the response is no JSON object".to_owned());
    }
    if is_nested_deeper(&text, MAX_JSON_DEPTH) {
        return Err(format!("the response cannot be read: nested deeper than {MAX_JSON_DEPTH}"));
    }
    let unreadable = |error: serde_json::Error| format!("the response cannot be read: {error}");
    let envelope: Envelope<'_> = serde_json::from_str(&text).map_err(unreadable)?;
    let session = envelope.checkout_session;
    if !is_object(session.get()) {
        return Err("the response's checkout_session is no JSON object".to_owned());
    }
    let mut facts = SessionFacts::read(id.as_str(), session.get()).map_err(unreadable)?;
    facts.has_errors |= is_filled(&envelope.error) || is_filled(&envelope.errors);
    Ok(ParsedSession { facts, raw: session.into() })
}

/// True if the brackets of a JSON text nest deeper than this; those in its texts do not count.
fn is_nested_deeper(json: &str, max: usize) -> bool {
    if memchr2_iter(b'{', b'[', json.as_bytes()).nth(max).is_none() {
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
        depth > max
    })
}

#[cfg(test)]
mod tests;
