//! Reads the JSON objects a caller hands in: every key known, given once, of the right type and
//! within its bounds. An error names the field and what was expected, and never repeats a value
//! that could be a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use crate::error::Error;

/// The most JSON text that a configuration or the options of one call may have, in bytes.
pub(crate) const MAX_JSON_BYTES: usize = 64 * 1024;

/// The fields of one JSON object, taken out one by one.
#[derive(Debug)]
pub(crate) struct JsonObject(BTreeMap<String, Value>);

impl JsonObject {
    /// Reads a JSON object whose keys are among the known ones.
    pub(crate) fn parse(json: &str, known: &[&str]) -> Result<Self, Error> {
        let fields = occurrences(json)?;
        for (key, occurrences) in &fields {
            if !known.contains(&key.as_str()) {
                let problem = format!("unknown; expected one of: {}", known.join(", "));
                let problem = match known.iter().find(|known| is_alike(key, known)) {
                    Some(meant) => format!("{problem}; did you mean {meant}?"),
                    None => problem,
                };
                return Err(Error::argument(&printable_key(key), problem));
            }
            if occurrences.len() > 1 {
                return Err(Error::argument(key, "expected once, found more than once"));
            }
        }
        let once = |(key, values): (String, Vec<Value>)| Some((key, values.into_iter().next()?));
        Ok(Self(fields.into_iter().filter_map(once).collect()))
    }

    /// A string. `null` reads as absent.
    pub(crate) fn string(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(expected(name, "a string", &other)),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&mut self, name: &str, min: u64, max: u64) -> Result<Option<u64>, Error> {
        let value = match self.0.remove(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        match value.as_u64() {
            Some(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(expected(name, &format!("a whole number from {min} to {max}"), &value)),
        }
    }

    /// `true` or `false`.
    pub(crate) fn bool(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(other) => Err(expected(name, "true or false", &other)),
        }
    }

    /// A number of milliseconds within bounds.
    pub(crate) fn millis(
        &mut self,
        name: &str,
        min: u64,
        max: u64,
    ) -> Result<Option<Duration>, Error> {
        Ok(self.integer(name, min, max)?.map(Duration::from_millis))
    }

    /// A list of strings.
    pub(crate) fn strings(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let values = match self.0.remove(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(values)) => values,
            Some(other) => return Err(expected(name, "a list of strings", &other)),
        };
        let string = |value| match value {
            Value::String(text) => Ok(text),
            other => Err(expected(name, "a list of strings", &other)),
        };
        values.into_iter().map(string).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// One of a few strings.
    pub(crate) fn enumeration<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.string(name)? else { return Ok(None) };
        match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let names: Vec<_> =
                    choices.iter().map(|(choice, _)| format!("\"{choice}\"")).collect();
                Err(Error::argument(name, format!("expected one of: {}", names.join(", "))))
            }
        }
    }
}

/// Each key of a JSON object, with all values that it is given.
#[inline(never)]
pub(crate) fn occurrences(json: &str) -> Result<BTreeMap<String, Vec<Value>>, Error> {
    if json.len() > MAX_JSON_BYTES {
        let found = json.len();
        return Err(whole(format!("expected at most {MAX_JSON_BYTES} bytes, found {found}")));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer
        .deserialize_map(ObjectVisitor)
        .and_then(|fields| deserializer.end().map(|()| fields))
        .map_err(|error| not_an_object(&error))
}

fn whole(problem: String) -> Error {
    Error::argument("", problem)
}

/// Says where, and not what: serde's own message would repeat a string.
fn not_an_object(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    whole(match error.classify() {
        serde_json::error::Category::Data => "expected a JSON object, found another value".into(),
        _ => format!("expected a JSON object, found no valid JSON at line {line} column {column}"),
    })
}

/// Numbers are shown, strings are not: a string may be a secret in the wrong place.
fn expected(name: &str, what: &str, found: &Value) -> Error {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    Error::argument(name, format!("expected {what}, found {found}"))
}

/// True of a key in another spelling, like `apiKey`, or without its unit, like `timeout`.
#[inline(never)]
pub(crate) fn is_alike(key: &str, known: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (key, known) = (letters(key), letters(known));
    key == known || key.len() > 2 && known.strip_suffix("ms") == Some(&key)
}

/// An unknown key is shown only if it looks like the name of a key.
fn printable_key(key: &str) -> String {
    let is_name = key.len() <= 40 && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if is_name { key.to_owned() } else { "(a key that is not shown)".to_owned() }
}

/// Keeps every occurrence of a key, where `serde_json::Map` would keep the last.
struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = BTreeMap<String, Vec<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Self::Value::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            fields.entry(key).or_default().push(value);
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<JsonObject, Error> {
        JsonObject::parse(json, &["count", "word", "list"])
    }

    fn problem<T: fmt::Debug>(result: Result<T, Error>) -> String {
        result.map_or_else(|error| error.to_string(), |value| format!("accepted {value:?}"))
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for json in ["", "null", "3", "\"fsk_live_x\"", "[]", "{", "{} {}", "{\"count\":1,}"] {
            let problem = problem(parse(json));
            assert!(problem.starts_with("expected a JSON object"), "{json}: {problem}");
            assert!(!problem.contains("fsk_"), "{problem}");
        }
        let long = format!("{{\"word\":\"{}\"}}", "x".repeat(MAX_JSON_BYTES));
        assert!(problem(parse(&long)).starts_with("expected at most 65536 bytes"));
    }

    #[test]
    fn unknown_and_repeated_keys_are_refused_by_name() {
        assert_eq!(
            problem(parse("{\"kount\":1}")),
            "kount: unknown; expected one of: count, word, list"
        );
        assert_eq!(
            problem(parse("{\"count\":1,\"count\":1}")),
            "count: expected once, found more than once"
        );
        assert!(problem(parse("{\"fsk_live_4711\":1}")).starts_with("(a key that is not shown)"));
        for (key, is_meant) in [("Count", true), ("c-ount", true), ("kount", false), ("", false)] {
            let problem = problem(parse(&format!("{{\"{key}\":1}}")));
            assert_eq!(problem.ends_with("; did you mean count?"), is_meant, "{problem}");
        }
        assert!(is_alike("timeout", "timeout_ms") && !is_alike("max", "max_idle_ms"));
    }

    #[test]
    fn numbers_are_whole_and_within_bounds() {
        for found in ["-1", "0", "11", "1.5", "1e3", "99999999999999999999", "true", "\"5\"", "[]"]
        {
            let mut fields = parse(&format!("{{\"count\":{found}}}")).ok();
            let problem = problem(fields.as_mut().map(|f| f.integer("count", 1, 10)).transpose());
            let expected = "count: expected a whole number from 1 to 10, found ";
            assert!(problem.starts_with(expected), "{found}: {problem}");
        }
    }

    #[test]
    fn strings_and_enums_name_what_was_expected() {
        let mut fields = parse("{\"word\":7,\"list\":[\"a\",1]}").ok();
        let fields = fields.as_mut();
        assert!(fields.is_some());
        if let Some(fields) = fields {
            assert_eq!(problem(fields.string("word")), "word: expected a string, found 7");
            let list = problem(fields.strings("list"));
            assert_eq!(list, "list: expected a list of strings, found 1");
        }
        let mut fields = parse("{\"word\":\"c\"}").ok();
        let chosen =
            fields.as_mut().map(|f| f.enumeration("word", &[("a", 1), ("b", 2)])).transpose();
        assert_eq!(problem(chosen), "word: expected one of: \"a\", \"b\"");
    }
}
