//! Payment intents: where the money is.

use std::time::Duration;

use serde::Serialize;

use crate::id::{Mint, iso8601};
use crate::session::CaptureMethod;

/// Where a payment intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// The money is held on the card.
    RequiresCapture,
    /// The money, or part of it, was taken; the rest was released.
    Succeeded,
    /// The hold was released without taking any money.
    Canceled,
}

#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: IntentStatus,
    pub(crate) amount: u64,
    pub(crate) amount_received: u64,
    capture_method: CaptureMethod,
    created_at: Duration,
    /// A cancel of it has been acknowledged and takes effect later.
    pub(crate) cancel_promised: bool,
}

impl Intent {
    /// A payment of `amount`: held, or taken at once, as the capture method says.
    pub(crate) fn new(
        amount: u64,
        capture_method: CaptureMethod,
        mint: &mut Mint,
        now: Duration,
    ) -> Self {
        let (status, amount_received) = match capture_method {
            CaptureMethod::Manual => (IntentStatus::RequiresCapture, 0),
            CaptureMethod::Automatic => (IntentStatus::Succeeded, amount),
        };
        Intent {
            id: mint.id("fpi_", now),
            status,
            amount,
            amount_received,
            capture_method,
            created_at: now,
            cancel_promised: false,
        }
    }

    pub(crate) fn is_held(&self) -> bool {
        self.status == IntentStatus::RequiresCapture
    }

    /// Held, and no acknowledged cancel is about to release it.
    pub(crate) fn is_free_to_change(&self) -> bool {
        self.is_held() && !self.cancel_promised
    }

    pub(crate) fn amount_capturable(&self) -> u64 {
        if self.is_held() { self.amount } else { 0 }
    }

    pub(crate) fn capture(&mut self, amount: u64) {
        self.status = IntentStatus::Succeeded;
        self.amount_received = amount;
    }

    pub(crate) fn release(&mut self) {
        self.status = IntentStatus::Canceled;
        self.cancel_promised = false;
    }

    pub(crate) fn view<'a>(&'a self, customer: &'a str, test_mode: bool, epoch_s: u64) -> View<'a> {
        View {
            payment_intent_id: &self.id,
            amount: self.amount,
            amount_capturable: self.amount_capturable(),
            amount_received: self.amount_received,
            capture_method: self.capture_method,
            created_at: iso8601(epoch_s + self.created_at.as_secs()),
            currency: "usd",
            customer,
            status: self.status,
            test_mode,
        }
    }
}

/// A payment intent as an expanded field shows it.
#[derive(Serialize)]
pub(crate) struct View<'a> {
    payment_intent_id: &'a str,
    amount: u64,
    amount_capturable: u64,
    amount_received: u64,
    capture_method: CaptureMethod,
    created_at: String,
    currency: &'static str,
    customer: &'a str,
    status: IntentStatus,
    test_mode: bool,
}
