//! The options of one call.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::config::{MAX_ATTEMPTS, MAX_TIMEOUT_MS};
use crate::error::Error;
use crate::json_object::{self, JsonObject, is_alike};

/// Every key that the options of one call may have.
pub const OPTION_KEYS: &[&str] = &[
    "asked_at_ms",
    "expand",
    "idempotency_key",
    "in_doubt",
    "max_attempts",
    "timeout_ms",
    "verify",
];

/// The longest idempotency key, in bytes.
pub(crate) const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;
/// The most names in `expand`.
pub(crate) const MAX_EXPAND_NAMES: usize = 32;
/// The longest name in `expand`, in bytes.
pub(crate) const MAX_EXPAND_NAME_BYTES: usize = 128;
/// The latest `asked_at_ms`: the last millisecond of the year 9999.
const MAX_ASKED_AT_MS: u64 = 253_402_300_799_999;

/// The options that repeat a cancel: the same key, and what is known of the requests before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Repeat {
    /// The key that every request of this cancel carries.
    pub idempotency_key: String,
    /// True if an earlier request with this key may have reached Flex.
    pub in_doubt: bool,
    /// When the cancel was asked for, in Unix milliseconds.
    pub asked_at_ms: i64,
}

impl From<&Repeat> for Options {
    fn from(repeat: &Repeat) -> Self {
        Self {
            idempotency_key: Some(repeat.idempotency_key.clone()),
            in_doubt: Some(repeat.in_doubt),
            asked_at_ms: Some(repeat.asked_at_ms),
            ..Self::default()
        }
    }
}

/// The options of one call; what is not given is as the client's configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Related objects to have in full in the response. Flex does not document the names.
    pub expand: Vec<String>,
    /// The key that every request of this cancel carries; one is made if it is not given. To
    /// repeat a cancel, give all options of its result's [`repeat`](crate::Report::repeat). Not
    /// for retrieving.
    pub idempotency_key: Option<String>,
    /// Whether an earlier request with this key may have reached Flex. `None`: true if
    /// `idempotency_key` is given. A call in doubt reads the session before it sends anything,
    /// and is never [`NotApplied`](crate::Outcome::NotApplied). Not for retrieving.
    pub in_doubt: Option<bool>,
    /// When this cancel was asked for, in Unix milliseconds of this machine's clock; `None`: now.
    /// A hold that was made later is not released. Not for retrieving.
    pub asked_at_ms: Option<i64>,
    /// Whether a confirmation that does not itself show the release is checked by one read-back;
    /// `None`: as the client is configured. Not for retrieving.
    pub verify: Option<bool>,
    /// The session is read before anything is sent, whatever the call's age. For the outbox.
    pub(crate) must_look: bool,
    /// Its result is no event: who makes the call tells of it. For the outbox.
    pub(crate) is_part: bool,
    /// The session need not be read for the time that has passed since the cancel was asked for.
    /// For the outbox.
    pub(crate) may_skip_look: bool,
    /// The deadline of the whole call, 1 ms to 10 minutes from its beginning.
    pub timeout: Option<Duration>,
    /// The most times that the request is sent, 1 to 10.
    pub max_attempts: Option<u32>,
}

