//! What can be made to go wrong, by name.

use serde::{Deserialize, Serialize};

use crate::answer::Then;

/// How a connection ends where a fault cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// In good order: a FIN, after a `close_notify` with TLS.
    Fin,
    /// With a reset.
    Rst,
    /// Not at all: it stays open, and nothing more comes.
    Stall,
    /// With TLS, by a `close_notify` without a FIN; without TLS, as `Fin`.
    CloseNotify,
    /// With TLS, by a fatal alert; without TLS, as `Fin`.
    Alert,
}

impl From<How> for Then {
    fn from(how: How) -> Then {
        match how {
            How::Fin => Then::Close,
            How::Rst => Then::Reset,
            How::Stall => Then::Stall,
            How::CloseNotify => Then::CloseNotify,
            How::Alert => Then::Alert,
        }
    }
}

/// The requests that a fault can be kept to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/checkout/sessions/ID/cancel`
    Cancel,
    /// `GET /v1/checkout/sessions/ID`
    Retrieve,
}

impl Operation {
    pub(crate) fn of(method: &str, path: &str) -> Option<Operation> {
        let rest = path.strip_prefix("/v1/checkout/sessions/")?;
        match (method, rest.split_once('/')) {
            ("POST", Some((_, "cancel"))) => Some(Operation::Cancel),
            ("GET", None) => Some(Operation::Retrieve),
            _ => None,
        }
    }
}

