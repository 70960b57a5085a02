//! How a response goes out: the one place where its bytes are written.

use std::io::{self, Write};
use std::time::Duration;

use crate::pause::End;

/// How often bytes of a slow response are written.
const BEATS_PER_SECOND: u32 = 100;

/// What happens to the connection after a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// It waits for the next request.
    #[default]
    KeepOpen,
    /// It is closed: by a FIN, after a `close_notify` with TLS.
    Close,
    /// It is closed by a FIN alone: with TLS, without a `close_notify`.
    Fin,
    /// It is reset.
    Reset,
    /// It stays open, and nothing more is said on it.
    Stall,
    /// With TLS, a `close_notify` goes out without a FIN; without TLS, it is closed.
    CloseNotify,
    /// With TLS, a fatal alert goes out; without TLS, it is closed.
    Alert,
}

/// A response given word for word in place of the model's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Every byte of it, from the status line on. They need not be HTTP.
    pub answer: Vec<u8>,
    /// Whether the model does what the request asks for all the same.
    pub apply: bool,
    /// What happens to the connection afterwards.
    pub then: Then,
}

/// A response and how it is to go out.
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) plan: Plan,
}

/// How a response is to go out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) then: Then,
    /// What is waited before the first byte.
    pub(crate) delay: Duration,
    pub(crate) pace: Pace,
}

/// How fast a response goes out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Pace {
    #[default]
    AtOnce,
    BytesPerSecond(u32),
    /// Over and over.
    WithoutEnd,
}

impl Answer {
    pub(crate) fn new(bytes: Vec<u8>, then: Then) -> Self {
        Answer { bytes, plan: Plan { then, ..Plan::default() } }
    }

    /// The same without its `Date`.
    pub(crate) fn without_date(mut self) -> Self {
        const NAME: &[u8] = b"\r\nDate: ";
        let start = self.bytes.windows(NAME.len()).position(|window| window == NAME);
        if let Some(start) = start {
            let value = &self.bytes[start + NAME.len()..];
            let length = value.windows(2).position(|end| end == b"\r\n").unwrap_or(value.len());
            self.bytes.drain(start..start + NAME.len() + length);
        }
        self
    }
}

/// Writes a response as planned. Whatever goes wrong with a response on purpose goes wrong here:
/// this function alone sees all of its bytes and the connection.
pub(crate) fn deliver(stream: &mut impl Write, answer: &Answer, end: &End) -> io::Result<Then> {
    let Plan { then, delay, pace } = answer.plan;
    if !delay.is_zero() && end.comes_within(delay) {
        return Ok(Then::Close);
    }
    match pace {
        Pace::AtOnce => {
            stream.write_all(&answer.bytes)?;
            stream.flush()?;
        }
        Pace::BytesPerSecond(speed) => {
            let portion = (speed / BEATS_PER_SECOND).max(1);
            let beat = Duration::from_secs(1) * portion / speed.max(1);
            for bytes in answer.bytes.chunks(usize::try_from(portion).unwrap_or(usize::MAX)) {
                stream.write_all(bytes)?;
                stream.flush()?;
                if end.comes_within(beat) {
                    return Ok(Then::Close);
                }
            }
        }
        Pace::WithoutEnd => {
            while !end.comes_within(Duration::from_millis(1)) {
                stream.write_all(&answer.bytes)?;
                stream.flush()?;
            }
        }
    }
    Ok(then)
}
