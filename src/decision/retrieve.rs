//! The next step of a retrieve, and the decision at its end. Pure.

use super::funds::{Funds, FundsState};
use super::history::is_passing;
use super::next::{CAPTURED_SOMETIME, Decision, Delay, Step, decision, unknown};
use super::observation::{Observation, ReadResult};
use crate::outcome::{Code, Hold, Outcome};

/// The next step of a retrieve, given all observations so far and the most tries that are allowed.
pub(crate) fn next_read(history: &[Observation], max_tries: u32) -> Step {
    match history.last() {
        Some(Observation::ReadBack(ReadResult::Shows(funds, _))) => Step::Done(as_read(*funds)),
        Some(Observation::ReadBack(ReadResult::Nothing(code))) => {
            if is_passing(*code) && history.len() < max_tries as usize {
                Step::ReadBack(Delay::Backoff, "unreadable: look again")
            } else {
                Step::Done(unread(history))
            }
        }
        Some(Observation::ReadBack(ReadResult::RefusedExpand)) => {
            Step::ReadBack(Delay::None, "refused with expand: read it without")
        }
        _ => Step::ReadBack(Delay::None, "first attempt"),
    }
}

/// The decision of a retrieve that read nothing.
pub(crate) fn unread(history: &[Observation]) -> Decision {
    let code = history.last().map_or(Code::Timeout, |last| last.code());
    unknown(code, Hold::Unknown, "the session could not be read")
}

/// What may be said of the hold, as of now.
fn as_read(funds: Funds) -> Decision {
    let (outcome, reason) = match funds.state {
        FundsState::Authorized => (Outcome::NotApplied, "as of now the hold is there"),
        FundsState::Open => (Outcome::NotApplied, "as of now the session is open, without a hold"),
        FundsState::Canceled => (Outcome::AlreadyCanceled, "the session is canceled"),
        FundsState::Captured => (Outcome::NotCancelable, "the money was captured"),
        FundsState::CapturedInPart => (Outcome::NotCancelable, CAPTURED_SOMETIME),
        FundsState::Expired => (Outcome::NotCancelable, "the session expired"),
        FundsState::Indeterminate if funds.is_captured => (
            Outcome::Unknown,
            "money was captured; the response does not show whether more is held",
        ),
        FundsState::Indeterminate => {
            (Outcome::Unknown, "the response does not show where the money is")
        }
    };
    decision(outcome, Code::Ok, funds.hold(), reason)
}

#[cfg(test)]
mod tests;
