//! The facts of a session that decide a cancel, as one response shows them.
//!
//! Flex's documentation is silent about much of this, so the reader is lenient: amounts may be
//! numbers, decimals, strings or money objects, and lists may be list objects. What cannot be read
//! hides evidence; it never makes a response unreadable, except the session's own id.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Error, Value, from_str};

use crate::raw_json::RawJson;

/// A session as one response showed it.
#[derive(Debug)]
pub(crate) struct ParsedSession {
    pub(crate) facts: SessionFacts,
    /// The session exactly as Flex wrote it.
    pub(crate) raw: RawJson,
}

/// The few facts that decide.
#[derive(Clone, Debug)]
pub(crate) struct SessionFacts {
    /// True if it is the session that was asked for.
    pub(crate) is_asked_for: bool,
    pub(crate) status: SessionStatus,
    pub(crate) test_mode: Option<bool>,
    pub(crate) amount_total: Amount,
    pub(crate) amount_received: Amount,
    /// True if a capture is listed.
    pub(crate) has_captures: bool,
    /// True if the response reports an error beside the session or in it.
    pub(crate) has_errors: bool,
    pub(crate) intents: Intents,
}

/// A session's `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
    Canceled,
    /// Not in the response.
    Absent,
    /// A value that Flex does not document.
    Undocumented,
}

/// The payment intents of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Intents {
    /// Those that are shown in full.
    pub(crate) full: Vec<IntentFacts>,
    /// True if there are, or may be, others: bare ids, unreadable entries, or no list at all.
    pub(crate) has_hidden: bool,
    /// True if the list has one payment intent and no other, in full or as a bare id.
    pub(crate) is_single: bool,
}

/// A payment intent that is shown in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IntentFacts {
    pub(crate) status: IntentStatus,
    pub(crate) amount: Amount,
    pub(crate) amount_capturable: Amount,
    pub(crate) amount_received: Amount,
}

/// A payment intent's `status`, as far as it decides anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IntentStatus {
    RequiresPaymentMethod,
    RequiresCapture,
    Succeeded,
    Canceled,
    /// Any other, or none.
    Other,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Amount {
    Absent,
    /// In thousandths of the unit that the response uses. Never negative.
    Of(i64),
    Unreadable,
}

/// The members of a session that decide. Each may be there once; a list is no session.
#[derive(Deserialize)]
struct SessionJson<'a> {
    #[serde(borrow)]
    checkout_session_id: Cow<'a, str>,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    test_mode: Value,
    #[serde(default)]
    amount_total: Value,
    #[serde(default)]
    amount_received: Value,
    #[serde(default, deserialize_with = "given")]
    payment_intent: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    payment_intents: Option<Value>,
    #[serde(default)]
    captures: Value,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    errors: Value,
}

/// A member that is given, also one that is null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl SessionFacts {
    /// Reads them from what should be the session with this id.
    pub(crate) fn read(asked_for: &str, session: &str) -> Result<Self, Error> {
        let session: SessionJson<'_> = from_str(session)?;
        Ok(Self {
            is_asked_for: is_same_id(asked_for, Some(&session.checkout_session_id)),
            status: SessionStatus::of(&session.status),
            test_mode: match &session.test_mode {
                Value::Bool(is_test) => Some(*is_test),
                other => other.as_str().and_then(|text| text.parse().ok()),
            },
            amount_total: Amount::of(Some(&session.amount_total)),
            amount_received: Amount::of(Some(&session.amount_received)),
            has_captures: is_filled(&session.captures),
            has_errors: is_filled(&session.error) || is_filled(&session.errors),
            intents: Intents::of(session.payment_intent.as_ref(), session.payment_intents.as_ref()),
        })
    }
}

/// True unless it says that there is nothing: null, false, or empty.
pub(crate) fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => match object.get("data") {
            Some(Value::Array(list)) => !list.is_empty(),
            _ => !object.is_empty(),
        },
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// The elements of a list, or of a list object; and whether they are all there are.
pub(crate) fn elements(value: &Value) -> Option<(&[Value], bool)> {
    match value {
        Value::Array(list) => Some((list, true)),
        Value::Object(object) => {
            let list = object.get("data")?.as_array()?;
            Some((list, object.get("has_more").is_none_or(|more| !is_filled(more))))
        }
        _ => None,
    }
}

/// The id of a payment intent that is shown in full.
pub(crate) fn intent_id(intent: &Value) -> Option<&str> {
    intent.get("payment_intent_id").or_else(|| intent.get("id"))?.as_str()
}

/// True if the two are one id: ids are also seen in another case.
pub(crate) fn is_same_id(one: &str, other: Option<&str>) -> bool {
    other.is_some_and(|other| one.eq_ignore_ascii_case(other))
}

impl SessionStatus {
    fn of(status: &Value) -> Self {
        match status {
            Value::Null => Self::Absent,
            Value::String(word) => match word.as_str() {
                "open" => Self::Open,
                "complete" => Self::Complete,
                "expired" => Self::Expired,
                "canceled" | "cancelled" => Self::Canceled,
                _ => Self::Undocumented,
            },
            _ => Self::Undocumented,
        }
    }
}

