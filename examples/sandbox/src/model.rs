//! Flex itself, as a pure state machine: no I/O, no clock, no chance.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::dialect::{Dialect, Effects, SecondCancel};
use crate::error::{ErrorShape, Refusal};
use crate::id::Mint;
use crate::idempotency;
use crate::keys::Mode;
use crate::session::{CreateParams, Session, Status, Verdict};
use crate::truth::{AppliedCancel, Truth};

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
    /// How late the effect of a cancel is under [`Effects::Late`].
    pub late: Duration,
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
    covered: Vec<usize>,
    by: Canceler,
}

/// Flex: its sessions, its idempotency keys, and the effects that are still on their way.
///
/// `now` is the time since the start. It never runs backwards: an earlier `now` counts as the
/// latest one seen. The same settings and the same calls give the same answers.
pub struct Model {
    pub(crate) settings: Settings,
    pub(crate) answers: idempotency::Store,
    now: Duration,
    mint: Mint,
    sessions: BTreeMap<String, Session>,
    /// In the order in which they are due, as all are equally late.
    late: VecDeque<LateCancel>,
    /// The sessions by age: when each expires if nobody pays.
    expiries: VecDeque<(Duration, String)>,
}

impl Model {
    /// A Flex without any session.
    pub fn new(settings: Settings) -> Self {
        Model {
            mint: Mint::new(settings.seed, settings.epoch_s),
            settings,
            answers: idempotency::Store::default(),
            now: Duration::ZERO,
            sessions: BTreeMap::new(),
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
            let lapsed = self.expiries.pop_front().and_then(|(_, id)| self.sessions.get_mut(&id));
            if let Some(session) = lapsed.filter(|session| session.status == Status::Open) {
                // Refused while an acknowledged cancel is on its way: that wins.
                let _ = session.expire();
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
        let session = Session::new(mode, params, &mut self.mint, self.now);
        let id = session.id.clone();
        self.expiries.push_back((self.now + SESSION_LIFETIME, id.clone()));
        self.sessions.insert(id.clone(), session);
        id
    }

    /// The shopper pays on the hosted page, which completes the session: the money is held for
    /// `capture_method: manual`, and taken for `automatic`.
    pub fn pay(&mut self, id: &str, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, mint, now| session.pay(mint, now))
    }

    /// Takes `amount` of the oldest hold, or all of it; the rest of that hold is released.
    pub fn capture(&mut self, id: &str, amount: Option<u64>, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, mint, now| session.capture(amount, mint, now))
    }

    /// Gives back `amount` of what was taken, or all of it.
    pub fn refund(&mut self, id: &str, amount: Option<u64>, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, mint, now| session.refund(amount, mint, now))
    }

    /// Puts a new hold on the card of a shopper who has paid before: a new payment intent.
    pub fn reauth(&mut self, id: &str, amount: Option<u64>, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, mint, now| session.reauth(amount, mint, now))
    }

    /// The session lapses unpaid, or its hold does.
    pub fn expire(&mut self, id: &str, now: Duration) -> Result<(), Refusal> {
        self.change(id, now, |session, _, _| session.expire())
    }

    /// Someone cancels the session. An `Ok` says what a 2xx says: it is canceled, or was before
    /// and the dialect answers [`crate::SecondCancel::OkAgain`].
    pub fn cancel(&mut self, id: &str, by: Canceler, now: Duration) -> Result<(), Refusal> {
        self.advance(now);
        self.note_cancel_request(id);
        self.cancel_uncounted(id, by)
    }

    /// What really happened to a session, as of the last time given to any operation.
    pub fn truth(&self, id: &str) -> Option<Truth> {
        self.sessions.get(id).map(Session::truth)
    }

    /// Whether money is held that no acknowledged cancel is about to release.
    pub fn holds_money(&self, id: &str) -> bool {
        self.sessions.get(id).is_some_and(Session::holds_money)
    }

    /// What was taken from the session's shopper, in cents.
    pub fn amount_captured(&self, id: &str) -> u64 {
        self.sessions.get(id).map_or(0, Session::amount_captured)
    }

    pub(crate) fn cancel_uncounted(&mut self, id: &str, by: Canceler) -> Result<(), Refusal> {
        let session = self.sessions.get_mut(id).ok_or(Refusal::NOT_FOUND)?;
        match session.cancel_verdict() {
            Verdict::Proceed => {}
            Verdict::AlreadyCanceled => return self.second_cancel(),
            Verdict::Refused(refusal) => return Err(refusal),
        }
        let covered = session.promise_cancel();
        let cancel = LateCancel { due: self.now, id: id.to_owned(), covered, by };
        match self.settings.dialect.effects {
            Effects::AtOnce => self.apply(cancel),
            Effects::Late => {
                let due = self.now + self.settings.late;
                self.late.push_back(LateCancel { due, ..cancel });
            }
        }
        Ok(())
    }

    fn second_cancel(&self) -> Result<(), Refusal> {
        match self.settings.dialect.second_cancel {
            SecondCancel::OkAgain => Ok(()),
            SecondCancel::BadRequest => Err(Refusal::CANCELED),
            SecondCancel::Conflict => Err(Refusal { status: 409, ..Refusal::CANCELED }),
        }
    }

    fn apply(&mut self, cancel: LateCancel) {
        let Some(session) = self.sessions.get_mut(&cancel.id) else { return };
        let applied = AppliedCancel {
            request: cancel.by.request,
            idempotency_key: cancel.by.idempotency_key,
            at_ms: u64::try_from(cancel.due.as_millis()).unwrap_or(u64::MAX),
        };
        session.keep_cancel_promise(&cancel.covered, applied);
    }

    fn change(
        &mut self,
        id: &str,
        now: Duration,
        change: impl FnOnce(&mut Session, &mut Mint, Duration) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.advance(now);
        let session = self.sessions.get_mut(id).ok_or(Refusal::NOT_FOUND)?;
        change(session, &mut self.mint, self.now)
    }

    pub(crate) fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.get(id)
    }

    pub(crate) fn note_cancel_request(&mut self, id: &str) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.cancels_received += 1;
        }
    }

    pub(crate) fn note_replay(&mut self, id: &str) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.replays += 1;
        }
    }
}
