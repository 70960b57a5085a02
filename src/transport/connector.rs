//! Opens connections: name, TCP, proxy, TLS, all before anything of a request is sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConnection;

use super::connection::Connection;
use super::proxy::Tunnel;
use super::race;
use super::resolver::{LookUp, Resolver};
use super::socket::Socket;
use super::tls::Tls;
use super::{Phase, RoundTrip};
use crate::config::Config;
use crate::error::Error;
use crate::outcome::Code;

/// The way to one client's host.
#[derive(Debug)]
pub(super) struct Connector {
    resolver: Resolver,
    tunnel: Option<Tunnel>,
    tls: Option<Tls>,
}

impl Connector {
    pub(super) fn new(config: &Config, look_up: Arc<LookUp>) -> Result<Self, Error> {
        let target = &config.base_url;
        let tunnel = Tunnel::new(&config.proxy, target)?;
        let (host, port) = match &tunnel {
            Some(tunnel) => (tunnel.host.as_str(), tunnel.port),
            None => (target.host.as_str(), target.port),
        };
        let resolver = Resolver::new(host, port, config.dns_ttl, look_up);
        // Made in any case, so that a bad ca_file is found even where no TLS is spoken.
        let tls = Tls::new(&target.host, &config.trust)?;
        Ok(Self { resolver, tunnel, tls: target.https.then_some(tls) })
    }

    /// Opens a connection by the round trip's time to connect.
    pub(super) fn open(&self, round_trip: &RoundTrip) -> Result<Connection, Error> {
        let deadline = round_trip.connect_by;
        let addresses = self.resolver.resolve(round_trip, deadline)?;
        round_trip.enter(Phase::Connecting);
        let (socket, address) =
            race::connect(&addresses, round_trip, deadline).inspect_err(|failure| {
                if failure.code != Code::Aborted {
                    self.resolver.doubt();
                }
            })?;
        self.resolver.prefer(address);
        let tls = self.prepare(&socket, round_trip, deadline).inspect_err(|failure| {
            if failure.code != Code::Aborted {
                self.resolver.avoid(address);
            }
        })?;
        Ok(Connection::new(socket, address, tls))
    }

    /// Makes a connected socket ready for a request: proxy and TLS.
    fn prepare(
        &self,
        socket: &Arc<Socket>,
        round_trip: &RoundTrip,
        deadline: Instant,
    ) -> Result<Option<ClientConnection>, Error> {
        let _registration = socket.wake_on_abort(round_trip)?;
        if let Some(tunnel) = &self.tunnel {
            tunnel.open(socket, round_trip, deadline)?;
        }
        self.tls.as_ref().map(|tls| tls.handshake(socket, round_trip, deadline)).transpose()
    }

    /// Notes what became of the first request over a connection to an address.
    pub(super) fn note(&self, address: SocketAddr, has_answered: bool) {
        if has_answered {
            self.resolver.trust(address);
        } else {
            self.resolver.avoid(address);
        }
    }
}
