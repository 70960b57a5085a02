//! The way through an HTTP proxy (CONNECT). ureq reads proxy URLs and the environment; the
//! tunnel itself is opened here, because nothing said to a proxy counts as handed over.

use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::socket::{Guarded, Socket};
use super::{Exchange, Failure};
use crate::config::{BaseUrl, Proxy};
use crate::fields::FieldError;
use crate::outcome::Code;
use crate::secret::Secret;

/// The longest answer that a proxy may give to CONNECT, in bytes.
const MAX_ANSWER_BYTES: usize = 8 * 1024;
/// The most headers in it.
const MAX_ANSWER_HEADERS: usize = 64;

/// A proxy, and what to say to it.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) host: String,
    pub(super) port: u16,
    request: Secret,
}

impl Tunnel {
    /// The tunnel that the configuration asks for, if it asks for one.
    pub(super) fn new(proxy: &Proxy, target: &BaseUrl) -> Result<Option<Self>, FieldError> {
        let is_asked_for = matches!(proxy, Proxy::Url(_));
        let proxy = match proxy {
            Proxy::None => None,
            Proxy::Url(url) => Some(ureq::Proxy::new(url.expose()).map_err(|_| unusable())?),
            Proxy::Env => {
                let uri = target.prefix.parse().map_err(|_| unusable())?;
                ureq::Proxy::try_from_env().filter(|proxy| !proxy.is_no_proxy(&uri))
            }
        };
        let Some(proxy) = proxy else { return Ok(None) };
        // Without TLS the proxy would see the API key; and a loopback host needs no proxy.
        if !target.https {
            return if is_asked_for { Err(plain_target()) } else { Ok(None) };
        }
        if proxy.protocol() != ureq::ProxyProtocol::Http {
            return Err(unusable());
        }
        let authority = if target.host.contains(':') {
            format!("[{}]:{}", target.host, target.port)
        } else {
            format!("{}:{}", target.host, target.port)
        };
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if proxy.username().is_some() || proxy.password().is_some() {
            let (user, password) =
                (proxy.username().unwrap_or_default(), proxy.password().unwrap_or_default());
            let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
            request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
        }
        request.push_str("\r\n");
        Ok(Some(Self {
            host: proxy.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: proxy.port(),
            request: Secret::new(request),
        }))
    }

    /// Has the proxy connect the socket to the target.
    pub(super) fn open(
        &self,
        socket: &Socket,
        exchange: &Exchange,
        until: Instant,
    ) -> Result<(), Failure> {
        let guarded = Guarded { socket, exchange, until };
        guarded.send_all(self.request.expose().as_bytes())?;
        let mut answer = Vec::new();
        // One byte at a time would be safe against reading into the tunnel; so is this, because
        // a server never speaks first, in TLS as in HTTP.
        let mut chunk = [0; 1024];
        loop {
            let count = guarded.receive(&mut chunk)?;
            if count == 0 {
                return Err(refused("it closed the connection"));
            }
            answer.extend_from_slice(&chunk[..count]);
            if let Some(status) = status_of(&answer)? {
                return match status {
                    200..=299 => Ok(()),
                    407 => Err(refused("it asks for a user name and password (407)")),
                    _ => Err(refused(&format!("it answered {status}"))),
                };
            }
            if answer.len() > MAX_ANSWER_BYTES {
                return Err(refused("its answer is too long"));
            }
        }
    }
}

fn plain_target() -> FieldError {
    FieldError::new("proxy", "expected none beside a plain http base_url, which is on loopback")
}

fn unusable() -> FieldError {
    FieldError::new("proxy", "expected a proxy of the form http://[USER:PASSWORD@]HOST:PORT")
}

fn refused(why: &str) -> Failure {
    Failure::new(Code::Connect, format!("the proxy opened no connection: {why}"))
}

/// The status of a complete answer; `None` while it is incomplete.
fn status_of(answer: &[u8]) -> Result<Option<u16>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_ANSWER_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(answer) {
        Ok(httparse::Status::Complete(_)) => Ok(response.code),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(refused("its answer is not HTTP")),
    }
}
