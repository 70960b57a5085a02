//! A checkout session and everything that can happen to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::axes::{IntentBirth, Link, Reauth, ReauthStatus};
use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::ground_truth::{AppliedCancel, Release};
use crate::id::IdGenerator;
use crate::intent::{Intent, IntentStatus};
use crate::keys::Mode;

/// When money is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptureMethod {
    /// When the shopper pays.
    Automatic,
    /// Held when the shopper pays, taken by a capture.
    #[default]
    Manual,
}

/// What a session is created with. What is absent from JSON has its default.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct CreateParams {
    /// What the shopper is to pay, in cents (4999).
    pub amount_total: u64,
    /// When the money is taken (manual, so that there is something to cancel).
    pub capture_method: CaptureMethod,
    /// The integrator's own name for it.
    pub client_reference_id: Option<String>,
    /// Where the shopper goes after paying.
    pub success_url: String,
    /// Where the shopper goes instead of paying.
    pub cancel_url: String,
    /// Anything.
    pub metadata: Map<String, Value>,
}

impl Default for CreateParams {
    fn default() -> Self {
        CreateParams {
            amount_total: 4999,
            capture_method: CaptureMethod::default(),
            client_reference_id: None,
            success_url: "https://example.com/thanks".to_owned(),
            cancel_url: "https://example.com/cart".to_owned(),
            metadata: Map::new(),
        }
    }
}

/// Where a session really stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The shopper has not paid yet.
    Open,
    /// The shopper has paid: the money is held or taken.
    Complete,
    /// It lapsed unpaid, or its hold did.
    Expired,
    /// It was canceled, and no money was ever taken.
    Canceled,
}

/// Money taken or given back.
#[derive(Clone, Debug)]
pub(crate) struct Movement {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) amount: u64,
    pub(crate) created_at: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) mode: Mode,
    pub(crate) params: CreateParams,
    pub(crate) customer: String,
    pub(crate) created_at: Duration,
    /// When the shopper paid.
    pub(crate) completed_at: Option<Duration>,
    pub(crate) status: Status,
    pub(crate) intents: Vec<Intent>,
    pub(crate) captures: Vec<Movement>,
    pub(crate) refunds: Vec<Movement>,
    pub(crate) cancels_received: u64,
    pub(crate) replays: u64,
    pub(crate) cancels_pending: u64,
    pub(crate) cancels_applied: Vec<AppliedCancel>,
    pub(crate) releases: Vec<Release>,
    /// It expired though its hold did not, and no re-authorization came since.
    pub(crate) lapsed_with_hold: bool,
    pub(crate) rules: Dialect,
}

impl Session {
    pub(crate) fn new(
        mode: Mode,
        params: CreateParams,
        rules: Dialect,
        ids: &mut IdGenerator,
        now: Duration,
    ) -> Self {
        let mut session = Session {
            id: ids.id("fcs_", now),
            mode,
            params,
            customer: ids.id("fcus_", now),
            created_at: now,
            completed_at: None,
            status: Status::Open,
            intents: Vec::new(),
            captures: Vec::new(),
            refunds: Vec::new(),
            cancels_received: 0,
            replays: 0,
            cancels_pending: 0,
            cancels_applied: Vec::new(),
            releases: Vec::new(),
            lapsed_with_hold: false,
            rules,
        };
        if rules.intent_birth == IntentBirth::Session {
            session.add_intent(session.params.capture_method, ids, now);
        }
        session
    }

    /// The shopper pays on the hosted page, which completes the session.
    pub(crate) fn pay(&mut self, ids: &mut IdGenerator, now: Duration) -> Result<(), Refusal> {
        if self.status != Status::Open || self.is_promised() {
            return Err(self.refusal());
        }
        let (amount, method) = (self.params.amount_total, self.params.capture_method);
        let unpaid = |it: &Intent| it.status == IntentStatus::RequiresPaymentMethod;
        let waiting = self.intents.iter().position(unpaid);
        let index = waiting.unwrap_or_else(|| self.add_intent(method, ids, now));
        let intent = &mut self.intents[index];
        intent.authorize(amount, now);
        if method == CaptureMethod::Automatic {
            self.captures.push(movement("fcap_", &intent.id, amount, ids, now));
        }
        self.status = Status::Complete;
        self.completed_at = Some(now);
        Ok(())
    }

    fn add_intent(&mut self, method: CaptureMethod, ids: &mut IdGenerator, now: Duration) -> usize {
        self.intents.push(Intent::unpaid(self.params.amount_total, method, ids, now));
        self.intents.len() - 1
    }

