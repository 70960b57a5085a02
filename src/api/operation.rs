//! What Flex is asked for.

use serde::Serialize;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/checkout/sessions/{id}/cancel`.
    Cancel,
    /// `GET /v1/checkout/sessions/{id}`, which changes nothing.
    Retrieve,
}