impl Options {
    /// Reads options from a JSON object with the keys of [`OPTION_KEYS`].
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::from_fields(&mut JsonObject::parse(json, OPTION_KEYS)?)
    }

    /// Reads options out of an object that may hold more.
    pub(crate) fn from_fields(fields: &mut JsonObject) -> Result<Self, Error> {
        let options = Self {
            expand: fields.strings("expand")?.unwrap_or_default(),
            idempotency_key: fields.string("idempotency_key")?,
            in_doubt: fields.bool("in_doubt")?,
            asked_at_ms: fields
                .integer("asked_at_ms", 0, MAX_ASKED_AT_MS)?
                .and_then(|number| i64::try_from(number).ok()),
            verify: fields.bool("verify")?,
            must_look: false,
            is_part: false,
            may_skip_look: false,
            timeout: fields.millis("timeout_ms", 1, MAX_TIMEOUT_MS)?,
            max_attempts: fields
                .integer("max_attempts", 1, MAX_ATTEMPTS)?
                .and_then(|number| u32::try_from(number).ok()),
        };
        options.check()?;
        Ok(options)
    }

    /// True if an earlier request with the key may have reached Flex.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.in_doubt.unwrap_or(self.idempotency_key.is_some())
    }

    /// True if they say that an earlier request may have reached Flex: said so by options that
    /// cannot be used, that is as true. A key alone says so if it is one that a request can have.
    pub(crate) fn claims_doubt(&self) -> bool {
        self.in_doubt.unwrap_or_else(|| self.idempotency_key.as_deref().is_some_and(is_key))
    }

    /// The same of JSON that could not be read as options. Where it does not show what it was, it
    /// may be what is left of the options of a repetition: a part of them, or an empty value.
    pub(crate) fn claims_doubt_in(json: &str) -> bool {
        let Ok(fields) = json_object::occurrences(json) else { return true };
        let (mut is_first, mut has_key) = (false, false);
        for (key, values) in &fields {
            for value in values {
                match value {
                    Value::Object(_) => return true,
                    Value::Null => {}
                    Value::Bool(false) if is_alike(key, "in_doubt") => is_first = true,
                    _ if is_alike(key, "in_doubt") => return true,
                    Value::String(text) if is_alike(key, "idempotency_key") => {
                        has_key |= is_key(text);
                    }
                    _ => {}
                }
            }
        }
        has_key && !is_first
    }

    /// Checks that nothing is set that is about a cancel only.
    pub(crate) fn check_for_retrieve(&self) -> Result<(), Error> {
        for (field, is_given) in [
            ("idempotency_key", self.idempotency_key.is_some()),
            ("in_doubt", self.in_doubt.is_some()),
            ("asked_at_ms", self.asked_at_ms.is_some()),
            ("verify", self.verify.is_some()),
        ] {
            if is_given {
                let problem = "expected for a cancel only: to retrieve changes nothing";
                return Err(Error::argument(field, problem));
            }
        }
        Ok(())
    }

    /// Checks what was set from Rust by the rules that JSON is read by.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_expand(&self.expand)?;
        self.idempotency_key.as_deref().map_or(Ok(()), check_idempotency_key)?;
        if self.in_doubt == Some(true) && self.idempotency_key.is_none() {
            let problem = "expected together with idempotency_key, the key of the earlier request";
            return Err(Error::argument("in_doubt", problem));
        }
        let is_time = |ms: i64| u64::try_from(ms).is_ok_and(|ms| ms <= MAX_ASKED_AT_MS);
        if !self.asked_at_ms.is_none_or(is_time) {
            let problem = format!("expected a whole number from 0 to {MAX_ASKED_AT_MS}");
            return Err(Error::argument("asked_at_ms", problem));
        }
        let max = Duration::from_millis(MAX_TIMEOUT_MS);
        if self.timeout.is_some_and(|timeout| timeout.is_zero() || timeout > max) {
            let problem = format!("expected more than 0 and at most {MAX_TIMEOUT_MS}");
            return Err(Error::argument("timeout_ms", problem));
        }
        if self.max_attempts.is_some_and(|count| !(1..=MAX_ATTEMPTS).contains(&count.into())) {
            let problem = format!("expected a whole number from 1 to {MAX_ATTEMPTS}");
            return Err(Error::argument("max_attempts", problem));
        }
        Ok(())
    }
}

fn is_key(text: &str) -> bool {
    check_idempotency_key(text).is_ok()
}

/// Checks what a caller wants expanded.
fn check_expand(names: &[String]) -> Result<(), Error> {
    let is_name = |name: &String| {
        (1..=MAX_EXPAND_NAME_BYTES).contains(&name.len())
            && !name.contains(|c: char| c == ',' || c.is_control() || c.is_whitespace())
    };
    if names.len() <= MAX_EXPAND_NAMES && names.iter().all(is_name) {
        return Ok(());
    }
    Err(Error::argument(
        "expand",
        format!(
            "expected at most {MAX_EXPAND_NAMES} names of 1 to {MAX_EXPAND_NAME_BYTES} bytes \
             without commas, blanks or control characters"
        ),
    ))
}

