//! How the order is shipped, and where to.

use super::record::record;

record! {
    /// The shipping rate of the session.
    pub struct ShippingOptions {
        /// The rate's id.
        pub shipping_rate_id: Option<String>,
        /// What shipping costs, in cents.
        pub shipping_amount: Option<i64>,
        /// The rate's name as the shopper sees it.
        pub display_name: Option<String>,
    }
}

record! {
    /// The address the order is shipped to.
    pub struct ShippingDetails {
        /// The address's id.
        pub shipping_address_id: Option<String>,
        /// First line: street and number.
        pub line1: Option<String>,
        /// Second line, such as a suite.
        pub line2: Option<String>,
        /// City.
        pub city: Option<String>,
        /// State; the page shows `CA`.
        pub state: Option<String>,
        /// Postal code: a string, for it may begin with a zero.
        pub postal_code: Option<String>,
        /// Country; the page shows `US`.
        pub country: Option<String>,
    }
}
