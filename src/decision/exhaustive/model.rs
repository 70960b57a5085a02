//! The model: every step that can follow a state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Model, Property};

use super::dialect::{Dialect, Expiry};
use super::fate::{Instead, ReadFate, SendFate};
use super::flex::settle;
use super::message::{Body, Heard, Message};
use super::money::{Act, IntentState, Money, Status};
use super::oracle::{Breach, breach_at_end, breach_by_sending};
use super::state::{Bound, Call, Phase, Request, Seen, State, Untold, is_repeated};
use super::told::essence;
use crate::decision::{Decision, Observation, ReadResult, SendResult, Step, at_the_end, next};
use crate::outcome::{Code, Outcome};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Send(SendFate),
    Read(ReadFate),
    TimeIsUp,
    /// A request that was under way arrives.
    Arrive(usize),
    /// What was acknowledged takes effect.
    TakeEffect,
    Act(Act),
    /// The last look grows old.
    PassSeconds,
    /// The asking grows old.
    PassMinute,
    Repeat,
}

/// All stories up to a bound, in these dialects.
pub(super) struct Stories {
    pub(super) dialects: Vec<Dialect>,
    pub(super) bound: Bound,
    /// The most requests of one call.
    pub(super) max_sends: u8,
    /// Which breaches were found: the first story is the shortest.
    found: [AtomicBool; Breach::ALL.len()],
}

impl Stories {
    pub(super) fn new(dialects: Vec<Dialect>, bound: Bound) -> Self {
        // Where a call is repeated, each may not use up all of them.
        let max_sends = if bound.repeats > 0 { bound.sends.min(2) } else { bound.sends };
        Self { dialects, bound, max_sends, found: Default::default() }
    }

    fn is_kept<const N: usize>(&self, state: &State) -> bool {
        state.breach != Some(Breach::ALL[N]) || self.found[N].swap(true, Ordering::Relaxed)
    }

    /// What the call does next; `None` once it has returned.
    pub(super) fn step(&self, state: &State) -> Option<Step> {
        let Phase::Calling(call) = &state.phase else { return None };
        let limits = call.limits(state.dialect, self.max_sends);
        Some(next(&call.told.history, limits))
    }

    /// The state after a request to cancel that meets this fate.
    fn after_send(&self, state: &State, fate: SendFate) -> Option<(State, Observation)> {
        let Phase::Calling(call) = &state.phase else { return None };
        let mut after = state.clone();
        if fate == SendFate::NotSent {
            return Some((after, Observation::Cancel(SendResult::NotSent(Code::Connect))));
        }
        let request = Request { is_denied: false, is_unread: true };
        let dialect = state.dialect;
        let message: Option<Message> = match fate {
            SendFate::NotSent | SendFate::Lost => None,
            SendFate::Late => {
                after.put_in_flight();
                None
            }
            SendFate::Answered => Some(after.execute(request)),
            SendFate::AnswerLost => {
                after.execute(request);
                None
            }
            SendFate::TwiceFirst | SendFate::TwiceSecond => {
                let first = after.execute(request);
                let second = after.execute(request);
                let is_second = fate == SendFate::TwiceSecond;
                after.ledger.has_duplicate |= is_second && second != first;
                Some(if is_second { second } else { first })
            }
            SendFate::ExecutedAnd(instead) => {
                after.execute(request);
                Some(instead.message(after.money, dialect))
            }
            // A store that replays the response to somebody else's request: possible as long as no
            // request of ours can have been executed.
            SendFate::Dropped(Instead::Replayed) if call.told.is_in_doubt() => return None,
            SendFate::Dropped(instead) => Some(instead.message(state.money, dialect)),
        };
        after.breach = after.breach.or(breach_by_sending(state));
        let observation =
            message.map_or(Observation::Cancel(SendResult::InDoubt(Code::Timeout)), |message| {
                let is_expanded = call.is_expanded(true, dialect);
                Heard { message, is_cancel: true, is_first: call.is_first(), is_expanded }
                    .observation()
            });
        after.remaining.sends -= 1;
        Some((after, observation))
    }