macro_rules! faults {
    (
        $(#[$enum_doc:meta])*
        pub enum Fault {
            $($(#[$doc:meta])* $variant:ident
                $({ $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ })? = $name:literal,)+
        }
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "fault")]
        pub enum Fault {
            $($(#[$doc])* #[serde(rename = $name)]
            $variant $({ $($(#[$field_meta])* $field: $type,)+ })?,)+
        }

        impl Fault {
            /// The name of every fault, as HTTP takes it.
            pub const NAMES: &'static [&'static str] = &[$($name,)+];

            /// The fault's name, as HTTP takes it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Fault::$variant { .. } => $name,)+
                }
            }
        }
    };
}

faults! {
    /// Something that goes wrong with a connection, a request or a response.
    ///
    /// The first four befall connections, at the client's first bytes; all others befall requests
    /// to `/v1/…`. None befalls a request to the sandbox's own routes. With TLS this is true of
    /// those in plain HTTP: what a connection with TLS asks for shows too late.
    pub enum Fault {
        /// The connection is closed, and nothing is ever said on it.
        CloseBeforeRead = "close_before_read",
        /// The connection stays open, and nothing is ever said on it.
        AcceptAndStall = "accept_and_stall",
        /// The same as `AcceptAndStall`: with TLS, the client's hello has no answer.
        StallHandshake = "stall_handshake",
        /// The connection is reset at the client's first byte.
        ResetHandshake = "reset_handshake",
        /// The connection ends when `at` bytes of the request have come, or all of it; they are
        /// counted above TLS. The model never sees the request.
        CutRequest {
            /// After how many bytes.
            at: usize,
            /// How the connection ends.
            how: How,
        } = "cut_request",
        /// The connection ends when `at` bytes of the response are written, or all of it.
        CutAnswer {
            /// After how many bytes.
            at: usize,
            /// How the connection ends.
            how: How,
        } = "cut_answer",
        /// The connection ends in place of the response.
        DropAnswer {
            /// How the connection ends.
            how: How,
        } = "drop_answer",
        /// The connection is closed after a response that promises to keep it.
        CloseAfterAnswer = "close_after_answer",
        /// The response drips.
        Drip {
            /// How fast; 0 counts as 1.
            bytes_per_second: u32,
        } = "drip",
        /// The response comes late.
        Delay {
            /// How late, in milliseconds.
            ms: u32,
        } = "delay",
        /// Bytes follow the response that nobody asked for.
        Surplus {
            /// How many.
            bytes: u32,
        } = "surplus",
        /// Another status, with these headers and this body.
        Status {
            /// The status.
            status: u16,
            /// Headers beside `Content-Length`.
            #[serde(default)]
            headers: Vec<(String, String)>,
            /// The body.
            #[serde(default)]
            body: String,
        } = "status",
        /// 500, and 500 again whenever the request's `Idempotency-Key` comes back.
        Replayed500 = "replayed_500",
        /// A greeting of another protocol.
        NotHttp = "not_http",
        /// Ten thousand headers.
        HeaderFlood = "header_flood",
        /// Two lengths that contradict each other.
        TwoContentLengths = "two_content_lengths",
        /// A length beside chunks.
        LengthAndChunked = "length_and_chunked",
        /// A chunk whose size is no number.
        BadChunk = "bad_chunk",
        /// A body shorter than its length, and a close.
        ShortBody = "short_body",
        /// A body that ends with the connection.
        CloseDelimited = "close_delimited",
        /// Interim answers without end.
        Endless1xx = "endless_1xx",
        /// Compressed, though nobody asked for it.
        Gzip = "gzip",
        /// A body stretched with blanks.
        HugeBody {
            /// To how many bytes.
            bytes: u32,
        } = "huge_body",
        /// 200 without a body.
        Empty200 = "empty_200",
        /// 200 with a page for people.
        NotJson200 = "not_json_200",
        /// 204.
        NoContent = "no_content",
        /// About another session.
        OtherId = "other_id",
        /// No JSON.
        InvalidJson = "invalid_json",
        /// The first half of the JSON, with the length of that half.
        Truncated = "truncated",
        /// JSON that is nested 10,000 deep.
        DeepJson = "deep_json",
        /// JSON with the fields that matter twice.
        DuplicateKeys = "duplicate_keys",
        /// JSON with wrong types in the fields that matter.
        WrongTypes = "wrong_types",
        /// JSON that is not UTF-8.
        BadUtf8 = "bad_utf8",
        /// JSON with numbers beyond 2⁵³ and long decimals: harmless.
        BigNumbers = "big_numbers",
        /// JSON with unknown fields and values: harmless.
        UnknownFields = "unknown_fields",
        /// JSON with the session's values in an array.
        ArrayForObject = "array_for_object",
        /// A retrieval as it would have been answered before the session's latest change, with
        /// `Age` and an old `Date`.
        Cached {
            /// The age it tells, in seconds.
            age_s: u32,
        } = "cached",
        /// An old `Date`.
        StaleDate {
            /// How old, in seconds.
            seconds: u32,
        } = "stale_date",
        /// `Idempotent-Replayed: true`, though it is the first response.
        ReplayedHeader = "replayed_header",
        /// Another status in place of 200: 202, 203, 206.
        SuccessStatus {
            /// The status.
            status: u16,
        } = "success_status",
        /// 200 with `errors` beside the session.
        ErrorBeside = "error_beside",
        /// 200 with this status of the session.
        StatusWord {
            /// The status.
            word: String,
        } = "status_word",
        /// 200 with `payment_intent` as an object of this status, of which nothing is capturable.
        IntentWord {
            /// The status.
            word: String,
        } = "intent_word",
        /// 200 with a capture, though nothing was received.
        CapturesListed = "captures_listed",
    }
}

impl Fault {
    pub(crate) fn befalls_connections(&self) -> bool {
        matches!(
            self,
            Fault::CloseBeforeRead
                | Fault::AcceptAndStall
                | Fault::StallHandshake
                | Fault::ResetHandshake
        )
    }

    pub(crate) fn befalls_requests(&self) -> bool {
        matches!(self, Fault::CutRequest { .. })
    }

    pub(crate) fn befalls_answers(&self) -> bool {
        !self.befalls_connections() && !self.befalls_requests()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_and_path() {
        let of = |method, path| Operation::of(method, path);
        assert_eq!(of("POST", "/v1/checkout/sessions/x/cancel"), Some(Operation::Cancel));
        assert_eq!(of("GET", "/v1/checkout/sessions/x"), Some(Operation::Retrieve));
        assert_eq!(of("GET", "/v1/checkout/sessions/x/cancel"), None);
        assert_eq!(of("POST", "/v1/checkout/sessions"), None);
    }
}
