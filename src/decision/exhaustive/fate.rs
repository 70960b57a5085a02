//! What may become of a request.

use super::dialect::{Dialect, Shown};
use super::message::{Body, Message, Sight};
use super::money::Money;

/// What becomes of a request to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendFate {
    NotSent,
    Lost,
    /// It arrives later, perhaps after the call.
    Late,
    Answered,
    AnswerLost,
    /// It is executed twice, and the first response arrives, or the second.
    TwiceFirst,
    TwiceSecond,
    /// It is executed, and something else answers.
    ExecutedAnd(Instead),
    /// It is not executed, and something else answers.
    Dropped(Instead),
}

/// A response in place of Flex's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    Accepted,
    Html403,
    Html404,
    NoCode400,
    LockTimeout,
    RateLimited,
    Unauthorized,
    Rule,
    NotFoundCode,
    Conflict,
    Errors,
    InProgress,
    Cached,
    Replayed,
    SlowDown,
    Undocumented,
    ListsCapture,
}

impl SendFate {
    pub(super) const ALL: [Self; 29] = {
        use Instead::{
            Accepted, Cached, Conflict, Errors, Html403, Html404, InProgress, ListsCapture,
            LockTimeout, NoCode400, NotFoundCode, RateLimited, Replayed, Rule, SlowDown,
            Unauthorized, Undocumented,
        };
        use SendFate::{Dropped, ExecutedAnd};
        [
            Self::Answered,
            Self::NotSent,
            Self::Lost,
            Self::Late,
            Self::AnswerLost,
            Self::TwiceFirst,
            Self::TwiceSecond,
            ExecutedAnd(Accepted),
            ExecutedAnd(Html403),
            ExecutedAnd(Html404),
            ExecutedAnd(NoCode400),
            ExecutedAnd(LockTimeout),
            Dropped(Accepted),
            Dropped(Html403),
            Dropped(Html404),
            Dropped(NoCode400),
            Dropped(RateLimited),
            Dropped(Unauthorized),
            Dropped(Rule),
            Dropped(NotFoundCode),
            Dropped(Conflict),
            Dropped(Errors),
            Dropped(InProgress),
            Dropped(Cached),
            Dropped(Replayed),
            ExecutedAnd(SlowDown),
            Dropped(SlowDown),
            Dropped(Undocumented),
            Dropped(ListsCapture),
        ]
    };
}

impl Instead {
    pub(super) fn message(self, money: Money, dialect: Dialect) -> Message {
        let sight = Sight::new(money, dialect);
        match self {
            Self::Accepted => Message::session(202, sight),
            Self::Html403 => Message::new(403, Body::Html),
            Self::Html404 => Message::new(404, Body::Html),
            Self::NoCode400 => Message::new(400, Body::Detail("It went wrong")),
            Self::LockTimeout => {
                Message { has_retry_after: true, ..Message::code(429, "lock_timeout") }
            }
            Self::RateLimited => {
                Message { has_retry_after: true, ..Message::new(429, Body::Detail("Slow down")) }
            }
            Self::SlowDown => Message::new(429, Body::Detail("Slow down")),
            Self::Undocumented => Message::new(200, Body::SessionUndocumented),
            Self::ListsCapture => Message::new(200, Body::SessionListsCapture),
            Self::Unauthorized => Message::new(401, Body::Html),
            Self::Rule => Message::code(400, "cancellation_not_permitted"),
            Self::NotFoundCode => Message::code(404, "checkout_session_not_found"),
            Self::Conflict => Message::code(409, "idempotency_error"),
            Self::Errors => Message::new(200, Body::SessionWithErrors(sight)),
            Self::InProgress => Message::new(200, Body::SessionInProgress(sight)),
            Self::Cached => {
                let sight = Sight::new(money.voided(), dialect);
                Message { is_stored: true, ..Message::session(200, sight) }
            }
            Self::Replayed => Message { is_replayed: true, ..Message::session(200, sight) },
        }
    }

    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Accepted => "202 with the session",
            Self::Html403 => "403 in HTML",
            Self::Html404 => "404 in HTML",
            Self::NoCode400 => "400 without a code",
            Self::LockTimeout => "429 lock_timeout",
            Self::RateLimited => "429 with Retry-After",
            Self::Unauthorized => "401",
            Self::Rule => "400 with a code of Flex's",
            Self::NotFoundCode => "404 with a code of Flex's",
            Self::Conflict => "409",
            Self::Errors => "200 with errors beside the session",
            Self::InProgress => "200 with an intent in progress",
            Self::Cached => "200 from a cache",
            Self::SlowDown => "429 without Retry-After",
            Self::Undocumented => "200 with a status that is not documented",
            Self::ListsCapture => "200 with a capture listed, and nothing received",
            Self::Replayed => "200, marked as replayed",
        }
    }
}

/// What becomes of a read-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadFate {
    Right,
    Lost,
    /// A replica answers that lags behind by one change.
    Lagging,
    AsIds,
    Cached,
    Unauthorized,
    NotFound,
    BadRequest,
}

impl ReadFate {
    pub(super) const ALL: [Self; 8] = [
        Self::Right,
        Self::Lost,
        Self::Lagging,
        Self::AsIds,
        Self::Cached,
        Self::Unauthorized,
        Self::NotFound,
        Self::BadRequest,
    ];

    /// The response, if one arrives, and what of the session it shows.
    pub(super) fn message(
        self,
        now: Money,
        before: Option<Money>,
        dialect: Dialect,
    ) -> Option<Message> {
        let shows = |money| Message::session(200, Sight::new(money, dialect));
        Some(match self {
            Self::Right => shows(now),
            Self::Lost => return None,
            Self::Lagging => shows(before?),
            Self::AsIds => {
                let dialect = Dialect { shown: Shown::AsIds, ..dialect };
                Message::session(200, Sight::new(now, dialect))
            }
            // From a time before, when the session was canceled for once.
            Self::Cached => Message { is_stored: true, ..shows(now.voided()) },
            Self::Unauthorized => Message::new(401, Body::Html),
            Self::NotFound => Message::new(404, Body::Html),
            Self::BadRequest => Message::new(400, Body::Detail("Cannot expand")),
        })
    }
}
