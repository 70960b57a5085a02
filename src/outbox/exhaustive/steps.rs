//! What each step does: the real statements on the table, and what the model knows beside it.

use std::sync::Arc;

use super::model::{Fate, Passage};
use super::oracle::{Breach, breach_by_sending};
use super::state::{Asked, Clocks, Hold, HoldState, Process, Progress, State};
use super::table::Table;
use crate::outbox::entries::{self, Draft, Lease};
use crate::outbox::handover;
use crate::outbox::settlement::Settlement;
use crate::outbox::transition::{Record, Target, after_call, wait_ms};
use crate::outcome::{Code, Outcome};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
const LEASE_MS: i64 = 20_000;
pub(super) const DELIVER_WITHIN_MS: i64 = 7 * DAY_MS;
/// 2026-01-01, and what a clock says whose battery is flat.
pub(super) const NEW_YEAR_MS: i64 = 1_767_225_600_000;
pub(super) const RESET_MS: i64 = 1_420_070_400_000;
const SESSION: &str = "fcs_model";

fn target() -> Target {
    Target { mode: None, base_url: "https://model".to_owned() }
}

/// The till asks for the cancel: the session's pending entry, or a new one.
pub(super) fn ask(mut state: State, in_doubt: bool) -> State {
    let now = state.clocks.timestamps();
    let number = state.table.ids().count() + 1;
    let draft = Draft {
        target: target(),
        session_id: SESSION.to_owned(),
        idempotency_key: format!("key_{number}"),
        expand: Vec::new(),
        deliver_within_ms: DELIVER_WITHIN_MS,
        asked_at_ms: now.wall_ms,
        is_asked_now: !in_doubt,
        in_doubt,
        is_first: Arc::default(),
    };
    let Ok((table, kept)) = state.table.after(|db| entries::enqueue(db, &draft, now)) else {
        state.breach = Some(Breach::Guard);
        return state;
    };
    state.order += 1;
    let (order, at_ms) = (state.order, state.clocks.true_ms);
    if table.ids().count() < number {
        let asked = state.asked_mut(kept.entry.id);
        (asked.again, asked.again_at_ms) = (Some(order), at_ms);
    } else {
        state.asked.push(new_asked(order, at_ms, state.clocks.boot, in_doubt));
    }
    state.table = table;
    state
}

fn new_asked(order: u8, at_ms: i64, boot: u64, is_sent: bool) -> Asked {
    Asked { order, again: None, at_ms, again_at_ms: 0, boot, is_sent, is_denied: false }
}

/// A flush, or a claim of somebody else: `None` if nothing is due, and nothing overdue.
pub(super) fn claim(mut state: State, number: u8, is_elsewhere: bool) -> Option<State> {
    let now = state.clocks.timestamps();
    let lease = Lease { token: format!("lease_{number}"), until_ms: now.awake_ms + LEASE_MS };
    let run = |db: &rusqlite::Connection| {
        // No row is forgotten: the model counts them.
        entries::end_overdue(db, None, now)?;
        Ok(entries::claim_due(db, &target(), 1, &lease, now)?.pop())
    };
    let Ok((table, claimed)) = state.table.after(run) else {
        state.breach = Some(Breach::Guard);
        return Some(state);
    };
    if table == state.table {
        return None;
    }
    state.table = table;
    if let Some(record) = claimed {
        state.processes.push(Process {
            entry: record.entry.id,
            token: lease.token.clone(),
            claimed: state.table.clone(),
            progress: Progress::Claimed { has_looked: false },
            is_elsewhere,
        });
    }
    Some(state)
}

impl Process {
    fn is_in_doubt(&self) -> bool {
        let is_told = |record: Record| match self.is_elsewhere {
            true => record.is_in_doubt_elsewhere(),
            false => record.unclear_before() > 0,
        };
        self.claimed.record(self.entry).is_some_and(is_told)
    }

