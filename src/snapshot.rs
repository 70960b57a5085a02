//! A session as one answer showed it: the facts that the judge reads, and Flex's own bytes.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Error, from_str};

use crate::json::{Members, RawJson, boolean, integer, text};
use crate::outcome::Hold;

/// One answer's session.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) facts: Facts,
    /// The session exactly as Flex wrote it.
    pub(crate) raw: RawJson,
}

/// The few fields that decide. A wrong type or a repeated key in one of them makes the whole
/// answer unreadable; every other field may hold anything.
#[derive(Debug)]
pub(crate) struct Facts {
    /// True if it is the session that was asked for.
    pub(crate) is_asked_for: bool,
    status: Status,
    pub(crate) test_mode: Option<bool>,
    amount_received: Option<i64>,
    payment_intent: Option<IntentRef>,
    payment_intents: Option<Vec<IntentRef>>,
}

/// A session's status, as far as it decides anything.
#[derive(Clone, Copy, Debug)]
enum Status {
    Canceled,
    Expired,
    Open,
    /// Any other, or none.
    Other,
}

/// A payment intent, in full or by its id alone.
#[derive(Debug)]
enum IntentRef {
    Full(Intent),
    Id,
}

#[derive(Debug, Deserialize)]
struct Intent {
    status: Option<String>,
    amount_capturable: Option<i64>,
    amount_received: Option<i64>,
}

/// Where the money of a session is, as far as one answer shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A payment intent still holds money.
    Held,
    /// The same, and money was taken besides.
    HeldAndTaken,
    /// Money was taken, and no payment intent holds any.
    Captured,
    /// Every payment intent is canceled, or the session's status says so.
    Canceled,
    /// The session expired and nothing was taken.
    Expired,
    /// Nobody has paid, and somebody still may.
    Open,
    /// Money was taken; whether more is held, the answer does not show.
    Taken,
    /// The answer does not show it: payment intents as bare ids beside a status that does not
    /// decide, or a status that is not known here.
    Hidden,
}

impl Standing {
    pub(crate) const fn is_held(self) -> bool {
        matches!(self, Self::Held | Self::HeldAndTaken)
    }

    /// True if money was taken, now or on an earlier hold.
    pub(crate) const fn is_taken(self) -> bool {
        matches!(self, Self::HeldAndTaken | Self::Captured | Self::Taken)
    }

    pub(crate) const fn hold(self) -> Hold {
        match self {
            Self::Held | Self::HeldAndTaken => Hold::Held,
            Self::Captured => Hold::Captured,
            Self::Canceled => Hold::Released,
            Self::Expired | Self::Open => Hold::None,
            Self::Taken | Self::Hidden => Hold::Unknown,
        }
    }
}

impl Facts {
    /// Reads them from what should be the session with this id, to its end.
    pub(crate) fn read(asked_for: &str, session: &mut Members<'_, '_>) -> Result<Self, Error> {
        const ID: &str = "checkout_session_id";
        let (mut id, mut status, mut test_mode, mut received) = (None, None, None, None);
        let (mut intent, mut intents) = (None, None);
        while let Some(key) = session.next_key()? {
            match &*key {
                ID => session.once(ID, &mut id, text)?,
                "status" => session.once("status", &mut status, text)?,
                "test_mode" => session.once("test_mode", &mut test_mode, boolean)?,
                "amount_received" => session.once("amount_received", &mut received, integer)?,
                "payment_intent" => session.once("payment_intent", &mut intent, from_str)?,
                "payment_intents" => session.once("payment_intents", &mut intents, from_str)?,
                _ => session.skip()?,
            }
        }
        let id = id.flatten().ok_or_else(|| Error::missing_field(ID))?;
        Ok(Self {
            is_asked_for: id == asked_for,
            status: Status::of(status.flatten().as_deref()),
            test_mode: test_mode.flatten(),
            amount_received: received.flatten(),
            payment_intent: intent.flatten(),
            payment_intents: intents.flatten(),
        })
    }

    /// Reads where the money is. Payment intents are better evidence than `status`, which Flex
    /// does not document for a canceled session; and a bare id may hold money, whatever else
    /// was taken.
    pub(crate) fn standing(&self) -> Standing {
        if self.shows_money_held() {
            let took = self.shows_money_taken();
            return if took { Standing::HeldAndTaken } else { Standing::Held };
        }
        let are_shown = self.refs().all(|intent| intent.full().is_some());
        if are_shown && self.shows_money_taken() {
            return Standing::Captured;
        }
        let has_intents = self.refs().next().is_some();
        if has_intents && are_shown && self.intents().all(|intent| intent.is("canceled")) {
            return Standing::Canceled;
        }
        match self.status {
            _ if self.shows_money_taken() => Standing::Taken,
            Status::Canceled => Standing::Canceled,
            Status::Expired => Standing::Expired,
            Status::Open if are_shown => Standing::Open,
            Status::Open | Status::Other => Standing::Hidden,
        }
    }

    /// True if the answer shows money held.
    pub(crate) fn shows_money_held(&self) -> bool {
        self.intents().any(Intent::holds_money)
    }

    /// True if the answer shows money taken, whatever else is held.
    pub(crate) fn shows_money_taken(&self) -> bool {
        is_positive(self.amount_received) || self.intents().any(Intent::took_money)
    }

    fn refs(&self) -> impl Iterator<Item = &IntentRef> {
        self.payment_intents.iter().flatten().chain(&self.payment_intent)
    }

    fn intents(&self) -> impl Iterator<Item = &Intent> {
        self.refs().filter_map(IntentRef::full)
    }
}

impl Status {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("canceled" | "cancelled") => Self::Canceled,
            Some("expired") => Self::Expired,
            Some("open") => Self::Open,
            _ => Self::Other,
        }
    }
}

/// By hand, because a derived reader would take an array for an object.
impl<'de> Deserialize<'de> for IntentRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RefVisitor;

        impl<'de> Visitor<'de> for RefVisitor {
            type Value = IntentRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a payment intent or its id")
            }

            fn visit_str<E>(self, _: &str) -> Result<IntentRef, E> {
                Ok(IntentRef::Id)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<IntentRef, A::Error> {
                Intent::deserialize(MapAccessDeserializer::new(map)).map(IntentRef::Full)
            }
        }

        deserializer.deserialize_any(RefVisitor)
    }
}

impl IntentRef {
    fn full(&self) -> Option<&Intent> {
        match self {
            Self::Full(intent) => Some(intent),
            Self::Id => None,
        }
    }
}

impl Intent {
    fn is(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }

    fn holds_money(&self) -> bool {
        self.is("requires_capture") || is_positive(self.amount_capturable)
    }

    fn took_money(&self) -> bool {
        self.is("succeeded") || is_positive(self.amount_received)
    }
}

fn is_positive(amount: Option<i64>) -> bool {
    amount.is_some_and(|amount| amount > 0)
}
