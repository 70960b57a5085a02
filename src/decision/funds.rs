//! Where the money of a session is, derived from the facts of one response. Pure.

use crate::api::facts::{Amount, IntentFacts, IntentStatus, SessionFacts, SessionStatus};
use crate::outcome::Hold;

/// Where the money is, as far as one response shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Funds {
    pub(crate) state: FundsState,
    /// True if money was captured, now or earlier, whatever else is held.
    pub(crate) is_captured: bool,
    /// True if the session's one payment intent was captured as a whole, by the amounts of the
    /// session: what a response shows that does not show the payment intent.
    pub(crate) is_captured_whole: bool,
    /// True if each capture is older than the asking.
    pub(crate) is_captured_before: bool,
    /// True if a payment intent is canceled.
    pub(crate) is_released: bool,
    /// The session's `amount_received`.
    pub(crate) amount_received: Amount,
}

/// The state of a session's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FundsState {
    /// A payment intent holds money.
    Authorized,
    /// No hold is left, and all that was authorized was captured.
    Captured,
    /// No hold is left; a part was captured, and a part was released.
    CapturedInPart,
    /// No hold is left, and nothing was captured.
    Canceled,
    /// The session expired, and no money was ever authorized.
    Expired,
    /// Nobody has paid, and somebody still may.
    Open,
    /// The response does not show it.
    Indeterminate,
}

/// The state of one payment intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IntentState {
    /// Never authorized.
    Unpaid,
    Authorized,
    /// All of it was captured.
    Captured,
    /// A part was captured, and the rest released; or the amounts do not tell that it was all.
    CapturedInPart,
    Canceled,
    /// In progress, or in a state that is not known here: it may hold money.
    Unsettled,
}

impl Funds {
    /// Payment intents shown in full are better evidence than `status`, which Flex does not
    /// document for a canceled session; and a bare id may hold money, whatever `status` says.
    pub(crate) fn of(facts: &SessionFacts) -> Self {
        let states: Vec<IntentState> = facts.intents.full.iter().map(IntentState::of).collect();
        let any = |wanted: IntentState| states.contains(&wanted);
        let is_captured = facts.amount_received.is_positive()
            || facts.has_captures
            || facts.intents.full.iter().any(IntentFacts::shows_money_captured);
        let is_over = !facts.intents.has_hidden && !any(IntentState::Unsettled);
        let captured = any(IntentState::Captured) || any(IntentState::CapturedInPart);
        let released = any(IntentState::Canceled) || any(IntentState::CapturedInPart);
        let state = if any(IntentState::Authorized) {
            FundsState::Authorized
        } else if !is_over {
            FundsState::Indeterminate
        } else if captured && released {
            FundsState::CapturedInPart
        } else if captured {
            FundsState::Captured
        } else if is_captured {
            // Captured, but no payment intent shows it.
            FundsState::Indeterminate
        } else if released {
            FundsState::Canceled
        } else {
            match facts.status {
                SessionStatus::Canceled => FundsState::Canceled,
                SessionStatus::Expired => FundsState::Expired,
                SessionStatus::Open => FundsState::Open,
                SessionStatus::Complete | SessionStatus::Absent | SessionStatus::Undocumented => {
                    FundsState::Indeterminate
                }
            }
        };
        Self {
            state,
            is_captured,
            is_captured_whole: facts.intents.is_single
                && facts.amount_total.is_positive()
                && facts.amount_received.covers(facts.amount_total),
            is_captured_before: false,
            is_released: any(IntentState::Canceled),
            amount_received: facts.amount_received,
        }
    }

    /// True if a payment intent that is shown in full speaks against "no hold is left, and nothing
    /// was captured".
    pub(crate) fn contradicts_release(facts: &SessionFacts) -> bool {
        let is_harmless = |intent: &IntentFacts| {
            let state = IntentState::of(intent);
            state != IntentState::Authorized && state != IntentState::Unsettled
        };
        !facts.intents.full.iter().all(is_harmless)
    }

    /// True if the response itself shows that a hold was released and none is left.
    pub(crate) fn shows_release(self) -> bool {
        self.state == FundsState::Canceled && self.is_released
    }

    /// True if money was held in the response before, and in this one none is, without any more
    /// having been captured: the hold was released in between.
    pub(crate) fn shows_release_since(self, before: Self) -> bool {
        before.state == FundsState::Authorized
            && self.state == FundsState::CapturedInPart
            && self.amount_received.is(before.amount_received)
    }

    pub(crate) const fn hold(self) -> Hold {
        match self.state {
            FundsState::Authorized => Hold::Held,
            FundsState::Captured | FundsState::CapturedInPart => Hold::Captured,
            FundsState::Canceled => Hold::Released,
            FundsState::Expired | FundsState::Open => Hold::None,
            FundsState::Indeterminate => Hold::Unknown,
        }
    }
}

impl IntentState {
    /// An intent is over only if it is canceled, succeeded with nothing capturable, or was never
    /// authorized.
    fn of(intent: &IntentFacts) -> Self {
        let status = intent.status;
        if intent.amount_capturable.is_positive() || status == IntentStatus::RequiresCapture {
            return Self::Authorized;
        }
        if intent.amount_capturable == Amount::Unreadable {
            return Self::Unsettled;
        }
        match status {
            IntentStatus::RequiresPaymentMethod if !intent.amount_received.is_positive() => {
                Self::Unpaid
            }
            IntentStatus::Canceled if intent.amount_received.is_none_shown() => Self::Canceled,
            IntentStatus::Canceled => Self::CapturedInPart,
            IntentStatus::Succeeded if intent.amount_received.covers(intent.amount) => {
                Self::Captured
            }
            IntentStatus::Succeeded => Self::CapturedInPart,
            IntentStatus::RequiresPaymentMethod
            | IntentStatus::RequiresCapture
            | IntentStatus::Other => Self::Unsettled,
        }
    }
}

impl IntentFacts {
    fn shows_money_captured(&self) -> bool {
        self.status == IntentStatus::Succeeded || self.amount_received.is_positive()
    }
}

#[cfg(test)]
mod tests;