    /// Takes all that the oldest hold holds, or part of it. The dialect says what becomes of the
    /// rest.
    pub(crate) fn capture(
        &mut self,
        amount: Option<u64>,
        ids: &mut IdGenerator,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.require_manual()?;
        let refusal = self.refusal();
        let free = self.intents.iter_mut().find(|intent| intent.is_free_to_change());
        let intent = free.ok_or(refusal)?;
        let capturable = intent.amount_capturable();
        let amount = amount.unwrap_or(capturable);
        if amount > capturable {
            return Err(Refusal::AMOUNT_TOO_LARGE);
        }
        intent.capture(amount, self.rules.partial_capture, now);
        self.captures.push(movement("fcap_", &intent.id, amount, ids, now));
        Ok(())
    }

    /// Gives back all that was taken, or part of it.
    pub(crate) fn refund(
        &mut self,
        amount: Option<u64>,
        ids: &mut IdGenerator,
        now: Duration,
    ) -> Result<(), Refusal> {
        let taken = self.intents.iter().find(|intent| intent.has_captured());
        let intent = taken.ok_or(Refusal::NOT_PAID)?.id.clone();
        let remaining = self.amount_captured() - self.amount_refunded();
        let amount = amount.unwrap_or(remaining);
        if amount > remaining {
            return Err(Refusal::AMOUNT_TOO_LARGE);
        }
        self.refunds.push(movement("fref_", &intent, amount, ids, now));
        Ok(())
    }

    /// Puts a new hold on the card of a shopper who has paid before, whatever became of that.
    pub(crate) fn reauth(
        &mut self,
        amount: Option<u64>,
        ids: &mut IdGenerator,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.require_manual()?;
        if !self.was_authorized() {
            return Err(self.refusal());
        }
        let amount = amount.unwrap_or(self.params.amount_total);
        let last = self.intents.iter().rposition(|intent| !intent.is_held());
        let canceled = last.filter(|&it| self.intents[it].status == IntentStatus::Canceled);
        let index = match (self.rules.reauth, canceled) {
            (Reauth::SameIntent, Some(index)) => index,
            _ => self.add_intent(CaptureMethod::Manual, ids, now),
        };
        self.intents[index].authorize(amount, now);
        self.lapsed_with_hold = false;
        if self.rules.reauth_status == ReauthStatus::Reset {
            self.status = Status::Complete;
        }
        Ok(())
    }

    /// The session lapses unpaid, or its hold does.
    pub(crate) fn expire(&mut self, now: Duration) -> Result<(), Refusal> {
        let held = self.holds_money();
        let unpaid = self.status == Status::Open && !self.is_promised();
        if !held && !unpaid {
            return Err(self.refusal());
        }
        if held && self.rules.link == Link::Alone {
            self.status = Status::Expired;
            self.lapsed_with_hold = true;
            return Ok(());
        }
        for index in 0..self.intents.len() {
            if self.intents[index].is_free_to_change() {
                self.release(index, None, now);
            }
        }
        if !self.has_captured() && !self.is_promised() {
            self.status = Status::Expired;
            self.give_up_payment(now);
        }
        Ok(())
    }

    pub(crate) fn holds_money(&self) -> bool {
        self.intents.iter().any(Intent::is_free_to_change)
    }

    pub(crate) fn amount_captured(&self) -> u64 {
        self.captures.iter().map(|capture| capture.amount).sum()
    }

    pub(crate) fn amount_refunded(&self) -> u64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    pub(crate) fn has_captured(&self) -> bool {
        self.intents.iter().any(Intent::has_captured)
    }

    /// Whether the shopper has ever paid.
    pub(crate) fn was_authorized(&self) -> bool {
        self.intents.iter().any(|intent| intent.authorized_at.is_some())
    }

    fn require_manual(&self) -> Result<(), Refusal> {
        match self.params.capture_method {
            CaptureMethod::Manual => Ok(()),
            CaptureMethod::Automatic => Err(Refusal::MANUAL_CAPTURE_NOT_SUPPORTED),
        }
    }

    /// Why nothing more can be done to what there is.
    pub(crate) fn refusal(&self) -> Refusal {
        if self.is_promised() {
            return Refusal::CANCELED;
        }
        if self.has_captured() {
            return Refusal::ALREADY_PROCESSED;
        }
        match self.status {
            Status::Open => Refusal::NOT_PAID,
            Status::Complete => Refusal::ALREADY_PROCESSED,
            Status::Expired => Refusal::EXPIRED,
            Status::Canceled => Refusal::CANCELED,
        }
    }
}

fn movement(
    prefix: &str,
    intent: &str,
    amount: u64,
    ids: &mut IdGenerator,
    now: Duration,
) -> Movement {
    Movement { id: ids.id(prefix, now), intent: intent.to_owned(), amount, created_at: now }
}
