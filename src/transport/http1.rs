//! One round trip of HTTP/1.1, by `ureq-proto`, over a connection of ours.
//!
//! A response must say where it ends, and say it once: one that states its length in two ways may
//! be read as two responses.

use ureq::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use ureq::http::{Request, Response, StatusCode, Version};
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};
use ureq_proto::{BodyMode, Error as ProtocolError};
use zeroize::Zeroizing;

use super::head::{acceptable, end_of, is_http};
use crate::api::MAX_BODY_BYTES;
use crate::error::Error;
use crate::outcome::Code;
use crate::secret::Secret;

/// The longest head of a response, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most that is read for one response, whatever it consists of: interim responses included.
const MAX_RESPONSE_BYTES: usize = 2 * MAX_BODY_BYTES;
/// Room for a response, which grows as the response comes: nothing is believed of a declared
/// length.
const ROOM_BYTES: usize = 8 * 1024;
/// The bytes of a request's head beside its target and headers: method, version, separators.
const REST_OF_HEAD_BYTES: usize = 64;

/// What carries bytes to the peer and back.
pub(super) trait Stream {
    /// Sends all the bytes.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Receives bytes behind those that are there; none means that the peer ended its side in
    /// good order.
    fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Error>;
}

/// A request that is ready to be sent.
pub(super) struct Outgoing {
    head: Zeroizing<Vec<u8>>,
    call: Call<RecvResponse>,
}

/// A request that was sent, and what has come of its response.
pub(super) struct Pending {
    call: Call<RecvResponse>,
    input: Input,
}

/// A response that came whole.
pub(super) struct Incoming {
    pub(super) head: Response<()>,
    pub(super) body: Vec<u8>,
    /// True if the connection may carry another round trip.
    pub(super) is_reusable: bool,
}

impl Outgoing {
    /// Writes a request without a body. The engine sees the placeholder of the secret only,
    /// because it logs what it writes.
    pub(super) fn new(request: Request<()>, secret: Option<&Secret>) -> Result<Self, Error> {
        let headers = request.headers().iter();
        let length: usize =
            headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        let authority = request.uri().authority().map_or(0, |authority| authority.as_str().len());
        let mut head = Zeroizing::new(vec![0; length + target + authority + REST_OF_HEAD_BYTES]);
        let unwritable = |error| Error::internal(format!("the request cannot be written: {error}"));
        let mut call = Call::new(request).map_err(unwritable)?.proceed();
        let length = call.write(&mut head).map_err(unwritable)?;
        head.truncate(length);
        let Some(SendRequestResult::RecvResponse(call)) = call.proceed().map_err(unwritable)?
        else {
            return Err(Error::internal("the request cannot be written as a head alone"));
        };
        if secret.is_some_and(|secret| !secret.fill_in(&mut head)) {
            return Err(Error::internal("the request has no place for its credentials"));
        }
        Ok(Self { head, call })
    }

    /// Sends it.
    pub(super) fn send(self, stream: &mut dyn Stream) -> Result<Pending, Error> {
        stream.send(&self.head)?;
        let input = Input { bytes: Vec::with_capacity(ROOM_BYTES), start: 0 };
        Ok(Pending { call: self.call, input })
    }
}

impl Pending {
    /// Receives the head of the response, and whether the engine takes nothing more for it.
    pub(super) fn receive_head(&mut self, stream: &mut dyn Stream) -> Result<Response<()>, Error> {
        loop {
            let rest = self.input.rest();
            let read = match self.call.try_response(rest, false) {
                Err(error) => self.read_again(error)?,
                Ok(read) => read,
            };
            match read {
                (length, _) if length > MAX_HEAD_BYTES => return Err(too_long_head()),
                (length, Some(head)) => {
                    self.input.start += length;
                    check_framing(&head)?;
                    return Ok(head);
                }
                // An interim response announces the one that counts.
                (length @ 1.., None) => self.input.start += length,
                (0, None) if self.input.rest().len() > MAX_HEAD_BYTES => {
                    return Err(too_long_head());
                }
                (0, None) => self.input.receive(stream)?,
            }
        }
    }

    /// The engine refuses heads for lines that frame nothing, too. Those are mended once the head
    /// is complete, and the head is read again.
    fn read_again(&mut self, error: ProtocolError) -> Result<(usize, Option<Response<()>>), Error> {
        let rest = self.input.rest();
        let Some(length) = end_of(rest) else {
            return if is_http(rest) { Ok((0, None)) } else { Err(no_proper_http(error)) };
        };
        let head = acceptable(&rest[..length]).ok_or_else(|| no_proper_http(error))?;
        let (used, response) = self.call.try_response(&head, false).map_err(no_proper_http)?;
        if used != head.len() {
            return Err(protocol("the response is no proper HTTP: its head has two ends"));
        }
        Ok((length, response))
    }

