//! A state of the model: the session, the outbox's table, and the processes at work on it.

use super::oracle::Breach;
use super::table::Table;
use crate::outbox::clock::Timestamps;
use crate::outcome::{Code, Outcome};

/// How much may happen in one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bound {
    pub(super) tries: u8,
    pub(super) asks: u8,
    pub(super) passages: u8,
    pub(super) acts: u8,
    pub(super) reauthorizations: u8,
    pub(super) crashes: u8,
    /// How many of the tries may be claims of somebody else.
    pub(super) claims: u8,
    /// How often a result may come once more.
    pub(super) repeats: u8,
}

/// Where the money of a hold is; and by which key it was released, if by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum HoldState {
    Held,
    Released { by: Option<i64> },
    Captured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hold {
    pub(super) state: HoldState,
    /// Its position in the order of all holds and asks.
    pub(super) made: u8,
}

/// What the model knows of an entry beside its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// The position of its asking in the order of all holds and asks.
    pub(super) order: u8,
    pub(super) again: Option<u8>,
    /// When it was asked for, in true time.
    pub(super) at_ms: i64,
    pub(super) again_at_ms: i64,
    /// In which start of the machine.
    pub(super) boot: u64,
    /// A request with its key was handed to the network.
    pub(super) is_sent: bool,
    /// It was said that its key has no effect.
    pub(super) is_denied: bool,
}

/// How far a process has come with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Progress {
    Claimed { has_looked: bool },
    Returned { outcome: Outcome, code: Code, is_sent: bool },
}

/// One process at work on one entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    pub(super) entry: i64,
    pub(super) token: String,
    /// The decisions of its claim: the row as it was then.
    pub(super) claimed: Table,
    pub(super) progress: Progress,
    /// Whether it is somebody else's, who knows the claim and no more, and settles the entry.
    pub(super) is_elsewhere: bool,
}

/// The machine's clocks, and the true time since the first asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Clocks {
    pub(super) true_ms: i64,
    pub(super) wall_ms: i64,
    pub(super) awake_ms: i64,
    pub(super) up_ms: i64,
    pub(super) boot: u64,
}

impl Clocks {
    pub(super) const fn timestamps(self) -> Timestamps {
        Timestamps::new(self.wall_ms, self.awake_ms, self.up_ms, self.boot as u128)
    }

    pub(super) const fn after(self, ms: i64, is_asleep: bool) -> Self {
        let awake_ms = if is_asleep { self.awake_ms } else { self.awake_ms + ms };
        Self {
            true_ms: self.true_ms + ms,
            wall_ms: self.wall_ms + ms,
            awake_ms,
            up_ms: self.up_ms + ms,
            ..self
        }
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct State {
    pub(super) holds: Vec<Hold>,
    pub(super) table: Table,
    /// One for each row.
    pub(super) asked: Vec<Asked>,
    /// The keys of requests that have not arrived yet; sorted.
    pub(super) in_flight: Vec<i64>,
    pub(super) processes: Vec<Process>,
    pub(super) clocks: Clocks,
    pub(super) order: u8,
    pub(super) remaining: Bound,
    pub(super) breach: Option<Breach>,
}

impl State {
    pub(super) fn asked(&self, entry: i64) -> &Asked {
        &self.asked[index(entry)]
    }

    pub(super) fn asked_mut(&mut self, entry: i64) -> &mut Asked {
        &mut self.asked[index(entry)]
    }

    pub(super) fn has_effect(&self, entry: i64) -> bool {
        let by = |hold: &Hold| hold.state == HoldState::Released { by: Some(entry) };
        self.holds.iter().any(by)
    }

    pub(super) fn may_have_effect(&self, entry: i64) -> bool {
        self.has_effect(entry) || self.in_flight.contains(&entry)
    }

    /// True if a hold is there that was made after the entry was asked for.
    pub(super) fn has_newer_hold(&self, entry: i64) -> bool {
        let order = self.asked(entry).order;
        self.holds.iter().any(|hold| hold.state == HoldState::Held && hold.made > order)
    }

    /// Flex executes a request with the key of this entry.
    pub(super) fn execute(&mut self, entry: i64) {
        let is_denied = self.asked(entry).is_denied;
        for hold in self.holds.iter_mut().filter(|hold| hold.state == HoldState::Held) {
            hold.state = HoldState::Released { by: Some(entry) };
            if is_denied {
                self.breach = Some(Breach::NotApplied);
            }
        }
    }
}

fn index(entry: i64) -> usize {
    usize::try_from(entry - 1).unwrap_or_default()
}
