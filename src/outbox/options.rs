//! The options of the outbox's operations.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{MAX_TEXT_BYTES, MAX_TIMEOUT_MS};
use crate::error::Error;
use crate::json_object::JsonObject;
use crate::options::{OPTION_KEYS, Options};
use crate::report::OutboxState;

/// Every key that the options of opening may have.
pub const OPEN_KEYS: &[&str] = &["create", "keep_ms", "path"];
/// Every key that the options of a cancel through the outbox may have.
pub const OUTBOX_CANCEL_KEYS: &[&str] = &[
    "asked_at_ms",
    "deliver_within_ms",
    "expand",
    "idempotency_key",
    "in_doubt",
    "max_attempts",
    "timeout_ms",
    "verify",
];
/// Every key that the options of an enqueue may have.
pub const ENQUEUE_KEYS: &[&str] =
    &["asked_at_ms", "deliver_within_ms", "expand", "idempotency_key", "in_doubt"];
/// Every key that the options of a flush may have.
pub const FLUSH_KEYS: &[&str] = &["max", "now", "timeout_ms"];
/// Every key that the options of a claim may have.
pub const CLAIM_KEYS: &[&str] = &["lease_ms", "max"];
/// Every key that the filter of a list may have.
pub const LIST_KEYS: &[&str] = &["acknowledged", "after", "max", "session_id", "states"];

/// `keep_ms` unless given: thirty days.
pub(super) const DEFAULT_KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest `keep_ms`: ten years.
const MAX_KEEP_MS: u64 = 3650 * 24 * 3_600_000;
/// `deliver_within_ms` unless given: seven days, after which a hold has lapsed by itself.
pub(super) const DEFAULT_DELIVER_WITHIN: Duration = Duration::from_secs(7 * 24 * 3600);
/// The longest `deliver_within_ms`: thirty days.
const MAX_DELIVER_WITHIN_MS: u64 = 30 * 24 * 3_600_000;
/// `timeout_ms` of a flush unless given: one minute.
pub(super) const DEFAULT_FLUSH_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest `timeout_ms` of a flush: one hour.
const MAX_FLUSH_TIMEOUT_MS: u64 = 3_600_000;
/// `lease_ms` of a claim unless given: a quarter of an hour.
pub(super) const DEFAULT_LEASE: Duration = Duration::from_secs(15 * 60);
/// The shortest `lease_ms`: one second.
const MIN_LEASE_MS: u64 = 1_000;
/// The longest `lease_ms`: one day.
const MAX_LEASE_MS: u64 = 24 * 3_600_000;
/// `max` unless given.
pub(super) const DEFAULT_MAX: u32 = 100;
/// The largest `max`: its entries all go into one result.
pub(super) const MAX_MAX: u64 = 1_000;

/// How an outbox is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenOptions {
    /// The file.
    pub path: PathBuf,
    /// Whether the file is made if it is not there; true if not given. A program that only looks
    /// sets it to false.
    pub create: Option<bool>,
    /// How long delivered and acknowledged entries are kept after their end; 30 days if not
    /// given.
    pub keep: Option<Duration>,
}

impl OpenOptions {
    /// The file with this path, and everything else by default.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), create: None, keep: None }
    }

    /// Reads them from a JSON object with the keys of [`OPEN_KEYS`].
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, OPEN_KEYS)?;
        let path = fields.string("path")?.unwrap_or_default();
        if path.is_empty() || path.len() > MAX_TEXT_BYTES || path.contains('\0') {
            let problem = format!("expected the path of a file, 1 to {MAX_TEXT_BYTES} bytes");
            return Err(Error::argument("path", problem));
        }
        Ok(Self {
            path: path.into(),
            create: fields.bool("create")?,
            keep: fields.millis("keep_ms", 0, MAX_KEEP_MS)?,
        })
    }
}

/// How one cancel is kept, and how it is tried at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryOptions {
    /// As for [`Client::cancel`](crate::Client::cancel). Timeout and number of attempts are for
    /// the try that is made at once.
    pub call: Options,
    /// How long to try to deliver it; 7 days if not given.
    pub deliver_within: Option<Duration>,
}

impl EntryOptions {
    /// Reads them from a JSON object with the keys of [`OUTBOX_CANCEL_KEYS`]; no text at all
    /// means none.
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::read(json, OUTBOX_CANCEL_KEYS)
    }

    /// The same for an enqueue, which makes no call: the keys of [`ENQUEUE_KEYS`].
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn for_enqueue_from_json(json: &str) -> Result<Self, Error> {
        Self::read(json, ENQUEUE_KEYS)
    }

    fn read(json: &str, keys: &[&str]) -> Result<Self, Error> {
        debug_assert!(OPTION_KEYS.iter().all(|key| OUTBOX_CANCEL_KEYS.contains(key)));
        let mut fields = JsonObject::parse(json, keys)?;
        let deliver_within = fields.millis("deliver_within_ms", 1, MAX_DELIVER_WITHIN_MS)?;
        Ok(Self { call: Options::from_fields(&mut fields)?, deliver_within })
    }

    /// Checks what was set from Rust by the rules that JSON is read by; the call's own options
    /// are checked by the call.
    pub(super) fn check(&self) -> Result<(), Error> {
        let max = Duration::from_millis(MAX_DELIVER_WITHIN_MS);
        if self.deliver_within.is_some_and(|time| time.is_zero() || time > max) {
            let problem = format!("expected more than 0 and at most {MAX_DELIVER_WITHIN_MS}");
            return Err(Error::argument("deliver_within_ms", problem));
        }
        Ok(())
    }
}

