//! How Flex refuses a request, and the shapes its error bodies have been seen in.

use std::borrow::Cow;
use std::fmt;

use serde_json::json;

use crate::named_enum::named_enum;

/// A request that Flex refuses: it has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The error's code, such as `checkout_session_not_found`.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: Cow<'static, str>,
    /// The shape of its body, where that is not the configured one.
    pub shape: Option<ErrorShape>,
}

impl Refusal {
    const fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Refusal { status, code, message: Cow::Borrowed(message), shape: None }
    }

    const fn shaped(
        shape: ErrorShape,
        status: u16,
        code: &'static str,
        message: &'static str,
    ) -> Self {
        Refusal { status, code, message: Cow::Borrowed(message), shape: Some(shape) }
    }

    pub(crate) const UNAUTHORIZED: Self =
        Self::new(401, "unauthorized", "No valid API key was given.");
    pub(crate) const FOREIGN: Self =
        Self::new(403, "foreign_page", "A page of another site may not change anything here.");
    pub(crate) const NO_ROUTE: Self = Self::new(404, "not_found", "There is no such page.");
    pub(crate) const WRONG_METHOD: Self =
        Self::new(405, "method_not_allowed", "This page does not take this method.");
    pub(crate) const NOT_FOUND: Self = Self::new(
        404,
        "checkout_session_not_found",
        "There is no checkout session with this id in this key's mode.",
    );
    pub(crate) const ALREADY_PROCESSED: Self = Self::new(
        400,
        "checkout_session_already_processed",
        "The checkout session is complete and its payment captured.",
    );
    pub(crate) const EXPIRED: Self =
        Self::new(400, "checkout_session_expired", "The checkout session has expired.");
    pub(crate) const CANCELED: Self =
        Self::new(400, "checkout_session_canceled", "The checkout session is canceled.");
    pub(crate) const CANCELED_UPPER_CASE: Self =
        Self::new(400, "CHECKOUT_SESSION_CANCELED", "The checkout session is canceled.");
    pub(crate) const CANCELED_TYPE_FIRST: Self = Self::shaped(
        ErrorShape::TypeFirst,
        400,
        "checkout_session_canceled",
        "The checkout session is canceled.",
    );
    pub(crate) const CANCELED_IN_PROSE: Self = Self::shaped(
        ErrorShape::DetailMessage,
        400,
        "checkout_session_canceled",
        "This checkout session was already canceled.",
    );
    pub(crate) const GONE: Self = Self::shaped(ErrorShape::DetailMessage, 410, "gone", "Gone");
    pub(crate) const UNEXPECTED_INTENT_STATE: Self = Self::new(
        409,
        "payment_intent_unexpected_state",
        "A payment intent is in a state that cannot be canceled.",
    );
    pub(crate) const INTENT_NOT_CANCELED: Self = Self::shaped(
        ErrorShape::DetailMessage,
        400,
        "payment_intent_not_canceled",
        "Could not cancel payment intent",
    );
    pub(crate) const NOT_PAID: Self =
        Self::new(400, "checkout_session_not_paid", "The shopper has not paid yet.");
    pub(crate) const MANUAL_CAPTURE_NOT_SUPPORTED: Self = Self::new(
        422,
        "manual_capture_not_supported",
        "The checkout session's capture_method is automatic.",
    );
    pub(crate) const AMOUNT_TOO_LARGE: Self =
        Self::new(422, "amount_too_large", "The amount is more than there is to take.");
    pub(crate) const KEY_REUSED: Self = Self::new(
        400,
        "idempotency_key_reused",
        "The Idempotency-Key has been used with another request.",
    );
    pub(crate) const RATE_LIMITED: Self =
        Self::new(429, "rate_limited", "There are too many requests.");

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let message = Cow::Owned(message.into());
        Refusal { status: 422, code: "invalid_request", message, shape: None }
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(503, "unavailable", "Come back later.")
    }

    pub(crate) fn internal_error() -> Self {
        Self::new(500, "internal_error", "Something went wrong.")
    }

    pub(crate) fn bad_request(message: &'static str) -> Self {
        Self::new(400, "invalid_request", message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

named_enum! {
    /// The shape of error bodies. Flex's own pages and its plugin disagree about it.
    ErrorShape as "error shape" {
        /// `{"error":{"code":…,"message":…}}`
        #[default]
        Code = "code",
        /// `{"error":{"type":…,"message":…,"param":…}}`
        Type = "type",
        /// `{"detail":[{"loc":[…],"msg":"code: message","type":"code"}]}`
        DetailList = "detail_list",
        /// `{"detail":"code"}`
        DetailText = "detail_text",
        /// `{"detail":"message"}`
        DetailMessage = "detail_message",
        /// `{"error":"code"}`
        ErrorText = "error_text",
        /// `{"error":{"code":"CODE","message":…}}`
        CodeUpper = "code_upper",
        /// `{"error":{"type":"invalid_request_error","code":…,"message":…}}`
        TypeFirst = "type_first",
        /// `{"message":…}`
        Message = "message",
        /// A page for people, as a proxy in front of Flex makes it.
        Html = "html",
        /// No body.
        Empty = "empty",
    }
}

impl ErrorShape {
    /// The content type and the body of an error in this shape.
    pub fn render(self, refusal: &Refusal) -> (&'static str, Vec<u8>) {
        let Refusal { status, code, message, shape } = refusal;
        let body = match shape.unwrap_or(self) {
            ErrorShape::Code => json!({"error": {"code": code, "message": message}}),
            ErrorShape::Type => {
                json!({"error": {"type": code, "message": message, "param": null}})
            }
            ErrorShape::DetailList => json!({"detail": [{
                "loc": ["path", "id"],
                "msg": format!("{code}: {message}"),
                "type": code,
            }]}),
            ErrorShape::DetailText => json!({"detail": code}),
            ErrorShape::DetailMessage => json!({"detail": message}),
            ErrorShape::ErrorText => json!({"error": code}),
            ErrorShape::CodeUpper => {
                json!({"error": {"code": code.to_ascii_uppercase(), "message": message}})
            }
            ErrorShape::TypeFirst => {
                // By hand, as serde_json sorts names and the type is to be read first.
                let (code, message) = (json!(code), json!(message));
                let error = format!(
                    r#"{{"type":"invalid_request_error","code":{code},"message":{message}}}"#
                );
                let body = format!(r#"{{"error":{error}}}"#);
                return ("application/json", body.into_bytes());
            }
            ErrorShape::Message => json!({"message": message}),
            ErrorShape::Html => {
                let page = format!("<html><body><h1>{status}</h1><p>{message}</p></body></html>\n");
                return ("text/html", page.into_bytes());
            }
            ErrorShape::Empty => return ("text/plain", Vec::new()),
        };
        ("application/json", body.to_string().into_bytes())
    }
}
