//! What becomes of an entry. Pure: no I/O, no clock.

use super::clock::Timestamps;
use crate::config::Mode;
use crate::outcome::{Code, Outcome};
use crate::report::{OutboxEntry, OutboxState};

/// The first try of an entry that is not in doubt is made without looking at the session first up
/// to this age, by the wall clock and by the one that does not jump.
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

    /// The one that an entry is for.
    pub(super) fn of(entry: &OutboxEntry) -> Self {
        let mode = match entry.mode {
            Some("test") => Some(Mode::Test),
            Some("live") => Some(Mode::Live),
            _ => None,
        };
        Self { mode, base_url: entry.base_url.clone() }
    }

    pub(super) fn mode_of_name(name: &str) -> Option<&'static str> {
        ["test", "live"].into_iter().find(|mode| *mode == name)
    }
}

/// An entry with what only the outbox itself needs to know.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) entry: OutboxEntry,
    /// Which start of the machine it was made in, and how long after it.
    pub(super) born_boot: u128,
    pub(super) born_up_ms: i64,
    /// When the cancel was last asked for again, if it was.
    pub(super) asked_again_ms: Option<i64>,
    /// The key of the last cancel that asked again in doubt.
    pub(super) asked_again_key: Option<String>,
    /// Who delivers it: token, start of the machine, and until when.
    pub(super) lease: Option<(String, u128, i64)>,
}

impl Record {
    /// The entry as results show it.
    pub(super) fn shown(self, now: Timestamps) -> OutboxEntry {
        let leased = |(_, boot, until_ms): &(String, u128, i64)| {
            *boot == now.boot && *until_ms > now.awake_ms
        };
        let in_delivery = self.lease.as_ref().is_some_and(leased);
        OutboxEntry { in_delivery, ..self.entry }
    }

    /// The entry as whoever has claimed it is told of it.
    pub(super) fn claimed(self, now: Timestamps) -> OutboxEntry {
        let in_doubt = Some(self.is_in_doubt_elsewhere());
        let lease = self.lease.as_ref().map(|(token, ..)| token.clone());
        OutboxEntry { lease, in_doubt, ..self.shown(now) }
    }

    /// True if whoever else delivers it must read the session first. Without doubt they go by the
    /// time since the asking alone, and after an earlier try a newer hold may be there however
    /// short that is: clocks are put back, and entries are due at once then.
    pub(super) const fn is_in_doubt_elsewhere(&self) -> bool {
        self.unclear_before() > 0 || self.entry.attempts > 1
    }

    /// True if nobody has claimed it since this lease began, whether or not that has ended.
    pub(super) fn is_under(&self, lease: &str) -> bool {
        self.lease.as_ref().is_some_and(|(token, ..)| token == lease)
    }

    /// True if it may be delivered without looking at the session first: this is its first try,
    /// it is young by both clocks, and no request may have reached Flex. A machine that was
    /// restored from a snapshot is told by the wall clock, a clock that was put back by the other.
    pub(super) fn is_fresh(&self, now: Timestamps) -> bool {
        let fresh = 0..FRESH_MS;
        self.born_boot == now.boot
            && fresh.contains(&now.up_ms.saturating_sub(self.born_up_ms))
            && fresh.contains(&now.wall_ms.saturating_sub(self.entry.asked_at_ms))
            && self.entry.attempts <= 1
            && self.unclear_before() == 0
    }

    /// How many tries before the one that has just been claimed may have reached Flex.
    pub(super) const fn unclear_before(&self) -> u32 {
        self.entry.unclear.saturating_sub(1)
    }
}

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeliveryResult {
    pub(super) state: OutboxState,
    /// What is known of the cancel that the entry stands for.
    pub(super) outcome: Outcome,
    pub(super) code: Code,
    pub(super) message: String,
    /// Surely nothing of this try took effect or will.
    pub(super) is_clear: bool,
    /// How long to wait before the next try.
    pub(super) wait_ms: i64,
}

impl DeliveryResult {
    /// The next try must not be earlier than this.
    pub(super) fn after(self, wait_ms: i64) -> Self {
        Self { wait_ms, ..self }
    }

    /// To repeat it with its key will not help: a person must find out, and may take a new one.
    pub(super) fn for_person(self) -> Self {
        Self { state: OutboxState::NeedsAttention, ..self }
    }
}

fn delivery_result(
    state: OutboxState,
    outcome: Outcome,
    code: Code,
    is_clear: bool,
    message: &str,
) -> DeliveryResult {
    let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
    DeliveryResult {
        state,
        outcome,
        code,
        message: message[..end].to_owned(),
        is_clear,
        wait_ms: 0,
    }
}

/// What becomes of an entry after a call, with that call's outcome and code.
///
/// `unclear_before`: how many tries before may have reached Flex. After one, that a later one
/// was refused does not say that nothing was done. `is_sent`: a request of this call to cancel may
/// have reached Flex.
pub(super) fn after_call(
    unclear_before: u32,
    outcome: Outcome,
    code: Code,
    is_sent: bool,
    message: &str,
) -> DeliveryResult {
    use OutboxState::{Delivered, NeedsAttention, Pending, Refused};
    let not_applied = if unclear_before == 0 { Outcome::NotApplied } else { Outcome::Unknown };
    let (state, known, code) = match (outcome, code) {
        (Outcome::Canceled | Outcome::AlreadyCanceled, _) => (Delivered, outcome, code),
        // "Surely not done" is not said of an entry whose own request may have done it.
        (Outcome::NotCancelable, _) if unclear_before > 0 => (NeedsAttention, outcome, code),
        (Outcome::NotCancelable, _) => (Refused, outcome, code),
        (Outcome::NotApplied, Code::NewerHold) => (NeedsAttention, not_applied, Code::OutboxStale),
        (Outcome::Unknown, Code::NewerHold) => (NeedsAttention, outcome, Code::OutboxStale),
        (Outcome::NotApplied, Code::Rejected | Code::NotCancelable)
            if unclear_before == 0 && is_sent =>
        {
            (Refused, outcome, code)
        }
        // Repeating it as it is will not help.
        (
            Outcome::NotApplied,
            Code::Rejected
            | Code::NotCancelable
            | Code::NotFound
            | Code::ModeMismatch
            | Code::InvalidArgument
            | Code::InvalidSessionId,
        ) => (NeedsAttention, not_applied, code),
        (
            Outcome::Unknown,
            Code::InvalidArgument
            | Code::ModeMismatch
            | Code::NotCancelable
            | Code::NotFound
            | Code::Rejected,
        ) => (NeedsAttention, outcome, code),
        // The way, the key or the pace is wrong; not the cancel. It is kept, so it may still have
        // an effect.
        _ => (Pending, Outcome::Unknown, code),
    };
    delivery_result(state, known, code, outcome == Outcome::NotApplied || !is_sent, message)
}

/// True if the next entry would fail, too: Flex cannot be reached, or does not accept the key.
pub(super) fn stops_flush(result: &DeliveryResult) -> bool {
    result.is_clear
        && result.state == OutboxState::Pending
        && matches!(
            result.code,
            Code::Aborted
                | Code::Dns
                | Code::Connect
                | Code::Tls
                | Code::Timeout
                | Code::ConnectionLost
                | Code::RateLimited
                | Code::Unauthorized
                | Code::InvalidConfig
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
