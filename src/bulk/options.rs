//! The options of a bulk run.

use std::path::PathBuf;

use crate::config::{MAX_RATE_PER_SECOND, MAX_TEXT_BYTES};
use crate::error::Error;
use crate::json_object::JsonObject;
use crate::options::Options;

/// Every key that the options of a bulk run may have.
pub const BULK_KEYS: &[&str] = &[
    "asked_at_ms",
    "concurrency",
    "dry_run",
    "expand",
    "in_order",
    "journal",
    "max_attempts",
    "max_unknown",
    "rate_per_second",
    "reason",
    "timeout_ms",
    "verify",
];

/// `concurrency` unless given.
pub(crate) const DEFAULT_CONCURRENCY: u16 = 16;
/// The largest `concurrency`.
pub(crate) const MAX_CONCURRENCY: u64 = 256;
/// The largest `max_unknown`.
const MAX_UNKNOWN: u64 = 1_000_000_000;

/// The options of a bulk run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BulkOptions {
    /// The options of each call. An idempotency key is an item's own.
    pub call: Options,
    /// The most calls at a time, 1 to 256; each has a thread while the run lasts. With 1, the calls
    /// are made on the caller's thread.
    pub concurrency: u16,
    /// Whether results come in the order of the input; else as the calls end.
    pub in_order: bool,
    /// The most requests per second of this run; `None`: as the client's configuration says, and
    /// not more than Flex accepts.
    pub rate_per_second: Option<u32>,
    /// Keeps what was sent and what became of it, so that the run can be resumed.
    pub journal: Option<PathBuf>,
    /// Why the sessions are canceled; for the journal.
    pub reason: Option<String>,
    /// The run stops after more unknown outcomes than this.
    pub max_unknown: Option<u64>,
    /// Only retrieves the sessions, and so shows what a run would do.
    pub dry_run: bool,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            call: Options::default(),
            concurrency: DEFAULT_CONCURRENCY,
            in_order: true,
            rate_per_second: None,
            journal: None,
            reason: None,
            max_unknown: None,
            dry_run: false,
        }
    }
}

impl BulkOptions {
    /// Reads options from a JSON object with the keys of [`BULK_KEYS`].
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, BULK_KEYS)?;
        let number = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
        let options = Self {
            concurrency: fields
                .integer("concurrency", 1, MAX_CONCURRENCY)?
                .and_then(|number| u16::try_from(number).ok())
                .unwrap_or(DEFAULT_CONCURRENCY),
            in_order: fields.bool("in_order")?.unwrap_or(true),
            rate_per_second: number(fields.integer("rate_per_second", 1, MAX_RATE_PER_SECOND)?),
            journal: fields.string("journal")?.map(PathBuf::from),
            reason: fields.string("reason")?,
            max_unknown: fields.integer("max_unknown", 0, MAX_UNKNOWN)?,
            dry_run: fields.bool("dry_run")?.unwrap_or(false),
            call: Options::from_fields(&mut fields)?,
        };
        options.check()?;
        Ok(options)
    }

    /// Checks what was set from Rust by the rules that JSON is read by.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.call.check()?;
        let wrong = |field: &str, problem: String| Err(Error::argument(field, problem));
        let is_within = |number: u64, max: u64| (1..=max).contains(&number);
        if !is_within(self.concurrency.into(), MAX_CONCURRENCY) {
            return wrong("concurrency", format!("expected 1 to {MAX_CONCURRENCY}"));
        }
        if self.rate_per_second.is_some_and(|rate| !is_within(rate.into(), MAX_RATE_PER_SECOND)) {
            return wrong("rate_per_second", format!("expected 1 to {MAX_RATE_PER_SECOND}"));
        }
        let text = self.journal.as_ref().map(|path| path.as_os_str().as_encoded_bytes());
        let is_path =
            |text: &[u8]| (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.contains(&0);
        if text.is_some_and(|text| !is_path(text)) {
            return wrong("journal", format!("expected a path of 1 to {MAX_TEXT_BYTES} bytes"));
        }
        if self.reason.as_ref().is_some_and(|text| text.len() > MAX_TEXT_BYTES) {
            return wrong("reason", format!("expected at most {MAX_TEXT_BYTES} bytes"));
        }
        if self.call.idempotency_key.is_some() || self.call.in_doubt.is_some() {
            return wrong("idempotency_key", "expected with an item, not with the run".to_owned());
        }
        if self.dry_run {
            if self.journal.is_some() {
                return wrong(
                    "journal",
                    "expected without dry_run, which sends nothing".to_owned(),
                );
            }
            self.call.check_for_retrieve()?;
        }
        Ok(())
    }

    /// The options of one call: the item's own, and the run's for what they leave out.
    pub(super) fn of_call(&self, own: &Options) -> Options {
        let run = &self.call;
        Options {
            expand: if own.expand.is_empty() { run.expand.clone() } else { own.expand.clone() },
            idempotency_key: own.idempotency_key.clone(),
            in_doubt: own.in_doubt,
            asked_at_ms: own.asked_at_ms.or(run.asked_at_ms),
            verify: own.verify.or(run.verify),
            timeout: own.timeout.or(run.timeout),
            max_attempts: own.max_attempts.or(run.max_attempts),
            ..Options::default()
        }
    }
}
