//! Heads of responses that `ureq-proto` refuses, though what is odd in them frames nothing. Pure.

use ureq::http::{HeaderName, HeaderValue};

/// The headers that say where a message ends. Nothing about them is ever mended.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// True if the bytes begin like a response of HTTP/1, as far as they go.
pub(super) fn is_http(bytes: &[u8]) -> bool {
    const START: &[u8] = b"HTTP/1.";
    let length = START.len().min(bytes.len());
    bytes[..length] == START[..length]
}

/// The length of a head that is complete.
pub(super) fn end_of(bytes: &[u8]) -> Option<usize> {
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if end > line.len() && matches!(line, b"\n" | b"\r\n") {
            return Some(end);
        }
    }
    None
}

/// The same head with folded lines in one line, and without lines that are no headers. `None` if
/// that could change where the message ends.
pub(super) fn acceptable(head: &[u8]) -> Option<Vec<u8>> {
    if head.contains(&0) {
        return None;
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    let status = lines.next()?;
    let mut headers: Vec<Vec<u8>> = Vec::new();
    // An interim 100 carries nothing; the engine refuses one that has headers.
    let lines = lines.filter(|line| !line.is_empty() && !is_continue(status));
    for line in lines {
        match (headers.last_mut(), line[0]) {
            (Some(folded), b' ' | b'\t') => {
                if frames(folded) || frames(line) {
                    return None;
                }
                folded.push(b' ');
                folded.extend_from_slice(line.trim_ascii());
            }
            _ => headers.push(line.to_vec()),
        }
    }
    let mut mended = [status, b"\r\n"].concat();
    for header in headers {
        if is_header(&header) {
            mended.extend_from_slice(&header);
            mended.extend_from_slice(b"\r\n");
        } else if frames(&header) {
            return None;
        }
    }
    mended.extend_from_slice(b"\r\n");
    Some(mended)
}

fn is_continue(status: &[u8]) -> bool {
    status.split(|byte| *byte == b' ').nth(1) == Some(b"100")
}

fn is_header(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    HeaderName::from_bytes(name).is_ok() && HeaderValue::from_bytes(value).is_ok()
}

fn frames(line: &[u8]) -> bool {
    let line = line.to_ascii_lowercase();
    FRAMING.iter().any(|name| line.windows(name.len()).any(|part| part == name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(head: &str) -> Option<String> {
        acceptable(head.as_bytes()).map(|head| String::from_utf8_lossy(&head).into_owned())
    }

    #[test]
    fn what_frames_nothing_is_mended() {
        for (odd, good) in [
            (
                "HTTP/1.1 200 OK\r\nX: a\r\n  b\r\n\tc\r\nY: d\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a b c\r\nY: d\r\n\r\n",
            ),
            ("HTTP/1.1 200 OK\r\nX Store: 1\r\nY: d\r\n\r\n", "HTTP/1.1 200 OK\r\nY: d\r\n\r\n"),
            ("HTTP/1.1 200 OK\r\nno header\r\nY: d\r\n\r\n", "HTTP/1.1 200 OK\r\nY: d\r\n\r\n"),
            ("HTTP/1.1 200 OK\r\nX: \x01\r\nY: d\r\n\r\n", "HTTP/1.1 200 OK\r\nY: d\r\n\r\n"),
            ("HTTP/1.1 200 OK\n: 1\nY: d\n\n", "HTTP/1.1 200 OK\r\nY: d\r\n\r\n"),
            ("HTTP/1.1 200 OK\r\n folded\r\nY: d\r\n\r\n", "HTTP/1.1 200 OK\r\nY: d\r\n\r\n"),
            ("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"),
        ] {
            assert_eq!(mended(odd).as_deref(), Some(good), "{odd:?}");
        }
    }

    #[test]
    fn what_frames_the_message_is_not_mended() {
        for odd in [
            "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 3\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: \r\n chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX Transfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        ] {
            assert_eq!(mended(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        for (bytes, end) in [
            ("HTTP/1.1 200 OK\r\nX: y\r\n\r\n{}", Some(25)),
            ("HTTP/1.1 200 OK\nX: y\n\n{}", Some(22)),
            ("HTTP/1.1 200 OK\r\nX: y\r\n", None),
            ("HTTP/1.1 200 OK\r\nX: y\r\n\r", None),
            ("", None),
        ] {
            assert_eq!(end_of(bytes.as_bytes()), end, "{bytes:?}");
        }
    }

    #[test]
    fn another_protocol_is_told_from_its_first_bytes() {
        for (bytes, expected) in [
            ("", true),
            ("HT", true),
            ("HTTP/1.1 200", true),
            ("HTTP/2 200", false),
            ("SSH-2.0", false),
        ] {
            assert_eq!(is_http(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }
}
