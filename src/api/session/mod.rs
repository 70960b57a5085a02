//! The reading view of a Flex checkout session: every documented field, typed.
//!
//! Source of every field, unless it says otherwise: Flex API reference, "Cancel Auth Checkout
//! Session". That page gives each field's name and one example value and explains none: a comment
//! here reads the name, and says "the page shows" where the example is all there is to go by.
//!
//! Four rules hold for every record in this module:
//! - Amounts are integers in minor units (cents of USD). A decimal, or an integer beyond `i64`, is
//!   an error that names the field; no number is rounded or reshaped.
//! - Every documented field is an `Option`: Flex may omit it or send null, and both read as `None`.
//!   `None` is not serialized, so writing a record back never invents a field.
//! - A field Flex adds later is kept in `other`, as serde_json reads it (of two with the same name,
//!   the last), and is written back. A documented field given twice is an error.
//! - A value Flex adds later to a documented list of values is kept as the enum's `Unknown`.
//!
//! This is a view for reading. Flex's own bytes travel elsewhere, untouched.
//! `Debug` prints all of it, the shopper's address and e-mail too: keep it out of logs.

mod charges;
mod checkout_session;
mod custom_text;
mod expandable;
mod next_action;
mod open_enum;
mod open_object;
mod payment_intent;
mod payment_method_options;
mod record;
mod shipping;
mod shopper;
mod subscription;
mod values;

pub use charges::{Breakdown, Fee, LetterFee, PlatformFees, TaxRate, TotalDetails};
pub use checkout_session::CheckoutSession;
pub use custom_text::{CustomText, CustomTextMessage};
pub use expandable::{Expandable, Identified};
pub use next_action::NextAction;
pub use open_object::OpenObject;
pub use payment_intent::PaymentIntent;
pub use payment_method_options::PaymentMethodOptions;
pub use shipping::{ShippingDetails, ShippingOptions};
pub use shopper::Defaults;
pub use subscription::SubscriptionData;
pub use values::{CaptureMethod, PaymentIntentStatus, SessionMode, SessionStatus};
