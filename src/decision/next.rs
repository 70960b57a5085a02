//! The next step of a call, and the decision at its end. Pure.

use super::funds::{Funds, FundsState};
use super::history::{Report, Summary, is_passing};
use super::observation::{Observation, ReadResult, Release, SendResult};
use super::staleness::HoldAge;
use crate::outcome::{Code, Hold, Outcome};

/// What a call claims in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) code: Code,
    pub(crate) hold: Hold,
    /// One line for a log.
    pub(crate) reason: &'static str,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The evidence suffices, or no more can be had.
    Done(Decision),
    /// Send the cancel, with the call's one idempotency key.
    Cancel(Delay, &'static str),
    /// Read the session back.
    ReadBack(Delay, &'static str),
}

/// When to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    None,
    /// A wait that grows with each repetition.
    Backoff,
}

/// What a call is allowed to do, and what it must prove.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most requests to cancel.
    pub(crate) max_sends: u32,
    /// The most tries at handing something over before anything was.
    pub(crate) max_connects: u32,
    /// A request of an earlier call with this key may have reached Flex.
    pub(crate) in_doubt: bool,
    /// What is known of the session is too old to send a cancel on it.
    pub(crate) must_look: bool,
    /// A hold must be shown to be older than the asking before it may be released.
    pub(crate) needs_proof: bool,
    /// A confirmation that does not itself show the release is read back once.
    pub(crate) verify: bool,
}

/// The next step of a cancel, given all observations so far.
pub(crate) fn next(history: &[Observation], limits: Limits) -> Step {
    use Delay::{Backoff, None as AtOnce};
    let Some(last) = history.last() else {
        return send_or_look(limits, AtOnce, "first attempt");
    };
    if last.ends_the_call() {
        return Step::Done(at_the_end(history, limits));
    }
    let summary = Summary::of(history, limits);
    match *last {
        Observation::Cancel(result) => after_cancel(result, &summary, limits)
            .unwrap_or_else(|| Step::Done(at_the_end(history, limits))),
        Observation::ReadBack(ReadResult::RefusedExpand) => {
            Step::ReadBack(AtOnce, "refused with expand: read it without")
        }
        Observation::ReadBack(ReadResult::Nothing(code)) => {
            // Both were answered by a 404: looking again will not bring the session back.
            let before = Summary::of(&history[..history.len() - 1], limits);
            let is_not_found = before.code == Code::NotFound && code == Code::NotFound;
            let is_enough = summary.confirmed.is_some()
                || (!summary.in_doubt && summary.refused.is_some())
                || is_not_found
                || (summary.sends == 0 && !is_passing(code))
                || summary.has_failed_to_connect(limits);
            if is_enough {
                Step::Done(at_the_end(history, limits))
            } else {
                Step::ReadBack(Backoff, "unreadable: look again")
            }
        }
        Observation::ReadBack(ReadResult::Shows(funds, age)) => {
            after_reading(funds, age, &summary, limits)
        }
    }
}

/// The step after a request to cancel; `None` if nothing more can be had.
fn after_cancel(result: SendResult, summary: &Summary, limits: Limits) -> Option<Step> {
    use Delay::{Backoff, None as AtOnce};
    Some(match result {
        SendResult::Confirmed(Release::NotShown) if limits.verify => {
            Step::ReadBack(AtOnce, "confirmed: check it")
        }
        SendResult::Confirmed(_) => return None,
        SendResult::NotSent(_) if summary.has_failed_to_connect(limits) => return None,
        SendResult::NotSent(_) if !summary.in_doubt => {
            send_or_look(limits, Backoff, "nothing was sent: try again")
        }
        SendResult::NotSent(_) => Step::ReadBack(Backoff, "no connection: look again"),
        SendResult::Refused(Code::Unauthorized) if !summary.in_doubt => return None,
        SendResult::Refused(Code::RateLimited) if summary.in_doubt => {
            Step::ReadBack(Backoff, "Flex asked to slow down: look again")
        }
        SendResult::Refused(Code::RateLimited) if summary.sends < limits.max_sends => {
            send_or_look(limits, Backoff, "Flex asked to slow down: try again")
        }
        SendResult::Refused(Code::RateLimited) => {
            Step::ReadBack(AtOnce, "Flex asked to slow down: see how the session is")
        }
        SendResult::RefusedExpand if !summary.in_doubt && summary.sends < limits.max_sends => {
            send_or_look(limits, AtOnce, "refused with expand: send it without")
        }
        SendResult::ReportedCanceled => {
            Step::ReadBack(AtOnce, "Flex says canceled: see what became of the money")
        }
        SendResult::ReportedNotCancelable => {
            Step::ReadBack(AtOnce, "Flex says not cancelable: see what became of the money")
        }
        SendResult::Refused(_) | SendResult::RefusedExpand => {
            Step::ReadBack(AtOnce, "refused: see how the session is")
        }
        SendResult::InDoubt(_) | SendResult::ConfirmedWithCapture(_) => {
            Step::ReadBack(AtOnce, "in doubt: see what became of it")
        }
    })
}

