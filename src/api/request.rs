//! The requests of a client.

use std::fmt;

use ureq::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, HOST, USER_AGENT,
};
use ureq::http::uri::PathAndQuery;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::operation::Operation;
use super::session_id::SessionId;
use crate::config::Config;
use crate::error::Error;

/// What a read-back asks to have in full, so that it shows where the money is and since when.
const MONEY: [&str; 3] = ["payment_intent", "payment_intents", "captures"];

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What never changes from one request of a client to the next.
#[derive(Debug)]
pub(crate) struct Requests {
    /// What comes before a session's id in a request's target.
    path: String,
    /// The headers of each operation. The API key's place is held by its placeholder: the transport
    /// fills it in where nothing can show it.
    to_retrieve: HeaderMap,
    to_cancel: HeaderMap,
}

/// One request, which the transport completes with the API key.
pub struct Request {
    operation: Operation,
    http: ureq::http::Request<()>,
}

impl Requests {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let ours = concat!("flexcancel/", env!("CARGO_PKG_VERSION"));
        let theirs = config.user_agent.as_deref().unwrap_or_default();
        let user_agent = format!("{ours} {theirs}");
        let (authority, path) = config.base_url.authority_and_path();
        let bearer = format!("Bearer {}", config.api_key.placeholder());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, value("base_url", authority)?);
        headers.insert(AUTHORIZATION, value("api_key", &bearer)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(USER_AGENT, value("user_agent", user_agent.trim_end())?);
        let to_retrieve = headers.clone();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        // Each cancel has its own in its place.
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static(""));
        let path = format!("{path}/v1/checkout/sessions/");
        Ok(Self { path, to_retrieve, to_cancel: headers })
    }

    /// The request that cancels, the same for each attempt.
    ///
    /// # Errors
    /// If a check of the arguments has gone missing.
    pub(crate) fn cancel(
        &self,
        id: &SessionId,
        expand: &[String],
        key: &str,
    ) -> Result<Request, Error> {
        let query = expand_query(expand.iter().map(String::as_str));
        let mut request = self.request(Operation::Cancel, [id.as_str(), "/cancel", &query])?;
        request.http.headers_mut().insert(IDEMPOTENCY_KEY, value("idempotency_key", key)?);
        Ok(request)
    }

    /// The request that reads the session back, with its payment intents in full.
    /// `None`: without asking for anything in full.
    ///
    /// # Errors
    /// If a check of the arguments has gone missing.
    pub(crate) fn retrieve(
        &self,
        id: &SessionId,
        expand: Option<&[String]>,
    ) -> Result<Request, Error> {
        let query = expand.map_or_else(String::new, |expand| {
            let asked = expand.iter().map(String::as_str).filter(|name| !MONEY.contains(name));
            expand_query(MONEY.into_iter().chain(asked))
        });
        self.request(Operation::Retrieve, [id.as_str(), "", &query])
    }

    fn request(&self, operation: Operation, rest: [&str; 3]) -> Result<Request, Error> {
        let [id, action, query] = rest;
        let target = PathAndQuery::try_from([&self.path, id, action, query].concat())
            .map_err(|_| Error::argument("session_id", "expected what a URL can carry"))?;
        let mut http = ureq::http::Request::new(());
        let (method, headers) = match operation {
            Operation::Cancel => (Method::POST, &self.to_cancel),
            Operation::Retrieve => (Method::GET, &self.to_retrieve),
        };
        *http.method_mut() = method;
        *http.uri_mut() = Uri::from(target);
        *http.headers_mut() = headers.clone();
        Ok(Request { operation, http })
    }
}

/// Config and options have checked what goes into headers; this is for a check gone missing there.
fn value(field: &'static str, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text)
        .map_err(|_| Error::argument(field, "expected characters that a header can carry"))
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
        self.http.uri().path_and_query().map_or("/", PathAndQuery::as_str)
    }

    /// The idempotency key that it carries, if it cancels.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.http.headers().get(IDEMPOTENCY_KEY)?.to_str().ok()
    }

    /// The same for the HTTP engine.
    pub(crate) fn into_http(self) -> ureq::http::Request<()> {
        self.http
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.operation).field(&self.target()).finish()
    }
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
