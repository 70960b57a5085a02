//! A request read from the bytes of HTTP/1.1. Bounded, and without a framework, so that every byte
//! stays in the sandbox's hands.

use std::io::{self, Read, Write};

/// How much of a request's head is waited for; one read may go beyond it.
const HEAD_LIMIT: usize = 16 * 1024;
/// The longest body that is read, and the longest trailers.
const BODY_LIMIT: usize = 1024 * 1024;
const MAX_HEADERS: usize = 100;
/// Longer than any size and extension a chunk has reason to announce.
const CHUNK_LINE_LIMIT: usize = 1024;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it was sent.
    pub(crate) target: String,
    /// As they were sent, in order.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the client may send another request on the connection.
    pub(crate) keep_alive: bool,
}

impl Request {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        values(&self.headers, name).next()
    }
}

#[derive(Debug)]
pub(crate) enum ReadError {
    /// What arrived is not a request that can be read: to be answered 400.
    Malformed(&'static str),
    /// The connection failed: there is nobody to answer.
    Io,
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        ReadError::Io
    }
}

use ReadError::Malformed;

/// Reads one request. `buffer` holds what arrived and was not read yet, and belongs to the
/// connection. `None`: the client closed the connection between two requests.
pub(crate) fn read_request(
    stream: &mut (impl Read + Write),
    buffer: &mut Vec<u8>,
) -> Result<Option<Request>, ReadError> {
    let mut source = Source { stream, buffer };
    let Some((mut request, version)) = source.head()? else { return Ok(None) };
    let framing = framing(&request.headers)?;
    let waits =
        values(&request.headers, "expect").any(|it| it.eq_ignore_ascii_case("100-continue"));
    if waits && framing != Framing::Length(0) && source.buffer.is_empty() {
        source.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        source.stream.flush()?;
    }
    request.body = match framing {
        Framing::Length(length) => source.take(length)?,
        Framing::Chunked => source.chunks()?,
    };
    let closes = tokens(&request.headers, "connection").any(|it| it.eq_ignore_ascii_case("close"));
    request.keep_alive = version == 1 && !closes;
    Ok(Some(request))
}

struct Source<'a, S> {
    stream: &'a mut S,
    buffer: &'a mut Vec<u8>,
}

impl<S: Read> Source<'_, S> {
    fn head(&mut self) -> Result<Option<(Request, u8)>, ReadError> {
        loop {
            if let Some(head) = self.parsed_head()? {
                return Ok(Some(head));
            }
            if self.buffer.len() >= HEAD_LIMIT {
                return Err(Malformed("The request's head is too long."));
            }
            if self.fill()? == 0 {
                let nothing_sent = self.buffer.is_empty();
                return if nothing_sent { Ok(None) } else { Err(Malformed(ENDED_EARLY)) };
            }
        }
    }

    fn parsed_head(&mut self) -> Result<Option<(Request, u8)>, ReadError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head.parse(self.buffer);
        let malformed = |_| Malformed("The request's head is not HTTP/1.x.");
        let httparse::Status::Complete(length) = parsed.map_err(malformed)? else {
            return Ok(None);
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let request = Request {
            method: head.method.unwrap_or_default().to_owned(),
            target: head.path.unwrap_or_default().to_owned(),
            headers: head.headers.iter().map(|it| (it.name.to_owned(), text(it.value))).collect(),
            body: Vec::new(),
            keep_alive: false,
        };
        let version = head.version.unwrap_or_default();
        self.buffer.drain(..length);
        Ok(Some((request, version)))
    }

    fn chunks(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut body = Vec::new();
        loop {
            let size = self.chunk_size()?;
            if size > BODY_LIMIT || body.len() + size > BODY_LIMIT {
                return Err(Malformed(BODY_TOO_LONG));
            }
            if size == 0 {
                return self.trailers().map(|()| body);
            }
            body.append(&mut self.take(size)?);
            if self.take(2)? != b"\r\n" {
                return Err(Malformed("A chunk is longer than it says."));
            }
        }
    }

    fn chunk_size(&mut self) -> Result<usize, ReadError> {
        loop {
            match httparse::parse_chunk_size(self.buffer) {
                Ok(httparse::Status::Complete((length, size))) => {
                    self.buffer.drain(..length);
                    return Ok(usize::try_from(size).unwrap_or(usize::MAX));
                }
                Ok(httparse::Status::Partial) if self.buffer.len() < CHUNK_LINE_LIMIT => {}
                _ => return Err(Malformed("A chunk's size cannot be read.")),
            }
            self.fill_more()?;
        }
    }

    fn trailers(&mut self) -> Result<(), ReadError> {
        let (mut read, mut scanned) = (0, 0);
        loop {
            let fresh = &self.buffer[scanned..];
            if let Some(end) = fresh.windows(2).position(|pair| pair == b"\r\n") {
                let line = scanned + end;
                self.buffer.drain(..line + 2);
                if line == 0 {
                    return Ok(());
                }
                (read, scanned) = (read + line + 2, 0);
                continue;
            }
            scanned = self.buffer.len().saturating_sub(1);
            if read + self.buffer.len() > HEAD_LIMIT {
                return Err(Malformed("The request's trailers are too long."));
            }
            self.fill_more()?;
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, ReadError> {
        while self.buffer.len() < length {
            self.fill_more()?;
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(self.buffer, rest))
    }

    fn fill_more(&mut self) -> Result<(), ReadError> {
        if self.fill()? == 0 { Err(Malformed(ENDED_EARLY)) } else { Ok(()) }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 8 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let read = read?;
                    self.buffer.extend_from_slice(&bytes[..read]);
                    return Ok(read);
                }
            }
        }
    }
}

const ENDED_EARLY: &str = "The request ends early.";
const BODY_TOO_LONG: &str = "The request's body is too long.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

