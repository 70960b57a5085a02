//! What a call reports: one shape for every operation, and its JSON (docs/RESULT.md).

use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::json::RawJson;
use crate::judge::Verdict;
use crate::outcome::{Code, Hold, Outcome};
use crate::session::CheckoutSession;
use crate::transport::Phase;
use crate::wire::{Operation, ProviderError};

/// The report of one call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// What is known of the cancel.
    pub outcome: Outcome,
    /// Why.
    pub code: Code,
    /// What is known of the money itself.
    pub hold: Hold,
    /// One line for a log.
    pub message: String,
    /// One line for a person: what to do now.
    pub advice: &'static str,
    /// True if the same call may well go better later, without any change.
    pub retryable: bool,
    /// The session's id as the caller gave it; `None` if it was not usable.
    pub session_id: Option<String>,
    /// The key that every send of this cancel carried; `None` if there was none to send.
    pub idempotency_key: Option<String>,
    /// How long the call took, in whole milliseconds.
    pub elapsed: Duration,
    /// The status of the answer that decided, if one did.
    pub http_status: Option<u16>,
    /// How long the last answer asked to be left alone, in whole milliseconds.
    pub retry_after: Option<Duration>,
    /// What the provider said when it last refused.
    pub provider_error: Option<ProviderError>,
    /// Everything that was tried, in order.
    pub attempts: Vec<Attempt>,
    /// The session exactly as Flex wrote it.
    pub raw_session: Option<RawJson>,
}

/// One exchange with the service, or the attempt at one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// What it was for.
    pub operation: Operation,
    /// Why it was made.
    pub reason: &'static str,
    /// How far it came.
    pub phase: Phase,
    /// The status of its answer, if one arrived.
    pub http_status: Option<u16>,
    /// What became of it.
    pub code: Code,
    /// How long it took, in whole milliseconds.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
    /// Flex's name for the exchange (`X-Request-Id`), for a support ticket.
    pub request_id: Option<String>,
}

impl Attempt {
    /// An attempt of which nothing is known but how far it came.
    pub(crate) fn new(operation: Operation, reason: &'static str, phase: Phase) -> Self {
        let (code, elapsed) = (Code::Internal, Duration::ZERO);
        Self { operation, reason, phase, http_status: None, code, elapsed, request_id: None }
    }
}

impl Report {
    /// A report without any attempt yet.
    pub(crate) fn new(operation: Operation, verdict: Verdict, message: String) -> Self {
        Self {
            outcome: verdict.outcome,
            code: verdict.code,
            hold: verdict.hold,
            message,
            advice: advice(operation, verdict.outcome, verdict.code),
            retryable: is_retryable(operation, verdict.outcome, verdict.code),
            session_id: None,
            idempotency_key: None,
            elapsed: Duration::ZERO,
            http_status: None,
            retry_after: None,
            provider_error: None,
            attempts: Vec::new(),
            raw_session: None,
        }
    }

    /// A report of something refused before anything was sent.
    pub(crate) fn refused(operation: Operation, code: Code, message: String) -> Self {
        let verdict =
            Verdict { outcome: Outcome::NotApplied, code, hold: Hold::Unknown, because: "" };
        Self::new(operation, verdict, message)
    }

    /// A report of a call whose own report was lost, or never was.
    pub(crate) fn unreported(code: Code, message: &str) -> Self {
        let verdict = Verdict { outcome: Outcome::Unknown, code, hold: Hold::Unknown, because: "" };
        Self::new(Operation::Cancel, verdict, message.to_owned())
    }

    /// The report as a JSON object.
    ///
    /// # Errors
    /// None that is known: nothing in a report is hard to write as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let json = self.to_json_bytes()?;
        String::from_utf8(json).map_err(serde::de::Error::custom)
    }

    /// The same as bytes, written into room for all of it and a NUL. The session goes in as it
    /// is: it was checked when it came.
    pub(crate) fn to_json_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let session = self.raw_session.as_ref().map_or("null", RawJson::get);
        let mut json = Vec::with_capacity(ROOM_BESIDE_SESSION + session.len());
        serde_json::to_writer(&mut json, &BesideSession(self))?;
        // The closing brace, which comes after the session.
        json.pop();
        for part in [",\"", SESSION_FIELD, "\":", session, "}"] {
            json.extend_from_slice(part.as_bytes());
        }
        Ok(json)
    }

    /// The session, typed; `None` if the report has none.
    ///
    /// # Errors
    /// If a documented field has an undocumented type. The outcome does not depend on it, and
    /// [`Report::raw_session`] has the bytes.
    pub fn session(&self) -> Option<Result<CheckoutSession, serde_json::Error>> {
        self.raw_session.as_ref().map(|raw| CheckoutSession::from_json(raw.get()))
    }
}

