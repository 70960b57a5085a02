//! The model of the outbox: every step that can follow a state, a crash among them.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Model, Property};

use super::oracle::{Breach, breach_of_table};
use super::state::{Bound, Clocks, Hold, HoldState, Progress, State};
use super::steps::{NEW_YEAR_MS, RESET_MS, ask, claim, finish, look, pass, send, settle};
use super::table::Table;
use crate::outcome::Code;

/// What becomes of the one request that a try sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    AnswerLost,
    Late,
    NotSent,
    RateLimited,
    Rejected,
}

/// How time goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Minute,
    ElevenMinutes,
    AsleepElevenMinutes,
    /// The virtual machine is paused: only the wall clock tells.
    PausedElevenMinutes,
    /// The wall clock is put back by as much.
    ElevenMinutesAndBack,
    EightDays,
    PowerCut,
    ClockReset,
    ClockSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The till asks for the cancel again.
    Ask,
    /// A flush ends what is overdue, and claims what is due.
    Claim,
    /// Somebody else does the same, to have it delivered.
    ClaimElsewhere,
    Look(usize),
    LookFails(usize),
    Send(usize, Fate),
    Finish(usize),
    /// The result of somebody else comes back.
    Settle(usize),
    /// The same, and will come once more.
    SettleFirst(usize),
    Crash(usize),
    Arrive(usize),
    Capture,
    CancelByHand,
    Reauthorize,
    Pass(Passage),
}

pub(super) struct Stories {
    pub(super) bound: Bound,
    found: [AtomicBool; Breach::ALL.len()],
}

impl Stories {
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, found: Default::default() }
    }

    fn is_kept<const N: usize>(&self, state: &State) -> bool {
        state.breach != Some(Breach::ALL[N]) || self.found[N].swap(true, Ordering::Relaxed)
    }

    /// A till that asks for the first time; or one that hands over an `unknown` call, whose
    /// request is still under way or was executed.
    fn first(&self, in_doubt: bool, wall_ms: i64) -> State {
        let clocks = Clocks { true_ms: 0, wall_ms, awake_ms: 0, up_ms: 0, boot: 1 };
        let state = State {
            holds: vec![Hold { state: HoldState::Held, made: 0 }],
            table: Table::default(),
            asked: Vec::new(),
            in_flight: Vec::new(),
            processes: Vec::new(),
            clocks,
            order: 0,
            remaining: self.bound,
            breach: None,
        };
        ask(state, in_doubt)
    }
}

impl Model for Stories {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let late = State { in_flight: vec![1], ..self.first(true, NEW_YEAR_MS) };
        let mut executed = self.first(true, NEW_YEAR_MS);
        executed.execute(1);
        vec![self.first(false, NEW_YEAR_MS), self.first(false, RESET_MS), late, executed]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.breach.is_some() {
            return;
        }
        let remaining = state.remaining;
        for (number, process) in state.processes.iter().enumerate() {
            match process.progress {
                Progress::Claimed { has_looked } => {
                    if has_looked || process.may_skip_look(state) {
                        use Fate::{AnswerLost, Answered, Late, NotSent, RateLimited, Rejected};
                        let fates = [Answered, AnswerLost, Late, NotSent, RateLimited, Rejected];
                        actions.extend(fates.map(|fate| Action::Send(number, fate)));
                    } else {
                        actions.extend([Action::Look(number), Action::LookFails(number)]);
                    }
                }
                Progress::Returned { .. } if process.is_elsewhere => {
                    actions.push(Action::Settle(number));
                    if remaining.repeats > 0 {
                        actions.push(Action::SettleFirst(number));
                    }
                }
                Progress::Returned { .. } => actions.push(Action::Finish(number)),
            }
            if remaining.crashes > 0 {
                actions.push(Action::Crash(number));
            }
        }
        actions.extend((0..state.in_flight.len()).map(Action::Arrive));
        if remaining.tries > 0 && state.processes.len() < 2 {
            actions.push(Action::Claim);
            if remaining.claims > 0 {
                actions.push(Action::ClaimElsewhere);
            }
        }
        if remaining.asks > 0 {
            actions.push(Action::Ask);
        }
        let is_held = state.holds.iter().any(|hold| hold.state == HoldState::Held);
        if remaining.acts > 0 && is_held {
            actions.extend([Action::Capture, Action::CancelByHand]);
        }
        if remaining.reauthorizations > 0 {
            actions.push(Action::Reauthorize);
        }
        if remaining.passages > 0 {
            use Passage::{
                AsleepElevenMinutes, ClockReset, ClockSet, EightDays, ElevenMinutes,
                ElevenMinutesAndBack, Minute, PausedElevenMinutes, PowerCut,
            };
            let passages = [Minute, ElevenMinutes, AsleepElevenMinutes, EightDays, PowerCut];
            actions.extend(passages.map(Action::Pass));
            actions.extend([PausedElevenMinutes, ElevenMinutesAndBack].map(Action::Pass));
            let is_right = state.clocks.wall_ms == NEW_YEAR_MS + state.clocks.true_ms;
            actions.push(Action::Pass(if is_right { ClockReset } else { ClockSet }));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let mut state = match action {
            Action::Ask => {
                state.remaining.asks -= 1;
                ask(state, false)
            }
            Action::Claim => {
                state.remaining.tries -= 1;
                claim(state, last.remaining.tries, false)?
            }
            Action::ClaimElsewhere => {
                state.remaining.tries -= 1;
                state.remaining.claims -= 1;
                claim(state, last.remaining.tries, true)?
            }
            Action::Look(number) => look(state, number),
            Action::LookFails(number) => {
                state.processes[number].not_applied(Code::Connect, false);
                state
            }
            Action::Send(number, fate) => send(state, number, fate),
            Action::Finish(number) => finish(state, number)?,
            Action::Settle(number) => {
                let mut state = settle(state, number)?;
                state.processes.remove(number);
                state
            }
            Action::SettleFirst(number) => {
                state.remaining.repeats -= 1;
                settle(state, number)?
            }
            Action::Crash(number) => {
                state.remaining.crashes -= 1;
                state.processes.remove(number);
                state
            }
            Action::Arrive(number) => {
                let entry = state.in_flight.remove(number);
                state.execute(entry);
                state
            }
            Action::Capture | Action::CancelByHand => {
                state.remaining.acts -= 1;
                let after = match action {
                    Action::Capture => HoldState::Captured,
                    _ => HoldState::Released { by: None },
                };
                for hold in &mut state.holds {
                    if hold.state == HoldState::Held {
                        hold.state = after;
                    }
                }
                state
            }
            Action::Reauthorize => {
                state.remaining.reauthorizations -= 1;
                state.order += 1;
                state.holds.push(Hold { state: HoldState::Held, made: state.order });
                state
            }
            Action::Pass(passage) => pass(state, passage),
        };
        state.breach = state.breach.or_else(|| breach_of_table(last, &state));
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn kept<const N: usize>(stories: &Stories, state: &State) -> bool {
            stories.is_kept::<N>(state)
        }
        let conditions = [
            kept::<0>, kept::<1>, kept::<2>, kept::<3>, kept::<4>, kept::<5>, kept::<6>, kept::<7>,
            kept::<8>, kept::<9>,
        ];
        Breach::ALL
            .iter()
            .zip(conditions)
            .map(|(breach, condition)| Property::<Self>::always(breach.in_words(), condition))
            .collect()
    }
}
