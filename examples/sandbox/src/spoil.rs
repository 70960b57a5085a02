//! Answers with something wrong about them, made from right ones.

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{Answer, Pace, Plan, Then};
use crate::api::ApiResponse;
use crate::error::{ErrorShape, Refusal};
use crate::fault::Fault;
use crate::response::Response;

/// More headers than any client has reason to read.
const FLOOD: usize = 10_000;
/// Deeper than any parser has reason to follow.
const DEEP: usize = 10_000;
/// Where a session begins in a body.
const OPENING: &[u8] = b"{\"checkout_session\":{";

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
        | Fault::UnknownFields => Instead::Unavailable,
        _ => Instead::AsItIs,
    }
}

pub(crate) fn unavailable() -> ApiResponse {
    let refusal = Refusal::unavailable();
    let (content_type, body) = ErrorShape::Code.render(&refusal);
    ApiResponse { status: refusal.status, content_type, body, replayed: false }
}

pub(crate) fn internal_error() -> ApiResponse {
    let refusal = Refusal::internal_error();
    let (content_type, body) = ErrorShape::Code.render(&refusal);
    ApiResponse { status: refusal.status, content_type, body, replayed: false }
}

/// The answer that a fault makes of a right one.
pub(crate) fn spoiled(fault: &Fault, right: Right) -> Answer {
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
        _ if is_about_framing(fault) => badly_framed(fault, &right),
        _ => {
            let body = misshapen(fault, &right.response.body);
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
        keep_alive: *then == Then::KeepOpen,
        body: &response.body,
    }
    .to_bytes()
}

fn other_status(fault: &Fault) -> Vec<u8> {
    let with = |status: u16, headers: &[(String, String)], body: &str| {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    match fault {
        Fault::Status { status, headers, body } => with(*status, headers, body),
        Fault::NotJson200 => with(200, &[], "<html><body>Welcome to the wifi</body></html>"),
        Fault::NoContent => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
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
    let head = format!("HTTP/1.1 {} Status\r\n{headers}\r\n\r\n", right.response.status);
    Answer::new([head.as_bytes(), &body].concat(), then)
}

fn misshapen(fault: &Fault, body: &[u8]) -> Vec<u8> {
    match fault {
        Fault::HugeBody { bytes } => {
            let missing = size(*bytes).saturating_sub(body.len());
            [body, &vec![b' '; missing]].concat()
        }
        Fault::OtherId => edited(body, |session| {
            session["checkout_session_id"] = json!("fcs_01AAAAAAAAAAAAAAAAAAAAAAAA");
        }),
        Fault::WrongTypes => edited(body, |session| {
            session["status"] = json!(7);
            session["amount_received"] = json!("0");
            session["payment_intents"] = json!("none");
        }),
        Fault::Truncated => body[..body.len() / 2].to_vec(),
        Fault::DeepJson => {
            let deep = ["\"deep\":", &"[".repeat(DEEP), &"]".repeat(DEEP), ","].concat();
            inserted(body, deep.as_bytes())
        }
        Fault::DuplicateKeys => {
            let again = b"\"checkout_session_id\":\"fcs_1\",\"status\":\"canceled\",\
                          \"payment_intents\":[],";
            inserted(body, again)
        }
        Fault::BadUtf8 => inserted(body, b"\"note\":\"\xff\xfe\","),
        Fault::BigNumbers => inserted(
            body,
            b"\"big\":9007199254740993,\"bigger\":123456789012345678901234567890,\
              \"long\":0.1000000000000000055511151231257827,",
        ),
        Fault::UnknownFields => inserted(body, b"\"mood\":{\"now\":[\"sunny\",null]},"),
        Fault::ArrayForObject => edited(body, |session| {
            let id = session["checkout_session_id"].take();
            *session = json!([id, "canceled", true, 0, null, []]);
        }),
        _ => b"{\"checkout_session\":{,}}".to_vec(),
    }
}

/// A body with its session changed; as it is where there is none.
fn edited(body: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) if value["checkout_session"].is_object() => {
            edit(&mut value["checkout_session"]);
            value.to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

/// A body with more at the beginning of its session, or else of its object.
fn inserted(body: &[u8], more: &[u8]) -> Vec<u8> {
    let at = if body.starts_with(OPENING) { OPENING.len() } else { 1.min(body.len()) };
    [&body[..at], more, &body[at..]].concat()
}

fn size(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Wrapped as gzip without being any smaller: "stored" blocks.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 0xffff;
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let blocks = bytes.len().div_ceil(BLOCK).max(1);
    for index in 0..blocks {
        let block = &bytes[index * BLOCK..bytes.len().min((index + 1) * BLOCK)];
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        packed.push(u8::from(index + 1 == blocks));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    packed.extend(crc32(bytes).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        b"{\"checkout_session\":{\"checkout_session_id\":\"fcs_9\",\"status\":\"open\"}}";

    #[test]
    fn what_is_inserted_stands_in_the_session_and_what_is_edited_stays_json() {
        for fault in [Fault::BigNumbers, Fault::UnknownFields, Fault::WrongTypes, Fault::OtherId] {
            let body = misshapen(&fault, BODY);
            let json: Value = serde_json::from_slice(&body).unwrap();
            assert_ne!(json["checkout_session"], Value::Null, "{fault:?}");
            assert_ne!(body, BODY, "{fault:?}");
        }
        let other = misshapen(&Fault::OtherId, BODY);
        assert!(!String::from_utf8(other).unwrap().contains("fcs_9"));
        assert_eq!(misshapen(&Fault::HugeBody { bytes: 5000 }, BODY).len(), 5000);
        assert_eq!(misshapen(&Fault::Truncated, BODY).len(), BODY.len() / 2);
        assert!(std::str::from_utf8(&misshapen(&Fault::BadUtf8, BODY)).is_err());
        assert_eq!(misshapen(&Fault::WrongTypes, b"sorry"), b"sorry");
        assert_eq!(misshapen(&Fault::BadUtf8, b"").len(), 12);
    }

    #[test]
    fn gzip_is_gzip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let packed = gzip(b"abc");
        assert_eq!(packed[10..15], [1, 3, 0, 0xfc, 0xff]);
        assert_eq!(packed[15..18], *b"abc");
        assert_eq!(packed[22..], [3, 0, 0, 0]);
    }
}