/// How long the body is. A request that says it in two ways is refused, as any reading of it
/// would differ from someone else's.
fn framing(headers: &[(String, String)]) -> Result<Framing, ReadError> {
    let mut codings = values(headers, "transfer-encoding");
    let mut lengths = values(headers, "content-length");
    let (coding, length) = (codings.next(), lengths.next());
    match (coding, length) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => match codings.next() {
            None => Ok(Framing::Chunked),
            Some(_) => Err(Malformed("There are two Transfer-Encodings.")),
        },
        (None, Some(length)) => {
            if lengths.any(|other| other != length) {
                return Err(Malformed("There are two Content-Lengths."));
            }
            if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Malformed("The Content-Length is not a number."));
            }
            let fits = length.parse().ok().filter(|&length| length <= BODY_LIMIT);
            fits.map(Framing::Length).ok_or(Malformed(BODY_TOO_LONG))
        }
        (Some(_), None) => Err(Malformed("The Transfer-Encoding is not chunked.")),
        (Some(_), Some(_)) => {
            Err(Malformed("There are both a Transfer-Encoding and a Content-Length."))
        }
    }
}

fn values<'a>(headers: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, it)| it.trim())
}

fn tokens<'a>(headers: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    values(headers, name).flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that has sent some bytes, one at each read, and closed.
    struct Client<'a> {
        sent: &'a [u8],
        heard: Vec<u8>,
    }

    impl Read for Client<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let step = self.sent.len().min(1);
            self.sent.read(&mut into[..step])
        }
    }

    impl Write for Client<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn read(sent: &str) -> Result<Option<Request>, &'static str> {
        let mut client = Client { sent: sent.as_bytes(), heard: Vec::new() };
        read_request(&mut client, &mut Vec::new()).map_err(|error| match error {
            Malformed(why) => why,
            ReadError::Io => "io",
        })
    }

    fn body_of(sent: &str) -> Result<Vec<u8>, &'static str> {
        read(sent).map(|request| request.unwrap().body)
    }

    #[test]
    fn a_request_that_arrives_byte_by_byte_is_read_and_what_follows_is_kept() {
        let sent =
            "POST /v1/x?y=z HTTP/1.1\r\nHost: h\r\nX-Odd:  A b \r\nContent-Length: 3\r\n\r\nabcGET";
        let mut client = Client { sent: sent.as_bytes(), heard: Vec::new() };
        let mut buffer = Vec::new();
        let request = read_request(&mut client, &mut buffer).unwrap().unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v1/x?y=z"));
        assert_eq!(request.header("x-odd"), Some("A b"));
        assert_eq!(request.body, b"abc");
        assert!(request.keep_alive);
        assert_eq!(client.sent, b"GET");
        assert!(client.heard.is_empty());
    }

    #[test]
    fn a_client_that_closes_between_requests_is_no_error_and_one_that_closes_within_is() {
        assert_eq!(read(""), Ok(None));
        let whole = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 1..whole.len() {
            assert_eq!(read(&whole[..cut]), Err(ENDED_EARLY), "{cut}");
        }
        assert_eq!(body_of(whole), Ok(b"abc".to_vec()));
    }

    #[test]
    fn chunked_bodies_are_joined_and_bad_chunks_refused() {
        let chunked = |rest: &str| {
            body_of(&format!("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n{rest}"))
        };
        assert_eq!(chunked("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), Ok(b"abcde".to_vec()));
        assert_eq!(chunked("1\r\na\r\n0\r\nTrailer: x\r\n\r\n"), Ok(b"a".to_vec()));
        for bad in
            ["x\r\n", "3\r\nabcd\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "100001\r\n", "1\r\na"]
        {
            assert!(chunked(bad).is_err(), "{bad}");
        }
        assert!(chunked(&format!("1;{}", "x".repeat(CHUNK_LINE_LIMIT))).is_err());
        assert!(chunked(&format!("0\r\nT: {}", "x".repeat(HEAD_LIMIT))).is_err());
    }

    #[test]
    fn lengths_that_contradict_each_other_are_refused() {
        let with = |headers: &str| body_of(&format!("POST / HTTP/1.1\r\n{headers}\r\n\r\nabc"));
        assert_eq!(with("Content-Length: 2\r\nContent-Length: 2"), Ok(b"ab".to_vec()));
        for bad in [
            "Content-Length: 2\r\nContent-Length: 3",
            "Content-Length: 2, 2",
            "Content-Length: +2",
            "Content-Length:",
            "Content-Length: 1048577",
            "Content-Length: 99999999999999999999999",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn heads_that_are_too_long_or_not_http_are_refused() {
        assert!(read(&format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(HEAD_LIMIT))).is_err());
        let flood = "A: b\r\n".repeat(MAX_HEADERS + 1);
        assert!(read(&format!("GET / HTTP/1.1\r\n{flood}\r\n")).is_err());
        for bad in ["GET / HTTP/2.0\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\nA b\r\n\r\n"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
        let head = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na";
        let mut client = Client { sent: head.as_bytes(), heard: Vec::new() };
        let request = read_request(&mut client, &mut Vec::new()).unwrap().unwrap();
        assert_eq!(request.body, b"a");
        assert_eq!(client.heard, b"HTTP/1.1 100 Continue\r\n\r\n");
    }

    #[test]
    fn a_connection_is_kept_unless_the_client_says_otherwise() {
        let keeps = |head: &str| read(&format!("{head}\r\n\r\n")).unwrap().unwrap().keep_alive;
        assert!(keeps("GET / HTTP/1.1"));
        assert!(!keeps("GET / HTTP/1.1\r\nConnection: x, Close"));
        assert!(!keeps("GET / HTTP/1.0"));
    }
}
