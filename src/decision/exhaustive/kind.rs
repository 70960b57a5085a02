//! A world without faults: there a call must end with an outcome, not with `unknown`.

use super::dialect::{AfterCancel, Dialect, Effect, Shown};
use super::fate::{ReadFate, SendFate};
use super::flex::settle;
use super::model::{Action, Stories};
use super::money::{IntentState, Money};
use super::pass;
use super::state::{Bound, Phase, State};
use crate::decision::Step;
use crate::outcome::Outcome;

use stateright::Model;

/// What a call says where nothing goes wrong; what is acknowledged takes effect after one look.
fn outcome_without_faults(dialect: Dialect, money: Money) -> Outcome {
    let (remaining, _): (Bound, usize) = pass([5, 6, 0, 0, 0, 0], 0);
    let stories = Stories::new(vec![dialect], remaining);
    let mut state = State::new(dialect, money, remaining, stories.max_sends);
    let mut reads = 0;
    while matches!(state.phase, Phase::Calling(_)) {
        let action = match stories.step(&state) {
            Some(Step::Cancel(..)) => Action::Send(SendFate::Answered),
            Some(Step::ReadBack(..)) if state.remaining.reads > 0 => Action::Read(ReadFate::Right),
            _ => Action::TimeIsUp,
        };
        reads += usize::from(matches!(action, Action::Read(_)));
        if reads > 1 {
            state.money = settle(state.money);
        }
        state = stories.next_state(&state, action).unwrap();
    }
    match state.phase {
        Phase::Returned { outcome, .. } => outcome,
        Phase::Calling(_) => Outcome::Unknown,
    }
}

#[test]
fn where_nothing_goes_wrong_a_hold_is_canceled() {
    for dialect in Dialect::covering(3) {
        let outcome =
            outcome_without_faults(dialect, Money::new(&[IntentState::Held], dialect.paid));
        // Bare ids beside a status that tells nothing never show what became of a 202.
        let is_hidden = dialect.shown == Shown::AsIds
            && (matches!(dialect.effect, Effect::BestEffort | Effect::InProgress)
                || dialect.after_cancel == AfterCancel::Undocumented);
        assert!(outcome == Outcome::Canceled || is_hidden, "{outcome}: {dialect:?}");
    }
}
