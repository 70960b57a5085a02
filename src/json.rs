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

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use serde_json::Error;
use serde_json::de::StrRead;
use serde_json::value::RawValue;

use self::scan::{end_of_spaces, plain_end};
pub(crate) use self::write::ObjectWriter;

/// JSON text exactly as it came, checked to be JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Box<str>);

impl RawJson {
    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Only serde_json's own type is written as it is, by serde_json, and it is made by checking.
impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
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

    /// True if an object is next.
    pub(crate) fn is_at_object(&mut self) -> bool {
        self.next_byte() == Some(b'{')
    }

    /// Steps into the object that is next.
    pub(crate) fn members(&mut self) -> Result<Members<'_, 'a>, Error> {
        if !self.is_at_object() {
            return Err(self.wrong("expected an object"));
        }
        self.enter()?;
        Ok(Members { reader: self, is_first: true })
    }

    /// Reads the object that is next as a value of a type, and keeps the bytes it was read from.
    pub(crate) fn object<T: Deserialize<'a>>(&mut self) -> Result<(T, RawJson), Error> {
        self.next_byte();
        let start = self.at;
        let value = T::deserialize(MapAccessDeserializer::new(self.members()?))?;
        Ok((value, RawJson(self.text[start..self.at].into())))
    }

    /// Checks the value that is next.
    fn value(&mut self) -> Result<(), Error> {
        match self.next_byte() {
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.skip_object(),
            Some(b'[') => self.skip_list(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.wrong("expected a value")),
        }
    }

    fn skip_object(&mut self) -> Result<(), Error> {
        self.enter()?;
        let mut is_first = true;
        while self.key(&mut is_first)?.is_some() {
            self.value()?;
        }
        Ok(())
    }

    fn skip_list(&mut self) -> Result<(), Error> {
        self.enter()?;
        let mut is_first = true;
        while self.goes_on(b']', &mut is_first)? {
            self.value()?;
        }
        Ok(())
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(mut self) -> Result<(), Error> {
        if self.next_byte().is_none() { Ok(()) } else { Err(self.wrong("expected the end")) }
    }

    #[inline(always)]
    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.most_depth {
            return Err(self.wrong(&format!("nested deeper than {}", self.most_depth)));
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over the key of an object's next member and its colon. Gives where the key begins
    /// and ends, quotes included, and whether it has escapes; `None` where the object ends.
    #[inline(always)]
    fn key(&mut self, is_first: &mut bool) -> Result<Option<(Range<usize>, bool)>, Error> {
        if !self.goes_on(b'}', is_first)? {
            return Ok(None);
        }
        if self.next_byte() != Some(b'"') {
            return Err(self.wrong("expected a key"));
        }
        let start = self.at;
        let has_escapes = self.string()?;
        let key = start..self.at;
        if self.next_byte() != Some(b':') {
            return Err(self.wrong("expected a colon"));
        }
        self.at += 1;
        Ok(Some((key, has_escapes)))
    }

    /// Steps over the comma before the next item, or over the bracket at the end.
    #[inline(always)]
    fn goes_on(&mut self, closing: u8, is_first: &mut bool) -> Result<bool, Error> {
        let next = self.next_byte();
        if next == Some(closing) {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if std::mem::take(is_first) {
            return Ok(true);
        }
        if next != Some(b',') {
            return Err(self.wrong("expected a comma or the end of the list"));
        }
        self.at += 1;
        Ok(true)
    }

    /// Steps over a string, and tells whether it has escapes.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Error> {
        let bytes = self.text.as_bytes();
        let at = plain_end(bytes, self.at + 1);
        if bytes.get(at) == Some(&b'"') {
            self.at = at + 1;
            return Ok(false);
        }
        self.at = at;
        self.rest_of_string()
    }

    /// The part of a string that begins with an escape.
    #[inline(never)]
    fn rest_of_string(&mut self) -> Result<bool, Error> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.wrong("expected no control character in a text")),
                None => return Err(self.wrong("expected the end of a text")),
            }
            self.at = plain_end(bytes, self.at);
        }
        self.at += 1;
        Ok(true)
    }

    fn escape(&mut self) -> Result<(), Error> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let length = match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'u', hex @ ..] if hex.len() >= 4 && hex[..4].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(self.wrong("expected an escape that JSON knows")),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        self.step_over(b'-');
        if !self.step_over(b'0') {
            self.digits()?;
        }
        match self.text.as_bytes().get(self.at) {
            Some(b'.' | b'e' | b'E') => self.fraction_and_exponent(),
            _ => Ok(()),
        }
    }

    fn fraction_and_exponent(&mut self) -> Result<(), Error> {
        if self.step_over(b'.') {
            self.digits()?;
        }
        if self.step_over(b'e') || self.step_over(b'E') {
            let _ = self.step_over(b'+') || self.step_over(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn step_over(&mut self, byte: u8) -> bool {
        let is_next = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn digits(&mut self) -> Result<(), Error> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.wrong("expected a digit"));
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Error> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// The next byte that is no blank.
    #[inline(always)]
    fn next_byte(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            if byte > b' ' {
                return Some(byte);
            }
            match byte {
                b' ' => self.at += 1,
                // What follows is mostly an indentation.
                b'\n' => self.at = end_of_spaces(bytes, self.at + 1),
                b'\r' | b'\t' => self.at += 1,
                _ => return Some(byte),
            }
        }
    }

    #[cold]
    fn wrong(&self, what: &str) -> Error {
        Error::custom(format_args!("{what} at byte {}", self.at))
    }
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
        let Some((key, has_escapes)) = self.reader.key(&mut self.is_first)? else {
            return Ok(None);
        };
        if has_escapes {
            let key = &self.reader.text[key];
            return serde_json::from_str(key).map(|key: String| Some(Cow::Owned(key)));
        }
        Ok(Some(Cow::Borrowed(&self.reader.text[key.start + 1..key.end - 1])))
    }

    /// The reader, before the value of the key that was given last.
    pub(crate) fn reader(&mut self) -> &mut Reader<'a> {
        self.reader
    }

    /// Steps over a value.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        self.reader.value()
    }
}

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        match self.next_key()? {
            Some(Cow::Borrowed(key)) => {
                seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
            }
            Some(Cow::Owned(key)) => seed.deserialize(key.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.reader.next_byte();
        let start = self.reader.at;
        self.reader.value()?;
        seed.deserialize(Checked { text: self.reader.text, start, end: self.reader.at })
    }
}

/// A value whose bytes were checked: for serde_json if somebody asks for it, for free if not.
struct Checked<'de> {
    text: &'de str,
    start: usize,
    end: usize,
}

impl<'de> Checked<'de> {
    fn by_serde_json(&self) -> serde_json::Deserializer<StrRead<'de>> {
        serde_json::Deserializer::from_str(&self.text[self.start..self.end])
    }
}

impl<'de> Deserializer<'de> for Checked<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.by_serde_json().deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.by_serde_json().deserialize_option(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests;
