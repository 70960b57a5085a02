//! The options of one call.

use std::time::Duration;

use crate::config::{MAX_ATTEMPTS, MAX_TIMEOUT_MS};
use crate::fields::{FieldError, Fields};
use crate::wire::{check_expand, check_idempotency_key};

/// Every key that the options of one call may have.
pub const OPTION_KEYS: &[&str] = &["expand", "idempotency_key", "max_attempts", "timeout_ms"];

/// The options of one call; what is not given is as the client's configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Related objects to have in full in the answer. Flex does not document the names.
    pub expand: Vec<String>,
    /// The key that every send of this cancel carries; one is made if it is not given. Give the
    /// key of an earlier result to repeat that cancel. Not for retrieving.
    pub idempotency_key: Option<String>,
    /// The deadline of the whole call, 1 ms to 10 minutes from its beginning.
    pub timeout: Option<Duration>,
    /// The most times that the request is sent, 1 to 10.
    pub max_attempts: Option<u32>,
}

impl Options {
    /// Reads options from a JSON object with the keys of [`OPTION_KEYS`]. No text at all (an
    /// empty string) means no options.
    ///
    /// # Errors
    /// A [`FieldError`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, FieldError> {
        if json.is_empty() {
            return Ok(Self::default());
        }
        Self::from_fields(&mut Fields::parse(json, OPTION_KEYS)?)
    }

    /// Reads options out of an object that may hold more.
    pub(crate) fn from_fields(fields: &mut Fields) -> Result<Self, FieldError> {
        let options = Self {
            expand: fields.texts("expand")?.unwrap_or_default(),
            idempotency_key: fields.text("idempotency_key")?,
            timeout: fields.millis("timeout_ms", 1, MAX_TIMEOUT_MS)?,
            max_attempts: fields
                .number("max_attempts", 1, MAX_ATTEMPTS)?
                .and_then(|number| u32::try_from(number).ok()),
        };
        options.check()?;
        Ok(options)
    }

    /// Checks what was set from Rust by the rules that JSON is read by.
    pub(crate) fn check(&self) -> Result<(), FieldError> {
        check_expand(&self.expand)?;
        self.idempotency_key.as_deref().map_or(Ok(()), check_idempotency_key)?;
        let most = Duration::from_millis(MAX_TIMEOUT_MS);
        if self.timeout.is_some_and(|timeout| timeout.is_zero() || timeout > most) {
            let problem = format!("expected more than 0 and at most {MAX_TIMEOUT_MS}");
            return Err(FieldError::new("timeout_ms", problem));
        }
        if self.max_attempts.is_some_and(|count| !(1..=MAX_ATTEMPTS).contains(&count.into())) {
            let problem = format!("expected a whole number from 1 to {MAX_ATTEMPTS}");
            return Err(FieldError::new("max_attempts", problem));
        }
        Ok(())
    }
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
        assert_eq!(Options::from_json("").unwrap(), Options::default());
        assert_eq!(Options::from_json("{}").unwrap(), Options::default());
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
            assert_eq!(error.field, field, "{json}: {error}");
            assert!(!error.to_string().contains("fsk_"), "{error}");
        }
    }

    #[test]
    fn what_is_set_from_rust_is_held_to_the_same_bounds() {
        let options = Options { timeout: Some(Duration::from_secs(601)), ..Options::default() };
        assert_eq!(options.check().unwrap_err().field, "timeout_ms");
        let options = Options { max_attempts: Some(0), ..Options::default() };
        assert_eq!(options.check().unwrap_err().field, "max_attempts");
    }
}
