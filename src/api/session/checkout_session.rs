//! The checkout session itself: the 47 documented fields, in the page's order.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use super::charges::{Fee, PlatformFees, TaxRate, TotalDetails};
use super::custom_text::CustomText;
use super::expandable::Expandable;
use super::next_action::NextAction;
use super::open_object::OpenObject;
use super::payment_intent::PaymentIntent;
use super::payment_method_options::PaymentMethodOptions;
use super::record::record;
use super::shipping::{ShippingDetails, ShippingOptions};
use super::shopper::Defaults;
use super::subscription::SubscriptionData;
use super::values::{CaptureMethod, SessionMode, SessionStatus};

record! {
    /// A Flex checkout session, as every operation on one returns it.
    ///
    /// Source: Flex API reference, "Cancel Auth Checkout Session".
    ///
    /// ```
    /// use flexcancel::session::{CheckoutSession, SessionStatus};
    ///
    /// let session = CheckoutSession::from_response(
    ///     r#"{"checkout_session": {
    ///         "checkout_session_id": "fcs_01EXAMPLE00000000000000000",
    ///         "status": "open",
    ///         "amount_total": 1250,
    ///         "payment_intent": {"payment_intent_id": "fpi_1", "amount_capturable": 0},
    ///         "added_by_flex_later": true
    ///     }}"#,
    /// )?;
    ///
    /// assert_eq!(session.status, Some(SessionStatus::Open));
    /// assert_eq!(session.amount_total, Some(1250));
    /// assert_eq!(session.payment_intent.as_ref().and_then(|intent| intent.id()), Some("fpi_1"));
    /// assert_eq!(session.other["added_by_flex_later"], true);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CheckoutSession {
        /// Whether the shopper may enter promotion codes.
        pub allow_promotion_codes: Option<bool>,
        /// What is to be paid in all, in cents.
        pub amount_total: Option<i64>,
        /// The amount before the parts in `total_details`, in cents.
        pub amount_subtotal: Option<i64>,
        /// What was received, in cents.
        pub amount_received: Option<i64>,
        /// What was refunded, in cents.
        pub amount_refunded: Option<i64>,
        /// What is disputed, in cents.
        pub amount_disputed: Option<i64>,
        /// The page the shopper returns to on giving up; nothing to do with canceling a hold.
        pub cancel_url: Option<String>,
        /// The captures made.
        pub captures: Option<Vec<Expandable<OpenObject>>>,
        /// The disputes raised.
        pub disputes: Option<Vec<Expandable<OpenObject>>>,
        /// Whether an authorization is captured by itself or on request.
        pub capture_method: Option<CaptureMethod>,
        /// The session's id, in the case it came in.
        pub checkout_session_id: Option<String>,
        /// The seller's own reference.
        pub client_reference_id: Option<String>,
        /// When it was created: an integer on the page, presumably Unix seconds.
        pub created_at: Option<i64>,
        /// The customer.
        pub customer: Option<Expandable<OpenObject>>,
        /// The shopper's details given to the session.
        pub defaults: Option<Defaults>,
        /// When it expires: an integer on the page, presumably Unix seconds.
        pub expires_at: Option<i64>,
        /// The invoice. Not known to be expandable, but an id: so an object is read too.
        pub invoice: Option<Expandable<OpenObject>>,
        /// Whether HSA/FSA money may pay for it.
        pub hsa_fsa_eligible: Option<bool>,
        /// Whether a letter of medical necessity is required.
        pub letter_of_medical_necessity_required: Option<bool>,
        /// The seller's own data.
        pub metadata: Option<Map<String, Value>>,
        /// What the session is for.
        pub mode: Option<SessionMode>,
        /// Where it was made; the page shows `shopify`.
        pub origin: Option<String>,
        /// The payment intent: the hold on the card.
        pub payment_intent: Option<Expandable<PaymentIntent>>,
        /// The payment intents, where there are several.
        pub payment_intents: Option<Vec<Expandable<PaymentIntent>>>,
        /// The hosted page to send the shopper to.
        pub redirect_url: Option<String>,
        /// The refunds made.
        pub refunds: Option<Vec<Expandable<OpenObject>>>,
        /// The setup intent.
        pub setup_intent: Option<Expandable<OpenObject>>,
        /// The shipping rate.
        pub shipping_options: Option<ShippingOptions>,
        /// Whether the shopper is asked for a shipping address.
        pub shipping_address_collection: Option<bool>,
        /// The address the order is shipped to.
        pub shipping_details: Option<ShippingDetails>,
        /// The page shows a string and no values.
        pub split_cart: Option<String>,
        /// Where the session stands.
        pub status: Option<SessionStatus>,
        /// The page the shopper returns to after paying.
        pub success_url: Option<String>,
        /// The fees.
        pub fees: Option<Vec<Fee>>,
        /// The seller's own words on the checkout page.
        pub custom_text: Option<CustomText>,
        /// The subscription.
        pub subscription: Option<Expandable<OpenObject>>,
        /// What was asked for the subscription the session starts.
        pub subscription_data: Option<SubscriptionData>,
        /// The tax.
        pub tax_rate: Option<TaxRate>,
        /// How tax and prices relate; the page shows `exclusive`.
        pub tax_calculation_mode: Option<String>,
        /// Whether it belongs to test mode: a key of the other mode cannot reach it.
        pub test_mode: Option<bool>,
        /// The parts of the total.
        pub total_details: Option<TotalDetails>,
        /// The kind of consultation; the page shows `cbtSleep`.
        pub visit_type: Option<String>,
        /// Later use of the payment method; the page shows `on_session`.
        pub setup_future_use: Option<String>,
        /// Options of the payment, by kind of payment method.
        pub payment_method_options: Option<PaymentMethodOptions>,
        /// What has to be done before the session can go on.
        pub next_action: Option<NextAction>,
        /// The page shows a string and no values.
        pub partner: Option<String>,
        /// What the platform charges.
        pub platform_fees: Option<PlatformFees>,
    }
}

impl CheckoutSession {
    /// Reads a session: the object itself.
    ///
    /// # Errors
    /// If the text is not JSON; or if a documented field has another type than the documented one
    /// or stands there twice: then the message names the field, and may quote the value.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        read(json)
    }

    /// Reads the response of an operation: `{"checkout_session": {…}}`. What stands beside the
    /// session is ignored.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json); also if there is no `checkout_session` in it.
    pub fn from_response(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Response {
            checkout_session: CheckoutSession,
        }

        read(json).map(|response: Response| response.checkout_session)
    }
}

/// Text that breaks off or is no JSON is reported as that, with serde_json's own category, and
/// not as the fault of the field it happened in.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json)
        .map_err(|error| serde_json::from_str::<IgnoredAny>(json).err().unwrap_or(error))
}
