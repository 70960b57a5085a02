//! Reads JSON once: the whole text is checked, and only what somebody asks for is taken apart.
//!
//! Of an answer nearly everything is passed through as it came. serde_json would go over it
//! twice, once for its bytes and once for the few fields that decide, and build what nobody
//! reads. Accepted is what serde_json accepts; a test holds the two together.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use serde_json::Error;
use serde_json::value::RawValue;

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

    /// Checks the value that is next, and gives its bytes.
    fn value(&mut self) -> Result<&'a str, Error> {
        let next = self.next_byte();
        let start = self.at;
        match next {
            Some(b'{') => {
                self.enter()?;
                let mut is_first = true;
                while self.key(&mut is_first)?.is_some() {
                    self.value()?;
                }
            }
            Some(b'[') => {
                self.enter()?;
                let mut is_first = true;
                while self.goes_on(b']', &mut is_first)? {
                    self.value()?;
                }
            }
            Some(b'"') => drop(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            _ => return Err(self.wrong("expected a value")),
        }
        Ok(&self.text[start..self.at])
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(mut self) -> Result<(), Error> {
        if self.next_byte().is_none() { Ok(()) } else { Err(self.wrong("expected the end")) }
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.most_depth {
            return Err(self.wrong(&format!("nested deeper than {}", self.most_depth)));
        }
        self.at += 1;
        Ok(())
    }

    /// The key of an object's next member, quotes included, up to behind its colon; `None`
    /// where the object ends.
    fn key(&mut self, is_first: &mut bool) -> Result<Option<&'a str>, Error> {
        if !self.goes_on(b'}', is_first)? {
            return Ok(None);
        }
        if self.next_byte() != Some(b'"') {
            return Err(self.wrong("expected a key"));
        }
        let key = self.string()?;
        if self.next_byte() != Some(b':') {
            return Err(self.wrong("expected a colon"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Steps over the comma before the next item, or over the bracket at the end.
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

    /// Steps over a string, and gives it with its quotes.
    fn string(&mut self) -> Result<&'a str, Error> {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        self.at += 1;
        loop {
            self.at += plain_run(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.wrong("expected no control character in a text")),
                None => return Err(self.wrong("expected the end of a text")),
            }
        }
        self.at += 1;
        Ok(&self.text[start..self.at])
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
    fn next_byte(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        self.at += rest.iter().take_while(is_blank).count();
        self.text.as_bytes().get(self.at).copied()
    }

    #[cold]
    fn wrong(&self, what: &str) -> Error {
        Error::custom(format_args!("{what} at byte {}", self.at))
    }
}

/// How many bytes come before the first quote, backslash or control character: eight at a time
/// while eight are left, because texts are most of an answer.
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    // Marks the bytes below a bound; exact for the first one marked, which is all that counts.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
    let mut count = 0;
    for chunk in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let marked = is(b'"') | is(b'\\') | below(word, 0x20);
        if marked != 0 {
            return count + marked.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    count + bytes[count..].iter().take_while(is_plain).count()
}

/// The members of an object, one by one, each checked whether it is asked for or not.
#[derive(Debug)]
pub(crate) struct Members<'r, 'a> {
    reader: &'r mut Reader<'a>,
    is_first: bool,
}

impl<'a> Members<'_, 'a> {
    /// The next member's key; `None` after the last. Its value must be read before the next key.
    pub(crate) fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        let Some(quoted) = self.reader.key(&mut self.is_first)? else { return Ok(None) };
        if quoted.contains('\\') {
            return serde_json::from_str(quoted).map(|key: String| Some(Cow::Owned(key)));
        }
        Ok(Some(Cow::Borrowed(&quoted[1..quoted.len() - 1])))
    }

    /// The reader, before the value of the key that was given last.
    pub(crate) fn reader(&mut self) -> &mut Reader<'a> {
        self.reader
    }

    /// Steps over a value.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        self.reader.value().map(drop)
    }
}

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.next_key()? {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Checked(self.reader.value()?))
    }
}

/// A value whose bytes were checked: for serde_json if somebody asks for it, for free if not.
struct Checked<'a>(&'a str);

impl<'de> Deserializer<'de> for Checked<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.0).deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.0).deserialize_option(visitor)
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
