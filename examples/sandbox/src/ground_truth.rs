//! What really happened to a session, whatever the dialect shows of it.

use std::time::Duration;

use serde::Serialize;

use crate::intent::{Intent, IntentStatus};
use crate::keys::Mode;
use crate::session::{Session, Status};

/// What the money of a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// Nothing was ever held or taken.
    None,
    /// Some of it is held on the shopper's card, whatever else was captured before.
    Held,
    /// It was held, and all of it was released.
    Released,
    /// It, or part of it, was taken, and nothing is held.
    Captured,
}

/// A cancel that took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppliedCancel {
    /// The number of the request that asked for it (`X-Request-Id: req_N`).
    pub request: u64,
    /// The request's `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// When it took effect, in milliseconds since the start.
    pub at_ms: u64,
    /// The ids of the payment intents that it released; none if the session was unpaid.
    pub released: Vec<String>,
}

/// A hold, or the rest of one, that was released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The id of its payment intent.
    pub intent: String,
    /// When the hold was made, in milliseconds since the start.
    pub authorized_at_ms: u64,
    /// What was released.
    pub amount: u64,
    /// When it was released, in milliseconds since the start.
    pub at_ms: u64,
    /// The number of the request whose cancel released it; none if it lapsed.
    pub request: Option<u64>,
    /// That request's `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

/// A payment intent as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntentGroundTruth {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: IntentStatus,
    /// What the shopper agreed to pay.
    pub amount: u64,
    /// What is held.
    pub amount_capturable: u64,
    /// What was taken.
    pub amount_received: u64,
    /// When its present or last hold was made, in milliseconds since the start; none if the
    /// shopper has never paid.
    pub authorized_at_ms: Option<u64>,
}

/// What really happened to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroundTruth {
    /// The session's id.
    pub session_id: String,
    /// Whether it lives in test mode.
    pub test_mode: bool,
    /// What its money is doing.
    pub hold: Hold,
    /// Its real status; the dialect may show another one.
    pub status: Status,
    /// What was taken in all.
    pub amount_captured: u64,
    /// What was given back of that.
    pub amount_refunded: u64,
    /// How many requests to cancel it arrived with a valid key of its mode, replays included.
    pub cancels_received: u64,
    /// How many cancels were acknowledged and have yet to take effect. They will, unless the
    /// dialect is [`crate::Acknowledgement::BestEffort`].
    pub cancels_pending: u64,
    /// The cancels that took effect, in order.
    pub cancels_applied: Vec<AppliedCancel>,
    /// How many answers about it came from the store of idempotency keys.
    pub replays: u64,
    /// Its payment intents, oldest first.
    pub intents: Vec<IntentGroundTruth>,
    /// The holds that were released, in order, whether canceled or lapsed. What a partial capture
    /// gives up is not among them.
    pub releases: Vec<Release>,
}

impl GroundTruth {
    /// The holds that the cancels with this `Idempotency-Key` released.
    pub fn released_with_key<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Release> {
        self.releases.iter().filter(move |it| it.idempotency_key.as_deref() == Some(key))
    }
}

impl Session {
    pub(crate) fn ground_truth(&self) -> GroundTruth {
        let intents = self.intents.iter().map(|intent| IntentGroundTruth {
            id: intent.id.clone(),
            status: intent.status,
            amount: intent.amount,
            amount_capturable: intent.amount_capturable(),
            amount_received: intent.amount_received,
            authorized_at_ms: intent.authorized_at.map(ms),
        });
        GroundTruth {
            session_id: self.id.clone(),
            test_mode: self.mode == Mode::Test,
            hold: self.hold(),
            status: self.status,
            amount_captured: self.amount_captured(),
            amount_refunded: self.amount_refunded(),
            cancels_received: self.cancels_received,
            cancels_pending: self.cancels_pending,
            cancels_applied: self.cancels_applied.clone(),
            replays: self.replays,
            intents: intents.collect(),
            releases: self.releases.clone(),
        }
    }

    fn hold(&self) -> Hold {
        if self.intents.iter().any(Intent::is_held) {
            Hold::Held
        } else if self.has_captured() {
            Hold::Captured
        } else if self.was_authorized() {
            Hold::Released
        } else {
            Hold::None
        }
    }
}

/// A time since the start in milliseconds.
pub(crate) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
