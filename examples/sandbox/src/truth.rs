//! What really happened to a session, whatever the dialect shows of it.

use serde::Serialize;

use crate::intent::IntentStatus;
use crate::session::Status;

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
}

/// A payment intent as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntentTruth {
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
}

/// What really happened to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
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
    /// How many cancels were acknowledged and have yet to take effect. They will.
    pub cancels_pending: u64,
    /// The cancels that took effect, in order.
    pub cancels_applied: Vec<AppliedCancel>,
    /// How many answers about it came from the store of idempotency keys.
    pub replays: u64,
    /// Its payment intents, oldest first.
    pub intents: Vec<IntentTruth>,
}
