//! What a call reports, and its JSON (docs/RESULT.md).

mod advice;
mod bulk;
mod entry;
mod event;
mod folded;
mod status;
#[cfg(test)]
mod troubleshooting;

use std::time::Duration;

use serde::{Serialize, Serializer};

pub(crate) use self::advice::STORED_ERROR;
pub(crate) use self::advice::outbox_advice;
use self::advice::{advice, is_retryable, kept_advice};
pub use self::bulk::{BulkCounts, BulkItemView};
pub use self::entry::{OutboxCounts, OutboxEntry, OutboxState, OutboxView};
pub use self::event::{Event, Level, Observer};
use self::folded::folded;
pub use self::status::Status;
use crate::api::session::CheckoutSession;
use crate::api::{Operation, ProviderError};
use crate::decision::Decision;
use crate::options::Repeat;
use crate::outcome::{Code, Hold, Outcome};
use crate::phase::Phase;
use crate::raw_json::RawJson;

/// The report of one call about a session. What is about no cancel has a [`Status`].
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What is known of the cancel.
    pub outcome: Outcome,
    /// Why.
    pub code: Code,
    /// What is known of the money itself.
    pub hold: Hold,
    /// One line for a log.
    pub message: String,
    /// One line for a person: what to do now.
    pub advice: &'static str,
    /// True if the same call may well go better later, without any change.
    pub retryable: bool,
    /// The session's id as the caller gave it; `None` if it was not usable.
    pub session_id: Option<String>,
    /// The key that every send of this cancel carried; `None` if there was none to send.
    pub idempotency_key: Option<String>,
    /// The options that repeat this cancel; `None` if it need not or cannot be repeated.
    pub repeat: Option<Repeat>,
    /// How long the call took, in whole milliseconds.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
    /// The status of the response to the last attempt, if one came whole.
    pub http_status: Option<u16>,
    /// How long the last response asked to be left alone, in whole milliseconds.
    #[serde(rename = "retry_after_ms", serialize_with = "as_optional_millis")]
    pub retry_after: Option<Duration>,
    /// What the provider said when it last refused.
    pub provider_error: Option<ProviderError>,
    /// Everything that was tried, in order. In JSON, equal attempts in a row that sent nothing are
    /// one.
    #[serde(serialize_with = "folded")]
    pub attempts: Vec<Attempt>,
    /// The session exactly as Flex wrote it.
    #[serde(rename = "checkout_session")]
    pub raw_session: Option<RawJson>,
    /// What a cancel or an enqueue of the outbox says besides; `None` for every other call.
    pub outbox: Option<Box<OutboxView>>,
    /// Which item of a bulk run it is about; `None` for every other call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<BulkItemView>,
}

/// One round trip with the service, or the attempt at one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// What it was for.
    pub operation: Operation,
    /// Why it was made.
    pub reason: &'static str,
    /// How far it came.
    pub phase: Phase,
    /// The status of its response, if one arrived.
    pub http_status: Option<u16>,
    /// What became of it.
    pub code: Code,
    /// When it began, counted from the beginning of the call.
    #[serde(skip)]
    pub started: Duration,
    /// How long it took, in whole milliseconds.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
    /// Flex's name for the round trip (`X-Request-Id`), for a support ticket.
    pub request_id: Option<String>,
}

impl Attempt {
    /// An attempt of which nothing is known but how far it came.
    pub(crate) fn new(operation: Operation, reason: &'static str, phase: Phase) -> Self {
        let (code, elapsed) = (Code::Internal, Duration::ZERO);
        let started = Duration::ZERO;
        Self {
            operation,
            reason,
            phase,
            http_status: None,
            code,
            started,
            elapsed,
            request_id: None,
        }
    }

    /// True if its request got no response, for which its connection may be the reason.
    pub(crate) fn has_lost_its_connection(&self) -> bool {
        self.phase.is_handed_over() && matches!(self.code, Code::Timeout | Code::ConnectionLost)
    }
}

/// Why something was refused before anything was sent.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    /// It names the field and what was expected.
    pub(crate) message: String,
    /// A request of an earlier call may have reached Flex.
    pub(crate) in_doubt: bool,
}

impl Report {
    /// A report without any attempt yet.
    #[inline(never)]
    pub(crate) fn new(operation: Operation, decision: Decision, message: String) -> Self {
        Self {
            outcome: decision.outcome,
            code: decision.code,
            hold: decision.hold,
            message,
            advice: advice(operation, decision.outcome, decision.code),
            retryable: is_retryable(operation, decision.outcome, decision.code),
            session_id: None,
            idempotency_key: None,
            repeat: None,
            elapsed: Duration::ZERO,
            http_status: None,
            retry_after: None,
            provider_error: None,
            attempts: Vec::new(),
            raw_session: None,
            outbox: None,
            item: None,
        }
    }

