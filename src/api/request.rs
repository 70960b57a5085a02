//! The requests of a client: one head of a fixed shape, of which little changes.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroize;

use super::operation::Operation;
use super::session_id::SessionId;
use crate::config::Config;
use crate::fields::FieldError;
use crate::secret::Secret;

/// What a read-back asks to have in full, so that it shows where the money is and since when.
const MONEY: [&str; 3] = ["payment_intent", "payment_intents", "captures"];

/// What never changes from one request of a client to the next.
#[derive(Debug)]
pub(crate) struct Requests {
    /// What stands before a session's id in a request's target.
    path: String,
    /// The rest of the first line, and the headers that every request has; one is the API key.
    common: Secret,
    /// Where in that the API key is.
    api_key: Range<usize>,
}

/// One request, ready to be sent.
pub struct Request {
    operation: Operation,
    head: String,
    /// Where in it the API key is, which is wiped when it is dropped.
    api_key: Range<usize>,
    target: Range<usize>,
    idempotency_key: Option<Range<usize>>,
}

impl Requests {
    pub(crate) fn new(config: &Config) -> Result<Self, FieldError> {
        let ours = concat!("flexcancel/", env!("CARGO_PKG_VERSION"));
        let theirs = config.user_agent.as_deref().unwrap_or_default();
        let user_agent = format!("{ours} {theirs}");
        // Config has checked the characters of both; this is for a check gone missing there.
        for (field, text) in [("api_key", config.api_key.expose()), ("user_agent", &user_agent)] {
            if text.contains(char::is_control) {
                return Err(FieldError::new(field, "expected characters that a header can carry"));
            }
        }
        let (authority, path) = config.base_url.authority_and_path();
        let before = joined(&[" HTTP/1.1\r\nHost: ", authority, "\r\nAuthorization: Bearer "]);
        let api_key = config.api_key.expose();
        let common = joined(&[
            &before,
            api_key,
            "\r\nAccept: application/json\r\nCache-Control: no-cache\r\nUser-Agent: ",
            user_agent.trim_end(),
            "\r\n",
        ]);
        Ok(Self {
            path: format!("{path}/v1/checkout/sessions/"),
            common: Secret::new(common),
            api_key: before.len()..before.len() + api_key.len(),
        })
    }

    /// The request that cancels, the same for each attempt.
    pub(crate) fn cancel(&self, id: &SessionId, expand: &[String], key: &str) -> Request {
        let query = expand_query(expand.iter().map(String::as_str));
        let rest = [id.as_str(), "/cancel", &query];
        self.request(Operation::Cancel, rest, Some(key))
    }

    /// The request that reads the session back, with its payment intents in full.
    /// `None`: without asking for anything in full.
    pub(crate) fn retrieve(&self, id: &SessionId, expand: Option<&[String]>) -> Request {
        let Some(expand) = expand else {
            return self.request(Operation::Retrieve, [id.as_str(), "", ""], None);
        };
        let asked = expand.iter().map(String::as_str).filter(|name| !MONEY.contains(name));
        let query = expand_query(MONEY.into_iter().chain(asked));
        self.request(Operation::Retrieve, [id.as_str(), "", &query], None)
    }

    fn request(&self, operation: Operation, rest: [&str; 3], key: Option<&str>) -> Request {
        const KEY: &str = "Idempotency-Key: ";
        let method = match operation {
            Operation::Cancel => "POST ",
            Operation::Retrieve => "GET ",
        };
        let [id, action, query] = rest;
        let (common, end) = (self.common.expose(), "\r\n");
        let head = match key {
            None => joined(&[method, &self.path, id, action, query, common, end]),
            Some(key) => {
                let length = "\r\nContent-Length: 0\r\n";
                joined(&[method, &self.path, id, action, query, common, KEY, key, length, end])
            }
        };
        let target_length = self.path.len() + id.len() + action.len() + query.len();
        let target = method.len()..method.len() + target_length;
        let key_at = target.end + common.len() + KEY.len();
        let idempotency_key = key.map(|key| key_at..key_at + key.len());
        let api_key = target.end + self.api_key.start..target.end + self.api_key.end;
        Request { operation, head, api_key, target, idempotency_key }
    }
}

impl Request {
    /// What it is for.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Its path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.head[self.target.clone()]
    }

    /// The idempotency key that it carries, if it cancels.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.clone().map(|range| &self.head[range])
    }

    /// What goes over the wire: a head without a body.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.head.as_bytes()
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut head = std::mem::take(&mut self.head).into_bytes();
        head[self.api_key.clone()].zeroize();
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.operation).field(&self.target()).finish()
    }
}

/// The parts in one piece, reserved at once: growing would leave a copy of a secret behind.
fn joined(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.push_str(part));
    text
}

/// `?expand=` with the names comma-separated and percent-encoded; empty without names.
fn expand_query<'a>(names: impl Iterator<Item = &'a str>) -> String {
    use std::fmt::Write;
    let mut query = String::new();
    for name in names {
        query.push_str(if query.is_empty() { "?expand=" } else { "%2C" });
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                query.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(query, "%{byte:02X}");
            }
        }
    }
    query
}

#[cfg(test)]
mod tests;
