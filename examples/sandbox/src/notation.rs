//! The parts of a session's JSON that a dialect writes in one way or another.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use crate::axes::{IdCase, Lists, Notation, Progress, Spelling, Times};
use crate::dialect::Dialect;
use crate::id::iso8601;
use crate::intent::{Intent, IntentStatus};
use crate::session::CaptureMethod;

/// An amount of money.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Amount {
    Integer(u64),
    Text(String),
    Decimal(f64),
    Money { amount: u64, currency: &'static str },
    Null,
    Missing,
}

impl Amount {
    pub(crate) fn new(cents: u64, notation: Notation) -> Self {
        match notation {
            Notation::Integers => Amount::Integer(cents),
            Notation::Strings => Amount::Text(cents.to_string()),
            Notation::Decimals => Amount::Decimal(cents as f64),
            Notation::Money => Amount::Money { amount: cents, currency: "usd" },
            Notation::Missing => Amount::Missing,
            Notation::Null => Amount::Null,
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Amount::Missing)
    }
}

/// A list of objects.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum List<T> {
    Array(Vec<T>),
    Object { object: &'static str, data: Vec<T>, has_more: bool },
}

impl<T> List<T> {
    pub(crate) fn new(data: Vec<T>, lists: Lists) -> Self {
        match lists {
            Lists::Arrays | Lists::Absent => List::Array(data),
            Lists::ListObjects => List::Object { object: "list", data, has_more: false },
        }
    }
}

/// An id in the case in which it is shown.
pub(crate) fn id(id: &str, case: IdCase) -> Cow<'_, str> {
    match case {
        IdCase::AsGiven => Cow::Borrowed(id),
        IdCase::Lower => Cow::Owned(id.to_ascii_lowercase()),
    }
}

pub(crate) fn canceled(spelling: Spelling) -> &'static str {
    match spelling {
        Spelling::Us => "canceled",
        Spelling::Uk => "cancelled",
    }
}

fn intent_status(intent: &Intent, dialect: Dialect) -> &'static str {
    let is_leaving = intent.is_held() && intent.cancel_coming.is_some();
    if is_leaving && dialect.progress == Progress::Processing {
        return "processing";
    }
    match intent.status {
        IntentStatus::RequiresPaymentMethod => "requires_payment_method",
        IntentStatus::RequiresCapture => "requires_capture",
        IntentStatus::PartiallyCaptured => "partially_captured",
        IntentStatus::Succeeded => "succeeded",
        IntentStatus::Canceled => canceled(dialect.spelling),
    }
}

/// A charge of a payment intent.
#[derive(Serialize)]
struct ChargeView {
    amount: u64,
    created_at: String,
}

/// An authorization of a payment intent.
#[derive(Serialize)]
struct AuthorizationView {
    amount: u64,
    authorized_at: String,
}

/// A payment intent as an expanded field shows it.
#[derive(Serialize)]
pub(crate) struct IntentView<'a> {
    payment_intent_id: Cow<'a, str>,
    amount: Amount,
    #[serde(skip_serializing_if = "Amount::is_missing")]
    amount_capturable: Amount,
    #[serde(skip_serializing_if = "Amount::is_missing")]
    amount_received: Amount,
    capture_method: CaptureMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorized_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charges: Option<List<ChargeView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizations: Option<List<AuthorizationView>>,
    currency: &'static str,
    customer: &'a str,
    status: &'static str,
    test_mode: bool,
}

impl<'a> IntentView<'a> {
    pub(crate) fn new(
        intent: &'a Intent,
        customer: &'a str,
        test_mode: bool,
        dialect: Dialect,
        epoch_s: u64,
    ) -> Self {
        let Dialect { notation, times, .. } = dialect;
        let time = |moment: Duration| iso8601(epoch_s + moment.as_secs());
        // What was paid for is known even where nothing else is.
        let amount = if notation == Notation::Missing { Notation::Integers } else { notation };
        let shows_changes = times == Times::Updated;
        let shows_creation = matches!(times, Times::Full | Times::Created | Times::Updated);
        let charge = |at| ChargeView { amount: intent.amount, created_at: time(at) };
        let charges = || intent.authorized_at.map(charge).into_iter().collect();
        let authorization =
            |at| AuthorizationView { amount: intent.amount, authorized_at: time(at) };
        let authorizations = || intent.authorized_at.map(authorization).into_iter().collect();
        IntentView {
            payment_intent_id: id(&intent.id, dialect.id_case),
            amount: Amount::new(intent.amount, amount),
            amount_capturable: Amount::new(intent.amount_capturable(), notation),
            amount_received: Amount::new(intent.amount_received, notation),
            capture_method: intent.capture_method,
            created_at: shows_creation.then(|| time(intent.created_at)),
            updated_at: shows_changes.then(|| time(intent.updated_at)),
            authorized_at: intent.authorized_at.filter(|_| shows_changes).map(time),
            charges: (times == Times::Charges).then(|| List::new(charges(), dialect.lists)),
            authorizations: (times == Times::Authorizations)
                .then(|| List::new(authorizations(), dialect.lists)),
            currency: "usd",
            customer,
            status: intent_status(intent, dialect),
            test_mode,
        }
    }
}
