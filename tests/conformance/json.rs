//! JSON compared to the last digit: numbers by their text, everything else by its meaning.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

/// A JSON value whose numbers are as they were written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Object(BTreeMap<String, Json>),
    List(Vec<Json>),
    Text(String),
    /// A number, `true`, `false` or `null`, as written.
    Word(String),
}

impl Json {
    pub fn parse(text: &str) -> Result<Json, serde_json::Error> {
        let text = text.trim();
        let each = |raw: &RawValue| Json::parse(raw.get());
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text)?;
                let read = |(name, raw): (String, Box<RawValue>)| Ok((name, each(&raw)?));
                Json::Object(members.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                Json::List(items.iter().map(|raw| each(raw)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Json::Text(serde_json::from_str(text)?),
            _ => Json::Word(serde_json::from_str::<Box<RawValue>>(text)?.get().to_owned()),
        })
    }

    pub fn null() -> Json {
        Json::Word("null".to_owned())
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value that a JSON pointer (RFC 6901) leads to; `null` where there is none, as a
    /// member that is null may be left out.
    pub fn at(&self, pointer: &str) -> Json {
        let mut found = Some(self);
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            found = match found {
                Some(Json::Object(members)) => members.get(&part),
                Some(Json::List(items)) => part.parse::<usize>().ok().and_then(|i| items.get(i)),
                _ => None,
            };
        }
        found.cloned().unwrap_or_else(Json::null)
    }

    /// Where this differs from what is expected: a pointer, and the two values.
    pub fn differences(&self, expected: &Json, pointer: &str, found: &mut Vec<String>) {
        match (self, expected) {
            (Json::Object(ours), Json::Object(theirs)) => {
                let names = ours.keys().chain(theirs.keys().filter(|it| !ours.contains_key(*it)));
                for name in names {
                    let member = |of: &BTreeMap<String, Json>| {
                        of.get(name).cloned().unwrap_or_else(Json::null)
                    };
                    let pointer = format!("{pointer}/{name}");
                    member(ours).differences(&member(theirs), &pointer, found);
                }
            }
            (Json::List(ours), Json::List(theirs)) if ours.len() == theirs.len() => {
                for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                    ours.differences(theirs, &format!("{pointer}/{index}"), found);
                }
            }
            _ if self == expected => {}
            _ => found.push(format!("{pointer} is {self}, not {expected}")),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Object(_) => write!(f, "an object"),
            Json::List(items) => write!(f, "a list of {}", items.len()),
            Json::Text(text) => write!(f, "{text:?}"),
            Json::Word(word) => f.write_str(word),
        }
    }
}

/// JSON on one line: without the blanks between its parts, every value as it was written.
pub fn on_one_line(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let is_kept = |c: &char| {
        let is_blank = !in_text && c.is_ascii_whitespace();
        match *c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ => {}
        }
        !is_blank
    };
    json.chars().filter(is_kept).collect()
}
