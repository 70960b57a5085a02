//! A response as the bytes of HTTP/1.1.

use std::time::{Duration, SystemTime};

/// A response, as it is to be written.
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    pub(crate) content_type: &'a str,
    pub(crate) request_id: Option<String>,
    /// More headers.
    pub(crate) headers: &'a [(&'static str, String)],
    pub(crate) keep_alive: bool,
    pub(crate) body: &'a [u8],
}

impl Response<'_> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Response { status, content_type, request_id, headers, keep_alive, body } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(*status));
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
        if let Some(id) = request_id {
            head.push_str(&format!("X-Request-Id: {id}\r\n"));
        }
        if !headers.iter().any(|(name, _)| *name == "Date") {
            head.push_str(&format!("Date: {}\r\n", date(Duration::ZERO)));
        }
        for (name, value) in *headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        [head.as_bytes(), body].concat()
    }
}

/// What `Date` says of a response of some age.
pub(crate) fn date(age: Duration) -> String {
    httpdate::fmt_http_date(SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        _ => "Status",
    }
}
