//! The prepared answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Every answer, head and body in one buffer.
pub struct Answers {
    cancel: Arc<[u8]>,
    expire: Arc<[u8]>,
    unknown: Arc<[u8]>,
    cancel_body: Vec<u8>,
    padded: Mutex<HashMap<usize, Arc<[u8]>>>,
}

impl Answers {
    pub fn new(cancel_body: Vec<u8>, expire_body: Vec<u8>) -> Self {
        Self {
            cancel: answer("200 OK", &cancel_body),
            expire: answer("200 OK", &expire_body),
            unknown: answer("404 Not Found", b"{\"message\":\"no such route\"}"),
            cancel_body,
            padded: Mutex::default(),
        }
    }

    /// The answer to a request, by its head.
    pub fn to(&self, head: &[u8]) -> Arc<[u8]> {
        let target = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
        if !head.starts_with(b"POST /") {
            return Arc::clone(&self.unknown);
        }
        if path.ends_with(b"/expire") {
            return Arc::clone(&self.expire);
        }
        if !path.ends_with(b"/cancel") {
            return Arc::clone(&self.unknown);
        }
        let first = path.split(|byte| *byte == b'/').nth(1).unwrap_or_default();
        let size = str::from_utf8(first).ok().and_then(|first| first.parse().ok());
        size.map_or_else(|| Arc::clone(&self.cancel), |size| self.padded(size))
    }

    fn padded(&self, size: usize) -> Arc<[u8]> {
        let mut padded = self.padded.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || answer("200 OK", &pad(&self.cancel_body, size));
        Arc::clone(padded.entry(size).or_insert_with(make))
    }
}

fn answer(status: &str, body: &[u8]) -> Arc<[u8]> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Request-Id: req_1\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat().into()
}

/// The body with more fees, as many as fit, and blanks for the rest. Objects, because a client
/// that parses must look at them, while it could skip one long text.
fn pad(body: &[u8], size: usize) -> Vec<u8> {
    const PLACE: &[u8] = b"\"fees\": [";
    const FEE: &[u8] =
        b"{\"amount\": 125, \"description\": \"Platform fee\", \"currency\": \"usd\"},";
    let found = body.windows(PLACE.len()).position(|part| part == PLACE);
    let at = found.map_or(0, |at| at + PLACE.len());
    let room = size.saturating_sub(body.len());
    let fees = if at == 0 { 0 } else { room / FEE.len() };
    let blanks = room - fees * FEE.len();
    [&body[..at], &FEE.repeat(fees), &body[at..], &b" ".repeat(blanks)].concat()
}