    fn after_read(&self, state: &State, fate: ReadFate) -> Option<(State, Observation)> {
        let Phase::Calling(call) = &state.phase else { return None };
        let mut after = state.clone();
        after.remaining.reads -= 1;
        let is_expanded = call.is_expanded(false, state.dialect);
        let mut dialect = state.dialect;
        if !is_expanded {
            dialect.shown = super::dialect::Shown::AsIds;
        }
        if fate == ReadFate::Lagging && state.before.is_none() {
            return None;
        }
        let Some(message) = fate.message(state.money, state.before, dialect) else {
            return Some((after, Observation::ReadBack(ReadResult::Nothing(Code::Timeout))));
        };
        let observation =
            Heard { message, is_cancel: false, is_first: false, is_expanded }.observation();
        let is_shown = matches!(observation, Observation::ReadBack(ReadResult::Shows(..)));
        if let (true, Phase::Calling(call), Body::Session(sight)) =
            (is_shown, &mut after.phase, message.body)
        {
            call.must_look = false;
            call.seen = Some(Seen {
                has_newer: sight.has_newer_hold(),
                shows_newer: sight.shows_newer_hold(),
                shows_times: sight.shows_times(),
            });
            after.ledger.has_unread_effect = false;
            for request in &mut after.in_flight {
                request.is_unread = false;
            }
        }
        Some((after, observation))
    }

    /// The call notes an observation, and returns if it has no more to do.
    fn note(&self, mut state: State, observation: Observation) -> State {
        if let Phase::Calling(call) = &mut state.phase {
            let limits = call.limits(state.dialect, self.max_sends);
            call.told = Arc::new(call.told.and(observation, limits));
        }
        match self.step(&state) {
            Some(Step::Done(decision)) => self.returned(state, decision),
            _ => state,
        }
    }

    fn returned(&self, mut state: State, decision: Decision) -> State {
        let Phase::Calling(call) = &state.phase else { return state };
        state.breach = state.breach.or_else(|| breach_at_end(&state, call, decision));
        let (outcome, hold) = (decision.outcome, decision.hold);
        let needs_proof = call.needs_proof;
        if outcome == Outcome::NotApplied {
            for request in &mut state.in_flight {
                request.is_denied = true;
            }
        }
        state.phase = Phase::Returned { outcome, hold: Untold(hold), needs_proof };
        state.before = None;
        if state.breach.is_none() && state.is_over() {
            // Nothing more can happen: all such ends are one state.
            state = State { phase: state.phase, ..State::over() };
        }
        state
    }

    /// Every fate of what the call does next; of those that come to the same, the first.
    fn add_steps_of_call(&self, state: &State, actions: &mut Vec<Action>) {
        let mut known: Vec<(State, Observation)> = Vec::new();
        let mut is_new = |(state, observation): (State, Observation)| {
            let result = (state, essence(observation));
            let is_new = !known.contains(&result);
            known.push(result);
            is_new
        };
        match self.step(state) {
            Some(Step::Cancel(..)) if state.remaining.sends > 0 => {
                let fates = SendFate::ALL.into_iter();
                let differs =
                    |fate: &SendFate| self.after_send(state, *fate).is_some_and(&mut is_new);
                actions.extend(fates.filter(differs).map(Action::Send));
            }
            Some(Step::ReadBack(..)) if state.remaining.reads > 0 => {
                let fates = ReadFate::ALL.into_iter();
                let differs =
                    |fate: &ReadFate| self.after_read(state, *fate).is_some_and(&mut is_new);
                actions.extend(fates.filter(differs).map(Action::Read));
            }
            _ => {}
        }
        actions.push(Action::TimeIsUp);
    }

    /// The sessions that a cancel may be asked for.
    fn sessions(dialect: Dialect) -> Vec<Money> {
        use IntentState::{Canceled, Captured, Held, PartHeld, Unpaid};
        let paid = dialect.paid;
        let mut sessions = vec![
            Money::new(&[Held], paid),
            Money::new(&[Unpaid], Status::Open),
            Money::new(&[Held, Held], paid),
            Money::new(&[PartHeld], paid),
            Money::new(&[Captured, Held], paid),
            Money::new(&[Captured], Status::Complete),
            Money::new(&[Canceled], Status::Canceled),
            Money::new(&[Canceled, Held], paid),
            Money::new(&[Unpaid], Status::Expired),
        ];
        if dialect.expiry == Expiry::OfTheLinkAlone {
            sessions.push(Money::new(&[Held], Status::Expired));
        }
        sessions
    }
}

