//! Reads JSON once: the whole text is checked, and only what somebody asks for is taken apart.
//!
//! Of an answer nearly everything is passed through as it came. serde_json would go over it
//! twice, once for its bytes and once for the few fields that decide, and build what nobody
//! reads. Accepted is what serde_json accepts; a test holds the two together.

mod checker;
mod scan;
mod write;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Error;
use serde_json::value::RawValue;

use self::checker::{Checker, wrong};
pub(crate) use self::write::ObjectWriter;

/// JSON text exactly as it came, checked to be JSON.
///
/// Holds the whole answer that it is a part of, 8 KiB or more. Whoever keeps many of them keeps
/// [`RawJson::get`]'s text instead.
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

#[cfg(test)]
mod tests;
