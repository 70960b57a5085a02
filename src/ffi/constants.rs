//! The numbers of outcomes, holds and codes, for C. cbindgen reads literals only, so each number
//! stands here once more; the assertions below hold the two together at compile time.

use crate::outcome::{Code, Hold, Outcome};
use crate::report::Level;

/// A request may have reached Flex, or may still be sent from an outbox, and its effect is not
/// known. Asserts nothing. The till may say "pending", never "voided" and never "not voided".
pub const FLEXCANCEL_OUTCOME_UNKNOWN: i32 = 0;
/// Flex confirmed the cancel, or a read-back shows it. Asserts: at some moment after the cancel was
/// requested and before the call ended, no hold was left, and none had been captured since the
/// request. The till may say "voided".
pub const FLEXCANCEL_OUTCOME_CANCELED: i32 = 1;
/// The session was already canceled. As far as Flex reports, this call had no effect. Asserts the
/// same as `canceled`. The till may say "voided".
pub const FLEXCANCEL_OUTCOME_ALREADY_CANCELED: i32 = 2;
/// The session was captured or expired. Asserts: at some moment of the call no hold was left to
/// cancel, and no request of this cancel released one. The till may say "too late". Before a
/// refund, check whether money was captured.
pub const FLEXCANCEL_OUTCOME_NOT_CANCELABLE: i32 = 3;
/// The cancel was certainly not done: no request of it was handed to the network, or Flex refused
/// each one. Asserts: no request of this cancel had an effect or will have one. The till may say
/// "not voided".
pub const FLEXCANCEL_OUTCOME_NOT_APPLIED: i32 = 4;
/// Nothing is known about the money.
pub const FLEXCANCEL_HOLD_UNKNOWN: i32 = 0;
/// No hold is left, because of a cancel.
pub const FLEXCANCEL_HOLD_RELEASED: i32 = 1;
/// There is no hold: the session never had one, or the session expired.
pub const FLEXCANCEL_HOLD_NONE: i32 = 2;
/// The money was captured, all or a part of it, and no hold is left.
pub const FLEXCANCEL_HOLD_CAPTURED: i32 = 3;
/// A hold was there when the session was last read.
pub const FLEXCANCEL_HOLD_HELD: i32 = 4;
/// Nothing went wrong.
pub const FLEXCANCEL_CODE_OK: i32 = 0;
/// The handle is NULL, garbage, freed or of another type.
pub const FLEXCANCEL_CODE_INVALID_HANDLE: i32 = 100;
/// An argument or an option is not usable; the message names it.
pub const FLEXCANCEL_CODE_INVALID_ARGUMENT: i32 = 101;
/// The configuration is not usable; the message names the field.
pub const FLEXCANCEL_CODE_INVALID_CONFIG: i32 = 102;
/// The session id is not 1 to 255 characters of `[A-Za-z0-9_-]`.
pub const FLEXCANCEL_CODE_INVALID_SESSION_ID: i32 = 103;
/// The caller's abort handle was triggered.
pub const FLEXCANCEL_CODE_ABORTED: i32 = 104;
/// The host name could not be resolved.
pub const FLEXCANCEL_CODE_DNS: i32 = 200;
/// No connection to the host or to the proxy could be opened.
pub const FLEXCANCEL_CODE_CONNECT: i32 = 201;
/// The TLS handshake failed: certificate, name, version, or this machine's clock.
pub const FLEXCANCEL_CODE_TLS: i32 = 202;
/// The deadline or the connect timeout was reached.
pub const FLEXCANCEL_CODE_TIMEOUT: i32 = 203;
/// The connection was lost before the response was complete.
pub const FLEXCANCEL_CODE_CONNECTION_LOST: i32 = 204;
/// The response could not be understood or trusted.
pub const FLEXCANCEL_CODE_PROTOCOL: i32 = 205;
/// Flex does not accept the API key (401).
pub const FLEXCANCEL_CODE_UNAUTHORIZED: i32 = 300;
/// The API key may not do this (403).
pub const FLEXCANCEL_CODE_FORBIDDEN: i32 = 301;
/// Flex finds no such session for this API key (404). Check the id and the mode.
pub const FLEXCANCEL_CODE_NOT_FOUND: i32 = 302;
/// Flex reports that the session cannot be canceled, or the session shows that it was captured or
/// expired.
pub const FLEXCANCEL_CODE_NOT_CANCELABLE: i32 = 303;
/// Too many requests (429).
pub const FLEXCANCEL_CODE_RATE_LIMITED: i32 = 304;
/// Flex refused the request for another reason.
pub const FLEXCANCEL_CODE_REJECTED: i32 = 305;
/// Flex failed (5xx), or its status leaves open whether the request was executed (408, 409, 423,
/// 424, 425, 499).
pub const FLEXCANCEL_CODE_SERVER_ERROR: i32 = 306;
/// The response is for test mode where live mode was expected, or the reverse.
pub const FLEXCANCEL_CODE_MODE_MISMATCH: i32 = 307;
/// The session's hold may be newer than the cancel (`asked_at_ms`), so no further request is sent
/// to release it.
pub const FLEXCANCEL_CODE_NEWER_HOLD: i32 = 308;
/// This library was built without the outbox.
pub const FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE: i32 = 400;
/// The outbox's file or its directory is not safe. For example, it belongs to another user, is a
/// link, or is writable by others. The message gives the reason.
pub const FLEXCANCEL_CODE_OUTBOX_UNSAFE: i32 = 401;
/// The outbox's file cannot be read or written.
pub const FLEXCANCEL_CODE_OUTBOX_IO: i32 = 402;
/// The disk with the outbox's file is full.
pub const FLEXCANCEL_CODE_OUTBOX_FULL: i32 = 403;
/// The outbox's file is damaged; the message has the name to which it was renamed.
pub const FLEXCANCEL_CODE_OUTBOX_CORRUPT: i32 = 404;
/// The file is not an outbox, or belongs to a newer version of this library.
pub const FLEXCANCEL_CODE_OUTBOX_SCHEMA: i32 = 405;
/// Another process or thread uses the file for longer than the call waits, or is delivering the
/// entry.
pub const FLEXCANCEL_CODE_OUTBOX_BUSY: i32 = 406;
/// The outbox has no such entry.
pub const FLEXCANCEL_CODE_OUTBOX_NO_ENTRY: i32 = 407;
/// The entry is still pending and cannot be acknowledged.
pub const FLEXCANCEL_CODE_OUTBOX_PENDING: i32 = 408;
/// The session's hold may be newer than the entry's cancel, so the entry is not delivered.
pub const FLEXCANCEL_CODE_OUTBOX_STALE: i32 = 409;
/// The entry's time for delivery (`deliver_within_ms`) is over, or a person withdrew the entry.
pub const FLEXCANCEL_CODE_OUTBOX_EXPIRED: i32 = 410;
/// The entry had already ended, and not as the result that was to settle it.
pub const FLEXCANCEL_CODE_OUTBOX_FINAL: i32 = 411;
/// The journal of a bulk run cannot be read or written.
pub const FLEXCANCEL_CODE_JOURNAL_IO: i32 = 500;
/// The file is not a journal of a bulk run, or is one of another input or service.
pub const FLEXCANCEL_CODE_JOURNAL_INVALID: i32 = 501;
/// Another bulk run uses the journal.
pub const FLEXCANCEL_CODE_JOURNAL_BUSY: i32 = 502;
/// The bulk run stopped: more outcomes are unknown than `max_unknown` allows.
pub const FLEXCANCEL_CODE_MAX_UNKNOWN: i32 = 503;
/// A defect of this library, or the system refused it a resource. The call ended safely.
pub const FLEXCANCEL_CODE_INTERNAL: i32 = 900;
/// Log level: an event whose code is not ok, or a result whose outcome is unknown.
pub const FLEXCANCEL_LEVEL_WARN: i32 = 2;
/// Log level: any other result or warm-up.
pub const FLEXCANCEL_LEVEL_INFO: i32 = 3;
/// Log level: any other attempt.
pub const FLEXCANCEL_LEVEL_DEBUG: i32 = 4;