impl Intents {
    fn of<'a>(one: Option<&'a Value>, list: Option<&'a Value>) -> Self {
        let listed = list.and_then(elements);
        // A field that is there and null says that there is none; a field that is absent hides it.
        let mut has_hidden = match (&listed, one) {
            (Some((_, is_whole)), _) => !is_whole,
            (None, one) => one.is_none() || list.is_some_and(|list| !list.is_null()),
        };
        let listed = listed.map_or(&[][..], |(list, _)| list);
        let all = || listed.iter().chain(one.filter(|one| !one.is_null()));
        let is_in_full = |id: &str| all().any(|other| is_same_id(id, intent_id(other)));
        let mut full = Vec::new();
        for intent in all() {
            match intent {
                Value::Object(_) => full.push(IntentFacts::of(intent)),
                Value::String(id) if is_in_full(id) => {}
                _ => has_hidden = true,
            }
        }
        let id_of = |intent: &'a Value| intent.as_str().or_else(|| intent_id(intent));
        let is_single = listed.len() == 1
            && id_of(&listed[0]).is_some_and(|id| all().all(|other| is_same_id(id, id_of(other))));
        Self { full, has_hidden, is_single }
    }
}

impl IntentFacts {
    fn of(intent: &Value) -> Self {
        Self {
            status: match intent.get("status").and_then(Value::as_str) {
                Some("requires_payment_method") => IntentStatus::RequiresPaymentMethod,
                Some("requires_capture") => IntentStatus::RequiresCapture,
                Some("succeeded") => IntentStatus::Succeeded,
                Some("canceled" | "cancelled") => IntentStatus::Canceled,
                _ => IntentStatus::Other,
            },
            amount: Amount::of(intent.get("amount")),
            amount_capturable: Amount::of(intent.get("amount_capturable")),
            amount_received: Amount::of(intent.get("amount_received")),
        }
    }
}

impl Amount {
    pub(crate) fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Absent,
            Some(Value::Number(number)) => Self::of_number(number.as_f64()),
            Some(Value::String(text)) => Self::of_number(text.trim().parse().ok()),
            Some(Value::Object(money)) => {
                match money.get("amount").or_else(|| money.get("value")) {
                    Some(inner) if !inner.is_object() && !inner.is_null() => Self::of(Some(inner)),
                    _ => Self::Unreadable,
                }
            }
            Some(_) => Self::Unreadable,
        }
    }

    fn of_number(number: Option<f64>) -> Self {
        const LARGEST: f64 = 1e15;
        match number {
            // A cast of what is not negative and below the bound is exact to a thousandth.
            Some(number) if (0.0..=LARGEST).contains(&number) => {
                Self::Of((number * 1000.0).ceil() as i64)
            }
            _ => Self::Unreadable,
        }
    }

    pub(crate) const fn is_positive(self) -> bool {
        matches!(self, Self::Of(amount) if amount > 0)
    }

    /// True if both are known, and the same.
    pub(crate) const fn is(self, other: Self) -> bool {
        matches!((self, other), (Self::Of(this), Self::Of(other)) if this == other)
    }

    /// True if it is not nothing, and no less than the other one.
    pub(crate) const fn covers(self, other: Self) -> bool {
        matches!((self, other), (Self::Of(this), Self::Of(other)) if this > 0 && this >= other)
    }

    /// True if it says, or does not contradict, that there is none.
    pub(crate) const fn is_none_shown(self) -> bool {
        matches!(self, Self::Absent | Self::Of(0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_meant() {
        for (value, amount) in [
            (json!(0), Amount::Of(0)),
            (json!(4999), Amount::Of(4_999_000)),
            (json!(49.99), Amount::Of(49_990)),
            (json!("0"), Amount::Of(0)),
            (json!("0.00"), Amount::Of(0)),
            (json!(" 4999 "), Amount::Of(4_999_000)),
            (json!({"amount": "49.99", "currency": "usd"}), Amount::Of(49_990)),
            (json!({"value": 0}), Amount::Of(0)),
            (json!(null), Amount::Absent),
            (json!(-1), Amount::Unreadable),
            (json!(1e300), Amount::Unreadable),
            (json!("NaN"), Amount::Unreadable),
            (json!("some"), Amount::Unreadable),
            (json!({"currency": "usd"}), Amount::Unreadable),
            (json!([1]), Amount::Unreadable),
            (json!(true), Amount::Unreadable),
        ] {
            assert_eq!(Amount::of(Some(&value)), amount, "{value}");
        }
        assert!(Amount::of(Some(&json!(0.0001))).is_positive(), "rounded up, never to nothing");
    }

    #[test]
    fn intents_may_be_a_list_or_a_list_object_and_an_id_shown_in_full_is_not_hidden() {
        let full = json!({"payment_intent_id": "fpi_1", "status": "canceled"});
        for (one, list, count, has_hidden) in [
            (None, None, 0, true),
            (Some(json!(null)), None, 0, false),
            (None, Some(json!([])), 0, false),
            (None, Some(json!(null)), 0, true),
            (Some(json!("fpi_1")), Some(json!([])), 0, true),
            (Some(json!("FPI_1")), Some(json!([full])), 1, false),
            (Some(json!("fpi_2")), Some(json!([full])), 1, true),
            (Some(full.clone()), Some(json!({"object": "list", "data": [full]})), 2, false),
            (None, Some(json!({"data": [full], "has_more": true})), 1, true),
            (None, Some(json!([7])), 0, true),
            (None, Some(json!("fpi_1")), 0, true),
        ] {
            let intents = Intents::of(one.as_ref(), list.as_ref());
            let found = (intents.full.len(), intents.has_hidden);
            assert_eq!(found, (count, has_hidden), "{one:?} {list:?}");
        }
    }

    #[test]
    fn an_error_is_one_unless_it_is_empty() {
        for (value, filled) in [
            (json!(null), false),
            (json!(false), false),
            (json!([]), false),
            (json!({}), false),
            (json!(""), false),
            (json!({"data": []}), false),
            (json!("void failed"), true),
            (json!([{"code": "x"}]), true),
            (json!({"code": "x"}), true),
        ] {
            assert_eq!(is_filled(&value), filled, "{value}");
        }
    }
}
