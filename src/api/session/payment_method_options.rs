//! Options of the payment, by kind of payment method.

use super::open_object::OpenObject;
use super::record::record;

record! {
    /// Options of the payment, by kind of payment method.
    pub struct PaymentMethodOptions {
        /// Options of a card; the page shows an empty object.
        pub card: Option<OpenObject>,
    }
}
