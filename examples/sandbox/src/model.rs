//! Flex itself, as a pure state machine: no I/O, no clock, no chance.

use std::collections::VecDeque;
use std::time::Duration;

use crate::axes::{Acknowledgement, Effects, IdCase, SecondCancel, Several, Times};
use crate::cancel::{Promise, Verdict};
use crate::dialect::Dialect;
use crate::error::{ErrorShape, Refusal};
use crate::ground_truth::GroundTruth;
use crate::id::IdGenerator;
use crate::idempotency;
use crate::keys::Mode;
use crate::session::{CreateParams, Session, Status};
use crate::sessions::Sessions;

/// How long a session waits for the shopper before it expires.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How late an effect is under [`Effects::Late`], unless the settings say otherwise.
pub const DEFAULT_LATE: Duration = Duration::from_millis(250);

/// What a [`Model`] is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How it behaves where Flex's documentation is silent.
    pub dialect: Dialect,
    /// The shape of its error bodies.
    pub error_shape: ErrorShape,
    /// How late the effect of a cancel is under [`Effects::Late`] and
    /// [`Acknowledgement::BestEffort`].
    pub late: Duration,
    /// How old the state is that a retrieval shows, as if a replica answered it. A session that
    /// is younger is shown as it was created.
    pub lag: Duration,
    /// What its ids are drawn from.
    pub seed: u64,
    /// The Unix time, in seconds, at which `now` is zero.
    pub epoch_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            dialect: Dialect::default(),
            error_shape: ErrorShape::default(),
            late: DEFAULT_LATE,
            lag: Duration::ZERO,
            seed: 0,
            epoch_s: 1_767_225_600,
        }
    }
}

/// Who asks for a cancel: kept with its effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canceler {
    /// The number of the request.
    pub request: u64,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

/// A cancel that was acknowledged and has yet to take effect.
struct LateCancel {
    due: Duration,
    id: String,
    promise: Promise,
    by: Canceler,
}

/// How a cancel was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It has its effect, or had it before, or nothing can prevent it.
    Surely,
    /// It may have an effect.
    BestEffort,
}

/// Flex: its sessions, its idempotency keys, and the effects that are still on their way.
///
/// `now` is the time since the start. It never runs backwards: an earlier `now` counts as the
/// latest one seen. The same settings and the same calls give the same answers.
pub struct Model {
    pub(crate) settings: Settings,
    pub(crate) answers: idempotency::Store,
    now: Duration,
    ids: IdGenerator,
    pub(crate) sessions: Sessions,
    /// In the order in which they are due, as all are equally late.
    late: VecDeque<LateCancel>,
    /// The sessions by age: when each expires if nobody pays.
    expiries: VecDeque<(Duration, String)>,
}

impl Model {
    /// A Flex without any session.
    pub fn new(settings: Settings) -> Self {
        Model {
            ids: IdGenerator::new(settings.seed, settings.epoch_s)
                .opaque(!matches!(settings.dialect.times, Times::Full | Times::Updated)),
            sessions: Sessions::new(settings.dialect.id_case == IdCase::Lower, settings.lag),
            settings,
            answers: idempotency::Store::default(),
            now: Duration::ZERO,
            late: VecDeque::new(),
            expiries: VecDeque::new(),
        }
    }

