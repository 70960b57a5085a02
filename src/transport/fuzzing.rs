//! Reads responses from bytes instead of a connection, for the targets in `fuzz/`.

use ureq::http::header::CONTENT_LENGTH;
use ureq::http::uri::Authority;
use ureq::http::{Request, Uri};

use super::Response;
use super::http1::{Outgoing, Stream};
use crate::error::Error;
use crate::outcome::Code;

/// A peer that sends these bytes and then ends the connection.
struct Bytes<'a>(&'a [u8]);

impl Stream for Bytes<'_> {
    fn send(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        // Half of the bytes each time: a response may arrive in parts.
        let length = self.0.len().div_ceil(2);
        let (part, rest) = self.0.split_at(length);
        buffer.extend_from_slice(part);
        self.0 = rest;
        Ok(length)
    }
}

/// Reads the response to a cancel.
///
/// # Errors
/// As for a connection over which these bytes come.
pub fn read_response(bytes: &[u8]) -> Result<Response, Error> {
    let request = Request::post("https://api.withflex.com/v1/checkout/sessions/fcs_1/cancel");
    let request = request.header(CONTENT_LENGTH, "0").body(());
    let request = request.map_err(|error| Error::internal(error.to_string()))?;
    let mut stream = Bytes(bytes);
    let incoming = Outgoing::new(request, None)?.send(&mut stream)?.receive(&mut stream)?;
    Ok(Response::new(&incoming.head, incoming.body))
}

/// Reads a proxy's response to CONNECT.
///
/// # Errors
/// As for a connection over which these bytes come; also if bytes follow a 2xx.
pub fn read_proxy_response(bytes: &[u8]) -> Result<Response, Error> {
    let target = Uri::from(Authority::from_static("api.withflex.com:443"));
    let request = Request::connect(target).body(());
    let request = request.map_err(|error| Error::internal(error.to_string()))?;
    let mut stream = Bytes(bytes);
    let mut pending = Outgoing::new(request, None)?.send(&mut stream)?;
    let head = pending.receive_head(&mut stream)?;
    if head.status().is_success() && !pending.is_drained() {
        return Err(Error::new(Code::Connect, "something spoke before the service"));
    }
    Ok(Response::new(&head, Vec::new()))
}
