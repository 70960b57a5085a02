//! A stateful stand-in for the Flex API on loopback.
//!
//! It creates, pays, captures, refunds, re-authorizes, expires and cancels checkout sessions as
//! Flex does, and it tells the [`GroundTruth`] about each of them, whatever its HTTP answers say. Tests
//! use it as their oracle; integrators use the program `flex-sandbox` (see `flex-sandbox --help`).
//!
//! - [`Model`] is Flex itself: pure, without I/O and without a clock, so a run replays exactly.
//! - [`Dialect`] is what Flex leaves undocumented, and what therefore varies.
//! - [`Fault`] is what can be made to go wrong on the way, at any byte.
//! - [`Sandbox`] serves a model over HTTP or HTTPS on 127.0.0.1.
//!
//! ```
//! use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default())?;
//! let id = sandbox.create(&CreateParams::default());
//! sandbox.pay(&id)?;
//! assert_eq!(sandbox.ground_truth(&id).map(|truth| truth.hold), Some(Hold::Held));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod addressee;
mod admin;
mod answer;
mod api;
mod axes;
mod body;
mod cancel;
mod clock;
mod connection;
mod corrupt;
mod corrupt_body;
mod counts;
mod dialect;
mod error;
mod exchange;
mod fault;
mod gzip;
mod http;
mod id;
mod idempotency;
mod injection;
mod intent;
mod keys;
mod model;
mod named_enum;
mod notation;
mod options;
mod origin;
mod overview;
mod page;
mod pause;
mod port;
mod rate_limit;
mod record;
mod response;
mod server;
mod session;
mod sessions;
mod shared;

mod ground_truth;
mod tls;

pub use answer::{Scripted, Then};
pub use api::{ApiRequest, ApiResponse};
pub use axes::*;
pub use counts::Counts;
pub use dialect::Dialect;
pub use error::{ErrorShape, Refusal};
pub use fault::{Fault, How, Operation};
pub use ground_truth::{AppliedCancel, GroundTruth, Hold, IntentGroundTruth, Release};
pub use injection::Injection;
pub use intent::IntentStatus;
pub use keys::{Keys, Mode};
pub use model::{Canceler, DEFAULT_LATE, Model, SESSION_LIFETIME, Settings};
pub use named_enum::UnknownName;
pub use options::Options;
pub use rate_limit::RateLimit;
pub use record::RequestRecord;
pub use server::{RECORDS_KEPT, Sandbox};
pub use session::{CaptureMethod, CreateParams, Status};
pub use tls::{Authority, CertificateOptions};
