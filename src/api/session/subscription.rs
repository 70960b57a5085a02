//! The subscription a session starts.

use super::record::record;

record! {
    /// What was asked for the subscription the session starts.
    pub struct SubscriptionData {
        /// When the subscription ends; the page shows `2024-01-01T00:00:00Z`.
        pub cancel_at: Option<String>,
        /// When the trial ends; the page shows a string and not which form it has.
        pub trial_end: Option<String>,
        /// Whether the subscription ends with its current period.
        pub cancel_at_period_end: Option<bool>,
        /// Length of the trial in days.
        pub trial_period_days: Option<i64>,
    }
}
