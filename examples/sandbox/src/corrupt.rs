//! Corrupts responses as a fault says.

use std::time::Duration;

use crate::answer::{Answer, Pace, Plan, Then};
use crate::api::ApiResponse;
use crate::corrupt_body::corrupted_body;
use crate::error::{ErrorShape, Refusal};
use crate::fault::Fault;
use crate::gzip::gzip;
use crate::response::{self, Response};

/// More headers than any client has reason to read.
const FLOOD: usize = 10_000;

/// A right answer, and what its connection does afterwards.
pub(crate) struct Right {
    pub(crate) response: ApiResponse,
    pub(crate) request_id: String,
    pub(crate) then: Then,
}

/// What a fault has for a model that did not act.
pub(crate) enum Instead {
    /// The session as it is: the fault makes it unfit to be believed.
    AsItIs,
    /// A refusal that promises nothing.
    Unavailable,
}

/// What stands in for the model's answer where the model did not act: nothing that could be
/// taken for a confirmation.
pub(crate) fn instead(fault: &Fault) -> Instead {
    match fault {
        Fault::CutAnswer { .. }
        | Fault::DropAnswer { .. }
        | Fault::CloseAfterAnswer
        | Fault::Drip { .. }
        | Fault::Delay { .. }
        | Fault::Surplus { .. }
        | Fault::HugeBody { .. }
        | Fault::BigNumbers
        | Fault::UnknownFields
        | Fault::StaleDate { .. }
        | Fault::ReplayedHeader => Instead::Unavailable,
        _ => Instead::AsItIs,
    }
}

pub(crate) fn unavailable() -> ApiResponse {
    let refusal = Refusal::unavailable();
    let (content_type, body) = ErrorShape::Code.render(&refusal);
    ApiResponse::new(refusal.status, content_type, body)
}

pub(crate) fn internal_error() -> ApiResponse {
    let refusal = Refusal::internal_error();
    let (content_type, body) = ErrorShape::Code.render(&refusal);
    ApiResponse::new(refusal.status, content_type, body)
}

/// The response that a fault makes of a right one.
pub(crate) fn corrupted(fault: &Fault, right: Right) -> Answer {
    let then = right.then;
    match fault {
        Fault::CutAnswer { at, how } => {
            let mut bytes = whole(&right);
            bytes.truncate(*at);
            Answer::new(bytes, (*how).into())
        }
        Fault::DropAnswer { how } => Answer::new(Vec::new(), (*how).into()),
        Fault::CloseAfterAnswer => Answer::new(whole(&right), Then::Close),
        Fault::Drip { bytes_per_second } => {
            let pace = Pace::BytesPerSecond((*bytes_per_second).max(1));
            Answer { bytes: whole(&right), plan: Plan { then, pace, ..Plan::default() } }
        }
        Fault::Delay { ms } => {
            let delay = Duration::from_millis(u64::from(*ms));
            Answer { bytes: whole(&right), plan: Plan { then, delay, ..Plan::default() } }
        }
        Fault::Surplus { bytes } => {
            let surplus = vec![b'x'; size(*bytes)];
            Answer::new([whole(&right), surplus].concat(), then)
        }
        Fault::Endless1xx => {
            let bytes = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50);
            let plan = Plan { pace: Pace::WithoutEnd, ..Plan::default() };
            Answer { bytes, plan }
        }
        Fault::Status { .. } | Fault::Empty200 | Fault::NotJson200 | Fault::NoContent => {
            Answer::new(other_status(fault), then)
        }
        Fault::NotHttp => {
            Answer::new(b"220 mail.example.com ESMTP ready\r\n".to_vec(), Then::Close)
        }
        Fault::Cached { .. }
        | Fault::StaleDate { .. }
        | Fault::ReplayedHeader
        | Fault::SuccessStatus { .. } => Answer::new(whole(&with_other_head(fault, right)), then),
        _ if is_about_framing(fault) => badly_framed(fault, &right),
        _ => {
            let body = corrupted_body(fault, &right.response.body);
            Answer::new(
                whole(&Right { response: ApiResponse { body, ..right.response }, ..right }),
                then,
            )
        }
    }
}

