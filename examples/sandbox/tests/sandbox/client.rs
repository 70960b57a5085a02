//! A tiny HTTP client that sends what it is told and reads one response at a time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use flex_sandbox::Sandbox;
use serde_json::Value;

pub(crate) const TEST_KEY: &str = "fsk_test_secret";
pub(crate) const LIVE_KEY: &str = "fsk_secret";

/// So that a test whose subject hangs fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(crate) fn session(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()["checkout_session"].clone()
    }

    /// The status and the error's code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

pub(crate) fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", sandbox.port())).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

impl Client {
    pub(crate) fn of(sandbox: &Sandbox) -> Client {
        Client::over(connect(sandbox))
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Client<S> {
        Client { stream, buffer: Vec::new() }
    }

    pub(crate) fn get(&mut self, target: &str) -> Reply {
        self.request("GET", target, &[("Authorization", &bearer(TEST_KEY))], "")
    }

    pub(crate) fn post(&mut self, target: &str, body: &str) -> Reply {
        self.request("POST", target, &[("Authorization", &bearer(TEST_KEY))], body)
    }

    /// A POST with an `Idempotency-Key`, in test mode.
    pub(crate) fn post_once(&mut self, target: &str, key: &str) -> Reply {
        let headers = [("Authorization", bearer(TEST_KEY)), ("Idempotency-Key", key.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.request("POST", target, &headers, "")
    }

    pub(crate) fn cancel(&mut self, id: &str) -> Reply {
        self.post(&format!("/v1/checkout/sessions/{id}/cancel"), "")
    }

    pub(crate) fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut raw = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
        raw.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.send(raw.as_bytes());
        self.reply()
    }

    pub(crate) fn send(&mut self, raw: &[u8]) {
        self.stream.write_all(raw).expect("it takes the request");
        self.stream.flush().unwrap();
    }

    pub(crate) fn reply(&mut self) -> Reply {
        let end = loop {
            match self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.fill(),
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
        let mut reply = Reply { status, head, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |it| it.parse().unwrap());
        while self.buffer.len() < length {
            self.fill();
        }
        reply.body = self.buffer.drain(..length).collect();
        reply
    }

    /// Everything until the server closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.buffer);
        self.stream.read_to_end(&mut rest).expect("an orderly close");
        rest
    }

    fn fill(&mut self) {
        let mut bytes = [0; 4096];
        let read = read_through(&mut self.stream, &mut bytes).expect("it answers");
        assert_ne!(read, 0, "the connection was closed before the response was complete");
        self.buffer.extend_from_slice(&bytes[..read]);
    }
}

pub(crate) fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// A socket with a timeout reports an interruption (by a debugger, say); it is read again.
pub(crate) fn read_through(stream: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match stream.read(into) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