/// Checks an idempotency key that a caller brings.
fn check_idempotency_key(key: &str) -> Result<(), Error> {
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len()) && is_visible {
        return Ok(());
    }
    Err(Error::argument(
        "idempotency_key",
        format!("expected 1 to {MAX_IDEMPOTENCY_KEY_BYTES} visible ASCII characters, no blanks"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_absent_ones_left_to_the_client() {
        let json = r#"{"expand":["customer"],"idempotency_key":"k-1","timeout_ms":250}"#;
        let options = Options::from_json(json).unwrap();
        assert_eq!(options.expand, ["customer"]);
        assert_eq!(options.idempotency_key.as_deref(), Some("k-1"));
        assert_eq!(options.timeout, Some(Duration::from_millis(250)));
        assert_eq!(options.max_attempts, None);
        assert_eq!(Options::from_json("{}").unwrap(), Options::default());
    }

    #[test]
    fn options_that_cannot_be_used_may_say_that_a_request_was_sent() {
        for (json, is_claimed) in [
            (r#"{"idempotency_key":"k","timeout_ms":0}"#, true),
            (r#"{"idempotency_key":"k","in_doubt":true,"unknown":1}"#, true),
            (r#"{"idempotency_key":"k","in_doubt":1}"#, true),
            (r#"{"idempotency_key":"k","in_doubt":false,"timeout_ms":0}"#, false),
            (r#"{"idempotency_key":"k","in_doubt":false,"in_doubt":false}"#, false),
            (r#"{"idempotency_key":"a b"}"#, false),
            (r#"{"idempotency_key":7}"#, false),
            (r#"{"timeout_ms":0}"#, false),
            (r#"{"timeout":5}"#, false),
            (r#"{"in_doubt":null,"timeout_ms":0}"#, false),
            // What is left of the options of a repetition.
            (r#"{"in_doubt":true}"#, true),
            (r#"{"idempotency_key":"a b","in_doubt":true}"#, true),
            (r#"{"idempotency_key":"","in_doubt":true}"#, true),
            (r#"{"in_doubt":"yes"}"#, true),
            (r#"{"idempotency_key":"k","in_doubt":true,"in_doubt":false}"#, true),
            (r#"{"idempotencyKey":"k"}"#, true),
            (r#"{"repeat":{"idempotency_key":"k","in_doubt":true,"asked_at_ms":1}}"#, true),
            (r#"{"idempotency_key":"k","in_doubt":tr"#, true),
            ("", true),
            ("null", true),
            ("[]", true),
            ("{", true),
        ] {
            assert!(Options::from_json(json).is_err(), "{json}");
            assert_eq!(Options::claims_doubt_in(json), is_claimed, "{json}");
        }
    }

    #[test]
    fn bad_options_name_the_field() {
        let long_key = format!(r#"{{"idempotency_key":"{}"}}"#, "k".repeat(256));
        let many = format!(r#"{{"expand":[{}]}}"#, vec!["\"x\""; 33].join(","));
        for (json, field) in [
            (r#"{"idempotency_key":""}"#, "idempotency_key"),
            (r#"{"idempotency_key":"a b"}"#, "idempotency_key"),
            (r#"{"idempotency_key":"a\r\nX: y"}"#, "idempotency_key"),
            (r#"{"idempotency_key":"schlüssel"}"#, "idempotency_key"),
            (long_key.as_str(), "idempotency_key"),
            (r#"{"expand":"customer"}"#, "expand"),
            (r#"{"expand":["a,b"]}"#, "expand"),
            (r#"{"expand":[""]}"#, "expand"),
            (many.as_str(), "expand"),
            (r#"{"timeout_ms":0}"#, "timeout_ms"),
            (r#"{"timeout_ms":600001}"#, "timeout_ms"),
            (r#"{"max_attempts":11}"#, "max_attempts"),
            (r#"{"Expand":[]}"#, "(a key that is not shown)"),
            (r#"{"api_key":"fsk_live_x"}"#, "api_key"),
        ] {
            let error = Options::from_json(json).unwrap_err();
            assert_eq!(error.field.as_deref().unwrap_or_default(), field, "{json}: {error}");
            assert!(!error.to_string().contains("fsk_"), "{error}");
        }
    }

    #[test]
    fn what_is_set_from_rust_is_held_to_the_same_bounds() {
        let options = Options { timeout: Some(Duration::from_secs(601)), ..Options::default() };
        assert_eq!(options.check().unwrap_err().field.as_deref(), Some("timeout_ms"));
        let options = Options { max_attempts: Some(0), ..Options::default() };
        assert_eq!(options.check().unwrap_err().field.as_deref(), Some("max_attempts"));
    }
}
