//! TLS failures in words: what is wrong, and what to do about it.

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

/// What is not supported on purpose; SECURITY.md lists it with the reasons.
const ALGORITHMS: &str = "supported are RSA of 2048 to 8192 bits with SHA-2, ECDSA on P-256 and \
                          P-384, and Ed25519";
const NOTHING_IN_COMMON: &str = "the server and this library have no cipher suite, key exchange or \
                                 signature in common; let the server offer TLS 1.3, or TLS 1.2 with \
                                 ECDHE and AES-GCM or ChaCha20-Poly1305";
const OLD: &str = "the server offers neither TLS 1.2 nor TLS 1.3";

/// The failure in words.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::NoCertificatesPresented => "the server presented no certificate".to_owned(),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => OLD.to_owned(),
        Error::PeerIncompatible(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon) => {
            of_alert(AlertDescription::CertificateRequired)
        }
        Error::PeerIncompatible(_) => NOTHING_IN_COMMON.to_owned(),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => "the server speaks no TLS on this port; check base_url and its port".to_owned(),
        Error::InvalidMessage(InvalidMessage::UnsupportedKeyExchangeAlgorithm(_)) => {
            NOTHING_IN_COMMON.to_owned()
        }
        error => error.to_string(),
    }
}

fn of_certificate(error: &CertificateError) -> String {
    const TEXT_WITHOUT_NAME: &str = "the server's certificate is for another host name";
    let text = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired; check this machine's clock, or renew the \
             certificate"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; check this machine's clock"
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is signed by no CA that is trusted; set ca_file to its CA's \
             certificate, and let the server send the intermediate certificates, too"
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = presented.join(", ");
            let expected = expected.to_str();
            return format!("the server's certificate is not for {expected}; it is for: {names}");
        }
        CertificateError::NotValidForName => TEXT_WITHOUT_NAME,
        CertificateError::BadEncoding => "the certificate is not properly encoded",
        CertificateError::BadSignature => {
            "the signature of the server's certificate is wrong; a CA with the same name and \
             another key may be trusted"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for TLS servers; its extended key usage needs serverAuth"
        }
        CertificateError::UnhandledCriticalExtension => {
            "the certificate has a critical extension that is not supported"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            return format!(
                "the certificate has a key or signature that is not supported; {ALGORITHMS}"
            );
        }
        CertificateError::Other(other) => return of_verifier(&other.to_string()),
        other => return of_verifier(&format!("{other:?}")),
    };
    text.to_owned()
}

/// What rustls passes on from webpki without a variant of its own. Its text is the variant's name.
fn of_verifier(name: &str) -> String {
    let text = match name.split([' ', '(']).next().unwrap_or_default() {
        "CaUsedAsEndEntity" => {
            "the server presents a CA's certificate as its own; make a certificate with \
             basicConstraints CA:FALSE, also where it signs itself and is the ca_file"
        }
        "EndEntityUsedAsCa" => {
            "the server's certificate is signed by a certificate that is not a CA's \
             (basicConstraints CA:TRUE)"
        }
        "UnsupportedCertVersion" => "the certificate is not of X.509 version 3",
        "NameConstraintViolation" => {
            "the server's certificate is for a name that its CA must not sign (name constraints)"
        }
        "PathLenConstraintViolated" => {
            "the server's certificate has more intermediate CAs than its CA allows"
        }
        "UnsupportedSignatureAlgorithm" => {
            return format!(
                "the certificate has a key or signature that is not supported; {ALGORITHMS}"
            );
        }
        name => return format!("the certificate cannot be used ({name})"),
    };
    text.to_owned()
}

fn of_alert(alert: AlertDescription) -> String {
    let text = match alert {
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            NOTHING_IN_COMMON
        }
        AlertDescription::ProtocolVersion => OLD,
        AlertDescription::UnrecognisedName => {
            "the server does not know the host name; check base_url"
        }
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::NoCertificate => {
            "the server asks for a client certificate, which is not supported"
        }
        alert => return format!("the server sent the alert {alert:?}"),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn no_name_of_a_variant_and_no_list_of_bytes_is_shown() {
        let other = |name: &'static str| {
            let error = std::io::Error::other(name);
            Error::from(CertificateError::Other(OtherError(Arc::new(error))))
        };
        let unsupported = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![6, 8, 42, 134, 72],
            supported_algorithms: Vec::new(),
        };
        for (error, expected) in [
            (other("CaUsedAsEndEntity"), "CA:FALSE"),
            (other("EndEntityUsedAsCa"), "CA:TRUE"),
            (other("UnsupportedCertVersion"), "version 3"),
            (CertificateError::UnknownIssuer.into(), "set ca_file"),
            (unsupported.into(), "P-256 and P-384"),
            (CertificateError::Expired.into(), "clock"),
            (Error::AlertReceived(AlertDescription::HandshakeFailure), "ECDHE"),
            (Error::AlertReceived(AlertDescription::ProtocolVersion), "TLS 1.2"),
            (PeerIncompatible::NoKxGroupsInCommon.into(), "ECDHE"),
            (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), "TLS 1.2"),
            (InvalidMessage::InvalidContentType.into(), "speaks no TLS"),
        ] {
            let text = explain(&error);
            assert!(text.contains(expected), "{error:?}: {text}");
            for raw in ["CaUsed", "UnknownIssuer", "Other", "134", "InvalidContent", "Common"] {
                assert!(!text.contains(raw), "{text}");
            }
        }
    }
}
