//! TLS by rustls: whom to trust, and the handshake.

use std::sync::Arc;
use std::time::Instant;

use once_cell::sync::OnceCell;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::roots::{bundled_roots, roots_of_file, system_roots};
use super::socket::{DeadlineSocket, Socket};
use super::tls_error::explain;
use super::{Phase, RoundTrip};
use crate::config::Trust;
use crate::error::Error;
use crate::outcome::Code;

/// The TLS side of one client.
#[derive(Debug)]
pub(super) struct Tls {
    server_name: ServerName<'static>,
    trust: Trust,
    /// Made when the first connection is: to read the system's store takes milliseconds.
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Prepares TLS to a host. A CA file is read at once, so that a bad one is a
    /// configuration error.
    pub(super) fn new(host: &str, trust: &Trust) -> Result<Self, Error> {
        let server_name = ServerName::try_from(host.to_owned())
            .map_err(|_| Error::argument("base_url", "expected a host that TLS can verify"))?;
        let tls = Self { server_name, trust: trust.clone(), config: OnceCell::new() };
        if let Trust::File(path) = trust {
            let roots = roots_of_file(path).map_err(|why| {
                Error::argument("ca_file", format!("expected a PEM file of CA certificates: {why}"))
            })?;
            let config = client_config(roots)
                .map_err(|error| Error::argument("ca_file", error.to_string()))?;
            // The cell is new, so it is empty.
            let _ = tls.config.set(config);
        }
        Ok(tls)
    }

    /// Completes a handshake over the socket, before anything of the request is sent.
    pub(super) fn handshake(
        &self,
        socket: &Socket,
        round_trip: &RoundTrip,
        deadline: Instant,
    ) -> Result<ClientConnection, Error> {
        round_trip.enter(Phase::Handshaking);
        let config = self.config.get_or_try_init(|| {
            let roots = match &self.trust {
                Trust::System => system_roots().map_err(tls_failure)?,
                Trust::Bundled => bundled_roots(),
                Trust::File(path) => roots_of_file(path).map_err(tls_failure)?,
            };
            client_config(roots).map_err(rustls_failure)
        })?;
        let mut tls = ClientConnection::new(Arc::clone(config), self.server_name.clone())
            .map_err(rustls_failure)?;
        let mut stream = DeadlineSocket { socket, round_trip, deadline };
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).map_err(failure_of_io)?;
        }
        Ok(tls)
    }
}

fn client_config(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

pub(super) fn tls_failure(why: impl std::fmt::Display) -> Error {
    Error::new(Code::Tls, format!("TLS: {why}"))
}

pub(super) fn rustls_failure(error: rustls::Error) -> Error {
    tls_failure(explain(&error))
}

/// rustls reports its own errors and the socket's failures through the same door.
pub(super) fn failure_of_io(error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return Error::new(Code::ConnectionLost, "the connection was closed");
    }
    match error.downcast::<Error>() {
        Ok(failure) => failure,
        Err(error) => match error.downcast::<rustls::Error>() {
            Ok(error) => rustls_failure(error),
            Err(error) => tls_failure(error),
        },
    }
}
