//! What the total is made of: fees, tax, discounts, shipping. All amounts are cents of USD.

use serde_json::Value;

use super::record::record;

record! {
    /// One fee on the session.
    pub struct Fee {
        /// The fee's id; the page shows `ffee_1234567890`.
        pub fee_id: Option<String>,
        /// The fee, in cents.
        pub amount: Option<i64>,
        /// Name.
        pub name: Option<String>,
        /// Description.
        pub description: Option<String>,
        /// What it is for; the page shows `lmn_consultation`.
        pub fee_type: Option<String>,
        /// Whether it was applied.
        pub applied: Option<bool>,
    }
}

record! {
    /// The tax on the session.
    pub struct TaxRate {
        /// The tax, in cents.
        pub amount: Option<i64>,
    }
}

record! {
    /// The parts of the total, each in cents.
    pub struct TotalDetails {
        /// Discounts.
        pub amount_discount: Option<i64>,
        /// Tax.
        pub amount_tax: Option<i64>,
        /// Shipping.
        pub amount_shipping: Option<i64>,
        /// What counts as eligible in IIAS, the inventory system of HSA/FSA cards.
        pub amount_iias: Option<i64>,
        /// Vision care.
        pub amount_vision: Option<i64>,
        /// Prescriptions.
        pub amount_prescription: Option<i64>,
        /// Services.
        pub amount_service: Option<i64>,
        /// Fees.
        pub amount_fee: Option<i64>,
        /// The amounts one by one.
        pub breakdown: Option<Breakdown>,
    }
}

record! {
    /// The amounts of the total one by one.
    pub struct Breakdown {
        /// Discounts; the page shows an empty list, so an entry may be anything.
        pub discounts: Option<Vec<Value>>,
    }
}

record! {
    /// What the platform charges.
    pub struct PlatformFees {
        /// The fee for a letter of medical necessity.
        pub letter_fee: Option<LetterFee>,
    }
}

record! {
    /// The fee for a letter of medical necessity.
    pub struct LetterFee {
        /// The fee, in cents.
        pub amount: Option<i64>,
        /// Its kind; the page shows a string and no values.
        pub r#type: Option<String>,
    }
}
