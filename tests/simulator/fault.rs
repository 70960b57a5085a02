//! What may go wrong with one round trip.

use std::time::Duration;

use flexcancel::Code;

use super::refusal;

/// What goes wrong with a round trip.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    CannotConnect(Code),
    ConnectHangs,
    Down,
    RequestLost,
    AnswerLost,
    Late,
    /// The request is executed twice, and answered the first time.
    Duplicate,
    /// The request is executed twice, and answered the second time.
    DuplicateAnsweredSecond,
    /// A read is answered with an earlier response, and a header says so.
    Cached,
    /// A read is answered with an earlier response, and only its `Date` tells.
    CachedWithOldDate,
    /// The machine sleeps while the response is on its way.
    Sleeps(Duration),
    Answer(Answered, Effect),
    /// One of the refusals that `refusal` makes.
    Refusal,
}

/// A response that is not what Flex's model said.
#[derive(Clone, Copy, Debug)]
pub enum Answered {
    Status(u16, &'static str),
    /// The same, with the code `checkout_session_canceled`; only where that is so.
    SaysCanceled(u16, &'static str),
    RetryAfter(u16, u64),
    Truncated,
    OtherSession,
    Empty,
    Redirect,
    /// The session as it was before the request.
    Unchanged(u16),
    /// The same, with `errors` beside it.
    UnchangedWithErrors,
    /// The same, with this status and nothing that tells of money.
    ShowsStatus(&'static str),
    /// The same, with its payment intent in full in this status.
    ShowsIntent(&'static str),
    /// The same, with a capture listed though no amount was received.
    ShowsCapture,
    /// A stored 200 for a cancel of long ago, marked as replayed.
    Replayed,
    /// The same from a cache, with an `Age`.
    Cached,
    /// The same from a cache, with a `Date` of an hour ago.
    CachedWithOldDate,
    /// The session as it is, with `payment_intent` null and no list of payment intents.
    ShowsNoIntent,
    /// The session as it is, with amounts that cannot be read.
    ShowsNoAmounts,
}

impl Answered {
    /// True if only a cancel is ever answered so.
    pub fn is_for_cancels(self) -> bool {
        use self::Answered::{
            Cached, CachedWithOldDate, Replayed, ShowsCapture, ShowsIntent, ShowsStatus,
        };
        let is_stored = matches!(self, Replayed | Cached | CachedWithOldDate);
        is_stored || matches!(self, ShowsCapture | ShowsIntent(_) | ShowsStatus(_))
    }

    /// True if it shows the session as it is.
    pub fn is_true(self) -> bool {
        matches!(self, Self::Unchanged(_) | Self::UnchangedWithErrors)
    }
}

/// Whether Flex acted before that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Before,
    None,
    Later,
}

/// A fault and its name.
pub type Named = (&'static str, Fault);

/// The faults that the simulator has always had.
pub const CLASSIC: &[Named] = {
    use Answered::{Empty, OtherSession, Redirect, RetryAfter, Status, Truncated};
    use Effect::{Before, Later, None};
    &[
        ("dns fails", Fault::CannotConnect(Code::Dns)),
        ("connection refused", Fault::CannotConnect(Code::Connect)),
        ("reset in the handshake", Fault::CannotConnect(Code::ConnectionLost)),
        ("bad certificate", Fault::CannotConnect(Code::Tls)),
        ("connect hangs", Fault::ConnectHangs),
        ("service goes down", Fault::Down),
        ("request lost", Fault::RequestLost),
        ("answer lost", Fault::AnswerLost),
        ("request late", Fault::Late),
        ("request late", Fault::Late),
        ("request executed twice", Fault::Duplicate),
        ("500 before the effect", Fault::Answer(Status(500, "{}"), None)),
        ("500 after the effect", Fault::Answer(Status(500, "{}"), Before)),
        ("502 and a late effect", Fault::Answer(Status(502, "<html>"), Later)),
        ("503 with Retry-After", Fault::Answer(RetryAfter(503, 1), None)),
        ("504 after the effect", Fault::Answer(Status(504, ""), Before)),
        ("429 with Retry-After", Fault::Answer(RetryAfter(429, 1), None)),
        ("429 with a long Retry-After", Fault::Answer(RetryAfter(429, 3600), None)),
        ("408", Fault::Answer(Status(408, "{}"), Later)),
        ("409 in progress", Fault::Answer(Status(409, IN_PROGRESS), Later)),
        ("answer truncated", Fault::Answer(Truncated, Before)),
        ("another session's answer", Fault::Answer(OtherSession, None)),
        ("2xx and an empty body", Fault::Answer(Empty, Before)),
        ("redirect", Fault::Answer(Redirect, None)),
    ]
};

const IN_PROGRESS: &str = r#"{"error":{"code":"idempotency_in_progress","message":"try later"}}"#;
pub const FIELD_REQUIRED: &str =
    r#"{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"}]}"#;
pub const FAILED: &str = r#"{"detail":"Something failed"}"#;
pub const HTML: &str = "<html><body>Request blocked</body></html>";
pub const LOCK_TIMEOUT: &str = r#"{"error":{"code":"lock_timeout","message":"try again"}}"#;
pub const UNAUTHORIZED: &str = r#"{"error":{"code":"unauthorized","message":"no valid key"}}"#;
pub const FORBIDDEN: &str = r#"{"error":{"code":"forbidden","message":"not this session"}}"#;
pub const NOT_FOUND: &str =
    r#"{"error":{"code":"checkout_session_not_found","message":"no such session"}}"#;

/// One of the refusals that are made of a code, a shape and a status. It is listed so often that
/// every fourth fault is one.
const REFUSAL: Named = ("drawn refusal", Fault::Refusal);

/// The faults of the worlds outside that list.
pub const WIDE: &[Named] = {
    use Answered::{
        Cached, Replayed, RetryAfter, ShowsCapture, ShowsIntent, ShowsStatus, Status, Unchanged,
        UnchangedWithErrors,
    };
    use Effect::{Before, Later, None};
    &[
        ("202 and no effect", Fault::Answer(Unchanged(202), None)),
        ("202 after the effect", Fault::Answer(Unchanged(202), Before)),
        ("202 and a late effect", Fault::Answer(Unchanged(202), Later)),
        ("203 and no effect", Fault::Answer(Unchanged(203), None)),
        ("203 and a late effect", Fault::Answer(Unchanged(203), Later)),
        ("206 and no effect", Fault::Answer(Unchanged(206), None)),
        ("206 after the effect", Fault::Answer(Unchanged(206), Before)),
        ("200 with errors beside the session", Fault::Answer(UnchangedWithErrors, None)),
        ("200 with an unlisted session status", Fault::Answer(ShowsStatus("canceling"), None)),
        ("200 with an intent in processing", Fault::Answer(ShowsIntent("processing"), None)),
        ("200 and late, an intent in processing", Fault::Answer(ShowsIntent("processing"), Later)),
        ("200 with an authorized intent", Fault::Answer(ShowsIntent("authorized"), None)),
        ("200 with requires_action", Fault::Answer(ShowsIntent("requires_action"), None)),
        ("200 with an unlisted intent status", Fault::Answer(ShowsIntent("reviewing"), None)),
        ("200 with a capture listed", Fault::Answer(ShowsCapture, None)),
        ("403 in HTML after the effect", Fault::Answer(Status(403, HTML), Before)),
        ("403 in HTML and a late effect", Fault::Answer(Status(403, HTML), Later)),
        ("403 in HTML without effect", Fault::Answer(Status(403, HTML), None)),
        ("404 in HTML without effect", Fault::Answer(Status(404, HTML), None)),
        ("400 without a code after the effect", Fault::Answer(Status(400, FAILED), Before)),
        ("400 without a code and a late effect", Fault::Answer(Status(400, FAILED), Later)),
        ("400 without a code or effect", Fault::Answer(Status(400, FAILED), None)),
        ("422 of FastAPI after the effect", Fault::Answer(Status(422, FIELD_REQUIRED), Before)),
        ("422 of FastAPI without effect", Fault::Answer(Status(422, FIELD_REQUIRED), None)),
        ("423 after the effect", Fault::Answer(Status(423, "{}"), Before)),
        ("423 and a late effect", Fault::Answer(Status(423, "{}"), Later)),
        ("424 after the effect", Fault::Answer(Status(424, FAILED), Before)),
        ("424 without effect", Fault::Answer(Status(424, FAILED), None)),
        ("425 and a late effect", Fault::Answer(Status(425, ""), Later)),
        ("499 after the effect", Fault::Answer(Status(499, ""), Before)),
        ("429 lock_timeout after the effect", Fault::Answer(Status(429, LOCK_TIMEOUT), Before)),
        ("429 lock_timeout and a late effect", Fault::Answer(Status(429, LOCK_TIMEOUT), Later)),
        ("429 with Retry-After of 30 s", Fault::Answer(RetryAfter(429, 30), None)),
        ("401", Fault::Answer(Status(401, UNAUTHORIZED), None)),
        ("executed twice, answered second", Fault::DuplicateAnsweredSecond),
        ("cached answer, marked", Fault::Cached),
        ("cached answer with an old Date", Fault::CachedWithOldDate),
        ("replayed answer to a first send", Fault::Answer(Replayed, None)),
        ("cached answer to a cancel, marked", Fault::Answer(Cached, None)),
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
        REFUSAL,
    ]
};

/// The names of the faults of a list, each once.
pub fn names(faults: &[Named]) -> Vec<&'static str> {
    let has_refusals = faults.iter().any(|(_, fault)| matches!(fault, Fault::Refusal));
    let own = faults.iter().filter(|(_, fault)| !matches!(fault, Fault::Refusal));
    let mut names: Vec<_> = own.map(|(name, _)| *name).collect();
    names.dedup();
    names.extend(refusal::names().filter(|_| has_refusals));
    names
}

/// True if the simulator has always had it.
pub fn is_classic(name: &str) -> bool {
    CLASSIC.iter().any(|(other, _)| *other == name)
}
