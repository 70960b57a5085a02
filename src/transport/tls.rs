//! TLS by rustls: whom to trust, and the handshake.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use once_cell::sync::OnceCell;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::socket::{DeadlineSocket, Socket};
use super::{Exchange, Phase};
use crate::config::Trust;
use crate::error::Error;
use crate::outcome::Code;

/// Where the systems this library runs on keep their trust store, as one PEM file. Looked up by
/// name because the usual helpers read the environment, which a library must not do unasked.
const SYSTEM_STORES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

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
        exchange: &Exchange,
        until: Instant,
    ) -> Result<ClientConnection, Error> {
        exchange.enter(Phase::Handshaking);
        let config = self.config.get_or_try_init(|| {
            let roots = match &self.trust {
                Trust::System => system_roots()?,
                Trust::Bundled => bundled_roots(),
                Trust::File(path) => roots_of_file(path).map_err(tls_failure)?,
            };
            client_config(roots).map_err(tls_failure)
        })?;
        let mut tls = ClientConnection::new(Arc::clone(config), self.server_name.clone())
            .map_err(tls_failure)?;
        let mut guarded = DeadlineSocket { socket, exchange, until };
        while tls.is_handshaking() {
            tls.complete_io(&mut guarded).map_err(failure_of_io)?;
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

fn bundled_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// A system's store may hold certificates that rustls cannot use; they are left out.
fn system_roots() -> Result<RootCertStore, Error> {
    for store in SYSTEM_STORES {
        let Ok(certificates) = CertificateDer::pem_file_iter(store) else { continue };
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(certificates.filter_map(Result::ok));
        if usable > 0 {
            return Ok(roots);
        }
    }
    let looked = SYSTEM_STORES.join(", ");
    Err(tls_failure(format!("found no trust store; looked for {looked}")))
}

/// Every certificate of a file given by the caller must be usable: one that is left out
/// silently would show as a mysterious handshake failure later.
fn roots_of_file(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for (index, certificate) in certificates.enumerate() {
        let number = index + 1;
        let certificate =
            certificate.map_err(|error| format!("certificate {number} cannot be read: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("certificate {number} cannot be used: {error}"))?;
    }
    if roots.is_empty() { Err("found no certificate".to_owned()) } else { Ok(roots) }
}

pub(super) fn tls_failure(why: impl std::fmt::Display) -> Error {
    Error::new(Code::Tls, format!("TLS: {why}"))
}

/// rustls reports its own errors and the socket's failures through the same door.
pub(super) fn failure_of_io(error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return Error::new(Code::ConnectionLost, "the connection was closed");
    }
    match error.downcast::<Error>() {
        Ok(failure) => failure,
        Err(error) => tls_failure(error),
    }
}
