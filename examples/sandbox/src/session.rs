//! A checkout session and everything that can happen to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Refusal;
use crate::id::Mint;
use crate::intent::{Intent, IntentStatus};
use crate::keys::Mode;
use crate::truth::{AppliedCancel, Hold, IntentTruth, Truth};

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

/// What the state of a session makes of a cancel.
pub(crate) enum Verdict {
    Proceed,
    AlreadyCanceled,
    Refused(Refusal),
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
    pub(crate) status: Status,
    pub(crate) intents: Vec<Intent>,
    pub(crate) captures: Vec<Movement>,
    pub(crate) refunds: Vec<Movement>,
    pub(crate) cancels_received: u64,
    pub(crate) replays: u64,
    cancels_pending: u64,
    cancels_applied: Vec<AppliedCancel>,
}

impl Session {
    pub(crate) fn new(mode: Mode, params: CreateParams, mint: &mut Mint, now: Duration) -> Self {
        Session {
            id: mint.id("fcs_", now),
            mode,
            params,
            customer: mint.id("fcus_", now),
            created_at: now,
            status: Status::Open,
            intents: Vec::new(),
            captures: Vec::new(),
            refunds: Vec::new(),
            cancels_received: 0,
            replays: 0,
            cancels_pending: 0,
            cancels_applied: Vec::new(),
        }
    }

    /// The shopper pays on the hosted page, which completes the session.
    pub(crate) fn pay(&mut self, mint: &mut Mint, now: Duration) -> Result<(), Refusal> {
        if self.status != Status::Open || self.cancels_pending > 0 {
            return Err(self.refusal());
        }
        let (amount, method) = (self.params.amount_total, self.params.capture_method);
        let intent = Intent::new(amount, method, mint, now);
        if method == CaptureMethod::Automatic {
            self.captures.push(movement("fcap_", &intent.id, amount, mint, now));
        }
        self.intents.push(intent);
        self.status = Status::Complete;
        Ok(())
    }

    /// Takes all that the oldest hold holds, or part of it; the rest of that hold is released.
    pub(crate) fn capture(
        &mut self,
        amount: Option<u64>,
        mint: &mut Mint,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.require_manual()?;
        let refusal = self.refusal();
        let free = self.intents.iter_mut().find(|intent| intent.is_free_to_change());
        let intent = free.ok_or(refusal)?;
        let amount = amount.unwrap_or(intent.amount);
        if amount > intent.amount {
            return Err(Refusal::AMOUNT_TOO_LARGE);
        }
        intent.capture(amount);
        self.captures.push(movement("fcap_", &intent.id, amount, mint, now));
        Ok(())
    }

    /// Gives back all that was taken, or part of it.
    pub(crate) fn refund(
        &mut self,
        amount: Option<u64>,
        mint: &mut Mint,
        now: Duration,
    ) -> Result<(), Refusal> {
        let taken = self.intents.iter().find(|intent| intent.status == IntentStatus::Succeeded);
        let intent = taken.ok_or(Refusal::NOT_PAID)?.id.clone();
        let left = self.amount_captured() - self.amount_refunded();
        let amount = amount.unwrap_or(left);
        if amount > left {
            return Err(Refusal::AMOUNT_TOO_LARGE);
        }
        self.refunds.push(movement("fref_", &intent, amount, mint, now));
        Ok(())
    }

    /// Puts a new hold on the card of a shopper who has paid before, whatever became of that.
    pub(crate) fn reauth(
        &mut self,
        amount: Option<u64>,
        mint: &mut Mint,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.require_manual()?;
        if self.intents.is_empty() {
            return Err(self.refusal());
        }
        let amount = amount.unwrap_or(self.params.amount_total);
        self.intents.push(Intent::new(amount, CaptureMethod::Manual, mint, now));
        self.status = Status::Complete;
        Ok(())
    }