const _: () = {
    assert!(FLEXCANCEL_OUTCOME_UNKNOWN == Outcome::Unknown.number());
    assert!(FLEXCANCEL_OUTCOME_CANCELED == Outcome::Canceled.number());
    assert!(FLEXCANCEL_OUTCOME_ALREADY_CANCELED == Outcome::AlreadyCanceled.number());
    assert!(FLEXCANCEL_OUTCOME_NOT_CANCELABLE == Outcome::NotCancelable.number());
    assert!(FLEXCANCEL_OUTCOME_NOT_APPLIED == Outcome::NotApplied.number());
    assert!(FLEXCANCEL_HOLD_UNKNOWN == Hold::Unknown.number());
    assert!(FLEXCANCEL_HOLD_RELEASED == Hold::Released.number());
    assert!(FLEXCANCEL_HOLD_NONE == Hold::None.number());
    assert!(FLEXCANCEL_HOLD_CAPTURED == Hold::Captured.number());
    assert!(FLEXCANCEL_HOLD_HELD == Hold::Held.number());
    assert!(FLEXCANCEL_CODE_OK == Code::Ok.number());
    assert!(FLEXCANCEL_CODE_INVALID_HANDLE == Code::InvalidHandle.number());
    assert!(FLEXCANCEL_CODE_INVALID_ARGUMENT == Code::InvalidArgument.number());
    assert!(FLEXCANCEL_CODE_INVALID_CONFIG == Code::InvalidConfig.number());
    assert!(FLEXCANCEL_CODE_INVALID_SESSION_ID == Code::InvalidSessionId.number());
    assert!(FLEXCANCEL_CODE_ABORTED == Code::Aborted.number());
    assert!(FLEXCANCEL_CODE_DNS == Code::Dns.number());
    assert!(FLEXCANCEL_CODE_CONNECT == Code::Connect.number());
    assert!(FLEXCANCEL_CODE_TLS == Code::Tls.number());
    assert!(FLEXCANCEL_CODE_TIMEOUT == Code::Timeout.number());
    assert!(FLEXCANCEL_CODE_CONNECTION_LOST == Code::ConnectionLost.number());
    assert!(FLEXCANCEL_CODE_PROTOCOL == Code::Protocol.number());
    assert!(FLEXCANCEL_CODE_UNAUTHORIZED == Code::Unauthorized.number());
    assert!(FLEXCANCEL_CODE_FORBIDDEN == Code::Forbidden.number());
    assert!(FLEXCANCEL_CODE_NOT_FOUND == Code::NotFound.number());
    assert!(FLEXCANCEL_CODE_NOT_CANCELABLE == Code::NotCancelable.number());
    assert!(FLEXCANCEL_CODE_RATE_LIMITED == Code::RateLimited.number());
    assert!(FLEXCANCEL_CODE_REJECTED == Code::Rejected.number());
    assert!(FLEXCANCEL_CODE_SERVER_ERROR == Code::ServerError.number());
    assert!(FLEXCANCEL_CODE_MODE_MISMATCH == Code::ModeMismatch.number());
    assert!(FLEXCANCEL_CODE_NEWER_HOLD == Code::NewerHold.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE == Code::OutboxUnavailable.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_UNSAFE == Code::OutboxUnsafe.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_IO == Code::OutboxIo.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_FULL == Code::OutboxFull.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_CORRUPT == Code::OutboxCorrupt.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_SCHEMA == Code::OutboxSchema.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_BUSY == Code::OutboxBusy.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_NO_ENTRY == Code::OutboxNoEntry.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_PENDING == Code::OutboxPending.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_STALE == Code::OutboxStale.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_EXPIRED == Code::OutboxExpired.number());
    assert!(FLEXCANCEL_CODE_OUTBOX_FINAL == Code::OutboxFinal.number());
    assert!(FLEXCANCEL_CODE_JOURNAL_IO == Code::JournalIo.number());
    assert!(FLEXCANCEL_CODE_JOURNAL_INVALID == Code::JournalInvalid.number());
    assert!(FLEXCANCEL_CODE_JOURNAL_BUSY == Code::JournalBusy.number());
    assert!(FLEXCANCEL_CODE_MAX_UNKNOWN == Code::MaxUnknown.number());
    assert!(FLEXCANCEL_CODE_INTERNAL == Code::Internal.number());
    assert!(FLEXCANCEL_LEVEL_WARN == Level::Warn as i32);
    assert!(FLEXCANCEL_LEVEL_INFO == Level::Info as i32);
    assert!(FLEXCANCEL_LEVEL_DEBUG == Level::Debug as i32);
};
