//! Release the hold on a shopper's HSA/FSA card (Flex), and tell the truth about whether it is
//! released.
//!
//! One operation, `POST /v1/checkout/sessions/{id}/cancel`, whose response is one of five
//! [`Outcome`]s; a definite one is never wrong. See [`Client::cancel`].
//!
//! ```no_run
//! use flexcancel::{Client, Config, Options, Outcome};
//!
//! # fn main() -> Result<(), flexcancel::Error> {
//! let url = std::env::var("FLEX_BASE_URL").unwrap_or("https://api.withflex.com".to_owned());
//! let config = format!(r#"{{"api_key_env":"FLEX_API_KEY","base_url":"{url}"}}"#);
//! let client = Client::new(&Config::from_json(&config)?)?;
//! let id = "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T";
//! let mut report = client.cancel(id, &Options::default(), None);
//! if let (Outcome::Unknown, Some(repeat)) = (report.outcome, &report.repeat) {
//!     // Its request may have arrived: repeat it with the same key.
//!     report = client.cancel(id, &Options::from(repeat), None);
//! }
//! match report.outcome {
//!     Outcome::Canceled | Outcome::AlreadyCanceled => println!("voided"),
//!     Outcome::NotCancelable => println!("too late: {}", report.advice),
//!     Outcome::NotApplied => println!("not voided: {}", report.message),
//!     _ => println!("pending: {}", report.advice),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//! Each row of this table is a layer. A module uses only its own layer and the layers above it; a
//! test checks that.
//!
//! | module | content |
//! |---|---|
//! | `sync` `outcome` `phase` `secret` `clock` `abort` `files` `json_object` `raw_json` `error` `config` `options` | basic types that every module may use |
//! | `api` | Flex's API, pure: requests, responses, session facts, provider errors |
//! | `decision` | what a round trip proves, where the money is, what to do next; pure |
//! | `report` | the report of a call and its JSON, advice, log events, outbox entries in JSON |
//! | `transport` | round trips: HTTP, connections, TLS, DNS, proxies |
//! | `call` | one call: the loop, its context, retries, idempotency keys, warm-up |
//! | `client` | the public API on top of `call` |
//! | `bulk` | many cancels in one call |
//! | `outbox` | cancels that survive a power cut |
//! | `ffi` | the C ABI |
//!
//! What differs by system is in files of its own (`unix.rs`, `windows.rs`, …), each behind the module
//! that declares `mod system`. Unsafe code is in `ffi` and in some of those files only.

#![deny(unsafe_code)]
#![cfg_attr(
    not(feature = "outbox"),
    allow(
        dead_code,
        unused_imports,
        reason = "what only the outbox uses, in a library without it"
    )
)]
#![warn(missing_docs, unreachable_pub)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod abort;
mod api;
mod bulk;
mod call;
mod client;
mod clock;
mod config;
mod decision;
mod error;
pub mod ffi;

mod files;
mod json_object;
mod options;
pub mod outbox;
mod outcome;
mod phase;
mod raw_json;
mod report;
mod secret;
mod sync;
pub mod transport;

pub use abort::Abort;
pub use api::{Operation, ProviderError, session};
pub use bulk::{BULK_KEYS, BulkItem, BulkOptions, JournalFile};
pub use client::Client;
pub use config::{CONFIG_KEYS, Config};
pub use error::Error;
pub use options::{OPTION_KEYS, Options, Repeat};
pub use outcome::{Code, Hold, Outcome};
pub use phase::Phase;
pub use raw_json::RawJson;
pub use report::{
    Attempt, BulkCounts, BulkItemView, Event, Level, Observer, OutboxCounts, OutboxEntry,
    OutboxState, OutboxView, Report, Status,
};

/// The version of this library, `MAJOR.MINOR.PATCH`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
