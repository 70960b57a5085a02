//! An entry of the outbox, and what a result says of the outbox (docs/RESULT.md).

use serde::Serialize;

use crate::outcome::{Code, Outcome};

/// Where an entry stands. All but [`OutboxState::Pending`] are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutboxState {
    /// Is still to be delivered.
    Pending,
    /// The hold is released.
    Delivered,
    /// There is no hold to release, or Flex refuses the cancel.
    Refused,
    /// The time to deliver it ran out, and no request of it ever reached the network.
    Expired,
    /// A person must look: it must not be delivered, or what became of it cannot be found out.
    NeedsAttention,
}

impl OutboxState {
    /// Every state.
    pub const ALL: &'static [Self] =
        &[Self::Pending, Self::Delivered, Self::Refused, Self::Expired, Self::NeedsAttention];

    /// The name that JSON and the file show. Never changed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::NeedsAttention => "needs_attention",
        }
    }

    /// The state with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }

    /// True if the state never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending)
    }
}

/// One cancel that the outbox keeps. Points in time are Unix milliseconds of this machine's
/// clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutboxEntry {
    /// Its number in the file.
    pub id: i64,
    /// The session to cancel.
    pub session_id: String,
    /// The one key that every send carries.
    pub idempotency_key: String,
    /// Related objects to have in full in Flex's answer.
    pub expand: Vec<String>,
    /// `test` or `live`; `None` if the client that made it did not know.
    pub mode: Option<&'static str>,
    /// The service that it is for; a client of another one does not deliver it.
    pub base_url: String,
    /// Where it stands.
    pub state: OutboxState,
    /// When it was made.
    pub created_ms: i64,
    /// When the cancel was asked for: a hold that is newer is not released.
    pub asked_at_ms: i64,
    /// After this it is not delivered any more.
    pub not_after_ms: i64,
    /// When the next flush that comes may try it; `None` if final.
    pub next_try_ms: Option<i64>,
    /// How often it was tried.
    pub attempts: u32,
    /// How many tries may have reached Flex without a clear response, with those before the outbox.
    pub unclear: u32,
    /// True while somebody delivers it.
    pub in_delivery: bool,
    /// The outcome of the last try.
    pub last_outcome: Option<Outcome>,
    /// Why.
    pub last_code: Option<Code>,
    /// The same in words.
    pub last_message: Option<String>,
    /// When it became final.
    pub ended_ms: Option<i64>,
    /// When a person acknowledged it.
    pub acknowledged_ms: Option<i64>,
    /// The lease under which it was handed over; `None` but in what a claim gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// Whether a request before the claim may have reached Flex; `None` but in what a claim gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<bool>,
}

/// How many entries there are, of every service and mode together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutboxCounts {
    /// In state [`OutboxState::Pending`].
    pub pending: u64,
    /// In state [`OutboxState::Delivered`].
    pub delivered: u64,
    /// In state [`OutboxState::Refused`].
    pub refused: u64,
    /// In state [`OutboxState::Expired`].
    pub expired: u64,
    /// In state [`OutboxState::NeedsAttention`].
    pub needs_attention: u64,
    /// Refused, expired or in need of attention, and not acknowledged: for a person.
    pub worklist: u64,
    /// Pending, for this client's service and mode, and to be tried now.
    pub due: u64,
    /// Pending, but for another service or mode: this client does not deliver them.
    pub foreign: u64,
    /// When the oldest pending one was made.
    pub oldest_pending_ms: Option<i64>,
}

/// What the result of an outbox's operation says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutboxView {
    /// The entry that an operation on one entry was about.
    pub entry: Option<OutboxEntry>,
    /// The entries that a list found, that a flush tried, or that a claim took, in order.
    pub entries: Vec<OutboxEntry>,
    /// How many entries there are now, after a flush and for stats.
    pub counts: Option<OutboxCounts>,
}