/// How much a flush does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushOptions {
    /// The deadline of the whole flush; one minute if not given.
    pub timeout: Option<Duration>,
    /// The most entries that are tried; 100 if not given, at most 1,000.
    pub max: Option<u32>,
    /// Whether entries are tried that wait for their next try; false if not given. Each is tried
    /// once.
    pub now: Option<bool>,
}

impl FlushOptions {
    /// Reads them from a JSON object with the keys of [`FLUSH_KEYS`]; no text at all means none.
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, FLUSH_KEYS)?;
        let timeout = fields.millis("timeout_ms", 1, MAX_FLUSH_TIMEOUT_MS)?;
        Ok(Self { timeout, max: max(&mut fields)?, now: fields.bool("now")? })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let max = Duration::from_millis(MAX_FLUSH_TIMEOUT_MS);
        if self.timeout.is_some_and(|timeout| timeout.is_zero() || timeout > max) {
            let problem = format!("expected more than 0 and at most {MAX_FLUSH_TIMEOUT_MS}");
            return Err(Error::argument("timeout_ms", problem));
        }
        check_max(self.max)
    }
}

/// How many entries a claim takes, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimOptions {
    /// How long nobody else delivers the entries; a quarter of an hour if not given, from one
    /// second to one day. Only whole milliseconds count.
    pub lease: Option<Duration>,
    /// The most entries; 100 if not given, at most 1,000.
    pub max: Option<u32>,
}

impl ClaimOptions {
    /// Reads them from a JSON object with the keys of [`CLAIM_KEYS`]; no text at all means none.
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, CLAIM_KEYS)?;
        let lease = fields.millis("lease_ms", MIN_LEASE_MS, MAX_LEASE_MS)?;
        Ok(Self { lease, max: max(&mut fields)? })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let bounds = Duration::from_millis(MIN_LEASE_MS)..=Duration::from_millis(MAX_LEASE_MS);
        if self.lease.is_some_and(|lease| !bounds.contains(&lease)) {
            let problem = format!("expected from {MIN_LEASE_MS} to {MAX_LEASE_MS}");
            return Err(Error::argument("lease_ms", problem));
        }
        check_max(self.max)
    }
}

/// Which entries a list shows, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListFilter {
    /// Of these states; of all, if empty.
    pub states: Vec<OutboxState>,
    /// Only those that are acknowledged, or only those that are not.
    pub acknowledged: Option<bool>,
    /// Only those of this session.
    pub session_id: Option<String>,
    /// Only those with a greater number: where the list before ended.
    pub after: Option<i64>,
    /// The most entries; 100 if not given, at most 1,000.
    pub max: Option<u32>,
}

impl ListFilter {
    /// What a person has to look at: refused, expired, in need of attention, not acknowledged.
    #[must_use]
    pub fn worklist() -> Self {
        let states = vec![OutboxState::Refused, OutboxState::Expired, OutboxState::NeedsAttention];
        Self { states, acknowledged: Some(false), ..Self::default() }
    }

    /// Reads it from a JSON object with the keys of [`LIST_KEYS`]; no text at all means every
    /// entry.
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, LIST_KEYS)?;
        let state = |name: String| {
            OutboxState::from_name(&name).ok_or_else(|| {
                let names: Vec<_> = OutboxState::ALL.iter().map(|state| state.name()).collect();
                Error::argument("states", format!("expected names of: {}", names.join(", ")))
            })
        };
        let states = fields.strings("states")?.unwrap_or_default().into_iter().map(state);
        Ok(Self {
            states: states.collect::<Result<_, _>>()?,
            acknowledged: fields.bool("acknowledged")?,
            session_id: fields.string("session_id")?,
            after: fields
                .integer("after", 0, i64::MAX as u64)?
                .and_then(|number| i64::try_from(number).ok()),
            max: max(&mut fields)?,
        })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_max(self.max)
    }
}

fn max(fields: &mut JsonObject) -> Result<Option<u32>, Error> {
    Ok(fields.integer("max", 1, MAX_MAX)?.and_then(|number| u32::try_from(number).ok()))
}

fn check_max(max: Option<u32>) -> Result<(), Error> {
    if max.is_some_and(|max| !(1..=MAX_MAX).contains(&max.into())) {
        let problem = format!("expected a whole number from 1 to {MAX_MAX}");
        return Err(Error::argument("max", problem));
    }
    Ok(())
}

// The largest deadline of one try must fit into what a lease is reckoned with.
const _: () = assert!(MAX_TIMEOUT_MS <= MAX_FLUSH_TIMEOUT_MS);
