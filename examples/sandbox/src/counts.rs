//! How many requests of each kind arrived.

use serde::Serialize;

use crate::api::{Action, Route};

/// How many requests to `/v1/…` were served, by kind, and how many the rate limit refused. A
/// request is served also if it is refused for another reason, and whatever a fault makes of its
/// response; it is counted before its response goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// `POST /v1/checkout/sessions`
    pub create: u64,
    /// `GET /v1/checkout/sessions/ID`
    pub retrieve: u64,
    /// `POST /v1/checkout/sessions/ID/cancel`
    pub cancel: u64,
    /// `POST /v1/checkout/sessions/ID/capture`
    pub capture: u64,
    /// `POST /v1/checkout/sessions/ID/refund`
    pub refund: u64,
    /// `POST /v1/checkout/sessions/ID/reauth`
    pub reauth: u64,
    /// What is none of these.
    pub other: u64,
    /// Requests of every kind that got the 429 of [`crate::RateLimit`]; the other counters do not
    /// include them.
    pub rate_limited: u64,
}

impl Counts {
    /// Counts a request that is served.
    pub(crate) fn add(&mut self, method: &str, path: &str) {
        let counter = match Route::of(method, path) {
            Ok(Route::Create) => &mut self.create,
            Ok(Route::Retrieve(_)) => &mut self.retrieve,
            Ok(Route::Act(_, Action::Cancel)) => &mut self.cancel,
            Ok(Route::Act(_, Action::Capture)) => &mut self.capture,
            Ok(Route::Act(_, Action::Refund)) => &mut self.refund,
            Ok(Route::Act(_, Action::Reauth)) => &mut self.reauth,
            Err(_) => &mut self.other,
        };
        *counter += 1;
    }
}
