//! A JSON object of which nothing is lost because another part of it is odd.
//!
//! An error's code decides about money, and the rest of its body is often a gateway's work: escapes
//! that are no character, numbers of any size, members given twice, something behind the end.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Deserializer as JsonDeserializer;
use serde_json::value::RawValue;

use crate::raw_json::is_object;

/// The members of an object, unread.
pub(super) struct LenientObject<'a>(Vec<(Text, &'a RawValue)>);

impl<'a> LenientObject<'a> {
    /// The object that a text begins with; a byte-order mark may come before it, and anything
    /// behind it.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}');
        if !is_object(text) {
            return None;
        }
        JsonDeserializer::from_str(text).into_iter().next()?.ok()
    }

    /// The member with this name. One that is given twice is none.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut found = self.0.iter().filter(|(other, _)| other.0 == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(*value)
    }

    /// The member with this name, if it is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text(self.get(name)?)
    }
}

/// What a string says; what is no character in it is replaced.
pub(super) fn text(value: &RawValue) -> Option<String> {
    let json = value.get();
    let text: Text = json.starts_with('"').then(|| serde_json::from_str(json).ok())??;
    Some(text.0)
}

/// The first element of a list, if it is an object.
pub(super) fn first_of_list(value: &RawValue) -> Option<LenientObject<'_>> {
    let list: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
    LenientObject::read(list.first()?.get())
}

impl<'de> Deserialize<'de> for LenientObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = LenientObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(LenientObject(members))
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

/// A string, read as bytes: only so does serde_json take an escape that is no character.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(json: &str) -> Option<String> {
        LenientObject::read(json)?.text("code")
    }

    #[test]
    fn what_is_odd_elsewhere_costs_nothing() {
        let deep = format!(r#"{{"x":{}{},"code":"c"}}"#, "[".repeat(5_000), "]".repeat(5_000));
        for json in [
            r#"{"code":"c"}"#,
            r#" {"x":"\ud83d","code":"c"}"#,
            r#"{"\udc00":1,"code":"c"}"#,
            r#"{"x":1e999,"y":99999999999999999999999999,"code":"c"}"#,
            r#"{"x":1,"x":2,"code":"c"}"#,
            r#"{"\u0063ode":"c"}"#,
            "\u{feff}{\"code\":\"c\"}",
            r#"{"code":"c"}<!-- served by 7 -->"#,
            &deep,
        ] {
            assert_eq!(code(json).as_deref(), Some("c"), "{json}");
        }
    }

    #[test]
    fn a_member_that_is_given_twice_or_cut_is_none() {
        for json in [
            r#"{"code":"c","code":"c"}"#,
            r#"{"code":"c","\u0063ode":"d"}"#,
            r#"{"code":"c""#,
            r#"{"code":7}"#,
            r#"["code","c"]"#,
            "",
        ] {
            assert_eq!(code(json), None, "{json}");
        }
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        let object = LenientObject::read(r#"{"m":"paid by \ud83d!"}"#).unwrap();
        let text = object.text("m").unwrap();
        assert!(text.starts_with("paid by \u{fffd}") && text.ends_with('!'), "{text}");
    }
}
