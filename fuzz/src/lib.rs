//! What the fuzz targets share: a transport that answers from the input, in virtual time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flexcancel::transport::fuzzing::read_response;
use flexcancel::transport::{Phase, Request, Response, RoundTrip, Transport};
use flexcancel::{Abort, Code, Error};

/// Separates the responses of an input. No byte of HTTP or UTF-8 has this value.
const SEPARATOR: u8 = 0xff;
/// How long a simulated round trip takes.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// One response that a call received whole.
pub struct Received {
    pub is_cancel: bool,
    pub status: u16,
    pub body: Vec<u8>,
}

/// Answers each request with the next response of the input. When none is left, the connection is
/// lost. No time passes but by its own clock.
pub struct Script {
    start: Instant,
    state: Mutex<State>,
}

struct State {
    now: Instant,
    responses: Vec<Vec<u8>>,
    received: Vec<Received>,
    requests: usize,
    random: u64,
}

impl Script {
    pub fn new(input: &[u8]) -> Self {
        let mut responses: Vec<_> =
            input.split(|it| *it == SEPARATOR).map(<[u8]>::to_vec).collect();
        responses.reverse();
        let start = Instant::now();
        let state = State { now: start, responses, received: Vec::new(), requests: 0, random: 1 };
        Self { start, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much virtual time has passed.
    pub fn elapsed(&self) -> Duration {
        self.state().now.duration_since(self.start)
    }

    /// How many requests were handed to the network.
    pub fn requests(&self) -> usize {
        self.state().requests
    }

    /// The whole responses that the call received, so far.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.state().received)
    }
}

/// The transport of a client.
pub struct ScriptTransport(pub Arc<Script>);

impl Transport for ScriptTransport {
    fn send(&self, request: Request, round_trip: &RoundTrip) -> Result<Response, Error> {
        let mut state = self.0.state();
        round_trip.enter(Phase::Sending);
        state.requests += 1;
        round_trip.enter(Phase::Waiting);
        state.now = (state.now + ROUND_TRIP).min(round_trip.deadline());
        if state.now == round_trip.deadline() {
            return Err(Error::new(Code::Timeout, "fuzzed"));
        }
        let Some(bytes) = state.responses.pop() else {
            return Err(Error::new(Code::ConnectionLost, "fuzzed"));
        };
        let response = read_response(&bytes)?;
        round_trip.enter(Phase::Complete);
        state.received.push(Received {
            is_cancel: request.operation() == flexcancel::Operation::Cancel,
            status: response.status.as_u16(),
            body: response.body.clone(),
        });
        Ok(response)
    }

    fn now(&self) -> Instant {
        self.0.state().now
    }

    fn pause(&self, deadline: Instant, _: Option<&Abort>) {
        let mut state = self.0.state();
        state.now = state.now.max(deadline);
    }

    fn random(&self) -> u64 {
        let mut state = self.0.state();
        state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.random
    }

    fn random_key(&self) -> Result<u128, Error> {
        Ok(u128::from(self.random()))
    }
}

/// The text of a body in lower case, with its JSON escapes resolved.
pub fn plain(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find("\\u") {
        plain += &rest[..at];
        let escape = rest.get(at + 2..at + 6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match escape.and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = &rest[at + 6..];
            }
            None => {
                plain += "\\u";
                rest = &rest[at + 2..];
            }
        }
    }
    plain += rest;
    plain.to_lowercase()
}

/// An empty directory of this process, for one run of a target.
pub fn directory(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("flexcancel-fuzz-{}-{name}", std::process::id()));
    // It is not there the first time.
    drop(std::fs::remove_dir_all(&path));
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
        .create(&path)
        .expect("a directory");
    path
}
