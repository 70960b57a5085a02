//! Opens connections: name, TCP, proxy, TLS, all before anything of a request is sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::connection::Connection;
use super::proxy::Tunnel;
use super::resolver::{LookUp, Resolver};
use super::socket::Socket;
use super::tls::Tls;
use super::{Exchange, Phase};
use crate::clock;
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
    pub(super) fn open(&self, exchange: &Exchange) -> Result<Connection, Error> {
        let until = exchange.connect_by;
        let addresses = self.resolver.resolve(exchange, until)?;
        exchange.enter(Phase::Connecting);
        let socket = self.connect(&addresses, exchange, until)?;
        let _registration = socket.wake_on_abort(exchange)?;
        if let Some(tunnel) = &self.tunnel {
            tunnel.open(&socket, exchange, until)?;
        }
        let tls = match &self.tls {
            Some(tls) => Some(tls.handshake(&socket, exchange, until)?),
            None => None,
        };
        Ok(Connection::new(socket, tls))
    }

    /// Tries the addresses in turn. Each gets its fair share of the time that is left, so a
    /// dead one cannot use up the time of the others.
    fn connect(
        &self,
        addresses: &[SocketAddr],
        exchange: &Exchange,
        until: Instant,
    ) -> Result<Arc<Socket>, Error> {
        let mut last = Error::new(Code::Dns, "the host has no address");
        for (index, address) in addresses.iter().enumerate() {
            let left = exchange.check(until)?;
            let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            match Socket::connect(*address, exchange, clock::now() + share) {
                Ok(socket) => {
                    if index > 0 {
                        self.resolver.prefer(*address);
                    }
                    return Ok(socket);
                }
                Err(failure) if failure.code == Code::Aborted => return Err(failure),
                Err(failure) => last = failure,
            }
        }
        self.resolver.doubt();
        Err(last)
    }
}
