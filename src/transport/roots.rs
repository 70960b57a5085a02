//! Trusted root certificates: the system's, those compiled in, or those of a PEM file.

#[cfg_attr(unix, path = "roots/unix.rs")]
#[cfg_attr(windows, path = "roots/windows.rs")]
mod system;

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::files;

/// The largest PEM file that is read, in bytes.
const MAX_CA_FILE_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn bundled_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The system's roots.
///
/// # Errors
/// That there is no store, or why the first one that is there cannot be used.
pub(super) fn system_roots() -> Result<RootCertStore, String> {
    system::roots()
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
