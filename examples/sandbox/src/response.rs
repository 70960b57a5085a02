//! An answer as the bytes of HTTP/1.1.

/// An answer, as it is to be written.
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    pub(crate) content_type: &'a str,
    pub(crate) request_id: Option<String>,
    pub(crate) keep_alive: bool,
    pub(crate) body: &'a [u8],
}

impl Response<'_> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Response { status, content_type, request_id, keep_alive, body } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(*status));
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
        if let Some(id) = request_id {
            head.push_str(&format!("X-Request-Id: {id}\r\n"));
        }
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        [head.as_bytes(), body].concat()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        422 => "Unprocessable Entity",
        _ => "Status",
    }
}
