//! What one round trip proves. Pure.

use ureq::http::StatusCode;

use super::funds::Funds;
use super::staleness::{Ages, HoldAge};
use crate::api::facts::{SessionFacts, SessionStatus};
use crate::api::{ProviderError, Reply};
use crate::config::Mode;
use crate::outcome::Code;

/// What one round trip proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Observation {
    /// A cancel was sent, or should have been.
    Cancel(SendResult),
    /// The session was read back.
    ReadBack(ReadResult),
}

/// What one request to cancel proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SendResult {
    /// Nothing was handed to the network.
    NotSent(Code),
    /// It may have reached Flex, and what Flex made of it is not known.
    InDoubt(Code),
    /// Flex confirmed the cancel; `Shown` if the response itself shows the release.
    Confirmed(Release),
    /// Flex confirmed it, and shows money that was captured, now or earlier.
    ConfirmedWithCapture(Funds),
    /// Flex reports that the session is canceled already.
    ReportedCanceled,
    /// Flex reports that the session was captured, completed or expired.
    ReportedNotCancelable,
    /// Flex refused before it acted.
    Refused(Code),
    /// Flex refused, perhaps only because of `expand`.
    RefusedExpand,
}

/// Whether a confirmation itself shows that the hold is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Release {
    Shown,
    NotShown,
}

/// What one read-back proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ReadResult {
    /// Where the money is, and how old a hold is beside the cancel that was asked for.
    Shows(Funds, HoldAge),
    /// Nothing: it failed, was refused, or cannot be trusted.
    Nothing(Code),
    /// It was refused, perhaps only because of `expand`.
    RefusedExpand,
}

/// What came of one round trip.
#[derive(Debug)]
pub(crate) enum RoundTripResult {
    /// No whole response arrived.
    Failed { is_handed_over: bool, code: Code },
    /// A response arrived whole.
    Answered(Received),
}

/// A response, and what is known of where it comes from.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) reply: Reply,
    /// True if it is not a response to this request: served by a cache, or older than the request.
    pub(crate) is_stored: bool,
    /// True if it repeats the response to an earlier request with this key.
    pub(crate) is_replayed: bool,
    /// True if it says when to come back.
    pub(crate) has_retry_after: bool,
}

/// What is known of the request beside its response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) mode: Option<Mode>,
    /// True if this call knows of no earlier request with this key that may have been executed.
    pub(crate) is_first: bool,
    /// True if the caller wanted related objects expanded.
    pub(crate) is_expanded: bool,
}

/// Error codes by which Flex reports a canceled session.
const CANCELED: [&str; 3] = [
    "checkout_session_canceled",
    "checkout_session_cancelled",
    "checkout_session_already_canceled",
];
/// Error codes by which Flex reports a session that is captured, completed or expired.
const NOT_CANCELABLE: [&str; 2] =
    ["checkout_session_already_processed", "checkout_session_expired"];
/// Parts of error codes that speak of locks, of progress, or of Flex's own trouble: the request,
/// or an earlier one, may still take effect.
const UNSETTLED: [&str; 14] = [
    "lock",
    "progress",
    "pending",
    "processing",
    "timeout",
    "timed_out",
    "conflict",
    "concurren",
    "in_use",
    "retry",
    "busy",
    "unavailable",
    "internal",
    "unexpected",
];

/// True if this call knows of no earlier request of its own that may have been executed, and that a
/// replay could repeat the response of. Of a call in doubt nothing is known.
pub(crate) fn is_first(history: &[Observation], in_doubt: bool) -> bool {
    let may_be_executed = |observation: &Observation| match observation {
        Observation::Cancel(result) => {
            matches!(result, SendResult::InDoubt(_) | SendResult::ConfirmedWithCapture(_))
        }
        Observation::ReadBack(_) => false,
    };
    in_doubt || !history.iter().any(may_be_executed)
}

