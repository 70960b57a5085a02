//! A certificate authority that lives as long as the sandbox, and the certificates it signs.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a server certificate says. The defaults make one that a client of the sandbox accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateOptions {
    /// The DNS names and IP addresses it is for (`localhost`, `127.0.0.1` and `::1`).
    pub names: Vec<String>,
    /// From when it is valid (yesterday).
    pub not_before: SystemTime,
    /// Until when it is valid (tomorrow).
    pub not_after: SystemTime,
}

impl Default for CertificateOptions {
    fn default() -> Self {
        let now = SystemTime::now();
        CertificateOptions {
            names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            not_before: now - DAY,
            not_after: now + DAY,
        }
    }
}

/// A throw-away certificate authority. Its private key never leaves the process.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new authority.
    pub fn new() -> io::Result<Self> {
        let now = SystemTime::now();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "flex-sandbox throw-away CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = epoch + since_epoch(now - DAY);
        params.not_after = epoch + since_epoch(now + 30 * DAY);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Authority { pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// The authority's own certificate, for a client to trust.
    pub fn ca_pem(&self) -> &str {
        &self.pem
    }

    /// What a TLS server that presents such a certificate needs.
    pub fn server_config(&self, options: &CertificateOptions) -> io::Result<Arc<ServerConfig>> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let mut params = CertificateParams::new(options.names.clone()).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "flex-sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        params.not_before = epoch + since_epoch(options.not_before);
        params.not_after = epoch + since_epoch(options.not_after);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let chain = vec![certificate.der().clone()];
                builder.with_no_client_auth().with_single_cert(chain, key)
            })
            .map(Arc::new)
            .map_err(io::Error::other)
    }
}

fn since_epoch(moment: SystemTime) -> Duration {
    moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
