//! What a call amounts to ([`Outcome`]), why ([`Code`]), and where the money is ([`Hold`]).
//!
//! Outcome and code are independent: a timeout before the first byte was sent is
//! `not_applied`/`timeout`, one after it is `unknown`/`timeout`.

use std::ffi::CStr;
use std::fmt;

use serde::{Serialize, Serializer};

/// Defines a plain enum whose numbers and names are part of the ABI and of the result's JSON.
macro_rules! numbered_names {
    (
        $(#[$enum_doc:meta])*
        pub enum $type:ident {
            $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*
        }
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum $type {
            $($(#[$doc])* $variant = $number,)*
        }

        impl $type {
            /// Every value, in the order of their numbers.
            pub const ALL: &'static [$type] = &[$($type::$variant,)*];

            /// The number that C programs see. Never reused, never changed.
            #[must_use]
            pub const fn number(self) -> i32 {
                self as i32
            }

            /// The name that the result's JSON shows. Never changed.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }

            /// The name, NUL-terminated for C.
            pub(crate) const fn c_name(self) -> &'static CStr {
                match self {
                    $($type::$variant => {
                        match CStr::from_bytes_with_nul(concat!($name, "\0").as_bytes()) {
                            Ok(name) => name,
                            Err(_) => c"",
                        }
                    })*
                }
            }

            /// The value with this name, if there is one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }

            /// The value with this number, if there is one.
            #[must_use]
            pub fn from_number(number: i32) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.number() == number)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

numbered_names! {
    /// What is known of the cancel when the call returns. A definite outcome is never wrong.
    pub enum Outcome {
        /// A request may have reached Flex, or may still be sent from an outbox, and its effect is
        /// not known. Asserts nothing. The till may say "pending", never "voided" and never "not
        /// voided".
        Unknown = 0, "unknown";
        /// Flex confirmed the cancel, or a read-back shows it. Asserts: at some moment after the
        /// cancel was requested and before the call ended, no hold was left, and none had been
        /// captured since the request. The till may say "voided".
        Canceled = 1, "canceled";
        /// The session was already canceled. As far as Flex reports, this call had no effect.
        /// Asserts the same as `canceled`. The till may say "voided".
        AlreadyCanceled = 2, "already_canceled";
        /// The session was captured or expired. Asserts: at some moment of the call no hold was
        /// left to cancel, and no request of this cancel released one. The till may say "too late".
        /// Before a refund, check whether money was captured.
        NotCancelable = 3, "not_cancelable";
        /// The cancel was certainly not done: no request of it was handed to the network, or Flex
        /// refused each one. Asserts: no request of this cancel had an effect or will have one. The
        /// till may say "not voided".
        NotApplied = 4, "not_applied";
    }
}

numbered_names! {
    /// Why the outcome is what it is: 0, 1xx the caller, 2xx the transport, 3xx the provider,
    /// 4xx the outbox, 5xx a bulk run, 9xx the library itself.
    pub enum Code {
        /// Nothing went wrong.
        Ok = 0, "ok";
        /// The handle is NULL, garbage, freed or of another type.
        InvalidHandle = 100, "invalid_handle";
        /// An argument or an option is not usable; the message names it.
        InvalidArgument = 101, "invalid_argument";
        /// The configuration is not usable; the message names the field.
        InvalidConfig = 102, "invalid_config";
        /// The session id is not 1 to 255 characters of `[A-Za-z0-9_-]`.
        InvalidSessionId = 103, "invalid_session_id";
        /// The caller's abort handle was triggered.
        Aborted = 104, "aborted";
        /// The host name could not be resolved.
        Dns = 200, "dns";
        /// No connection to the host or to the proxy could be opened.
        Connect = 201, "connect";
        /// The TLS handshake failed: certificate, name, version, or this machine's clock.
        Tls = 202, "tls";
        /// The deadline or the connect timeout was reached.
        Timeout = 203, "timeout";
        /// The connection was lost before the response was complete.
        ConnectionLost = 204, "connection_lost";
        /// The response could not be understood or trusted.
        Protocol = 205, "protocol";
        /// Flex does not accept the API key (401).
        Unauthorized = 300, "unauthorized";
        /// The API key may not do this (403).
        Forbidden = 301, "forbidden";
        /// Flex finds no such session for this API key (404). Check the id and the mode.
        NotFound = 302, "not_found";
        /// Flex reports that the session cannot be canceled, or the session shows that it was
        /// captured or expired.
        NotCancelable = 303, "not_cancelable";
        /// Too many requests (429).
        RateLimited = 304, "rate_limited";
        /// Flex refused the request for another reason.
        Rejected = 305, "rejected";
        /// Flex failed (5xx), or its status leaves open whether the request was executed (408, 409,
        /// 423, 424, 425, 499).
        ServerError = 306, "server_error";
        /// The response is for test mode where live mode was expected, or the reverse.
        ModeMismatch = 307, "mode_mismatch";
        /// The session's hold may be newer than the cancel (`asked_at_ms`), so no further request
        /// is sent to release it.
        NewerHold = 308, "newer_hold";
        /// This library was built without the outbox.
        OutboxUnavailable = 400, "outbox_unavailable";
        /// The outbox's file or its directory is not safe. For example, it belongs to another user,
        /// is a link, or is writable by others. The message gives the reason.
        OutboxUnsafe = 401, "outbox_unsafe";
        /// The outbox's file cannot be read or written.
        OutboxIo = 402, "outbox_io";
        /// The disk with the outbox's file is full.
        OutboxFull = 403, "outbox_full";
        /// The outbox's file is damaged; the message has the name to which it was renamed.
        OutboxCorrupt = 404, "outbox_corrupt";
        /// The file is not an outbox, or belongs to a newer version of this library.
        OutboxSchema = 405, "outbox_schema";
        /// Another process or thread uses the file for longer than the call waits, or is delivering
        /// the entry.
        OutboxBusy = 406, "outbox_busy";
        /// The outbox has no such entry.
        OutboxNoEntry = 407, "outbox_no_entry";
        /// The entry is still pending and cannot be acknowledged.
        OutboxPending = 408, "outbox_pending";
        /// The session's hold may be newer than the entry's cancel, so the entry is not delivered.
        OutboxStale = 409, "outbox_stale";
        /// The entry's time for delivery (`deliver_within_ms`) is over, or a person withdrew the
        /// entry.
        OutboxExpired = 410, "outbox_expired";
        /// The entry had already ended, and not as the result that was to settle it.
        OutboxFinal = 411, "outbox_final";
        /// The journal of a bulk run cannot be read or written.
        JournalIo = 500, "journal_io";
        /// The file is not a journal of a bulk run, or is one of another input or service.
        JournalInvalid = 501, "journal_invalid";
        /// Another bulk run uses the journal.
        JournalBusy = 502, "journal_busy";
        /// The bulk run stopped: more outcomes are unknown than `max_unknown` allows.
        MaxUnknown = 503, "max_unknown";
        /// A defect of this library, or the system refused it a resource. The call ended safely.
        Internal = 900, "internal";
    }
}

numbered_names! {
    /// What is known of the money itself when the call returns.
    pub enum Hold {
        /// Nothing is known about the money.
        Unknown = 0, "unknown";
        /// No hold is left, because of a cancel.
        Released = 1, "released";
        /// There is no hold: the session never had one, or the session expired.
        None = 2, "none";
        /// The money was captured, all or a part of it, and no hold is left.
        Captured = 3, "captured";
        /// A hold was there when the session was last read.
        Held = 4, "held";
    }
}

impl Outcome {
    /// True unless the outcome is [`Outcome::Unknown`].
    #[must_use]
    pub const fn is_definite(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_lead_back() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(*code));
        }
        assert!(Code::ALL.is_sorted_by_key(|code| code.number()));
    }

    #[test]
    fn zero_is_the_safe_reading_of_anything_unset() {
        assert_eq!(Outcome::from_number(0), Some(Outcome::Unknown));
        assert_eq!(Hold::from_number(0), Some(Hold::Unknown));
        assert_eq!(Code::from_number(1), None);
    }
}
