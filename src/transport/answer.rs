//! Reads one HTTP/1.1 answer, strictly: it must say where it ends, and say it once. An answer
//! that ends with the connection cannot be told from one that was cut, and one that states its
//! length in two ways may be read as two answers.

use std::mem::MaybeUninit;

use http::StatusCode;

use super::connection::Connection;
use super::{Exchange, Failure};
use crate::api::headers::retry_after;
use crate::api::headers::{date_ms, is_cached, is_replayed};
use crate::api::{MAX_BODY_BYTES, MAX_REQUEST_ID_BYTES, Response};
use crate::outcome::Code;

/// The longest head of an answer, in bytes; also the most that the trailers may take.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most headers in it.
const MAX_HEADERS: usize = 128;
/// The longest line before a chunk, in bytes.
const MAX_CHUNK_LINE_BYTES: usize = 1024;
/// The most that is read for one answer, whatever it consists of: interim answers included.
const MAX_ANSWER_BYTES: usize = 2 * MAX_BODY_BYTES;
/// Room for an answer, which is grown as it comes: nothing is believed of a declared length.
const ROOM_BYTES: usize = 8 * 1024;

/// An answer that came whole.
pub(super) struct Answer {
    pub(super) response: Response,
    /// True if the connection may carry another exchange.
    pub(super) is_reusable: bool,
}

/// Receives an answer.
pub(super) fn receive(connection: &mut Connection, exchange: &Exchange) -> Result<Answer, Failure> {
    let mut input = Input { connection, exchange, bytes: Vec::with_capacity(ROOM_BYTES), at: 0 };
    let head = loop {
        let head = input.head()?;
        // An interim answer announces the one that counts.
        if !head.response.status.is_informational() {
            break head;
        }
    };
    let (body, is_over) = match head.framing {
        Framing::Length(length) => {
            let end = input.take(length)?;
            let is_over = input.bytes.len() == end;
            input.bytes.truncate(end);
            input.bytes.drain(..end - length);
            (input.bytes, is_over)
        }
        Framing::Chunks => {
            let body = input.chunks()?;
            (body, input.bytes.len() == input.at)
        }
    };
    let response = Response { body, ..head.response };
    Ok(Answer { response, is_reusable: head.keeps_alive && is_over })
}

/// What has come of an answer.
struct Input<'a> {
    connection: &'a mut Connection,
    exchange: &'a Exchange,
    bytes: Vec<u8>,
    /// Where the part begins that was not looked at yet.
    at: usize,
}

impl Input<'_> {
    /// Receives more.
    fn more(&mut self) -> Result<(), Failure> {
        if self.bytes.len() > MAX_ANSWER_BYTES {
            return Err(protocol("the answer is too long"));
        }
        if self.bytes.capacity() - self.bytes.len() < ROOM_BYTES / 4 {
            self.bytes.reserve(ROOM_BYTES);
        }
        match self.connection.receive(&mut self.bytes, self.exchange)? {
            0 => Err(Failure::new(
                Code::ConnectionLost,
                "the connection was closed before the whole answer came",
            )),
            _ => Ok(()),
        }
    }

    /// Steps over the next bytes, and gives where they end.
    fn take(&mut self, length: usize) -> Result<usize, Failure> {
        while self.bytes.len() - self.at < length {
            self.more()?;
        }
        self.at += length;
        Ok(self.at)
    }

    fn head(&mut self) -> Result<Head, Failure> {
        loop {
            let rest = &self.bytes[self.at..];
            if !rest.is_empty()
                && let Some((head, length)) = Head::read(rest)?
            {
                self.at += length;
                return Ok(head);
            }
            if rest.len() > MAX_HEAD_BYTES {
                return Err(protocol("the answer's head is too long"));
            }
            self.more()?;
        }
    }

    /// A body in chunks, and the trailers behind it, which nobody reads.
    fn chunks(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::with_capacity(ROOM_BYTES);
        loop {
            let size = chunk_size(self.line(MAX_CHUNK_LINE_BYTES)?)?;
            if size == 0 {
                break;
            }
            if body.len() + size > MAX_BODY_BYTES {
                return Err(too_long());
            }
            let end = self.take(size)?;
            body.extend_from_slice(&self.bytes[end - size..end]);
            if !self.line(0)?.is_empty() {
                return Err(protocol("a chunk of the answer does not end where it should"));
            }
        }
        let mut left = MAX_HEAD_BYTES;
        loop {
            match self.line(left)?.len() {
                0 => return Ok(body),
                length => left = left.saturating_sub(length + 2),
            }
        }
    }

    /// Steps over the next line, and gives it without its end.
    fn line(&mut self, most: usize) -> Result<&[u8], Failure> {
        let start = self.at;
        let mut searched = start;
        loop {
            let found = self.bytes[searched..].iter().position(|byte| *byte == b'\n');
            if found.map_or(self.bytes.len(), |at| searched + at) - start > most + 1 {
                return Err(protocol("a chunk of the answer does not end where it should"));
            }
            if let Some(at) = found {
                self.at = searched + at + 1;
                let line = self.bytes[start..self.at].strip_suffix(b"\r\n");
                return line.ok_or_else(|| protocol("a line of the answer ends without a CR"));
            }
            searched = self.bytes.len();
            self.more()?;
        }
    }
}

