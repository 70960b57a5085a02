//! What a call may claim, held against the truth.

use super::state::{Call, Phase, Seen, State};
use crate::decision::Decision;
use crate::outcome::{Hold, Outcome};

/// A claim that is false, or a request that must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Breach {
    Canceled,
    AlreadyCanceled,
    NotCancelable,
    NotApplied,
    NotAppliedInDoubt,
    Held,
    NotHeld,
    NewerHold,
}

impl Breach {
    pub(super) const ALL: [Self; 8] = [
        Self::Canceled,
        Self::AlreadyCanceled,
        Self::NotCancelable,
        Self::NotApplied,
        Self::NotAppliedInDoubt,
        Self::Held,
        Self::NotHeld,
        Self::NewerHold,
    ];

    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Canceled => "canceled, and the hold was never released, or was captured",
            Self::AlreadyCanceled => "already_canceled, and it was not, or by this very key",
            Self::NotCancelable => "not_cancelable, and a hold was left, or this key released it",
            Self::NotApplied => "not_applied, and this key released a hold",
            Self::NotAppliedInDoubt => "not_applied, by a call that began in doubt",
            Self::Held => "hold=held, and this key has released it",
            Self::NotHeld => "no hold is said to be left, and one always was",
            Self::NewerHold => "a cancel is sent although a newer hold was there to see",
        }
    }
}

/// What is wrong with what a call says at its end.
pub(super) fn breach_at_end(state: &State, call: &Call, decision: Decision) -> Option<Breach> {
    let ledger = &state.ledger;
    let is_released = !ledger.had_hold || (ledger.was_free && !ledger.is_captured);
    let breach = match decision.outcome {
        Outcome::Canceled => (!is_released).then_some(Breach::Canceled),
        Outcome::AlreadyCanceled => {
            let is_own = ledger.has_effect && !ledger.has_duplicate;
            (!is_released || is_own).then_some(Breach::AlreadyCanceled)
        }
        Outcome::NotCancelable => {
            // Where no times are shown, an intent that was voided, authorized again and captured
            // looks as if it had only been captured: docs/OUTCOMES.md says so.
            let is_shown = call.seen.is_none_or(|seen| seen.shows_times);
            let is_covered = ledger.has_newer_sale && !is_shown;
            let is_own = ledger.has_older_effect && !is_covered && !ledger.has_duplicate;
            let is_wrong = !ledger.was_free_in_call || is_own;
            is_wrong.then_some(Breach::NotCancelable)
        }
        Outcome::NotApplied if call.in_doubt => Some(Breach::NotAppliedInDoubt),
        Outcome::NotApplied => {
            let has_effect = ledger.has_effect || state.money.is_due();
            (has_effect && !ledger.has_duplicate).then_some(Breach::NotApplied)
        }
        Outcome::Unknown => None,
    };
    breach.or_else(|| breach_of_hold(state, decision.hold))
}

fn breach_of_hold(state: &State, hold: Hold) -> Option<Breach> {
    match hold {
        Hold::Held => {
            let is_there = state.money.has_hold() || state.money.is_due();
            let is_own = state.ledger.has_unread_effect && !state.ledger.has_duplicate;
            (!is_there && is_own).then_some(Breach::Held)
        }
        Hold::Released | Hold::None | Hold::Captured => {
            (!state.ledger.was_free_in_call).then_some(Breach::NotHeld)
        }
        Hold::Unknown => None,
    }
}

/// What is wrong with sending a cancel now: a newer hold was there to see.
pub(super) fn breach_by_sending(state: &State) -> Option<Breach> {
    let Phase::Calling(call) = &state.phase else { return None };
    let is_wrong = match call.seen {
        // What was seen is too old, or nothing was.
        _ if call.must_look => state.money.has_newer_hold(),
        Some(Seen { has_newer, shows_newer, .. }) => shows_newer || (has_newer && call.needs_proof),
        None => call.needs_proof && state.money.has_newer_hold(),
    };
    is_wrong.then_some(Breach::NewerHold)
}