impl Model for Stories {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let states = |dialect: &Dialect| {
            let dialect = *dialect;
            let sessions = Self::sessions(dialect).into_iter();
            sessions.map(move |money| State::new(dialect, money, self.bound, self.max_sends))
        };
        self.dialects.iter().flat_map(states).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.breach.is_some() {
            return;
        }
        let remaining = state.remaining;
        match &state.phase {
            Phase::Calling(call) => {
                self.add_steps_of_call(state, actions);
                if remaining.pauses > 0 && !call.must_look {
                    actions.push(Action::PassSeconds);
                }
                if remaining.pauses > 0 && !call.needs_proof {
                    actions.push(Action::PassMinute);
                }
            }
            Phase::Returned { outcome, .. } => {
                if state.is_over() {
                    return;
                }
                if is_repeated(*outcome) && remaining.repeats > 0 {
                    actions.push(Action::Repeat);
                }
            }
        }
        for number in 0..state.in_flight.len() {
            if number == 0 || state.in_flight[number] != state.in_flight[number - 1] {
                actions.push(Action::Arrive(number));
            }
        }
        if state.money.is_due() {
            actions.push(Action::TakeEffect);
        }
        for act in Act::ALL {
            let remaining =
                if act == Act::Reauthorize { remaining.reauthorizations } else { remaining.acts };
            if remaining > 0 && state.money.after(act, state.dialect).is_some() {
                actions.push(Action::Act(act));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Send(fate) => {
                let (state, observation) = self.after_send(last, fate)?;
                return Some(self.note(state, observation));
            }
            Action::Read(fate) => {
                let (state, observation) = self.after_read(last, fate)?;
                return Some(self.note(state, observation));
            }
            Action::TimeIsUp => {
                let Phase::Calling(call) = &last.phase else { return None };
                let limits = call.limits(last.dialect, self.max_sends);
                let decision = at_the_end(&call.told.history, limits);
                return Some(self.returned(state, decision));
            }
            Action::Arrive(number) => {
                let request = state.in_flight.remove(number);
                state.execute(request);
            }
            Action::TakeEffect => {
                let after = settle(state.money);
                let is_denied =
                    matches!(last.phase, Phase::Returned { outcome: Outcome::NotApplied, .. });
                state.change_by_key(after, Request { is_denied, is_unread: false });
            }
            Action::Act(act) => {
                let after = state.money.after(act, state.dialect)?;
                let has_newer = state.money.has_newer_hold();
                let takes = matches!(act, Act::CaptureAll | Act::CapturePart);
                // A hold of which only a part was captured is still there to be released.
                let is_gone = state.money.has_older_hold() && !after.has_older_hold();
                state.ledger.is_captured |= takes && is_gone;
                state.ledger.has_newer_sale |= takes && has_newer;
                match act {
                    Act::Reauthorize => state.remaining.reauthorizations -= 1,
                    _ => state.remaining.acts -= 1,
                }
                state.change(after);
            }
            Action::PassSeconds | Action::PassMinute => {
                state.remaining.pauses -= 1;
                let Phase::Calling(call) = &mut state.phase else { return None };
                call.must_look = true;
                call.needs_proof |= action == Action::PassMinute;
            }
            Action::Repeat => {
                let Phase::Returned { outcome, needs_proof, .. } = last.phase else { return None };
                let in_doubt = outcome == Outcome::Unknown;
                let call = Call::new(in_doubt, needs_proof, state.dialect, self.max_sends);
                state.phase = Phase::Calling(call);
                state.remaining.repeats -= 1;
                state.ledger.was_free_in_call = !state.money.has_older_hold();
                state.ledger.has_unread_effect = false;
            }
        }
        // A step may be due to end the call only because of what passed meanwhile.
        Some(match self.step(&state) {
            Some(Step::Done(decision)) => self.returned(state, decision),
            _ => state,
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn kept<const N: usize>(stories: &Stories, state: &State) -> bool {
            stories.is_kept::<N>(state)
        }
        let conditions = [
            kept::<0>, kept::<1>, kept::<2>, kept::<3>, kept::<4>, kept::<5>, kept::<6>, kept::<7>,
        ];
        Breach::ALL
            .iter()
            .zip(conditions)
            .map(|(breach, condition)| Property::<Self>::always(breach.in_words(), condition))
            .collect()
    }
}