    /// The session lapses unpaid, or its hold does.
    pub(crate) fn expire(&mut self) -> Result<(), Refusal> {
        let held = self.intents.iter().any(Intent::is_free_to_change);
        let unpaid = self.status == Status::Open && self.cancels_pending == 0;
        if !held && !unpaid {
            return Err(self.refusal());
        }
        for intent in self.intents.iter_mut().filter(|intent| intent.is_free_to_change()) {
            intent.release();
        }
        if !self.has_captured() && self.cancels_pending == 0 {
            self.status = Status::Expired;
        }
        Ok(())
    }

    pub(crate) fn cancel_verdict(&self) -> Verdict {
        if self.intents.iter().any(Intent::is_free_to_change) {
            return Verdict::Proceed;
        }
        if self.cancels_pending > 0 || self.status == Status::Canceled {
            return Verdict::AlreadyCanceled;
        }
        match self.status {
            Status::Open => Verdict::Proceed,
            _ => Verdict::Refused(self.refusal()),
        }
    }

    /// Acknowledges a cancel of all that is held now: from here on nothing else can have it.
    pub(crate) fn promise_cancel(&mut self) -> Vec<usize> {
        self.cancels_pending += 1;
        let held = self.intents.iter_mut().enumerate().filter(|(_, it)| it.is_free_to_change());
        held.map(|(index, intent)| {
            intent.cancel_promised = true;
            index
        })
        .collect()
    }

    /// Lets a promised cancel take effect on the intents it was promised for.
    pub(crate) fn keep_cancel_promise(&mut self, covered: &[usize], cancel: AppliedCancel) {
        for &index in covered {
            self.intents[index].release();
        }
        self.cancels_pending -= 1;
        self.cancels_applied.push(cancel);
        if !self.intents.iter().any(Intent::is_held) && !self.has_captured() {
            self.status = Status::Canceled;
        }
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

    pub(crate) fn truth(&self) -> Truth {
        let intents = self.intents.iter().map(|intent| IntentTruth {
            id: intent.id.clone(),
            status: intent.status,
            amount: intent.amount,
            amount_capturable: intent.amount_capturable(),
            amount_received: intent.amount_received,
        });
        Truth {
            session_id: self.id.clone(),
            test_mode: self.mode == Mode::Test,
            hold: self.hold(),
            status: self.status,
            amount_captured: self.amount_captured(),
            amount_refunded: self.amount_refunded(),
            cancels_received: self.cancels_received,
            cancels_pending: self.cancels_pending,
            cancels_applied: self.cancels_applied.clone(),
            replays: self.replays,
            intents: intents.collect(),
        }
    }

    fn hold(&self) -> Hold {
        if self.intents.iter().any(Intent::is_held) {
            Hold::Held
        } else if self.has_captured() {
            Hold::Captured
        } else if self.intents.is_empty() {
            Hold::None
        } else {
            Hold::Released
        }
    }

    fn has_captured(&self) -> bool {
        self.intents.iter().any(|intent| intent.status == IntentStatus::Succeeded)
    }

    fn require_manual(&self) -> Result<(), Refusal> {
        match self.params.capture_method {
            CaptureMethod::Manual => Ok(()),
            CaptureMethod::Automatic => Err(Refusal::MANUAL_CAPTURE_NOT_SUPPORTED),
        }
    }

    /// Why nothing more can be done to what there is.
    fn refusal(&self) -> Refusal {
        if self.cancels_pending > 0 {
            return Refusal::CANCELED;
        }
        match self.status {
            Status::Open => Refusal::NOT_PAID,
            Status::Complete => Refusal::ALREADY_PROCESSED,
            Status::Expired => Refusal::EXPIRED,
            Status::Canceled => Refusal::CANCELED,
        }
    }
}

fn movement(prefix: &str, intent: &str, amount: u64, mint: &mut Mint, now: Duration) -> Movement {
    Movement { id: mint.id(prefix, now), intent: intent.to_owned(), amount, created_at: now }
}
