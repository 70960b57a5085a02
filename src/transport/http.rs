//! HTTP/1.1 over our own connections: a request out, a response in, the connection kept.

use std::sync::Arc;

use super::connection::Connection;
use super::connector::Connector;
use super::http1::Outgoing;
use super::pool::Pool;
use super::resolver::{LookUp, system_look_up};
use super::{Phase, Request, Response, RoundTrip, Transport};
use crate::config::Config;
use crate::error::Error;
use crate::outcome::Code;
use crate::secret::Secret;

/// The transport of one client.
#[derive(Debug)]
pub(crate) struct HttpTransport {
    api_key: Secret,
    connector: Connector,
    pool: Pool,
}

impl HttpTransport {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        Self::with_look_up(config, system_look_up())
    }

    /// With another way to look names up, as tests need it.
    pub(crate) fn with_look_up(config: &Config, look_up: Arc<LookUp>) -> Result<Self, Error> {
        let connector = Connector::new(config, look_up)?;
        let (api_key, pool) = (config.api_key.clone(), Pool::new(config.max_idle));
        Ok(Self { api_key, connector, pool })
    }

    /// Opens a connection, and makes sure that there is time left to use it.
    fn open(&self, round_trip: &RoundTrip) -> Result<Connection, Error> {
        let connection = self.connector.open(round_trip)?;
        round_trip.check(round_trip.deadline)?;
        Ok(connection)
    }
}

impl Transport for HttpTransport {
    fn warm_up(&self, round_trip: &RoundTrip) -> Result<(), Error> {
        if !self.pool.keeps_any() {
            let problem = "max_idle_ms: expected more than 0, or no connection is kept";
            return Err(Error::new(Code::InvalidConfig, problem));
        }
        let connection = self.open(round_trip)?;
        self.pool.put(connection);
        Ok(())
    }

    fn send(&self, request: Request, round_trip: &RoundTrip) -> Result<Response, Error> {
        if round_trip.is_aborted() {
            return Err(Error::aborted());
        }
        let request = Outgoing::new(request.into_http(), Some(&self.api_key))?;
        let pooled = if round_trip.may_reuse { self.pool.take(round_trip.started) } else { None };
        let is_dead = |failure: &Error| {
            matches!(failure.code, Code::Timeout | Code::ConnectionLost) && !round_trip.is_aborted()
        };
        let Some((connection, idle_since)) = pooled else {
            let connection = self.open(round_trip)?;
            let address = connection.address;
            let result = self.send_over(request, connection, round_trip);
            match &result {
                Ok(_) => self.connector.note(address, true),
                Err(failure) if is_dead(failure) => self.connector.note(address, false),
                Err(_) => {}
            }
            return result;
        };
        let result = self.send_over(request, connection, round_trip);
        if result.as_ref().is_err_and(is_dead) {
            self.pool.close_idle_since(idle_since);
        }
        result
    }
}

impl HttpTransport {
    /// Sends the request over the connection, which is kept if it may carry another one.
    fn send_over(
        &self,
        request: Outgoing,
        mut connection: Connection,
        round_trip: &RoundTrip,
    ) -> Result<Response, Error> {
        let registration = connection.socket.wake_on_abort(round_trip)?;
        let mut stream = connection.for_round_trip(round_trip);
        let pending = request.send(&mut stream)?;
        round_trip.enter(Phase::Waiting);
        let incoming = pending.receive(&mut stream)?;
        round_trip.enter(Phase::Complete);
        drop(registration);
        // An abort that came before the registration ended may still be about to end the socket.
        if incoming.is_reusable && connection.is_clean() && !round_trip.is_aborted() {
            self.pool.put(connection);
        }
        Ok(Response::new(&incoming.head, incoming.body))
    }
}