/// What one request to cancel proves.
pub(crate) fn send_result(asked: Asked, round_trip: &RoundTripResult) -> SendResult {
    use SendResult::{InDoubt, NotSent};
    let response = match round_trip {
        RoundTripResult::Failed { is_handed_over: false, code } => return NotSent(*code),
        RoundTripResult::Failed { is_handed_over: true, code } => return InDoubt(*code),
        RoundTripResult::Answered(response) => response,
    };
    // Only the response to an earlier request of this call is the right one to a repetition.
    if response.is_stored || (response.is_replayed && asked.is_first) {
        return InDoubt(Code::Protocol);
    }
    match &response.reply {
        Reply::Unreadable(_) => InDoubt(Code::Protocol),
        Reply::Session(_) if response.status != StatusCode::OK => InDoubt(Code::Protocol),
        Reply::Session(parsed) => confirmation(asked.mode, &parsed.facts),
        Reply::Refusal(error) => refusal(asked, response, error),
    }
}

/// What one read-back proves. `ages_of` compares the age of the money with the cancel's.
pub(crate) fn read_result<T: Into<Ages>>(
    asked: Asked,
    round_trip: &RoundTripResult,
    ages_of: impl FnOnce(&str) -> T,
) -> ReadResult {
    use ReadResult::{Nothing, RefusedExpand, Shows};
    let response = match round_trip {
        RoundTripResult::Failed { code, .. } => return Nothing(*code),
        RoundTripResult::Answered(response) => response,
    };
    match &response.reply {
        _ if response.is_stored || response.is_replayed => Nothing(Code::Protocol),
        Reply::Unreadable(_) => Nothing(Code::Protocol),
        Reply::Session(_) if response.status != StatusCode::OK => Nothing(Code::Protocol),
        Reply::Session(parsed) if parsed.facts.has_errors => Nothing(Code::Protocol),
        Reply::Session(parsed) if is_of_other_mode(asked.mode, &parsed.facts) => {
            Nothing(Code::ModeMismatch)
        }
        Reply::Session(parsed) => {
            let ages = ages_of(parsed.raw.get()).into();
            let mut funds = Funds::of(&parsed.facts);
            funds.is_captured_before = ages.captures_are_older;
            Shows(funds, ages.hold)
        }
        Reply::Refusal(error)
            if asked.is_expanded
                && is_bad_request(response.status)
                && may_mean_expand(error)
                && !is_unsettled(error) =>
        {
            RefusedExpand
        }
        Reply::Refusal(error) => Nothing(match code_of_status(response.status) {
            // A filter on the way is not Flex's word, and may let the next one through.
            Code::Forbidden | Code::Rejected if !error.has_code_of_flex => Code::Protocol,
            // What is locked or in progress now may be read a moment later.
            Code::Forbidden | Code::Rejected | Code::NotFound if is_unsettled(error) => {
                Code::ServerError
            }
            code => code,
        }),
    }
}

/// A 200 confirms the cancel, whatever documented `status` it shows, unless it speaks against it.
fn confirmation(mode: Option<Mode>, facts: &SessionFacts) -> SendResult {
    let funds = Funds::of(facts);
    if is_of_other_mode(mode, facts) {
        SendResult::InDoubt(Code::ModeMismatch)
    } else if facts.has_errors
        || facts.status == SessionStatus::Undocumented
        // Captures are listed, and no amount was received.
        || (facts.has_captures && !facts.amount_received.is_positive())
        || Funds::contradicts_release(facts)
    {
        SendResult::InDoubt(Code::Protocol)
    } else if funds.is_captured {
        SendResult::ConfirmedWithCapture(funds)
    } else if funds.shows_release() {
        SendResult::Confirmed(Release::Shown)
    } else {
        SendResult::Confirmed(Release::NotShown)
    }
}

fn is_of_other_mode(mode: Option<Mode>, facts: &SessionFacts) -> bool {
    match (mode, facts.test_mode) {
        (Some(mode), Some(test_mode)) => test_mode != (mode == Mode::Test),
        _ => false,
    }
}

