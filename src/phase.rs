//! How far a round trip came.

use serde::Serialize;

/// How far a round trip came. From [`Phase::Sending`] on, the request may have reached Flex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(u8)]
pub enum Phase {
    /// Nothing was done yet.
    Preparing,
    /// Looking up the host's name.
    Resolving,
    /// Opening a connection to the host, or through the proxy.
    Connecting,
    /// In the TLS handshake.
    Handshaking,
    /// The request is handed over to the network, in part or in full.
    Sending,
    /// The request is sent, and no part of the response has come.
    Waiting,
    /// A part of the response has come.
    Reading,
    /// The whole response has come.
    Complete,
}

impl Phase {
    pub(crate) const ALL: [Self; 8] = [
        Self::Preparing,
        Self::Resolving,
        Self::Connecting,
        Self::Handshaking,
        Self::Sending,
        Self::Waiting,
        Self::Reading,
        Self::Complete,
    ];

    /// True if the request may have reached Flex.
    #[must_use]
    pub fn is_handed_over(self) -> bool {
        self >= Self::Sending
    }
}
