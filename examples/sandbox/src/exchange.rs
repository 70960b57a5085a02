//! A request and what became of it, for people to look at.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::answer::Answer;
use crate::ground_truth::ms;
use crate::keys::Mode;
use crate::record::RequestRecord;

/// How many are kept; the oldest are forgotten first.
const KEPT: usize = 100;

/// A request to Flex's own routes and its response. Like the record that it is made of, it holds no
/// API key; of the headers it holds the `Idempotency-Key` only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Exchange {
    number: u64,
    at_ms: u64,
    method: String,
    target: String,
    mode: Option<Mode>,
    idempotency_key: Option<String>,
    /// The status in the bytes that went out; none if they have none.
    status: Option<u16>,
    /// What was made to go wrong with the response.
    fault: Option<&'static str>,
}

/// The latest exchanges, newest first.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Exchanges(VecDeque<Exchange>);

impl Exchanges {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn arrived(&mut self, record: &RequestRecord, now: Duration) {
        self.0.truncate(KEPT - 1);
        self.0.push_front(Exchange {
            number: record.number,
            at_ms: ms(now),
            method: record.method.clone(),
            target: record.target.clone(),
            mode: record.mode,
            idempotency_key: record.header("idempotency-key").map(str::to_owned),
            status: None,
            fault: None,
        });
    }

    /// Notes what went wrong with the response to the latest request.
    pub(crate) fn befallen(&mut self, fault: &'static str) {
        if let Some(latest) = self.0.front_mut() {
            latest.fault = Some(fault);
        }
    }

    /// Notes the response to the latest request.
    pub(crate) fn answered(&mut self, answer: &Answer) {
        if let Some(latest) = self.0.front_mut() {
            latest.status = status(&answer.bytes);
        }
    }
}

fn status(answer: &[u8]) -> Option<u16> {
    let digits = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_from_what_goes_out_if_there_is_one() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.1 20"), None);
        assert_eq!(status(b"220 mail ESMTP\r\n"), None);
        assert_eq!(status(b""), None);
    }
}
