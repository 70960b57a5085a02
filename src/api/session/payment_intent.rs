//! A payment intent: the hold on the card, and what became of it.

use super::expandable::Identified;
use super::record::record;
use super::values::{CaptureMethod, PaymentIntentStatus};

record! {
    /// A payment intent, as it comes when expanded: the hold on the card, and what became of it.
    ///
    /// Source: other public pages of the Flex documentation; the page of the cancel shows ids only.
    pub struct PaymentIntent {
        /// Its id.
        pub payment_intent_id: Option<String>,
        /// What is to be paid, in cents.
        pub amount: Option<i64>,
        /// What is held and can still be captured, in cents.
        pub amount_capturable: Option<i64>,
        /// What was captured, in cents.
        pub amount_received: Option<i64>,
        /// Where it stands: better evidence of the hold than the session's `status`.
        pub status: Option<PaymentIntentStatus>,
        /// Whether it is captured by itself or on request.
        pub capture_method: Option<CaptureMethod>,
        /// When it was created: an ISO 8601 string, unlike the session's own `created_at`.
        pub created_at: Option<String>,
        /// Whether it belongs to test mode.
        pub test_mode: Option<bool>,
    }
}

impl Identified for PaymentIntent {
    fn id(&self) -> Option<&str> {
        self.payment_intent_id.as_deref()
    }
}
