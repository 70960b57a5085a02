//! How somebody else's delivery of an entry ended.

use std::time::Duration;

use crate::error::Error;
use crate::json_object::JsonObject;
use crate::outcome::{Code, Outcome};

/// Every key that a settlement may have.
pub const SETTLEMENT_KEYS: &[&str] =
    &["code", "idempotency_key", "lease", "message", "outcome", "retry_after_ms"];

/// How many hexadecimal digits a lease has.
const LEASE_DIGITS: usize = 32;

/// The result of a delivery by somebody else: of every request that was sent under the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// The lease that the claim gave.
    pub lease: String,
    /// The entry's key. The result of another cancel settles nothing.
    pub idempotency_key: String,
    /// What is known of the cancel, as a call has said. `NotApplied` asserts that no request under
    /// the lease had an effect or will have one.
    pub outcome: Outcome,
    /// Why.
    pub code: Code,
    /// The same in words; the entry keeps the first 512 bytes.
    pub message: String,
    /// How long Flex has asked to be left alone. Of it, up to an hour counts.
    pub retry_after: Option<Duration>,
}

impl Settlement {
    /// A result without a message.
    pub fn new(
        lease: impl Into<String>,
        idempotency_key: impl Into<String>,
        outcome: Outcome,
        code: Code,
    ) -> Self {
        Self {
            lease: lease.into(),
            idempotency_key: idempotency_key.into(),
            outcome,
            code,
            message: String::new(),
            retry_after: None,
        }
    }

    /// Reads it from a JSON object with the keys of [`SETTLEMENT_KEYS`]; `message` and
    /// `retry_after_ms` may be absent.
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, SETTLEMENT_KEYS)?;
        let settlement = Self {
            lease: required(&mut fields, "lease", "the lease of a claim", some)?,
            idempotency_key: required(&mut fields, "idempotency_key", "the entry's key", some)?,
            outcome: required(&mut fields, "outcome", OUTCOMES, |name| Outcome::from_name(&name))?,
            code: required(&mut fields, "code", "the name of a code, such as ok", |name| {
                Code::from_name(&name)
            })?,
            message: fields.string("message")?.unwrap_or_default(),
            retry_after: fields.millis("retry_after_ms", 0, u64::MAX)?,
        };
        settlement.check()?;
        Ok(settlement)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if self.lease.len() != LEASE_DIGITS || !self.lease.bytes().all(is_digit) {
            let problem = format!("expected the lease of a claim, {LEASE_DIGITS} digits");
            return Err(Error::argument("lease", problem));
        }
        Ok(())
    }
}

const OUTCOMES: &str = "one of: unknown, canceled, already_canceled, not_cancelable, not_applied";

const fn some(text: String) -> Option<String> {
    Some(text)
}

fn required<T>(
    fields: &mut JsonObject,
    name: &str,
    expected: &str,
    read: fn(String) -> Option<T>,
) -> Result<T, Error> {
    let text = fields.string(name)?;
    text.and_then(read).ok_or_else(|| Error::argument(name, format!("expected {expected}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const LEASE: &str = "0123456789abcdef0123456789abcdef";

    fn with(field: &str, value: Value) -> Result<Settlement, Error> {
        let mut settlement = json!({
            "lease": LEASE, "idempotency_key": "key", "outcome": "unknown", "code": "timeout",
        });
        settlement[field] = value;
        Settlement::from_json(&settlement.to_string())
    }

    #[test]
    fn a_settlement_is_read_with_and_without_what_it_need_not_have() {
        let plain = Settlement::new(LEASE, "key", Outcome::Unknown, Code::Timeout);
        assert_eq!(with("message", Value::Null), Ok(plain.clone()));
        let told = Settlement { message: "no response".to_owned(), ..plain.clone() };
        assert_eq!(with("message", json!("no response")), Ok(told));
        let retry_after = Some(Duration::from_secs(2));
        assert_eq!(with("retry_after_ms", json!(2000)), Ok(Settlement { retry_after, ..plain }));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_what_was_expected() {
        for (field, value, expected) in [
            ("lease", Value::Null, "the lease of a claim"),
            ("lease", json!("0123"), "the lease of a claim, 32 digits"),
            ("lease", json!(LEASE.replace('a', "A")), "the lease of a claim, 32 digits"),
            ("idempotency_key", Value::Null, "the entry's key"),
            ("idempotency_key", json!(7), "a string, found 7"),
            ("outcome", Value::Null, OUTCOMES),
            ("outcome", json!("Canceled"), OUTCOMES),
            ("code", Value::Null, "the name of a code, such as ok"),
            ("code", json!("0"), "the name of a code, such as ok"),
            ("message", json!(1), "a string, found 1"),
            ("retry_after_ms", json!(-1), "a whole number"),
            ("state", json!("delivered"), "one of: code, idempotency_key, lease"),
        ] {
            let error = with(field, value).unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArgument, Some(field)));
            assert!(error.message.contains(expected), "{error}");
        }
    }

    #[test]
    fn every_outcome_is_named() {
        let names: Vec<_> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
        assert_eq!(OUTCOMES, format!("one of: {}", names.join(", ")));
        for name in names {
            assert_eq!(with("outcome", json!(name)).unwrap().outcome.name(), name);
        }
    }
}
