//! Payment intents: where the money is.

use std::time::Duration;

use serde::Serialize;

use crate::axes::{Acknowledgement, PartialCapture};
use crate::id::IdGenerator;
use crate::session::CaptureMethod;

/// Where a payment intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// The shopper has not paid yet.
    RequiresPaymentMethod,
    /// The money is held on the card.
    RequiresCapture,
    /// A part of the money was taken; the rest is held.
    PartiallyCaptured,
    /// The money, or part of it, was taken; the rest was released.
    Succeeded,
    /// The hold was released without taking any money, or there never was one.
    Canceled,
}

#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: IntentStatus,
    pub(crate) amount: u64,
    pub(crate) amount_received: u64,
    pub(crate) capture_method: CaptureMethod,
    pub(crate) created_at: Duration,
    pub(crate) updated_at: Duration,
    /// When its present or last hold was made.
    pub(crate) authorized_at: Option<Duration>,
    /// How many holds it has had, so that a cancel of one is not taken for a cancel of the next.
    pub(crate) holds: u32,
    /// A cancel of it has been acknowledged and takes effect later.
    pub(crate) cancel_coming: Option<Acknowledgement>,
}

impl Intent {
    /// An intent that nobody has paid yet.
    pub(crate) fn unpaid(
        amount: u64,
        capture_method: CaptureMethod,
        ids: &mut IdGenerator,
        now: Duration,
    ) -> Self {
        Intent {
            id: ids.id("fpi_", now),
            status: IntentStatus::RequiresPaymentMethod,
            amount,
            amount_received: 0,
            capture_method,
            created_at: now,
            updated_at: now,
            authorized_at: None,
            holds: 0,
            cancel_coming: None,
        }
    }

    /// A payment of `amount`: held, or taken at once, as the capture method says.
    pub(crate) fn authorize(&mut self, amount: u64, now: Duration) {
        self.amount = amount;
        (self.status, self.amount_received) = match self.capture_method {
            CaptureMethod::Manual => (IntentStatus::RequiresCapture, 0),
            CaptureMethod::Automatic => (IntentStatus::Succeeded, amount),
        };
        self.updated_at = now;
        self.authorized_at = Some(now);
        self.holds += 1;
        self.cancel_coming = None;
    }

    pub(crate) fn is_held(&self) -> bool {
        matches!(self.status, IntentStatus::RequiresCapture | IntentStatus::PartiallyCaptured)
    }

    pub(crate) fn has_captured(&self) -> bool {
        matches!(self.status, IntentStatus::Succeeded | IntentStatus::PartiallyCaptured)
    }

    /// Held, and no cancel whose acknowledgement binds is about to release it.
    pub(crate) fn is_free_to_change(&self) -> bool {
        self.is_held() && self.cancel_coming != Some(Acknowledgement::Binding)
    }

    pub(crate) fn amount_capturable(&self) -> u64 {
        if self.is_held() { self.amount - self.amount_received } else { 0 }
    }

    /// Takes `amount` of what is held, which must be at least that much.
    pub(crate) fn capture(&mut self, amount: u64, rest: PartialCapture, now: Duration) {
        let keeps_rest = rest == PartialCapture::KeepsRest && amount < self.amount_capturable();
        self.amount_received += amount;
        self.updated_at = now;
        match (keeps_rest, self.amount_received) {
            // Nothing was taken, and everything stays held.
            (true, 0) => {}
            (true, _) => self.status = IntentStatus::PartiallyCaptured,
            (false, _) => self.status = IntentStatus::Succeeded,
        }
    }

    /// Releases what is held, or gives up on a payment that never came.
    pub(crate) fn release(&mut self, now: Duration) {
        self.status = match self.status {
            IntentStatus::PartiallyCaptured => IntentStatus::Succeeded,
            _ => IntentStatus::Canceled,
        };
        self.updated_at = now;
        self.cancel_coming = None;
    }
}
