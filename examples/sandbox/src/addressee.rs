//! Whom a request is for: told from its first bytes, before any fault may befall it.

use crate::admin;
use crate::page;

/// Longer than any method.
const MAX_METHOD_BYTES: usize = 8;
/// Longer than any scheme and host before the path.
const MAX_BYTES: usize = 1024;

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addressee {
    /// The sandbox itself: its routes and its page. No fault befalls these requests.
    Sandbox,
    /// Flex, and whatever is no request at all.
    Flex,
}

impl Addressee {
    /// None if the bytes that have come do not show it yet.
    pub(crate) fn of(bytes: &[u8]) -> Option<Addressee> {
        // Empty lines before a request are skipped, as they are when it is read.
        let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
        let bytes = &bytes[start.unwrap_or(bytes.len())..];
        let Some(end) = bytes.iter().position(|byte| !byte.is_ascii_uppercase()) else {
            return (bytes.len() >= MAX_METHOD_BYTES).then_some(Addressee::Flex);
        };
        let (method, rest) = bytes.split_at(end);
        let Some(target) = rest.strip_prefix(b" ") else { return Some(Addressee::Flex) };
        match Self::of_target(method, target) {
            None if bytes.len() >= MAX_BYTES => Some(Addressee::Flex),
            found => found,
        }
    }

    fn of_target(method: &[u8], target: &[u8]) -> Option<Addressee> {
        let schemes: [&[u8]; 2] = [b"http://", b"https://"];
        if schemes.iter().any(|scheme| scheme.starts_with(target)) {
            return None;
        }
        let after_scheme = schemes.iter().find_map(|scheme| target.strip_prefix(*scheme));
        let path = match after_scheme {
            Some(url) => &url[url.iter().position(|byte| matches!(byte, b'/' | b' '))?..],
            None => target,
        };
        let prefix = admin::PREFIX.as_bytes();
        let asks_for_page = page::METHODS.map(str::as_bytes).contains(&method)
            && [&b"/ "[..], b"/?", b" "].iter().any(|it| path.starts_with(it));
        if asks_for_page || path.starts_with(prefix) {
            Some(Addressee::Sandbox)
        } else if prefix.starts_with(path) {
            None
        } else {
            Some(Addressee::Flex)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request line, and after how many bytes it shows whom it is for.
    fn assert_shown(line: &str, expected: Addressee, after: usize) {
        for length in 0..=line.len() {
            let found = Addressee::of(&line.as_bytes()[..length]);
            assert_eq!(found, (length >= after).then_some(expected), "{:?}", &line[..length]);
        }
    }

    #[test]
    fn the_sandboxs_routes_and_its_page_are_told_from_all_else() {
        use Addressee::{Flex, Sandbox};
        assert_shown("DELETE /__sandbox/faults HTTP/1.1", Sandbox, 18);
        assert_shown("\r\nPOST /__sandbox/faults HTTP/1.1", Sandbox, 18);
        assert_shown("GET http://[::1]:8080/__sandbox/faults HTTP/1.1", Sandbox, 32);
        assert_shown("GET / HTTP/1.1", Sandbox, 6);
        assert_shown("HEAD /?x HTTP/1.1", Sandbox, 7);
        assert_shown("POST / HTTP/1.1", Flex, 7);
        assert_shown("POST /v1/checkout/sessions HTTP/1.1", Flex, 7);
        assert_shown("GET /__sandboxes HTTP/1.1", Flex, 15);
        assert_shown("GET https://h/v1/__sandbox/ HTTP/1.1", Flex, 15);
        assert_shown("GET http://h HTTP/1.1", Sandbox, 13);
        assert_shown("\u{16}\u{3}\u{1}", Flex, 1);
        assert_shown("NONSENSE", Flex, 8);
    }

    #[test]
    fn a_target_that_does_not_end_is_not_waited_for() {
        let endless = format!("GET http://{}", "x".repeat(MAX_BYTES));
        assert_eq!(Addressee::of(endless.as_bytes()), Some(Addressee::Flex));
    }
}