fn whole(right: &Right) -> Vec<u8> {
    let Right { response, request_id, then } = right;
    Response {
        status: response.status,
        content_type: response.content_type,
        request_id: Some(request_id.clone()),
        headers: &response.headers,
        keep_alive: *then == Then::KeepOpen,
        body: &response.body,
    }
    .to_bytes()
}

/// A right answer with another status or more headers.
fn with_other_head(fault: &Fault, mut right: Right) -> Right {
    let date = |seconds: u32| ("Date", response::date(Duration::from_secs(u64::from(seconds))));
    let headers = &mut right.response.headers;
    match fault {
        Fault::Cached { age_s } => headers.extend([date(*age_s), ("Age", age_s.to_string())]),
        Fault::StaleDate { seconds } => headers.push(date(*seconds)),
        Fault::ReplayedHeader => headers.push(("Idempotent-Replayed", "true".to_owned())),
        Fault::SuccessStatus { status } if right.response.status == 200 => {
            right.response.status = *status;
        }
        _ => {}
    }
    right
}

fn other_status(fault: &Fault) -> Vec<u8> {
    let with = |status: u16, headers: &[(String, String)], body: &str| {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
            head.push_str(&format!("Date: {}\r\n", response::date(Duration::ZERO)));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    match fault {
        Fault::Status { status, headers, body } => with(*status, headers, body),
        Fault::NotJson200 => with(200, &[], "<html><body>Welcome to the wifi</body></html>"),
        Fault::NoContent => {
            let date = response::date(Duration::ZERO);
            format!("HTTP/1.1 204 No Content\r\nDate: {date}\r\n\r\n").into_bytes()
        }
        _ => with(200, &[], ""),
    }
}

fn is_about_framing(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::HeaderFlood
            | Fault::TwoContentLengths
            | Fault::LengthAndChunked
            | Fault::BadChunk
            | Fault::ShortBody
            | Fault::CloseDelimited
            | Fault::Gzip
    )
}

fn badly_framed(fault: &Fault, right: &Right) -> Answer {
    let body = right.response.body.as_slice();
    let length = body.len();
    let chunked = [format!("{length:x}\r\n").as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    let (headers, body, then) = match fault {
        Fault::HeaderFlood => {
            let lines: Vec<String> = (0..FLOOD).map(|n| format!("X-Flood-{n}: {n}")).collect();
            (lines.join("\r\n"), body.to_vec(), Then::Close)
        }
        Fault::TwoContentLengths => {
            let lines = format!("Content-Length: {length}\r\nContent-Length: {}", length / 2);
            (lines, body.to_vec(), Then::Close)
        }
        Fault::LengthAndChunked => {
            let lines = format!("Content-Length: {length}\r\nTransfer-Encoding: chunked");
            (lines, chunked, Then::Close)
        }
        Fault::BadChunk => {
            let bad = [b"zz\r\n", chunked.as_slice()].concat();
            ("Transfer-Encoding: chunked".to_owned(), bad, Then::Close)
        }
        Fault::ShortBody => {
            (format!("Content-Length: {}", length + 10), body.to_vec(), Then::Close)
        }
        Fault::Gzip => {
            let packed = gzip(body);
            let lines = format!("Content-Encoding: gzip\r\nContent-Length: {}", packed.len());
            (lines, packed, right.then)
        }
        _ => ("Connection: close".to_owned(), body.to_vec(), Then::Close),
    };
    let (status, date) = (right.response.status, response::date(Duration::ZERO));
    let head = format!("HTTP/1.1 {status} Status\r\nDate: {date}\r\n{headers}\r\n\r\n");
    Answer::new([head.as_bytes(), &body].concat(), then)
}

fn size(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
