//! What one exchange proves, before anybody judges the call: pure, like the judge.

use http::StatusCode;

use crate::config::Mode;
use crate::outcome::Code;
use crate::snapshot::{Facts, Standing};
use crate::wire::{ProviderError, Reply};

/// What came of one exchange.
#[derive(Debug)]
pub(crate) enum Evidence {
    /// No whole answer arrived.
    Failed { handed_over: bool, code: Code },
    /// An answer arrived whole.
    Answered { status: StatusCode, reply: Reply },
}

/// What one try at the cancel proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing was handed to the network.
    NotSent(Code),
    /// It may have reached Flex, and what Flex made of it is not known.
    Unclear(Code),
    /// Flex confirmed the cancel.
    Confirmed,
    /// Flex confirmed it, but shows money that was taken, now or on an earlier hold.
    ConfirmedButTaken,
    /// Flex says that the session is canceled already.
    SaysCanceled,
    /// Flex says that the session was captured, completed or expired.
    SaysTooLate,
    /// Flex refused before acting.
    Refused(Code),
}

/// What one read-back shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Where the money is.
    Shows(Standing),
    /// Nothing: it failed, was refused, or cannot be trusted.
    Nothing(Code),
}

/// Says what one try at the cancel proves.
pub(crate) fn class_of(mode: Option<Mode>, evidence: &Evidence) -> Class {
    match evidence {
        Evidence::Failed { handed_over: false, code } => Class::NotSent(*code),
        Evidence::Failed { handed_over: true, code } => Class::Unclear(*code),
        Evidence::Answered { reply: Reply::Unreadable(_), .. } => Class::Unclear(Code::Protocol),
        Evidence::Answered { reply: Reply::Session(snapshot), .. } => {
            class_of_success(mode, &snapshot.facts)
        }
        Evidence::Answered { status, reply: Reply::Refusal(error) } => {
            class_of_refusal(*status, error)
        }
    }
}

/// Says what one read-back shows.
pub(crate) fn reading_of(mode: Option<Mode>, evidence: &Evidence) -> Reading {
    match evidence {
        Evidence::Failed { code, .. } => Reading::Nothing(*code),
        Evidence::Answered { reply: Reply::Unreadable(_), .. } => Reading::Nothing(Code::Protocol),
        Evidence::Answered { status, reply: Reply::Refusal(_) } => {
            Reading::Nothing(code_of_status(*status))
        }
        Evidence::Answered { reply: Reply::Session(snapshot), .. } => {
            if is_of_other_mode(mode, &snapshot.facts) {
                Reading::Nothing(Code::ModeMismatch)
            } else {
                Reading::Shows(snapshot.facts.standing())
            }
        }
    }
}

/// A 2xx is Flex's word, whatever `status` says beside it, unless the money contradicts it.
fn class_of_success(mode: Option<Mode>, facts: &Facts) -> Class {
    if is_of_other_mode(mode, facts) {
        Class::Unclear(Code::ModeMismatch)
    } else if facts.shows_money_held() {
        Class::Unclear(Code::Protocol)
    } else if facts.shows_money_taken() {
        Class::ConfirmedButTaken
    } else {
        Class::Confirmed
    }
}

fn is_of_other_mode(mode: Option<Mode>, facts: &Facts) -> bool {
    match (mode, facts.test_mode) {
        (Some(mode), Some(test_mode)) => test_mode != (mode == Mode::Test),
        _ => false,
    }
}

fn class_of_refusal(status: StatusCode, error: &ProviderError) -> Class {
    let code = code_of_status(status);
    match status.as_u16() {
        400 | 409 | 422 => match error.code.as_deref() {
            Some("checkout_session_canceled") => Class::SaysCanceled,
            Some("checkout_session_already_processed" | "checkout_session_expired") => {
                Class::SaysTooLate
            }
            // A conflict may be with an earlier send of this very request.
            _ if status == StatusCode::CONFLICT => Class::Unclear(code),
            _ => Class::Refused(code),
        },
        // These ask to come again, and do not say that nothing was done.
        408 | 425 | 499 => Class::Unclear(code),
        401..=499 => Class::Refused(code),
        // A redirect is never followed; anything else may have come after the effect.
        _ => Class::Unclear(code),
    }
}

fn code_of_status(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        408 | 409 | 425 | 499 => Code::ServerError,
        429 => Code::RateLimited,
        400..=499 => Code::Rejected,
        500..=599 => Code::ServerError,
        _ => Code::Protocol,
    }
}

impl Class {
    /// The code that the attempts list shows.
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::NotSent(code) | Self::Unclear(code) | Self::Refused(code) => code,
            Self::Confirmed | Self::SaysCanceled => Code::Ok,
            Self::ConfirmedButTaken | Self::SaysTooLate => Code::NotCancelable,
        }
    }
}
