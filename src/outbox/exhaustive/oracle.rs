//! What the outbox may say of an entry, held against the truth.

use super::state::{HoldState, State};
use super::steps::DELIVER_WITHIN_MS;
use crate::outbox::transition::FRESH_MS;
use crate::outcome::Outcome;
use crate::report::{OutboxEntry, OutboxState as EntryState};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Breach {
    Guard,
    FinalChanged,
    NotApplied,
    RefusedInDoubt,
    NotCancelable,
    AlreadyCanceled,
    Canceled,
    PendingDefinite,
    NewerHold,
    ExpiredEarly,
}

impl Breach {
    pub(super) const ALL: [Self; 10] = [
        Self::Guard,
        Self::FinalChanged,
        Self::NotApplied,
        Self::RefusedInDoubt,
        Self::NotCancelable,
        Self::AlreadyCanceled,
        Self::Canceled,
        Self::PendingDefinite,
        Self::NewerHold,
        Self::ExpiredEarly,
    ];

    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Guard => "a guard of the file had to stop a step",
            Self::FinalChanged => "a final entry changed",
            Self::NotApplied => "not_applied, and its key has or may have an effect",
            Self::RefusedInDoubt => "refused or expired, and its key has or may have an effect",
            Self::NotCancelable => "not_cancelable, and a hold is left",
            Self::AlreadyCanceled => "already_canceled, and by its own key",
            Self::Canceled => "delivered, and the hold was not released",
            Self::PendingDefinite => "pending, and something definite is said",
            Self::NewerHold => "a request is sent on old evidence, and a newer hold is there",
            Self::ExpiredEarly => "expired before its time, and never tried",
        }
    }
}

/// What is wrong with the table.
pub(super) fn breach_of_table(before: &State, after: &State) -> Option<Breach> {
    for id in before.table.ids() {
        let (old, new) = (before.table.record(id)?.entry, after.table.record(id)?.entry);
        let said = |entry: &OutboxEntry| (entry.state, entry.last_outcome, entry.last_code);
        if old.state.is_final() && said(&old) != said(&new) {
            return Some(Breach::FinalChanged);
        }
    }
    after.table.ids().find_map(|id| breach_of_entry(after, id))
}

fn breach_of_entry(state: &State, id: i64) -> Option<Breach> {
    let entry = state.table.record(id)?.entry;
    let order = state.asked(id).order;
    let is_early = state.clocks.true_ms < state.asked(id).at_ms + DELIVER_WITHIN_MS;
    let is_own = |hold: &&super::state::Hold| hold.made <= order;
    let mut older = state.holds.iter().filter(is_own);
    let is_released_by_key =
        older.clone().any(|hold| hold.state == HoldState::Released { by: Some(id) });
    match (entry.state, entry.last_outcome) {
        (EntryState::Pending, Some(outcome)) => {
            (outcome != Outcome::Unknown).then_some(Breach::PendingDefinite)
        }
        (EntryState::Pending, None) => None,
        (_, Some(Outcome::NotCancelable))
            if older.clone().any(|hold| hold.state == HoldState::Held) =>
        {
            Some(Breach::NotCancelable)
        }
        (EntryState::Refused, Some(Outcome::NotCancelable)) => {
            is_released_by_key.then_some(Breach::RefusedInDoubt)
        }
        (EntryState::Expired, _) if is_early && entry.attempts == 0 => Some(Breach::ExpiredEarly),
        (_, Some(Outcome::NotApplied)) => state.may_have_effect(id).then_some(Breach::NotApplied),
        (EntryState::Expired | EntryState::Refused, _) => {
            state.may_have_effect(id).then_some(Breach::RefusedInDoubt)
        }
        (EntryState::Delivered, outcome) => {
            let is_released =
                |hold: &super::state::Hold| matches!(hold.state, HoldState::Released { .. });
            if outcome == Some(Outcome::AlreadyCanceled) && is_released_by_key {
                return Some(Breach::AlreadyCanceled);
            }
            (!older.all(is_released)).then_some(Breach::Canceled)
        }
        (EntryState::NeedsAttention, _) => None,
    }
}

/// What is wrong with sending the request of an entry without a look.
pub(super) fn breach_by_sending(state: &State, id: i64) -> Option<Breach> {
    let asked = state.asked(id);
    let age_ms = state.clocks.true_ms - asked.at_ms;
    let is_old = age_ms >= FRESH_MS || asked.boot != state.clocks.boot || asked.is_sent;
    (is_old && state.has_newer_hold(id)).then_some(Breach::NewerHold)
}