    /// A report of something refused before anything was sent. Of a cancel that repeats one which
    /// may have reached Flex that does not say that nothing was done.
    #[inline(never)]
    pub(crate) fn refused(operation: Operation, refused: Refused) -> Self {
        let Refused { code, message, in_doubt } = refused;
        let is_unknown = in_doubt && operation == Operation::Cancel;
        let outcome = if is_unknown { Outcome::Unknown } else { Outcome::NotApplied };
        let decision = Decision { outcome, code, hold: Hold::Unknown, reason: "" };
        Self::new(operation, decision, message)
    }

    /// A report of a warm-up, which sends nothing whatever becomes of it.
    pub(crate) fn warm_up(code: Code, message: String) -> Self {
        Self::refused(Operation::Cancel, Refused { code, message, in_doubt: false })
    }

    /// A report without attempts: of a call whose own report was lost, or that made none.
    #[inline(never)]
    pub(crate) fn without_attempts(code: Code, message: &str) -> Self {
        let decision =
            Decision { outcome: Outcome::Unknown, code, hold: Hold::Unknown, reason: "" };
        Self::new(Operation::Cancel, decision, message.to_owned())
    }

    /// The same call's report with what is known of the cancel that the outbox keeps.
    pub(crate) fn with_entry(mut self, outcome: Outcome, code: Code, entry: OutboxEntry) -> Self {
        self.outcome = outcome;
        self.code = code;
        let state = entry.state;
        (self.advice, self.retryable) = match (state, outcome) {
            (OutboxState::Pending, Outcome::Unknown) => (kept_advice(code), true),
            (OutboxState::NeedsAttention | OutboxState::Expired, _) => (outbox_advice(code), false),
            _ => {
                let operation = Operation::Cancel;
                (advice(operation, outcome, code), is_retryable(operation, outcome, code))
            }
        };
        let in_doubt = match outcome {
            Outcome::Unknown => Some(true),
            Outcome::NotApplied => Some(false),
            _ => None,
        };
        self.repeat = in_doubt.map(|in_doubt| Repeat {
            idempotency_key: entry.idempotency_key.clone(),
            in_doubt,
            asked_at_ms: entry.asked_at_ms,
        });
        self.session_id = Some(entry.session_id.clone());
        self.idempotency_key = Some(entry.idempotency_key.clone());
        let view = OutboxView { entry: Some(entry), ..OutboxView::default() };
        self.outbox = Some(Box::new(view));
        self
    }

    /// True if Flex is taken to have stored an error for the key: the same one came to two requests,
    /// one of them an `earlier` one, maybe.
    pub(crate) fn has_stored_error(&self, earlier: bool) -> bool {
        self.stored_errors() + usize::from(earlier) >= 2
    }

    /// How many requests to cancel Flex answered with an error that it may have stored for their
    /// key; none if the session does not show the hold after them.
    fn stored_errors(&self) -> usize {
        let is_held = (self.outcome, self.code, self.hold)
            == (Outcome::Unknown, Code::ServerError, Hold::Held);
        let is_error = |attempt: &&Attempt| {
            attempt.operation == Operation::Cancel && attempt.http_status == Some(500)
        };
        if is_held { self.attempts.iter().filter(is_error).count() } else { 0 }
    }

    /// The report as a JSON object.
    ///
    /// # Errors
    /// None that is known: nothing in a report is hard to write as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let session = self.raw_session.as_ref().map_or("", RawJson::get);
        let mut json = Vec::with_capacity(ROOM_BESIDE_SESSION + session.len());
        serde_json::to_writer(&mut json, self)?;
        String::from_utf8(json).map_err(serde::ser::Error::custom)
    }

    /// The options that repeat this cancel as a JSON object; `None` as [`Report::repeat`] is.
    #[must_use]
    pub fn repeat_json(&self) -> Option<String> {
        // Plain fields, which can always be written.
        serde_json::to_string(self.repeat.as_ref()?).ok()
    }

    /// The session, typed; `None` if the report has none.
    ///
    /// # Errors
    /// If a documented field has an undocumented type. The outcome does not depend on it, and
    /// [`Report::raw_session`] has the bytes.
    pub fn session(&self) -> Option<Result<CheckoutSession, serde_json::Error>> {
        self.raw_session.as_ref().map(|raw| CheckoutSession::from_json(raw.get()))
    }
}

/// What a report's JSON usually takes beside the session, with the NUL that C has behind it.
const ROOM_BESIDE_SESSION: usize = 1024;

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn as_millis<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(millis(*duration))
}

fn as_optional_millis<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(millis).serialize(serializer)
}

#[cfg(test)]
mod tests;