/// The step after a read-back that showed something.
fn after_reading(funds: Funds, age: HoldAge, summary: &Summary, limits: Limits) -> Step {
    use Delay::{Backoff, None as AtOnce};
    if let Some(decision) = settled_by(funds, age, summary) {
        return Step::Done(decision);
    }
    if summary.is_contradicted || (summary.in_doubt && summary.refused.is_some()) {
        return Step::ReadBack(Backoff, "not canceled as yet: look again");
    }
    if age == HoldAge::Newer || (age == HoldAge::Unknown && limits.needs_proof) {
        return Step::Done(newer_hold(age, summary));
    }
    if summary.sends >= limits.max_sends {
        return Step::ReadBack(Backoff, "not canceled as yet: look again");
    }
    if summary.sends == 0 {
        send_or_look(limits, AtOnce, "the hold may be released: send it")
    } else {
        send_or_look(limits, Backoff, "not canceled as yet: send it again")
    }
}

/// A cancel is sent on fresh evidence only.
fn send_or_look(limits: Limits, delay: Delay, reason: &'static str) -> Step {
    if limits.must_look {
        return Step::ReadBack(delay, "look at the session before the cancel is sent");
    }
    Step::Cancel(delay, reason)
}

/// The decision that a reading of the session allows, if it does.
fn settled_by(funds: Funds, age: HoldAge, summary: &Summary) -> Option<Decision> {
    if summary.confirmed.is_some() {
        return Some(verified(funds, age));
    }
    let reports_canceled = summary.reported == Some(Report::Canceled);
    match funds.state {
        FundsState::Canceled => Some(canceled(summary, "the read-back shows it canceled")),
        FundsState::Captured if summary.in_doubt && age == HoldAge::Newer => {
            Some(newer_hold(age, summary))
        }
        // Flex confirmed that it released something, and a replica may not show it as yet.
        FundsState::Captured if summary.confirmed_with_capture.is_some() => {
            Some(unknown(Code::NotCancelable, Hold::Captured, CAPTURED_SOMETIME))
        }
        FundsState::Captured => {
            Some(not_cancelable(Hold::Captured, "the read-back shows the money captured"))
        }
        FundsState::CapturedInPart if !summary.in_doubt => {
            Some(not_cancelable(Hold::Captured, CAPTURED_SOMETIME))
        }
        FundsState::CapturedInPart => Some(captured_in_part(funds, summary)),
        FundsState::Expired if reports_canceled && !summary.in_doubt => {
            Some(canceled(summary, AS_REPORTED))
        }
        FundsState::Expired => Some(not_cancelable(Hold::None, "the read-back shows it expired")),
        FundsState::Authorized => authorized(summary),
        FundsState::Open | FundsState::Indeterminate if reports_canceled => {
            Some(if !funds.is_captured {
                canceled(summary, AS_REPORTED)
            } else if summary.in_doubt {
                unknown(Code::NotCancelable, Hold::Unknown, CAPTURED_SOMETIME)
            } else {
                not_cancelable(Hold::Unknown, CAPTURED_SOMETIME)
            })
        }
        FundsState::Indeterminate
            if summary.reported == Some(Report::NotCancelable) && funds.is_captured_whole =>
        {
            Some(not_cancelable(
                Hold::Captured,
                "Flex says that it cannot be canceled, and all of it was captured",
            ))
        }
        FundsState::Open | FundsState::Indeterminate if summary.in_doubt => None,
        FundsState::Open => match (summary.reported, summary.refused) {
            (Some(Report::NotCancelable), _) => Some(not_cancelable(
                Hold::None,
                "Flex says that it cannot be canceled, and the read-back shows no hold",
            )),
            (_, Some(code)) => Some(not_applied(code, Hold::None, REFUSED)),
            _ => None,
        },
        FundsState::Indeterminate => match (summary.reported, summary.refused) {
            (Some(Report::NotCancelable), _) => Some(unknown(
                Code::NotCancelable,
                Hold::Unknown,
                "Flex says that it cannot be canceled, and the read-back does not show why",
            )),
            (_, Some(code)) => Some(not_applied(code, Hold::Unknown, REFUSED)),
            _ => None,
        },
    }
}

/// A hold is there. A refusal is then what it says; but a payment intent that is canceled beside
/// it may be this call's doing.
fn authorized(summary: &Summary) -> Option<Decision> {
    let code = match (summary.reported, summary.refused) {
        (Some(Report::NotCancelable), _) => Code::NotCancelable,
        (_, Some(code)) => code,
        _ => return None,
    };
    let is_partly_released = summary.seen.is_some_and(|(funds, _)| funds.is_released);
    if summary.in_doubt {
        return None;
    }
    if is_partly_released {
        let reason = "Flex refused, a hold is left, and another one is released";
        return Some(unknown(code, Hold::Held, reason));
    }
    Some(not_applied(code, Hold::Held, "Flex refused, and the hold is there"))
}