    /// True if it may send without a look. Somebody else has no more to go by than the time.
    pub(super) fn may_skip_look(&self, state: &State) -> bool {
        let now = state.clocks.timestamps();
        let is_fresh = |record: Record| record.is_fresh(now);
        if self.is_elsewhere {
            !self.is_in_doubt() && state.asked(self.entry).at_ms == state.clocks.true_ms
        } else {
            self.claimed.record(self.entry).is_some_and(is_fresh)
        }
    }

    /// The call ends without having done anything; one in doubt cannot say so.
    pub(super) fn not_applied(&mut self, code: Code, is_sent: bool) {
        let outcome = if self.is_in_doubt() { Outcome::Unknown } else { Outcome::NotApplied };
        self.progress = Progress::Returned { outcome, code, is_sent };
    }

    fn returned(&mut self, outcome: Outcome, is_sent: bool) {
        let code = match outcome {
            Outcome::Unknown => Code::Timeout,
            Outcome::NotCancelable => Code::NotCancelable,
            _ => Code::Ok,
        };
        self.progress = Progress::Returned { outcome, code, is_sent };
    }
}

/// What a right reading of the session says to a call, if no hold is left.
fn outcome_without_hold(state: &State, process: &Process) -> Outcome {
    let order = state.asked(process.entry).order;
    let is_captured = |hold: &Hold| hold.state == HoldState::Captured && hold.made <= order;
    if state.holds.iter().any(is_captured) {
        Outcome::NotCancelable
    } else if process.is_in_doubt() {
        Outcome::Canceled
    } else {
        Outcome::AlreadyCanceled
    }
}

pub(super) fn look(mut state: State, number: usize) -> State {
    let mut process = state.processes[number].clone();
    let is_held = state.holds.iter().any(|hold| hold.state == HoldState::Held);
    if state.has_newer_hold(process.entry) {
        process.not_applied(Code::NewerHold, false);
    } else if is_held {
        process.progress = Progress::Claimed { has_looked: true };
    } else {
        process.returned(outcome_without_hold(&state, &process), false);
    }
    state.processes[number] = process;
    state
}

pub(super) fn send(mut state: State, number: usize, fate: Fate) -> State {
    let mut process = state.processes[number].clone();
    let entry = process.entry;
    let has_looked = process.progress == Progress::Claimed { has_looked: true };
    if fate != Fate::NotSent {
        if !has_looked {
            state.breach = state.breach.or(breach_by_sending(&state, entry));
        }
        state.asked_mut(entry).is_sent = true;
    }
    let is_held = state.holds.iter().any(|hold| hold.state == HoldState::Held);
    match fate {
        Fate::Answered if is_held => {
            // A 200 that shows money captured is in doubt.
            let is_captured = |hold: &Hold| hold.state == HoldState::Captured;
            let is_doubtful = state.holds.iter().any(is_captured);
            state.execute(entry);
            process.returned(if is_doubtful { Outcome::Unknown } else { Outcome::Canceled }, true);
        }
        Fate::Answered => process.returned(outcome_without_hold(&state, &process), true),
        Fate::AnswerLost => {
            state.execute(entry);
            process.returned(Outcome::Unknown, true);
        }
        Fate::Late => {
            state.in_flight.push(entry);
            state.in_flight.sort_unstable();
            process.returned(Outcome::Unknown, true);
        }
        Fate::NotSent => process.not_applied(Code::Connect, false),
        Fate::RateLimited => process.not_applied(Code::RateLimited, true),
        Fate::Rejected => process.not_applied(Code::Rejected, true),
    }
    state.processes[number] = process;
    state
}

