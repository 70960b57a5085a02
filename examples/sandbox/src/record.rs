//! What arrived, for tests to look at.

use serde::Serialize;

use crate::http::Request;
use crate::keys::{Keys, Mode};

/// A request that arrived. It never holds an API key: whatever is or looks like one reads
/// `[redacted]`, wherever it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// Its number, from 1; the response carries it as `X-Request-Id: req_N`.
    pub number: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// Its method.
    pub method: String,
    /// Its target as it was sent: path and query.
    pub target: String,
    /// Its headers as they were sent, in order; the value of `Authorization` is redacted.
    pub headers: Vec<(String, String)>,
    /// The length of its body, in bytes.
    pub body_len: usize,
    /// Whether its key was valid.
    pub authorized: bool,
    /// The mode its key opens.
    pub mode: Option<Mode>,
}

impl RequestRecord {
    pub(crate) fn new(number: u64, connection: u64, request: &Request, keys: &Keys) -> Self {
        let mode = request.header("authorization").and_then(|value| keys.mode_of(value));
        let kept =
            |(name, value): &(String, String)| (keys.redact(name), keys.redact_header(name, value));
        RequestRecord {
            number,
            connection,
            method: request.method.clone(),
            target: keys.redact(&request.target),
            headers: request.headers.iter().map(kept).collect(),
            body_len: request.body.len(),
            authorized: mode.is_some(),
            mode,
        }
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}