/// A 4xx refuses only with an error code of Flex's that is not about locks or progress: gateways
/// answer with a 4xx, too, and so do handlers that fail after the effect.
fn refusal(asked: Asked, response: &Received, error: &ProviderError) -> SendResult {
    use SendResult::{InDoubt, Refused, RefusedExpand};
    let status = response.status;
    let code = code_of_status(status);
    let word = word_of(error);
    let word = word.as_deref();
    match status.as_u16() {
        401 => return Refused(Code::Unauthorized),
        // These ask to come again, and do not say that nothing was done.
        408 | 423 | 424 | 425 | 499 => return InDoubt(code),
        400..=499 => {}
        // A redirect is never followed; anything else may have come after the effect.
        _ => return InDoubt(code),
    }
    match word {
        Some(word) if CANCELED.contains(&word) => SendResult::ReportedCanceled,
        Some(word) if NOT_CANCELABLE.contains(&word) => SendResult::ReportedNotCancelable,
        Some(_) if is_unsettled(error) => InDoubt(code),
        // A conflict may be with an earlier request of this very call.
        _ if status == StatusCode::CONFLICT => InDoubt(code),
        // Flex documents that the headers of a 429 tell when to come back.
        None if code == Code::RateLimited && response.has_retry_after => Refused(code),
        None if says_already_canceled(error) => SendResult::ReportedCanceled,
        None => InDoubt(code),
        Some(_) if asked.is_expanded && is_bad_request(status) => RefusedExpand,
        Some(_) => Refused(code),
    }
}

/// Flex's own error code, in lower case.
fn word_of(error: &ProviderError) -> Option<String> {
    let word = error.code.as_deref().filter(|word| error.has_code_of_flex && is_code(word));
    word.map(str::to_ascii_lowercase)
}

/// True if Flex's error code speaks of locks, of progress, or of Flex's own trouble.
fn is_unsettled(error: &ProviderError) -> bool {
    let is_part = |word: String| UNSETTLED.iter().any(|part| word.contains(part));
    word_of(error).is_some_and(is_part)
}

/// True if it says in prose that the session was canceled before. That is believed of no money:
/// the session is read back.
fn says_already_canceled(error: &ProviderError) -> bool {
    let texts = [&error.code, &error.message];
    let mut texts = texts.into_iter().flatten().map(|text| text.to_ascii_lowercase());
    texts.any(|text| text.contains("already") && text.contains("cancel"))
}

/// True for a word as error codes are: no text in prose.
fn is_code(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (2..=64).contains(&word.len()) && word.bytes().all(is_plain)
}

/// True if Flex, or its framework, may have refused a request because of `expand`.
fn may_mean_expand(error: &ProviderError) -> bool {
    error.has_code_of_flex || error.body.contains("expand")
}

fn is_bad_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 422)
}

fn code_of_status(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        408 | 409 | 423 | 424 | 425 | 499 => Code::ServerError,
        429 => Code::RateLimited,
        400..=499 => Code::Rejected,
        500..=599 => Code::ServerError,
        _ => Code::Protocol,
    }
}

impl Observation {
    /// The code that the attempts list shows.
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::Cancel(result) => result.code(),
            Self::ReadBack(ReadResult::Nothing(code)) => code,
            Self::ReadBack(ReadResult::RefusedExpand) => Code::Rejected,
            Self::ReadBack(ReadResult::Shows(..)) => Code::Ok,
        }
    }

    /// True if it was refused, perhaps only because of `expand`.
    pub(crate) const fn is_refused_expand(self) -> bool {
        matches!(
            self,
            Self::Cancel(SendResult::RefusedExpand) | Self::ReadBack(ReadResult::RefusedExpand)
        )
    }

    /// True if a response of Flex's, or of something before it, decided.
    pub(crate) const fn is_answered(self) -> bool {
        match self {
            Self::Cancel(result) => !matches!(
                result,
                SendResult::NotSent(_)
                    | SendResult::InDoubt(
                        Code::Timeout | Code::ConnectionLost | Code::ServerError | Code::Aborted
                    )
            ),
            Self::ReadBack(ReadResult::Nothing(code)) => matches!(code, Code::Rejected),
            Self::ReadBack(_) => true,
        }
    }

    /// True if Flex answered with a session.
    pub(crate) const fn is_success(self) -> bool {
        matches!(
            self,
            Self::Cancel(SendResult::Confirmed(_) | SendResult::ConfirmedWithCapture(_))
                | Self::ReadBack(ReadResult::Shows(..))
        )
    }
}

impl SendResult {
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::NotSent(code) | Self::InDoubt(code) | Self::Refused(code) => code,
            Self::Confirmed(_) | Self::ReportedCanceled => Code::Ok,
            Self::ConfirmedWithCapture(_) | Self::ReportedNotCancelable => Code::NotCancelable,
            Self::RefusedExpand => Code::Rejected,
        }
    }

    pub(crate) const fn is_handed_over(self) -> bool {
        !matches!(self, Self::NotSent(_))
    }
}

#[cfg(test)]
mod tests;
