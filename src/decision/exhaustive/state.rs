//! A state of the model: the world, and the call within it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::dialect::{Dialect, Expand, Verify};
use super::flex::{released, serve};
use super::message::Message;
use super::money::Money;
use super::oracle::Breach;
use super::told::Told;
use crate::decision::{Limits, is_first};
use crate::outcome::{Hold, Outcome};

/// How much may happen in one story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bound {
    pub(super) sends: u8,
    pub(super) reads: u8,
    pub(super) acts: u8,
    pub(super) reauthorizations: u8,
    pub(super) pauses: u8,
    pub(super) repeats: u8,
}

/// A request to cancel that has not arrived yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Request {
    /// A call said since that it has no effect.
    pub(super) is_denied: bool,
    /// It was sent after the last read-back.
    pub(super) is_unread: bool,
}

/// What really happened, for the oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    pub(super) had_hold: bool,
    /// At a moment since the cancel was asked for no older hold was left.
    pub(super) was_free: bool,
    /// At a moment of this call no older hold was left.
    pub(super) was_free_in_call: bool,
    /// Of an older hold something was captured after the asking.
    pub(super) is_captured: bool,
    /// A request with the key released something, and something older.
    pub(super) has_effect: bool,
    pub(super) has_older_effect: bool,
    /// A request was executed twice, and answered the second time, and differently.
    pub(super) has_duplicate: bool,
    /// A request that was sent after the last read-back released something.
    pub(super) has_unread_effect: bool,
    /// A newer hold was captured.
    pub(super) has_newer_sale: bool,
}

/// What the last read-back of a call showed of newer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    /// One was there.
    pub(super) has_newer: bool,
    /// It was shown with its time.
    pub(super) shows_newer: bool,
    /// Whatever there was would have been shown with its time.
    pub(super) shows_times: bool,
}

/// The call that is under way.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct Call {
    pub(super) told: Arc<Told>,
    pub(super) in_doubt: bool,
    pub(super) must_look: bool,
    pub(super) needs_proof: bool,
    pub(super) seen: Option<Seen>,
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) enum Phase {
    Calling(Call),
    Returned { outcome: Outcome, hold: Untold<Hold>, needs_proof: bool },
}

/// What only a story shows: it makes no two states different.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untold<T>(pub(super) T);

impl<T> PartialEq for Untold<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Hash for Untold<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct State {
    pub(super) dialect: Dialect,
    pub(super) money: Money,
    /// The session before its last change since the call began.
    pub(super) before: Option<Money>,
    /// What Flex keeps for the idempotency key.
    pub(super) stored: Option<Message>,
    /// Sorted.
    pub(super) in_flight: Vec<Request>,
    pub(super) phase: Phase,
    pub(super) ledger: Ledger,
    pub(super) remaining: Bound,
    pub(super) breach: Option<Breach>,
}

impl Call {
    /// `is_old`: the cancel was asked for a minute ago, or earlier.
    pub(super) fn new(in_doubt: bool, is_old: bool, dialect: Dialect, max_sends: u8) -> Self {
        let limits = limits(in_doubt, false, false, dialect, max_sends);
        Self {
            told: Arc::new(Told::nothing(limits)),
            in_doubt,
            must_look: in_doubt || is_old,
            needs_proof: in_doubt || is_old,
            seen: None,
        }
    }

    pub(super) fn limits(&self, dialect: Dialect, max_sends: u8) -> Limits {
        limits(self.in_doubt, self.must_look, self.needs_proof, dialect, max_sends)
    }

    pub(super) fn is_first(&self) -> bool {
        is_first(&self.told.history, self.in_doubt)
    }

    pub(super) fn is_expanded(&self, is_cancel: bool, dialect: Dialect) -> bool {
        let is_wanted = !is_cancel || dialect.expand == Expand::Something;
        is_wanted && !self.told.is_expand_refused()
    }
}

const fn limits(
    in_doubt: bool,
    must_look: bool,
    needs_proof: bool,
    dialect: Dialect,
    max_sends: u8,
) -> Limits {
    let verify = matches!(dialect.verify, Verify::On);
    Limits {
        max_sends: max_sends as u32,
        max_connects: 2,
        in_doubt,
        must_look,
        needs_proof,
        verify,
    }
}

impl State {
    pub(super) fn new(dialect: Dialect, money: Money, remaining: Bound, max_sends: u8) -> Self {
        let is_free = !money.has_older_hold();
        let ledger = Ledger {
            had_hold: !is_free,
            was_free: is_free,
            was_free_in_call: is_free,
            is_captured: false,
            has_effect: false,
            has_older_effect: false,
            has_duplicate: false,
            has_unread_effect: false,
            has_newer_sale: false,
        };
        Self {
            dialect,
            money,
            before: None,
            stored: None,
            in_flight: Vec::new(),
            phase: Phase::Calling(Call::new(false, false, dialect, max_sends)),
            ledger,
            remaining,
            breach: None,
        }
    }

    /// Flex executes a request to cancel, and answers.
    pub(super) fn execute(&mut self, request: Request) -> Message {
        let served = serve(self.money, self.stored, self.dialect);
        self.stored = served.stored;
        self.change_by_key(served.money, request);
        served.response
    }

    /// The session changes by a request with the key.
    pub(super) fn change_by_key(&mut self, after: Money, request: Request) {
        let (older, newer) = released(self.money, after);
        self.ledger.has_older_effect |= older;
        self.ledger.has_effect |= older || newer;
        self.ledger.has_unread_effect |= request.is_unread && (older || newer);
        if request.is_denied && (older || newer) {
            self.breach = Some(Breach::NotApplied);
        }
        self.change(after);
    }

    pub(super) fn change(&mut self, after: Money) {
        if self.money.visible(self.dialect) != after.visible(self.dialect)
            && matches!(self.phase, Phase::Calling(_))
        {
            self.before = Some(self.money.visible(self.dialect));
        }
        self.money = after;
        let is_free = !after.has_older_hold();
        self.ledger.was_free |= is_free;
        self.ledger.was_free_in_call |= is_free;
    }

    pub(super) fn put_in_flight(&mut self) {
        self.in_flight.push(Request { is_denied: false, is_unread: true });
        self.in_flight.sort_unstable();
    }
}

impl State {
    /// True if whatever happens now can make no claim false.
    pub(super) fn is_over(&self) -> bool {
        let Phase::Returned { outcome, .. } = self.phase else { return false };
        let is_settled = self.in_flight.is_empty() && !self.money.is_due();
        let may_repeat = is_repeated(outcome) && self.remaining.repeats > 0;
        let is_watched = outcome == Outcome::NotApplied && !is_settled;
        !may_repeat && !is_watched
    }

    /// Any state, for the end of a story.
    pub(super) fn over() -> Self {
        let nothing = Bound::default();
        Self::new(Dialect::PLAIN, Money::new(&[], super::money::Status::Open), nothing, 0)
    }
}

/// True if a till repeats a cancel that ended so.
pub(super) const fn is_repeated(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Unknown | Outcome::NotApplied)
}
