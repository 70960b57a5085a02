//! The trust store of Linux and macOS: a PEM file.

use std::io::ErrorKind;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::read;

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

pub(super) fn roots() -> Result<RootCertStore, String> {
    first_usable(&SYSTEM_STORES)
}

/// A system's store may hold certificates that rustls cannot use; they are left out.
pub(super) fn first_usable(stores: &[&str]) -> Result<RootCertStore, String> {
    let mut problem = None;
    for store in stores {
        let content = match read(Path::new(store)) {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                problem = problem.or(Some(format!("cannot read the trust store {store}: {error}")));
                continue;
            }
        };
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_slice_iter(&content).filter_map(Result::ok);
        if roots.add_parsable_certificates(certificates).0 > 0 {
            return Ok(roots);
        }
        problem = problem.or(Some(format!("the trust store {store} has no usable certificate")));
    }
    Err(problem.unwrap_or_else(|| {
        let looked = stores.join(", ");
        format!(
            "found no trust store; install ca-certificates, or set trust to \"bundled\"; looked for \
             {looked}"
        )
    }))
}