    /// Lets time pass: late cancels that are due take effect, unpaid sessions expire.
    /// Every other operation does so first.
    pub fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        while self.late.front().is_some_and(|cancel| cancel.due <= self.now) {
            self.late.pop_front().into_iter().for_each(|cancel| self.apply(cancel));
        }
        while self.expiries.front().is_some_and(|(due, _)| *due <= self.now) {
            let Some((due, id)) = self.expiries.pop_front() else { return };
            if self.sessions.get(&id).is_some_and(|session| session.status == Status::Open) {
                // Refused while an acknowledged cancel is on its way: that wins.
                let _ = self.sessions.change(&id, due, |session| session.expire(due));
            }
        }
    }

    /// The time up to which everything has happened.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Creates a session and returns its id.
    pub fn create(&mut self, mode: Mode, params: CreateParams, now: Duration) -> String {
        self.advance(now);
        let rules = self.settings.dialect;
        let session = Session::new(mode, params, rules, &mut self.ids, self.now);
        let id = session.id.clone();
        self.expiries.push_back((self.now + SESSION_LIFETIME, id.clone()));
        self.sessions.insert(session);
        id
    }

    /// The shopper pays on the hosted page, which completes the session: the money is held for
    /// `capture_method: manual`, and taken for `automatic`.
    pub fn pay(&mut self, id: &str, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, ids, now| session.pay(ids, now))
    }

    /// Takes `amount` of the oldest hold, or all of it. The rest is released, unless the dialect
    /// is [`crate::PartialCapture::KeepsRest`].
    pub fn capture(&mut self, id: &str, amount: Option<u64>, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, ids, now| session.capture(amount, ids, now))
    }

    /// Gives back `amount` of what was taken, or all of it.
    pub fn refund(&mut self, id: &str, amount: Option<u64>, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, ids, now| session.refund(amount, ids, now))
    }

    /// Puts a new hold on the card of a shopper who has paid before: in a new payment intent,
    /// unless the dialect is [`crate::Reauth::SameIntent`].
    pub fn reauth(&mut self, id: &str, amount: Option<u64>, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, ids, now| session.reauth(amount, ids, now))
    }

    /// The session lapses unpaid, or its hold does; under [`crate::Link::Alone`] the session
    /// lapses and its hold does not.
    pub fn expire(&mut self, id: &str, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, _, now| session.expire(now))
    }

    /// Someone cancels the session. An `Ok` says what a 2xx says: it is canceled, or was before
    /// and the dialect answers [`crate::SecondCancel::OkAgain`], or is about to be.
    pub fn cancel(&mut self, id: &str, by: Canceler, now: Duration) -> Result<(), Refusal> {
        self.advance(now);
        self.note_cancel_request(id);
        self.cancel_uncounted(id, by).map(drop)
    }

    /// What really happened to a session, as of the last time given to any operation.
    pub fn ground_truth(&self, id: &str) -> Option<GroundTruth> {
        self.sessions.get(id).map(Session::ground_truth)
    }

    /// Whether money is held that no acknowledged cancel is about to release.
    pub fn holds_money(&self, id: &str) -> bool {
        self.sessions.get(id).is_some_and(Session::holds_money)
    }

    /// What was taken from the session's shopper, in cents.
    pub fn amount_captured(&self, id: &str) -> u64 {
        self.sessions.get(id).map_or(0, Session::amount_captured)
    }

    pub(crate) fn cancel_uncounted(&mut self, id: &str, by: Canceler) -> Result<Accepted, Refusal> {
        let session = self.sessions.get(id).ok_or(Refusal::NOT_FOUND)?;
        match session.cancel_verdict() {
            Verdict::Proceed => {}
            Verdict::AlreadyCanceled => return self.second_cancel(),
            Verdict::Refused(refusal) => return Err(refusal),
        }
        let Dialect { acknowledgement, effects, several, .. } = self.settings.dialect;
        let binds = acknowledgement == Acknowledgement::Binding;
        let (now, at_once) = (self.now, binds && effects == Effects::AtOnce);
        let promise = self.sessions.change(id, now, |session| {
            let promise = session.promise_cancel();
            if at_once {
                session.keep_cancel_promise(&promise, &by, now);
            }
            Ok(promise)
        })?;
        let leaves_some = promise.leaves_some;
        if !at_once {
            let due = now + self.settings.late;
            self.late.push_back(LateCancel { due, id: id.to_owned(), promise, by });
        }
        match several {
            Several::FirstOnlyThenConflict if leaves_some => Err(Refusal::UNEXPECTED_INTENT_STATE),
            Several::FirstOnlyThenError if leaves_some => Err(Refusal::INTENT_NOT_CANCELED),
            _ if binds => Ok(Accepted::Surely),
            _ => Ok(Accepted::BestEffort),
        }
    }

    fn second_cancel(&self) -> Result<Accepted, Refusal> {
        Err(match self.settings.dialect.second_cancel {
            SecondCancel::OkAgain => return Ok(Accepted::Surely),
            SecondCancel::BadRequest => Refusal::CANCELED,
            SecondCancel::Conflict => Refusal { status: 409, ..Refusal::CANCELED },
            SecondCancel::NotFound => Refusal::NOT_FOUND,
            SecondCancel::Gone => Refusal::GONE,
            SecondCancel::Prose => Refusal::CANCELED_IN_PROSE,
            SecondCancel::UpperCase => Refusal::CANCELED_UPPER_CASE,
            SecondCancel::TypeFirst => Refusal::CANCELED_TYPE_FIRST,
            SecondCancel::Processed => Refusal::ALREADY_PROCESSED,
        })
    }

    fn apply(&mut self, cancel: LateCancel) {
        let LateCancel { due, id, promise, by } = cancel;
        // Sessions are never forgotten, so there is no refusal.
        let _ = self.sessions.change(&id, due, |session| {
            session.keep_cancel_promise(&promise, &by, due);
            Ok(())
        });
    }

    fn change(
        &mut self,
        id: &str,
        now: Duration,
        change: impl FnOnce(&mut Session, &mut IdGenerator, Duration) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.advance(now);
        let (ids, now) = (&mut self.ids, self.now);
        self.sessions.change(id, now, |session| change(session, ids, now))
    }

    pub(crate) fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.get(id)
    }

    pub(crate) fn note_cancel_request(&mut self, id: &str) {
        if let Some(session) = self.sessions.counters(id) {
            session.cancels_received += 1;
        }
    }

    pub(crate) fn note_replay(&mut self, id: &str) {
        if let Some(session) = self.sessions.counters(id) {
            session.replays += 1;
        }
    }
}