/// A read-back can only contradict a confirmation.
fn verified(funds: Funds, age: HoldAge) -> Decision {
    let is_contradicted = match funds.state {
        FundsState::Authorized => age != HoldAge::Newer,
        FundsState::Captured | FundsState::CapturedInPart => true,
        _ => funds.is_captured,
    };
    if is_contradicted {
        let reason = "Flex confirmed the cancel, and the read-back contradicts it";
        return unknown(Code::Protocol, funds.hold(), reason);
    }
    CONFIRMED
}

fn captured_in_part(funds: Funds, summary: &Summary) -> Decision {
    // A replica that does not show all that the confirmation showed hides a capture.
    let is_confirmed = funds.is_released
        && summary.confirmed_with_capture.is_some_and(|amount| funds.amount_received.is(amount));
    let is_shown = summary.before.is_some_and(|before| funds.shows_release_since(before));
    if funds.is_captured_before && (is_confirmed || is_shown) {
        return canceled(
            summary,
            "the hold is released, and all captures are older than the cancel",
        );
    }
    unknown(Code::NotCancelable, Hold::Captured, CAPTURED_SOMETIME)
}

/// Canceled: by this call, if one of its requests can have done it.
fn canceled(summary: &Summary, reason: &'static str) -> Decision {
    let outcome = if summary.in_doubt { Outcome::Canceled } else { Outcome::AlreadyCanceled };
    decision(outcome, Code::Ok, Hold::Released, reason)
}

/// The hold that is there is newer than the cancel, or does not show that it is not.
fn newer_hold(age: HoldAge, summary: &Summary) -> Decision {
    let reason = match age {
        HoldAge::Newer => "the session was authorized after this cancel was asked for",
        _ => "the session does not show that its hold is the one this cancel was asked for",
    };
    if summary.in_doubt {
        unknown(Code::NewerHold, summary.hold, reason)
    } else {
        not_applied(Code::NewerHold, summary.hold, reason)
    }
}

const AS_REPORTED: &str = "Flex says that the session is canceled, and the read-back shows no hold";
pub(super) const CAPTURED_SOMETIME: &str =
    "money was captured, now or earlier: check before refunding";
const REFUSED: &str = "Flex refused before acting";

/// The decision where nothing more can be done: the time is up, or no step would help.
pub(crate) fn at_the_end(history: &[Observation], limits: Limits) -> Decision {
    let mut summary = Summary::of(history, limits);
    if limits.must_look {
        // What was read is too old to be told as what is.
        summary.hold = Hold::Unknown;
    }
    if summary.confirmed.is_some() {
        return CONFIRMED;
    }
    if summary.in_doubt {
        let reason = if summary.confirmed_with_capture.is_some() {
            CAPTURED_SOMETIME
        } else {
            "a request may have reached Flex, and what became of it could not be read back"
        };
        return unknown(summary.code, summary.hold, reason);
    }
    if summary.is_contradicted {
        let reason = "Flex says that the session is canceled, and the read-back shows a hold";
        return unknown(summary.code, summary.hold, reason);
    }
    if summary.reported.is_some() {
        let reason = "Flex says that no hold is left, and the session could not be read back";
        return unknown(summary.code, Hold::Unknown, reason);
    }
    let (code, reason) = match summary.refused {
        Some(code) => (code, REFUSED),
        None if summary.sends > 0 => (summary.code, REFUSED),
        // A read was, or may have been.
        None if history.iter().any(|it| matches!(it, Observation::ReadBack(_))) => {
            (summary.code, "no cancel was sent")
        }
        None => (summary.code, "nothing was handed to the network"),
    };
    not_applied(code, summary.hold, reason)
}

const CONFIRMED: Decision =
    decision(Outcome::Canceled, Code::Ok, Hold::Released, "Flex confirmed the cancel");

const fn not_cancelable(hold: Hold, reason: &'static str) -> Decision {
    decision(Outcome::NotCancelable, Code::NotCancelable, hold, reason)
}

const fn not_applied(code: Code, hold: Hold, reason: &'static str) -> Decision {
    decision(Outcome::NotApplied, code, hold, reason)
}

pub(super) const fn unknown(code: Code, hold: Hold, reason: &'static str) -> Decision {
    decision(Outcome::Unknown, code, hold, reason)
}

pub(super) const fn decision(
    outcome: Outcome,
    code: Code,
    hold: Hold,
    reason: &'static str,
) -> Decision {
    Decision { outcome, code, hold, reason }
}

impl Observation {
    /// True if whatever is done next would only meet the same trouble.
    const fn ends_the_call(self) -> bool {
        match self {
            Self::Cancel(SendResult::NotSent(code)) => {
                matches!(code, Code::Aborted | Code::Tls | Code::InvalidConfig | Code::Internal)
            }
            Self::Cancel(result) => matches!(result.code(), Code::Aborted),
            Self::ReadBack(ReadResult::Nothing(code)) => matches!(
                code,
                Code::Aborted
                    | Code::Internal
                    | Code::ModeMismatch
                    | Code::Unauthorized
                    | Code::Forbidden
                    | Code::InvalidConfig
            ),
            Self::ReadBack(_) => false,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
