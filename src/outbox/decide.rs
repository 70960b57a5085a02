//! What becomes of an entry. Pure: no I/O, no clock.

use super::clock::Moment;
use super::gate::Gate;
use crate::config::Mode;
use crate::entry::{Entry, State};
use crate::outcome::{Code, Outcome};

/// Below this age, and if it surely never reached Flex, an entry is delivered without looking
/// at the session first.
pub(super) const FRESH_MS: i64 = 10 * 60 * 1000;

/// The first wait before an entry is tried again is at least this long.
const FIRST_WAIT_MS: i64 = 5_000;
/// No entry waits longer than this.
const LONGEST_WAIT_MS: i64 = 3_600_000;
/// No entry's next try lies further ahead than this, with a second for rounding.
pub(super) const LATEST_TRY_MS: i64 = LONGEST_WAIT_MS + 1_000;

/// The most of a message that the file keeps, in bytes.
const MAX_MESSAGE_BYTES: usize = 512;

/// The service and mode that an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) mode: Option<Mode>,
    pub(super) base_url: String,
}

impl Target {
    pub(super) const fn mode_name(&self) -> &'static str {
        match self.mode {
            Some(Mode::Test) => "test",
            Some(Mode::Live) => "live",
            None => "",
        }
    }

    pub(super) fn mode_of_name(name: &str) -> Option<&'static str> {
        ["test", "live"].into_iter().find(|mode| *mode == name)
    }
}

/// An entry with what only the outbox itself needs to know.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) entry: Entry,
    /// Which start of the machine it was made in, and how long after it.
    pub(super) born_boot: u128,
    pub(super) born_up_ms: i64,
    /// Who delivers it: token, start of the machine, and until when.
    pub(super) lease: Option<(String, u128, i64)>,
}

impl Record {
    /// The entry as results show it.
    pub(super) fn shown(self, now: Moment) -> Entry {
        let leased = |(_, boot, until_ms): &(String, u128, i64)| {
            *boot == now.boot && *until_ms > now.awake_ms
        };
        let in_delivery = self.lease.as_ref().is_some_and(leased);
        Entry { in_delivery, ..self.entry }
    }

    /// True if it may be delivered without looking at the session first: it is young by the
    /// clock that does not jump, and no try before the one that has just been claimed may have
    /// reached Flex.
    pub(super) fn is_fresh(&self, now: Moment) -> bool {
        let age_ms = now.up_ms - self.born_up_ms;
        self.born_boot == now.boot && (0..FRESH_MS).contains(&age_ms) && self.unclear_before() == 0
    }

    /// How many tries before the one that has just been claimed may have reached Flex.
    pub(super) const fn unclear_before(&self) -> u32 {
        self.entry.unclear.saturating_sub(1)
    }
}

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) state: State,
    /// What is known of the cancel that the entry stands for.
    pub(super) outcome: Outcome,
    pub(super) code: Code,
    pub(super) message: String,
    /// Surely nothing of this try took effect or will.
    pub(super) is_clear: bool,
    /// How long to wait before the next try.
    pub(super) wait_ms: i64,
}

impl Ending {
    /// The next try must not be earlier than this.
    pub(super) fn after(self, wait_ms: i64) -> Self {
        Self { wait_ms, ..self }
    }
}

fn ending(state: State, outcome: Outcome, code: Code, is_clear: bool, message: &str) -> Ending {
    let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
    Ending { state, outcome, code, message: message[..end].to_owned(), is_clear, wait_ms: 0 }
}

/// What becomes of an entry whose cancel was called for, with that call's outcome and code.
///
/// `unclear_before`: how many tries before may have reached Flex. After one, that a later one
/// was refused does not say that nothing was done.
pub(super) fn after_cancel(
    unclear_before: u32,
    outcome: Outcome,
    code: Code,
    message: &str,
) -> Ending {
    use State::{Delivered, NeedsAttention, Pending, Refused};
    let not_applied = if unclear_before == 0 { Outcome::NotApplied } else { Outcome::Unknown };
    let (state, known) = match outcome {
        Outcome::Canceled | Outcome::AlreadyCanceled => (Delivered, outcome),
        Outcome::NotCancelable => (Refused, outcome),
        Outcome::NotApplied => match code {
            Code::Rejected if unclear_before == 0 => (Refused, outcome),
            // Repeating it as it is will not help.
            Code::Rejected
            | Code::NotFound
            | Code::ModeMismatch
            | Code::InvalidArgument
            | Code::InvalidSessionId => (NeedsAttention, not_applied),
            // The way, the key or the pace is wrong; not the cancel. It is kept, so it may still
            // have an effect.
            _ => (Pending, Outcome::Unknown),
        },
        Outcome::Unknown if code == Code::ModeMismatch => (NeedsAttention, Outcome::Unknown),
        _ => (Pending, Outcome::Unknown),
    };
    ending(state, known, code, outcome == Outcome::NotApplied, message)
}

/// What becomes of an entry whose session was looked at first; `None` if the cancel may go.
/// Nothing was sent that could have an effect.
pub(super) fn after_look(unclear_before: u32, gate: Gate, message: &str) -> Option<Ending> {
    use State::{Delivered, NeedsAttention, Pending, Refused};
    let not_applied = if unclear_before == 0 { Outcome::NotApplied } else { Outcome::Unknown };
    let (state, outcome, code) = match gate {
        Gate::Go => return None,
        Gate::Released => (Delivered, Outcome::AlreadyCanceled, Code::Ok),
        Gate::TooLate => (Refused, Outcome::NotCancelable, Code::NotCancelable),
        Gate::Newer | Gate::Unproven => (NeedsAttention, not_applied, Code::OutboxStale),
        Gate::Unread(code) => match code {
            Code::NotFound | Code::Rejected | Code::ModeMismatch => {
                (NeedsAttention, not_applied, code)
            }
            _ => (Pending, Outcome::Unknown, code),
        },
    };
    Some(ending(state, outcome, code, true, message))
}

/// True if the next entry would fare no better: the way to Flex, or the key, is the trouble.
pub(super) fn is_way_closed(ending: &Ending) -> bool {
    ending.is_clear
        && ending.state == State::Pending
        && matches!(
            ending.code,
            Code::Aborted
                | Code::Dns
                | Code::Connect
                | Code::Tls
                | Code::Timeout
                | Code::ConnectionLost
                | Code::RateLimited
                | Code::Unauthorized
                | Code::Internal
        )
}

/// How long an entry waits after so many tries: random, at least five seconds, below a bound
/// that doubles up to an hour. A wait that Flex asks for is kept up to that hour.
pub(super) fn wait_ms(attempts: u32, random: u64, asked_ms: i64) -> i64 {
    let bound = FIRST_WAIT_MS.saturating_mul(1 << attempts.clamp(1, 20)).min(LONGEST_WAIT_MS);
    let spread = (u128::from(random) * u128::from((bound - FIRST_WAIT_MS).unsigned_abs())) >> 64;
    let wait = FIRST_WAIT_MS + i64::try_from(spread).unwrap_or(0);
    wait.max(asked_ms).min(LONGEST_WAIT_MS)
}

#[cfg(test)]
mod tests;
