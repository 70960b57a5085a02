//! The seller's own words on the checkout page.

use super::record::record;

record! {
    /// The seller's own words on the checkout page, by place.
    pub struct CustomText {
        /// After the submit button.
        pub after_submit: Option<CustomTextMessage>,
        /// Beside the shipping address.
        pub shipping_address: Option<CustomTextMessage>,
        /// Beside the submit button.
        pub submit: Option<CustomTextMessage>,
        /// In place of the usual words on accepting the terms of service.
        pub terms_of_service_acceptance: Option<CustomTextMessage>,
        /// Beside the payment.
        pub payment: Option<CustomTextMessage>,
    }
}

record! {
    /// One text.
    pub struct CustomTextMessage {
        /// The text.
        pub message: Option<String>,
    }
}