pub(crate) fn as_millis<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// A time in whole milliseconds.
struct Millis(Duration);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_millis(&self.0, serializer)
    }
}

const SESSION_FIELD: &str = "checkout_session";

/// What a report's JSON usually takes beside the session.
const ROOM_BESIDE_SESSION: usize = 1024;

impl Report {
    fn write_beside_session<S: SerializeStruct>(&self, json: &mut S) -> Result<(), S::Error> {
        json.serialize_field("outcome", &self.outcome)?;
        json.serialize_field("code", &self.code)?;
        json.serialize_field("hold", &self.hold)?;
        json.serialize_field("message", &self.message)?;
        json.serialize_field("advice", &self.advice)?;
        json.serialize_field("retryable", &self.retryable)?;
        json.serialize_field("session_id", &self.session_id)?;
        json.serialize_field("idempotency_key", &self.idempotency_key)?;
        json.serialize_field("elapsed_ms", &Millis(self.elapsed))?;
        json.serialize_field("http_status", &self.http_status)?;
        json.serialize_field("retry_after_ms", &self.retry_after.map(Millis))?;
        json.serialize_field("provider_error", &self.provider_error)?;
        json.serialize_field("attempts", &self.attempts)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("Report", 14)?;
        self.write_beside_session(&mut json)?;
        json.serialize_field(SESSION_FIELD, &self.raw_session)?;
        json.end()
    }
}

/// A report without its session.
struct BesideSession<'a>(&'a Report);

impl Serialize for BesideSession<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("Report", 13)?;
        self.0.write_beside_session(&mut json)?;
        json.end()
    }
}

fn is_retryable(operation: Operation, outcome: Outcome, code: Code) -> bool {
    match outcome {
        Outcome::Unknown => !matches!(
            (operation, code),
            (_, Code::InvalidHandle)
                | (Operation::Retrieve, Code::Unauthorized | Code::Forbidden | Code::NotFound)
                | (Operation::Retrieve, Code::Rejected | Code::ModeMismatch)
        ),
        Outcome::NotApplied => matches!(
            code,
            Code::Aborted
                | Code::Dns
                | Code::Connect
                | Code::Timeout
                | Code::ConnectionLost
                | Code::RateLimited
        ),
        Outcome::Canceled | Outcome::AlreadyCanceled | Outcome::NotCancelable => false,
    }
}

fn advice(operation: Operation, outcome: Outcome, code: Code) -> &'static str {
    match (operation, outcome) {
        (_, Outcome::Canceled | Outcome::AlreadyCanceled) => {
            "Nothing more to do: the hold is released."
        }
        (_, Outcome::NotCancelable) => {
            "Too late to void: if the shopper's money was taken, refund it."
        }
        (Operation::Cancel, Outcome::Unknown) => {
            "Treat the void as pending: call again with the same idempotency key, or look the \
             session up, before telling the shopper anything."
        }
        (Operation::Retrieve, Outcome::Unknown) => {
            "Nothing is known of the session: look it up again."
        }
        (Operation::Retrieve, Outcome::NotApplied) if code == Code::Ok => {
            "The session can still be canceled."
        }
        (_, Outcome::NotApplied) => not_applied_advice(code),
    }
}

fn not_applied_advice(code: Code) -> &'static str {
    match code {
        Code::InvalidHandle | Code::InvalidArgument | Code::InvalidSessionId => {
            "Not voided: correct the program that makes this call."
        }
        Code::InvalidConfig => "Not voided: correct the configuration.",
        Code::Unauthorized | Code::Forbidden => "Not voided: check the API key and its rights.",
        Code::NotFound => {
            "Not voided: check the session's id, and that key and session are of the same mode."
        }
        Code::Tls => {
            "Not voided: check this machine's clock, its trust store, and whether something on \
             the way intercepts TLS."
        }
        Code::Dns | Code::Connect | Code::Timeout | Code::ConnectionLost => {
            "Not voided: check the network, then try again."
        }
        Code::RateLimited => "Not voided: wait a little, then try again.",
        Code::Aborted => "Not voided: the call was aborted before anything took effect.",
        _ => "Not voided: the message says why; ask support if it does not help.",
    }
}