/// The size in the line before a chunk; extensions behind it are ignored, as HTTP asks for.
fn chunk_size(line: &[u8]) -> Result<usize, Failure> {
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    let is_hex = !size.is_empty() && size.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(size).ok().filter(|_| is_hex);
    text.and_then(|text| usize::from_str_radix(text, 16).ok())
        .filter(|size| *size <= MAX_BODY_BYTES)
        .ok_or_else(|| protocol("a chunk of the answer has no usable size"))
}

/// How an answer's end is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunks,
}

/// The head of an answer, as far as anybody here looks at it.
#[derive(Debug)]
struct Head {
    /// Without its body.
    response: Response,
    framing: Framing,
    keeps_alive: bool,
}

impl Head {
    /// Reads a head and gives its length; `None` while it is incomplete.
    fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Failure> {
        let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut []);
        let result = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut parsed,
            bytes,
            &mut headers,
        );
        let length = match result.map_err(no_proper_http)? {
            httparse::Status::Complete(length) if length <= MAX_HEAD_BYTES => length,
            httparse::Status::Complete(_) => {
                return Err(protocol("the answer's head is too long"));
            }
            httparse::Status::Partial => return Ok(None),
        };
        let status = StatusCode::from_u16(parsed.code.unwrap_or_default());
        let status = status.map_err(no_proper_http)?;
        Self::of(status, parsed.version == Some(1), parsed.headers).map(|head| Some((head, length)))
    }

    fn of(
        status: StatusCode,
        is_http_11: bool,
        headers: &[httparse::Header<'_>],
    ) -> Result<Self, Failure> {
        let (mut length, mut is_chunked) = (None, false);
        let mut keeps_alive = is_http_11;
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                if length.replace(whole_number(header.value)?).is_some() {
                    return Err(protocol("the answer states its length twice"));
                }
            } else if is("transfer-encoding") {
                if is_chunked || !header.value.eq_ignore_ascii_case(b"chunked") || !is_http_11 {
                    return Err(protocol("the answer has a transfer encoding that is not known"));
                }
                is_chunked = true;
            } else if is("connection") {
                let mut options = header.value.split(|byte| *byte == b',');
                keeps_alive &=
                    !options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
            }
        }
        let has_no_body = status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        let framing = match (length, is_chunked) {
            (Some(_), true) => return Err(protocol("the answer states its length in two ways")),
            _ if status == StatusCode::SWITCHING_PROTOCOLS => {
                return Err(protocol("the answer switches to another protocol"));
            }
            _ if has_no_body => Framing::Length(0),
            (Some(length), false) if length > MAX_BODY_BYTES => return Err(too_long()),
            (Some(length), false) => Framing::Length(length),
            (None, true) => Framing::Chunks,
            (None, false) => return Err(protocol("the answer does not state its length")),
        };
        let text = &|name: &str| {
            let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
            str::from_utf8(header.value).ok().filter(|_| header.value.iter().all(is_text))
        };
        let request_id = text("x-request-id").filter(|id| id.len() <= MAX_REQUEST_ID_BYTES);
        let response = Response {
            status,
            request_id: request_id.map(str::to_owned),
            retry_after: retry_after(text),
            date_ms: date_ms(text),
            is_cached: is_cached(text),
            is_replayed: is_replayed(text),
            body: Vec::new(),
        };
        Ok(Self { response, framing, keeps_alive })
    }
}

/// Digits only. A number too large to hold is too large to read.
fn whole_number(digits: &[u8]) -> Result<usize, Failure> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(protocol("the answer states a length that is no number"));
    }
    let text = std::str::from_utf8(digits).unwrap_or_default();
    Ok(text.parse().unwrap_or(usize::MAX))
}

fn too_long() -> Failure {
    protocol(format!("the answer's body is longer than {MAX_BODY_BYTES} bytes"))
}

fn no_proper_http(why: impl std::fmt::Display) -> Failure {
    protocol(format!("the answer is no proper HTTP: {why}"))
}

fn protocol(why: impl Into<String>) -> Failure {
    Failure::new(Code::Protocol, why)
}

#[cfg(test)]
mod tests;
