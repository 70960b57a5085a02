//! What a sandbox is started with.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::dialect::Dialect;
use crate::error::ErrorShape;
use crate::keys::Keys;
use crate::model::DEFAULT_LATE;
use crate::rate_limit::RateLimit;
use crate::tls::CertificateOptions;

/// What a [`crate::Sandbox`] is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on (127.0.0.1). On another one, other machines may reach the sandbox.
    pub listen: IpAddr,
    /// The port; 0 for any that is free (0).
    pub port: u16,
    /// Whether to speak TLS, with a throw-away authority (no).
    pub tls: bool,
    /// What the server's certificate says, with `tls`.
    pub certificate: CertificateOptions,
    /// How Flex behaves where its documentation is silent.
    pub dialect: Dialect,
    /// The shape of error bodies.
    pub error_shape: ErrorShape,
    /// How late effects are under [`crate::Effects::Late`] and
    /// [`crate::Acknowledgement::BestEffort`] ([`DEFAULT_LATE`]).
    pub late: Duration,
    /// How old the state is that a retrieval shows (no older than it is).
    pub lag: Duration,
    /// How long each response to a request to `/v1/…` is delayed, whatever else delays it (not at
    /// all). The request has its effect when it arrives. Connections do not wait for each other.
    pub latency: Duration,
    /// How many requests to `/v1/…` are served per second (any number).
    pub rate_limit: Option<RateLimit>,
    /// Whether the sandbox's time stands still until [`crate::Sandbox::advance`] (no). Delays of
    /// responses take real time, and `Date` tells the system's time.
    pub frozen: bool,
    /// Whether responses carry a `Date` (yes). Without one, a test may rule its client's clock.
    pub dated: bool,
    /// The keys that are valid (any `fsk_…`).
    pub keys: Keys,
    /// What ids are drawn from, beside the time of the start (0).
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            listen: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            tls: false,
            certificate: CertificateOptions::default(),
            dialect: Dialect::default(),
            error_shape: ErrorShape::default(),
            late: DEFAULT_LATE,
            lag: Duration::ZERO,
            latency: Duration::ZERO,
            rate_limit: None,
            frozen: false,
            dated: true,
            keys: Keys::default(),
            seed: 0,
        }
    }
}
