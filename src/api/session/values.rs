//! The fields whose values Flex lists.

use super::open_enum::open_enum;

open_enum! {
    /// Where a checkout session stands.
    ///
    /// What a cancel makes of it is not documented: the page's own answer to a cancel shows `open`.
    pub enum SessionStatus {
        /// `open`
        Open = "open",
        /// `complete`
        Complete = "complete",
        /// `expired`
        Expired = "expired",
        /// `canceled`: not on the page, implied by the error code `checkout_session_canceled`.
        Canceled = "canceled",
    }
}

open_enum! {
    /// Whether an authorization is captured by itself or on request.
    pub enum CaptureMethod {
        /// `automatic`: captured without a further call.
        Automatic = "automatic",
        /// `manual`: held until it is captured or canceled.
        Manual = "manual",
    }
}

open_enum! {
    /// What a checkout session is for.
    pub enum SessionMode {
        /// `payment`
        Payment = "payment",
        /// `subscription`
        Subscription = "subscription",
        /// `setup`
        Setup = "setup",
        /// `off_session`
        OffSession = "off_session",
        /// `reimbursement`
        Reimbursement = "reimbursement",
    }
}

open_enum! {
    /// Where a payment intent stands. Source: other public pages of the Flex documentation.
    pub enum PaymentIntentStatus {
        /// `requires_payment_method`
        RequiresPaymentMethod = "requires_payment_method",
        /// `requires_action`
        RequiresAction = "requires_action",
        /// `processing`
        Processing = "processing",
        /// `requires_capture`: a hold that can be captured or canceled. Known by analogy only.
        RequiresCapture = "requires_capture",
        /// `succeeded`
        Succeeded = "succeeded",
        /// `canceled`
        Canceled = "canceled",
    }
}
