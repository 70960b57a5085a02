//! Reads JSON once: the whole text is checked, and only what somebody asks for is taken apart.
//!
//! Of an answer nearly everything is passed through as it came. serde_json would go over it
//! twice, once for its bytes and once for the few fields that decide, and build what nobody
//! reads. Accepted is what serde_json accepts; a test holds the two together.

mod scan;
mod write;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Error;
use serde_json::value::RawValue;

use self::scan::{end_of_spaces, plain_end};
pub(crate) use self::write::ObjectWriter;

/// JSON text exactly as it came, checked to be JSON.
#[derive(Clone)]
pub struct RawJson {
    /// The whole text that it is a part of: a copy of the part alone would cost more.
    whole: String,
    part: Range<usize>,
}

impl RawJson {
    /// A part of a text that a [`Reader`] has gone over.
    pub(crate) fn new(whole: String, part: Range<usize>) -> Self {
        Self { whole, part }
    }

    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.whole[self.part.clone()]
    }

    #[cfg(test)]
    pub(crate) fn of_object(text: &str) -> Self {
        let skip = |members: &mut Members<'_, '_>| {
            while members.next_key()?.is_some() {
                members.skip()?;
            }
            Ok(())
        };
        let part = Reader::new(text, 99).object(skip).expect("an object").1;
        Self::new(text.to_owned(), part)
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

/// Only serde_json's own type is written as it is, by serde_json, and it is made by checking.
impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.get()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// A text on its way through the reader.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    most_depth: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of the text, which may nest so deep.
    pub(crate) fn new(text: &'a str, most_depth: usize) -> Self {
        Self { text, at: 0, depth: 0, most_depth }
    }

    fn checker(&self) -> Checker<'a> {
        Checker { bytes: self.text.as_bytes(), most_depth: self.most_depth }
    }

    /// True if an object is next.
    pub(crate) fn is_at_object(&mut self) -> bool {
        self.at = self.checker().end_of_blanks(self.at);
        self.checker().byte(self.at) == Some(b'{')
    }

    /// Steps into the object that is next.
    pub(crate) fn members(&mut self) -> Result<Members<'_, 'a>, Error> {
        if !self.is_at_object() {
            return Err(wrong("expected an object", self.at));
        }
        self.at = self.checker().enter(self.at, self.depth)?;
        self.depth += 1;
        Ok(Members { reader: self, is_first: true })
    }

    /// Has the object that is next read, to its end, and tells where it stands.
    pub(crate) fn object<T>(
        &mut self,
        read: impl FnOnce(&mut Members<'_, 'a>) -> Result<T, Error>,
    ) -> Result<(T, Range<usize>), Error> {
        self.at = self.checker().end_of_blanks(self.at);
        let start = self.at;
        let value = read(&mut self.members()?)?;
        Ok((value, start..self.at))
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(self) -> Result<(), Error> {
        let end = self.checker().end_of_blanks(self.at);
        if end == self.text.len() { Ok(()) } else { Err(wrong("expected the end", end)) }
    }
}

/// Checks what begins at an index, and gives where it ends: from register to register, because
/// each step waits for the one before.
#[derive(Clone, Copy)]
struct Checker<'a> {
    bytes: &'a [u8],
    most_depth: usize,
}

impl Checker<'_> {
    #[inline(always)]
    fn byte(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Where the next byte is that is no blank.
    #[inline(always)]
    fn end_of_blanks(self, start: usize) -> usize {
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
    fn value(self, at: usize, depth: usize) -> Result<usize, Error> {
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
    fn enter(self, at: usize, depth: usize) -> Result<usize, Error> {
        if depth < self.most_depth {
            return Ok(at + 1);
        }
        Err(wrong(&format!("nested deeper than {}", self.most_depth), at))
    }

    /// Steps over the comma before the next item, or over the bracket at the end.
    #[inline(always)]
    fn item(self, at: usize, closing: u8, is_first: &mut bool) -> Result<Item, Error> {
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
    fn key(self, at: usize) -> Result<Key, Error> {
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
struct Item {
    /// Where the next item may begin; `None` after the last.
    begin: Option<usize>,
    /// Where the object or list ends, after the last item.
    end: usize,
}

/// A key, and where its value may begin.
struct Key {
    /// With its quotes.
    text: Range<usize>,
    has_escapes: bool,
    colon: usize,
}

#[cold]
fn wrong(what: &str, at: usize) -> Error {
    Error::custom(format_args!("{what} at byte {at}"))
}

/// The members of an object, one by one, each checked whether it is asked for or not.
#[derive(Debug)]
pub(crate) struct Members<'r, 'a> {
    reader: &'r mut Reader<'a>,
    is_first: bool,
}

impl<'a> Members<'_, 'a> {
    /// The next member's key; `None` after the last. Its value must be read before the next key.
    #[inline(always)]
    pub(crate) fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        let reader = &mut *self.reader;
        let item = reader.checker().item(reader.at, b'}', &mut self.is_first)?;
        let Some(begin) = item.begin else {
            reader.at = item.end;
            reader.depth -= 1;
            return Ok(None);
        };
        let key = reader.checker().key(begin)?;
        reader.at = key.colon;
        if key.has_escapes {
            let key: String = serde_json::from_str(&reader.text[key.text])?;
            return Ok(Some(Cow::Owned(key)));
        }
        Ok(Some(Cow::Borrowed(&reader.text[key.text.start + 1..key.text.end - 1])))
    }

    /// The reader, before the value of the key that was given last.
    pub(crate) fn reader(&mut self) -> &mut Reader<'a> {
        self.reader
    }

    /// Steps over a value.
    #[inline(always)]
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        let reader = &mut *self.reader;
        reader.at = reader.checker().value(reader.at, reader.depth)?;
        Ok(())
    }

    /// Reads the value of a member that may be there once.
    pub(crate) fn once<T>(
        &mut self,
        name: &'static str,
        slot: &mut Option<T>,
        read: impl FnOnce(&'a str) -> Result<T, Error>,
    ) -> Result<(), Error> {
        if slot.is_some() {
            return Err(Error::duplicate_field(name));
        }
        let start = self.reader.checker().end_of_blanks(self.reader.at);
        self.skip()?;
        *slot = Some(read(&self.reader.text[start..self.reader.at])?);
        Ok(())
    }
}

/// A text or null, in JSON that was checked. So are the next two; serde_json is asked where it is
/// not as plain as usual.
pub(crate) fn text(json: &str) -> Result<Option<Cow<'_, str>>, Error> {
    match json.as_bytes() {
        b"null" => Ok(None),
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            Ok(Some(Cow::Borrowed(&json[1..json.len() - 1])))
        }
        _ => serde_json::from_str(json),
    }
}

/// A boolean or null.
pub(crate) fn boolean(json: &str) -> Result<Option<bool>, Error> {
    match json {
        "null" => Ok(None),
        "false" => Ok(Some(false)),
        "true" => Ok(Some(true)),
        _ => serde_json::from_str(json),
    }
}

/// An integer or null.
pub(crate) fn integer(json: &str) -> Result<Option<i64>, Error> {
    match json {
        "null" => Ok(None),
        // A fraction, to serde_json.
        "-0" => serde_json::from_str(json),
        _ => json.parse().map(Some).or_else(|_| serde_json::from_str(json)),
    }
}

#[cfg(test)]
mod tests;
