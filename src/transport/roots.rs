//! Trusted root certificates: the system's, those compiled in, or those of a PEM file.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::files;

/// The largest PEM file that is read, in bytes.
const MAX_CA_FILE_BYTES: u64 = 16 * 1024 * 1024;

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

pub(super) fn bundled_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The system's roots.
///
/// # Errors
/// That there is no store, or why the first one that is there cannot be used.
pub(super) fn system_roots() -> Result<RootCertStore, String> {
    first_usable(&SYSTEM_STORES)
}

/// A system's store may hold certificates that rustls cannot use; they are left out.
fn first_usable(stores: &[&str]) -> Result<RootCertStore, String> {
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

/// Every certificate of a file given by the caller must be usable: one that is left out
/// silently would show as a mysterious handshake failure later.
pub(super) fn roots_of_file(path: &Path) -> Result<RootCertStore, String> {
    roots_of_pem(&read(path).map_err(|error| error.to_string())?)
}

fn roots_of_pem(content: &[u8]) -> Result<RootCertStore, String> {
    let (text, count) = plain_pem(content)?;
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(text.as_bytes()).enumerate() {
        let number = index + 1;
        let certificate = certificate.map_err(|error| unreadable(number, &error))?;
        roots.add(certificate).map_err(|error| {
            format!("certificate {number} cannot be used: {}", super::tls_error::explain(&error))
        })?;
    }
    match (count, roots.len()) {
        (0, _) if content.first() == Some(&0x30) => {
            Err("found DER; convert it with `openssl x509 -inform DER -in FILE -out NEW`".into())
        }
        (0, _) => Err("found no certificate".to_owned()),
        (count, read) if count != read => {
            Err(format!("found {count} certificates, can read {read}"))
        }
        _ => Ok(roots),
    }
}

fn unreadable(number: usize, error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => format!("certificate {number} has no END line"),
        pem::Error::Base64Decode(_) => format!("certificate {number} is not proper base64"),
        error => format!("certificate {number} cannot be read: {error}"),
    }
}

/// The text as the PEM reader expects it, and the number of certificates in it: the reader passes
/// over whatever it does not know.
fn plain_pem(content: &[u8]) -> Result<(String, usize), String> {
    let content = match content {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => return Err("found UTF-16; save it as UTF-8".into()),
        content => content,
    };
    // Files put together without a line break at the end.
    let text = String::from_utf8_lossy(content).replace("----------BEGIN", "-----\n-----BEGIN");
    let mut plain = String::with_capacity(text.len());
    let mut count = 0;
    for line in text.split(['\n', '\r']).map(str::trim) {
        let line = match label(line) {
            Some("CERTIFICATE" | "X509 CERTIFICATE") => {
                count += 1;
                Cow::Owned(line.replace("X509 ", ""))
            }
            Some("TRUSTED CERTIFICATE") => {
                let number = count + 1;
                return Err(format!(
                    "certificate {number} is a TRUSTED CERTIFICATE of OpenSSL, which may restrict \
                     its own use; convert it with `openssl x509 -in FILE -out NEW`"
                ));
            }
            Some(label) if label.to_ascii_uppercase().contains("CERTIFICATE") => {
                let number = count + 1;
                return Err(format!(
                    "certificate {number} does not begin with -----BEGIN CERTIFICATE-----"
                ));
            }
            _ if line.starts_with("-----END X509 CERTIFICATE-----") => {
                Cow::Borrowed("-----END CERTIFICATE-----")
            }
            _ => Cow::Borrowed(line),
        };
        plain.push_str(&line);
        plain.push('\n');
    }
    Ok((plain, count))
}

/// What a line begins, if it begins something. With another number of dashes it is named as what
/// it is meant to be, to be refused.
fn label(line: &str) -> Option<&str> {
    let exact = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
    let is_meant = || {
        let start = line.trim_start_matches(['-', '\u{2013}', '\u{2014}', '\u{FEFF}', ' ']);
        start.len() < line.len()
            && start.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("BEGIN"))
    };
    match exact {
        Some(label) if !label.starts_with('-') && !label.ends_with('-') => Some(label),
        _ if is_meant() && line.to_ascii_uppercase().contains("CERTIFICATE") => {
            Some("not a CERTIFICATE")
        }
        _ => None,
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    files::open_regular(path)?.take(MAX_CA_FILE_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_CA_FILE_BYTES {
        return Err(io::Error::other(format!("larger than {MAX_CA_FILE_BYTES} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
