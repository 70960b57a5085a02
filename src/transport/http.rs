//! HTTP/1.1 over our own connections: a request out, an answer in, the connection kept.

use std::sync::Arc;

use super::connection::Connection;
use super::connector::Connector;
use super::pool::Pool;
use super::resolver::{LookUp, system_look_up};
use super::{Exchange, Failure, Phase, Request, Response, Transport, answer};
use crate::config::Config;
use crate::fields::FieldError;
use crate::outcome::Code;

/// The transport of one client.
#[derive(Debug)]
pub(crate) struct HttpTransport {
    connector: Connector,
    pool: Pool,
}

impl HttpTransport {
    pub(crate) fn new(config: &Config) -> Result<Self, FieldError> {
        Self::with_look_up(config, system_look_up())
    }

    /// With another way to look names up, as tests need it.
    pub(crate) fn with_look_up(config: &Config, look_up: Arc<LookUp>) -> Result<Self, FieldError> {
        let connector = Connector::new(config, look_up)?;
        Ok(Self { connector, pool: Pool::new(config.max_idle) })
    }

    /// Opens a connection, and makes sure that there is time left to use it.
    fn open(&self, exchange: &Exchange) -> Result<Connection, Failure> {
        let connection = self.connector.open(exchange)?;
        exchange.check(exchange.deadline)?;
        Ok(connection)
    }
}

impl Transport for HttpTransport {
    fn warm_up(&self, exchange: &Exchange) -> Result<(), Failure> {
        if !self.pool.keeps_any() {
            let problem = "max_idle_ms: expected more than 0, or no connection is kept";
            return Err(Failure::new(Code::InvalidConfig, problem));
        }
        let connection = self.open(exchange)?;
        self.pool.put(connection);
        Ok(())
    }

    fn exchange(&self, request: &Request, exchange: &Exchange) -> Result<Response, Failure> {
        if exchange.is_aborted() {
            return Err(Failure::aborted());
        }
        let mut connection = match self.pool.take(exchange.begun) {
            Some(connection) => connection,
            None => self.open(exchange)?,
        };
        let registration = connection.socket.wake_on_abort(exchange)?;
        connection.send(request.as_bytes(), exchange)?;
        exchange.enter(Phase::Waiting);
        let answer = answer::receive(&mut connection, exchange)?;
        exchange.enter(Phase::Complete);
        drop(registration);
        // An abort that came before the registration ended may still be about to end the socket.
        if answer.is_reusable && connection.is_clean() && !exchange.is_aborted() {
            self.pool.put(connection);
        }
        Ok(answer.response)
    }
}
