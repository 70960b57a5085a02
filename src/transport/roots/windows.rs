//! The trust store of Windows: the roots that this user trusts, the machine's among them.

#![allow(unsafe_code)]

use std::{io, ptr, slice};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CertCloseStore, CertEnumCertificatesInStore, CertOpenSystemStoreW, HCERTSTORE,
};
use windows_sys::core::w;

/// An open store.
struct Store(HCERTSTORE);

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it is open, and nothing of it is in use any more.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

/// Windows fetches a root when its own TLS first needs it, so some that it would trust are not
/// there. A store may hold certificates that rustls cannot use; they are left out.
pub(super) fn roots() -> Result<RootCertStore, String> {
    // SAFETY: no provider is given, and the name is NUL-terminated.
    let store = unsafe { CertOpenSystemStoreW(0, w!("ROOT")) };
    if store.is_null() {
        return Err(format!("cannot open the trust store: {}", io::Error::last_os_error()));
    }
    let store = Store(store);
    let mut roots = RootCertStore::empty();
    let mut certificate: *const CERT_CONTEXT = ptr::null();
    loop {
        // SAFETY: the store is open; the function frees the certificate that it is given.
        certificate = unsafe { CertEnumCertificatesInStore(store.0, certificate) };
        if certificate.is_null() {
            break;
        }
        // SAFETY: the certificate lives until the next one is asked for, and so do its bytes.
        let bytes = unsafe {
            let CERT_CONTEXT { pbCertEncoded: bytes, cbCertEncoded: length, .. } = *certificate;
            slice::from_raw_parts(bytes, length as usize)
        };
        roots.add_parsable_certificates([CertificateDer::from(bytes)]);
    }
    if roots.is_empty() {
        return Err(
            "the trust store has no usable certificate; set trust to \"bundled\"".to_owned()
        );
    }
    Ok(roots)
}