    /// Receives the whole response.
    pub(super) fn receive(mut self, stream: &mut dyn Stream) -> Result<Incoming, Error> {
        let head = self.receive_head(stream)?;
        let Self { call, mut input } = self;
        let (body, is_reusable) = match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => receive_body(call, &mut input, stream)?,
            Some(RecvResponseResult::Cleanup(call)) => (Vec::new(), !call.must_close_connection()),
            Some(RecvResponseResult::Redirect(call)) => (Vec::new(), !call.must_close_connection()),
            None => return Err(Error::internal("the head of the response has no end")),
        };
        Ok(Incoming { head, body, is_reusable: is_reusable && input.rest().is_empty() })
    }

    /// True if nothing has come behind what was read.
    pub(super) fn is_drained(&self) -> bool {
        self.input.rest().is_empty()
    }
}

/// Receives the body of a response, and whether the connection may carry another round trip.
fn receive_body(
    mut call: Call<RecvBody>,
    input: &mut Input,
    stream: &mut dyn Stream,
) -> Result<(Vec<u8>, bool), Error> {
    let is_open_ended = match call.body_mode() {
        BodyMode::LengthDelimited(length) if length > MAX_BODY_BYTES as u64 => {
            return Err(too_long_body());
        }
        mode => mode == BodyMode::CloseDelimited,
    };
    let mut body = Vec::new();
    loop {
        let (rest, start) = (input.rest(), body.len());
        body.resize(start + rest.len(), 0);
        let (used, written) = call.read(rest, &mut body[start..]).map_err(|error| {
            protocol(format!("the body of the response cannot be read: {error}"))
        })?;
        body.truncate(start + written);
        input.start += used;
        if body.len() > MAX_BODY_BYTES {
            return Err(too_long_body());
        }
        if is_open_ended {
            if input.receive_any(stream)? == 0 {
                return Ok((body, false));
            }
        } else if call.can_proceed() {
            break;
        } else if used == 0 || input.rest().is_empty() {
            input.receive(stream)?;
        }
    }
    let is_reusable = match call.proceed() {
        Some(RecvBodyResult::Cleanup(call)) => !call.must_close_connection(),
        Some(RecvBodyResult::Redirect(call)) => !call.must_close_connection(),
        None => false,
    };
    Ok((body, is_reusable))
}

/// What has come of a response.
struct Input {
    bytes: Vec<u8>,
    /// Where in them that part begins which the engine has not taken yet.
    start: usize,
}

impl Input {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Receives more, without which the response is not whole.
    fn receive(&mut self, stream: &mut dyn Stream) -> Result<(), Error> {
        match self.receive_any(stream)? {
            0 => Err(Error::new(
                Code::ConnectionLost,
                "the connection was closed before the whole response came",
            )),
            _ => Ok(()),
        }
    }

    fn receive_any(&mut self, stream: &mut dyn Stream) -> Result<usize, Error> {
        if self.bytes.len() > MAX_RESPONSE_BYTES {
            return Err(protocol("the response is too long"));
        }
        if self.bytes.capacity() - self.bytes.len() < ROOM_BYTES / 4 {
            self.bytes.reserve(ROOM_BYTES);
        }
        stream.receive(&mut self.bytes)
    }
}

/// The engine accepts more than one way to frame a message, and takes one of them.
fn check_framing(head: &Response<()>) -> Result<(), Error> {
    if head.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(protocol("the response switches to another protocol"));
    }
    let headers = head.headers();
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    let is_known = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    if !is_known || codings.next().is_some() || head.version() != Version::HTTP_11 {
        return Err(protocol("the response has a transfer encoding that is not known"));
    }
    if headers.contains_key(CONTENT_LENGTH) {
        return Err(protocol("the response states its length in two ways"));
    }
    Ok(())
}

fn too_long_head() -> Error {
    protocol("the head of the response is too long")
}

fn too_long_body() -> Error {
    protocol(format!("the body of the response is longer than {MAX_BODY_BYTES} bytes"))
}

fn no_proper_http(error: ProtocolError) -> Error {
    protocol(format!("the response is no proper HTTP: {error}"))
}

fn protocol(why: impl Into<String>) -> Error {
    Error::new(Code::Protocol, why)
}

#[cfg(test)]
mod tests;
