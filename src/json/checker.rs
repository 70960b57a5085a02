//! Goes over JSON without taking anything apart: one step for each thing that the grammar names.

use std::ops::Range;

use serde::de::Error as _;
use serde_json::Error;

use super::scan::{end_of_spaces, plain_end};

/// Checks what begins at an index, and gives where it ends: from register to register, because
/// each step waits for the one before.
#[derive(Clone, Copy)]
pub(super) struct Checker<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) most_depth: usize,
}

impl Checker<'_> {
    #[inline(always)]
    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Where the next byte is that is no blank.
    #[inline(always)]
    pub(super) fn end_of_blanks(self, start: usize) -> usize {
        let mut at = start;
        while let Some(byte) = self.byte(at)
            && byte <= b' '
        {
            at = match byte {
                b' ' | b'\r' | b'\t' => at + 1,
                // What follows is mostly an indentation.
                b'\n' => end_of_spaces(self.bytes, at + 1),
                _ => break,
            };
        }
        at
    }

    /// Most values are texts.
    #[inline(always)]
    pub(super) fn value(self, at: usize, depth: usize) -> Result<usize, Error> {
        let at = self.end_of_blanks(at);
        if self.byte(at) == Some(b'"') { self.string(at) } else { self.no_string(at, depth) }
    }

    fn no_string(self, at: usize, depth: usize) -> Result<usize, Error> {
        match self.byte(at) {
            Some(b'-' | b'0'..=b'9') => self.number(at),
            Some(b'{') => self.object(at, depth),
            Some(b'[') => self.list(at, depth),
            Some(b't') => self.word(at, "true"),
            Some(b'f') => self.word(at, "false"),
            Some(b'n') => self.word(at, "null"),
            _ => Err(wrong("expected a value", at)),
        }
    }

    fn object(self, at: usize, depth: usize) -> Result<usize, Error> {
        let mut at = self.enter(at, depth)?;
        let mut is_first = true;
        loop {
            let item = self.item(at, b'}', &mut is_first)?;
            let Some(key) = item.begin else { return Ok(item.end) };
            at = self.value(self.key(key)?.colon, depth + 1)?;
        }
    }

    fn list(self, at: usize, depth: usize) -> Result<usize, Error> {
        let mut at = self.enter(at, depth)?;
        let mut is_first = true;
        loop {
            let item = self.item(at, b']', &mut is_first)?;
            let Some(begin) = item.begin else { return Ok(item.end) };
            at = self.value(begin, depth + 1)?;
        }
    }

    /// Steps over the bracket that opens an object or a list.
    #[inline(always)]
    pub(super) fn enter(self, at: usize, depth: usize) -> Result<usize, Error> {
        if depth < self.most_depth {
            return Ok(at + 1);
        }
        Err(wrong(&format!("nested deeper than {}", self.most_depth), at))
    }

    /// Steps over the comma before the next item, or over the bracket at the end.
    #[inline(always)]
    pub(super) fn item(self, at: usize, closing: u8, is_first: &mut bool) -> Result<Item, Error> {
        let at = self.end_of_blanks(at);
        let next = self.byte(at);
        if next == Some(closing) {
            return Ok(Item { begin: None, end: at + 1 });
        }
        if std::mem::take(is_first) {
            return Ok(Item { begin: Some(at), end: at });
        }
        if next == Some(b',') {
            return Ok(Item { begin: Some(at + 1), end: at });
        }
        Err(wrong("expected a comma or the end of the list", at))
    }

    /// Steps over a key and its colon.
    #[inline(always)]
    pub(super) fn key(self, at: usize) -> Result<Key, Error> {
        let start = self.end_of_blanks(at);
        if self.byte(start) != Some(b'"') {
            return Err(wrong("expected a key", start));
        }
        let plain = plain_end(self.bytes, start + 1);
        let has_escapes = self.byte(plain) != Some(b'"');
        let end = if has_escapes { self.rest_of_string(plain)? } else { plain + 1 };
        let colon = self.end_of_blanks(end);
        if self.byte(colon) != Some(b':') {
            return Err(wrong("expected a colon", colon));
        }
        Ok(Key { text: start..end, has_escapes, colon: colon + 1 })
    }

    #[inline(always)]
    fn string(self, at: usize) -> Result<usize, Error> {
        let end = plain_end(self.bytes, at + 1);
        if self.byte(end) == Some(b'"') { Ok(end + 1) } else { self.rest_of_string(end) }
    }

    /// The part of a string that begins with an escape.
    #[inline(never)]
    fn rest_of_string(self, at: usize) -> Result<usize, Error> {
        let mut at = at;
        loop {
            match self.byte(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at += self.escape(at)?,
                Some(_) => return Err(wrong("expected no control character in a text", at)),
                None => return Err(wrong("expected the end of a text", at)),
            }
            at = plain_end(self.bytes, at);
        }
    }

    /// The length of an escape.
    fn escape(self, at: usize) -> Result<usize, Error> {
        match &self.bytes[at + 1..] {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(2),
            [b'u', hex @ ..] if hex.len() >= 4 && hex[..4].iter().all(u8::is_ascii_hexdigit) => {
                Ok(6)
            }
            _ => Err(wrong("expected an escape that JSON knows", at)),
        }
    }

    #[inline(always)]
    fn number(self, at: usize) -> Result<usize, Error> {
        let at = self.after(at, b"-");
        let integer = if self.byte(at) == Some(b'0') { at + 1 } else { self.digits(at)? };
        match self.byte(integer) {
            Some(b'.' | b'e' | b'E') => self.fraction_and_exponent(integer),
            _ => Ok(integer),
        }
    }

    #[inline(never)]
    fn fraction_and_exponent(self, at: usize) -> Result<usize, Error> {
        let mut at = at;
        if self.byte(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if matches!(self.byte(at), Some(b'e' | b'E')) {
            at = self.digits(self.after(at + 1, b"+-"))?;
        }
        Ok(at)
    }

    /// Steps over one of these bytes, if one is next.
    fn after(self, at: usize, any: &[u8]) -> usize {
        at + usize::from(self.byte(at).is_some_and(|byte| any.contains(&byte)))
    }

    fn digits(self, at: usize) -> Result<usize, Error> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Err(wrong("expected a digit", at)),
            count => Ok(at + count),
        }
    }

    fn word(self, at: usize, word: &str) -> Result<usize, Error> {
        if self.bytes[at..].starts_with(word.as_bytes()) {
            return Ok(at + word.len());
        }
        Err(wrong("expected a value", at))
    }
}

/// What comes next in an object or a list.
pub(super) struct Item {
    /// Where the next item may begin; `None` after the last.
    pub(super) begin: Option<usize>,
    /// Where the object or list ends, after the last item.
    pub(super) end: usize,
}

/// A key, and where its value may begin.
pub(super) struct Key {
    /// With its quotes.
    pub(super) text: Range<usize>,
    pub(super) has_escapes: bool,
    pub(super) colon: usize,
}

#[cold]
pub(super) fn wrong(what: &str, at: usize) -> Error {
    Error::custom(format_args!("{what} at byte {at}"))
}
