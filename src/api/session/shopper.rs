//! What is known of the shopper.

use super::record::record;

record! {
    /// The shopper's details given to the session.
    pub struct Defaults {
        /// The customer's id.
        pub customer_id: Option<String>,
        /// E-mail address.
        pub email: Option<String>,
        /// First name.
        pub first_name: Option<String>,
        /// Last name.
        pub last_name: Option<String>,
        /// Phone number; the page shows `+15555555555`.
        pub phone: Option<String>,
    }
}
