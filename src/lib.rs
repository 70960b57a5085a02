//! Release the hold on a shopper's HSA/FSA card (Flex), and tell the truth about whether it is
//! released.
//!
//! One operation, `POST /v1/checkout/sessions/{id}/cancel`, whose answer is one of five
//! [`Outcome`]s; a definite one is never wrong. See [`Client::cancel`].
//!
//! ```no_run
//! use flexcancel::{Client, Config, Options, Outcome};
//!
//! # fn main() -> Result<(), flexcancel::FieldError> {
//! let config = Config::from_json(r#"{"api_key_env":"FLEX_API_KEY"}"#)?;
//! let client = Client::new(&config)?;
//! let id = "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T";
//! let mut report = client.cancel(id, &Options::default(), None);
//! if let (Outcome::Unknown, Some(repeat)) = (report.outcome, &report.repeat) {
//!     // Its request may have arrived: ask again, as the same cancel.
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
//! # The floors
//! A file uses only what stands above it in this list; a test holds that.
//!
//! | floor | files | |
//! |---|---|---|
//! | 0 | `outcome` `secret` `clock` `abort` `fields` `raw_json` | words, and what needs nothing else |
//! | 1 | `config` `entry` `session` `facts` `wire` `options` `idempotency_key` `retry` `provenance` `server_clock` `freshness` `decision` `expansion` `advice` | pure: reads and decides, without I/O |
//! | 2 | `transport` | the way to the service |
//! | 3 | `report` `event` `client` `call` `warm_up` | one call |
//! | 4 | `outbox` | cancels that survive a power cut |
//! | 5 | `ffi` | the C ABI, and the only unsafe code |

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
mod advice;
mod call;
mod client;
mod clock;
mod config;
mod decision;
mod entry;
mod event;
mod expansion;
mod facts;
pub mod ffi;
mod fields;
mod freshness;
mod idempotency_key;
mod options;
pub mod outbox;
mod outcome;
mod provenance;
mod raw_json;
mod report;
mod retry;
mod secret;
mod server_clock;
pub mod session;
pub mod transport;
mod warm_up;
mod wire;

pub use abort::Abort;
pub use client::Client;
pub use config::{CONFIG_KEYS, Config};
pub use entry::{Counts, Entry, OutboxView, State};
pub use event::{Event, Level, Observer};
pub use fields::FieldError;
pub use options::{OPTION_KEYS, Options, Repeat};
pub use outcome::{Code, Hold, Outcome};
pub use raw_json::RawJson;
pub use report::{Attempt, Report};
pub use transport::Phase;
pub use wire::{Operation, ProviderError};

/// The version of this library, `MAJOR.MINOR.PATCH`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