pub(super) fn finish(mut state: State, number: usize) -> Option<State> {
    let process = state.processes.remove(number);
    let Progress::Returned { outcome, code, is_sent } = process.progress else { return None };
    let record = process.claimed.record(process.entry)?;
    let result = after_call(record.unclear_before(), outcome, code, is_sent, "").after(wait_ms(
        record.entry.attempts,
        0,
        0,
    ));
    let now = state.clocks.timestamps();
    let key = format!("key_{}", state.table.ids().count() + 1);
    let run = |db: &rusqlite::Connection| {
        let key = Some(key.as_str());
        Ok(entries::finish(db, process.entry, &process.token, &result, key, now)?.successor)
    };
    let Ok((table, _)) = state.table.after(run) else {
        state.breach = Some(Breach::Guard);
        return Some(state);
    };
    ended(state, process.entry, table)
}

/// The result of somebody else comes back; `None` if it has to come again later.
pub(super) fn settle(mut state: State, number: usize) -> Option<State> {
    let process = &state.processes[number];
    let (id, lease) = (process.entry, process.token.clone());
    let Progress::Returned { outcome, code, .. } = process.progress else { return None };
    let idempotency_key = state.table.record(id)?.entry.idempotency_key;
    let settlement = Settlement::new(lease, idempotency_key, outcome, code);
    let now = state.clocks.timestamps();
    let key = format!("key_{}", state.table.ids().count() + 1);
    let run = |db: &rusqlite::Connection| handover::settle(db, id, &settlement, 0, Some(&key), now);
    let Ok((table, settled)) = state.table.after(run) else {
        state.breach = Some(Breach::Guard);
        return Some(state);
    };
    if settled?.1 == Code::OutboxBusy { None } else { ended(state, id, table) }
}

/// What is known once the end of a try was noted.
fn ended(mut state: State, id: i64, table: Table) -> Option<State> {
    if table.ids().count() > state.table.ids().count() {
        let stale = *state.asked(id);
        let order = stale.again.unwrap_or(stale.order);
        state.asked.push(new_asked(order, stale.again_at_ms, state.clocks.boot, false));
    }
    state.table = table;
    let entry = state.table.record(id)?.entry;
    if entry.state.is_final() && entry.last_outcome == Some(Outcome::NotApplied) {
        state.asked_mut(id).is_denied = true;
    }
    Some(state)
}

pub(super) fn pass(mut state: State, passage: Passage) -> State {
    let clocks = state.clocks;
    state.clocks = match passage {
        Passage::Minute => clocks.after(MINUTE_MS, false),
        Passage::ElevenMinutes => clocks.after(11 * MINUTE_MS, false),
        Passage::AsleepElevenMinutes => clocks.after(11 * MINUTE_MS, true),
        Passage::PausedElevenMinutes => {
            let Clocks { awake_ms, up_ms, .. } = clocks;
            Clocks { awake_ms, up_ms, ..clocks.after(11 * MINUTE_MS, false) }
        }
        Passage::ElevenMinutesAndBack => {
            Clocks { wall_ms: clocks.wall_ms, ..clocks.after(11 * MINUTE_MS, false) }
        }
        Passage::EightDays => clocks.after(8 * DAY_MS, false),
        Passage::PowerCut => {
            state.processes.retain(|process| process.is_elsewhere);
            let clocks = clocks.after(MINUTE_MS, false);
            Clocks { awake_ms: MINUTE_MS, up_ms: MINUTE_MS, boot: clocks.boot + 1, ..clocks }
        }
        Passage::ClockReset => Clocks { wall_ms: RESET_MS, ..clocks },
        Passage::ClockSet => Clocks { wall_ms: NEW_YEAR_MS + clocks.true_ms, ..clocks },
    };
    if state.clocks.true_ms > clocks.true_ms {
        // A call ends before its lease, however the time went: what it had not done by then, it
        // does no more. To note its end it may still be late.
        for process in &mut state.processes {
            match process.progress {
                // It waits in somebody's queue, for as long as that takes.
                Progress::Claimed { has_looked: false } if process.is_elsewhere => {}
                Progress::Claimed { .. } => process.not_applied(Code::Timeout, false),
                Progress::Returned { .. } => {}
            }
        }
    }
    state.remaining.passages -= 1;
    state
}
