//! TLS with the throw-away authority.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flex_sandbox::{
    Authority, CertificateOptions, CreateParams, Fault, Hold, Options, Sandbox, Scripted, Then,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, RootCertStore,
    StreamOwned,
};

use crate::client::{Client, connect};

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn start(certificate: CertificateOptions) -> Sandbox {
    Sandbox::start(Options { tls: true, certificate, ..Options::default() }).unwrap()
}

/// Shakes hands with the sandbox under a name, trusting one authority.
fn handshake(sandbox: &Sandbox, ca_pem: &str, name: &str) -> Result<Client<Tls>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = connect(sandbox);
    while session.is_handshaking() {
        if let Err(error) = session.complete_io(&mut socket) {
            let inner = error.into_inner().expect("a TLS error");
            return Err(*inner.downcast::<Error>().expect("a TLS error"));
        }
    }
    Ok(Client::over(StreamOwned::new(session, socket)))
}

fn shaken(sandbox: &Sandbox, name: &str) -> Result<Client<Tls>, Error> {
    handshake(sandbox, sandbox.ca_pem().expect("it speaks TLS"), name)
}

#[test]
fn a_stranger_authority_is_not_trusted() {
    let sandbox = start(CertificateOptions::default());
    let stranger = Authority::new().unwrap();
    let error = handshake(&sandbox, stranger.ca_pem(), "localhost").err();
    assert!(matches!(error, Some(Error::InvalidCertificate(_))), "{error:?}");
}

#[test]
fn certificates_can_be_made_expired_not_yet_valid_or_for_another_name() {
    let now = SystemTime::now();
    let hour = Duration::from_secs(3600);
    let default = CertificateOptions::default();
    let expired = CertificateOptions { not_after: now - hour, ..default.clone() };
    let error = shaken(&start(expired), "localhost").err();
    let is_expired = matches!(
        error,
        Some(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. }
        ))
    );
    assert!(is_expired, "{error:?}");

    let future = CertificateOptions { not_before: now + hour, ..default.clone() };
    let error = shaken(&start(future), "localhost").err();
    let is_early = matches!(
        error,
        Some(Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }
        ))
    );
    assert!(is_early, "{error:?}");

    let other = CertificateOptions { names: vec!["other.example".to_owned()], ..default };
    let sandbox = start(other);
    let error = shaken(&sandbox, "localhost").err();
    let is_wrong_name = matches!(
        error,
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        ))
    );
    assert!(is_wrong_name, "{error:?}");
    assert!(shaken(&sandbox, "other.example").is_ok());
}

#[test]
fn a_client_that_does_not_speak_tls_is_told_so_by_an_alert() {
    let sandbox = start(CertificateOptions::default());
    let mut client = Client::of(&sandbox);
    client.send(b"GET /v1/x HTTP/1.1\r\n\r\n");
    let alert = client.rest();
    assert_eq!(alert.first(), Some(&21), "the record type of an alert");
    assert_ne!(alert.last(), Some(&u8::from(AlertDescription::CloseNotify)));
    assert!(shaken(&sandbox, "localhost").is_ok(), "it still serves");
}

#[test]
fn given_a_fault_of_connections_without_end_when_asked_in_plain_http_then_the_sandbox_answers() {
    let faults = [
        Fault::CloseBeforeRead,
        Fault::AcceptAndStall,
        Fault::StallHandshake,
        Fault::ResetHandshake,
    ];
    for fault in faults {
        let sandbox = start(CertificateOptions::default());
        sandbox.inject(fault.clone(), u32::MAX);
        assert_eq!(Client::of(&sandbox).get("/").status, 200, "{fault:?}");
        let mut client = Client::of(&sandbox);
        let off = client.request("DELETE", "/__sandbox/faults", &[], "");
        assert_eq!((off.status, sandbox.faults()), (200, vec![]), "{fault:?}");
        assert!(shaken(&sandbox, "localhost").is_ok(), "{fault:?}");
        // Flex's own routes are served with TLS only.
        assert_eq!(client.get("/v1/x").error(), (400, "invalid_request".to_owned()));
        assert_eq!(sandbox.requests(), []);
    }
}

#[test]
fn a_client_that_trusts_the_authority_is_served_under_every_name() {
    let sandbox = start(CertificateOptions::default());
    assert_eq!(sandbox.url(), format!("https://127.0.0.1:{}", sandbox.port()));
    for name in ["localhost", "127.0.0.1", "::1"] {
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).unwrap();
        let mut client = shaken(&sandbox, name).unwrap();
        assert_eq!(client.cancel(&id).session()["status"], "canceled");
        assert_eq!(client.cancel(&id).status, 400, "the connection is kept");
        assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released);
    }
    assert_eq!(sandbox.connections(), 3);
}

#[test]
fn a_connection_is_closed_with_a_close_notify() {
    let sandbox = start(CertificateOptions::default());
    sandbox.script(Scripted { answer: b"bye".to_vec(), apply: false, then: Then::Close });
    let mut client = shaken(&sandbox, "localhost").unwrap();
    client.send(b"GET /v1/x HTTP/1.1\r\n\r\n");
    // rustls calls a close without a close_notify an error.
    assert_eq!(client.rest(), b"bye");
}

#[test]
fn a_body_that_is_far_too_long_is_answered_before_the_connection_closes() {
    let sandbox = start(CertificateOptions::default());
    let mut client = shaken(&sandbox, "localhost").unwrap();
    let size = 4 * 1024 * 1024;
    client.send(format!("POST /v1/x HTTP/1.1\r\nContent-Length: {size}\r\n\r\n").as_bytes());
    client.send(&vec![b'x'; size]);
    assert_eq!(client.reply().status, 400);
}
