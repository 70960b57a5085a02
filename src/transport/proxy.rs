//! The way through an HTTP proxy (CONNECT). Nothing said to a proxy counts as handed over.

use std::env;
use std::time::Instant;

use ureq::http::header::{HOST, PROXY_AUTHORIZATION};
use ureq::http::uri::Authority;
use ureq::http::{Request, StatusCode, Uri};

use super::RoundTrip;
use super::http1::Outgoing;
use super::socket::{DeadlineSocket, Socket};
use crate::config::{BaseUrl, Proxy, proxy_of_environment};
use crate::error::Error;
use crate::outcome::Code;
use crate::secret::Secret;

/// A proxy, and what to say to it.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) host: String,
    pub(super) port: u16,
    /// `HOST:PORT` of the service.
    target: Authority,
    /// User name and password as `Proxy-Authorization: Basic` has them.
    credentials: Option<Secret>,
}

impl Tunnel {
    /// The tunnel that the configuration asks for, if it asks for one. Reads the environment if the
    /// configuration says so.
    pub(super) fn new(proxy: &Proxy, target: &BaseUrl) -> Result<Option<Self>, Error> {
        let url = match proxy {
            Proxy::None => return Ok(None),
            // Without TLS the proxy would see the API key; and a loopback host needs no proxy.
            Proxy::Url(_) if !target.https => return Err(plain_target()),
            Proxy::Env if !target.https => return Ok(None),
            Proxy::Url(url) => url.clone(),
            Proxy::Env => {
                match proxy_of_environment(|name| env::var_os(name), &target.host, target.port)? {
                    Some(url) => url,
                    None => return Ok(None),
                }
            }
        };
        let authority = if target.host.contains(':') {
            format!("[{}]:{}", target.host, target.port)
        } else {
            format!("{}:{}", target.host, target.port)
        };
        let unusable =
            |_| Error::argument("base_url", "expected a host that a proxy can be asked for");
        let target = authority.parse().map_err(unusable)?;
        Ok(Some(Self { host: url.host, port: url.port, target, credentials: url.credentials }))
    }

    /// The request to connect, with the placeholder of the credentials.
    fn request(&self) -> Result<Request<()>, ureq::http::Error> {
        let target = self.target.as_str();
        let mut request = Request::connect(Uri::from(self.target.clone())).header(HOST, target);
        if let Some(credentials) = &self.credentials {
            let basic = format!("Basic {}", credentials.placeholder());
            request = request.header(PROXY_AUTHORIZATION, basic);
        }
        request.body(())
    }

    /// Has the proxy connect the socket to the target.
    pub(super) fn open(
        &self,
        socket: &Socket,
        round_trip: &RoundTrip,
        deadline: Instant,
    ) -> Result<(), Error> {
        let internal = |error: ureq::http::Error| Error::internal(error.to_string());
        let request = self.request().map_err(internal)?;
        let mut stream = DeadlineSocket { socket, round_trip, deadline };
        let mut pending = Outgoing::new(request, self.credentials.as_ref())?.send(&mut stream)?;
        let head = pending.receive_head(&mut stream).map_err(|failure| match failure.code {
            Code::Protocol => refused(&failure.message),
            Code::ConnectionLost => refused("it closed the connection"),
            _ => failure,
        })?;
        match head.status() {
            // A server never speaks first, in TLS as in HTTP.
            status if status.is_success() && pending.is_drained() => Ok(()),
            status if status.is_success() => Err(refused("something spoke before the service")),
            status => Err(self.refusal(status)),
        }
    }

    /// A refusal that nobody but a person can end is one of the configuration: a directory locks
    /// an account whose wrong password is tried again and again.
    fn refusal(&self, status: StatusCode) -> Error {
        let number = status.as_u16();
        let why = match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED if self.credentials.is_some() => {
                "it does not accept the credentials".to_owned()
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                "it asks for a user name and password".to_owned()
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                return refused(&format!("it answered {number}"));
            }
            status if status.is_client_error() => format!("it does not connect to {}", self.target),
            _ => return refused(&format!("it answered {number}")),
        };
        Error::new(Code::InvalidConfig, format!("proxy: {why} ({number})"))
    }
}

fn plain_target() -> Error {
    Error::argument("proxy", "expected none beside a plain http base_url, which is on loopback")
}

fn refused(why: &str) -> Error {
    Error::new(Code::Connect, format!("the proxy opened no connection: {why}"))
}
