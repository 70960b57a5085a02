//! HTTP/1.1 by ureq, over our own connections.
//!
//! ureq speaks the protocol and nothing else here. An `Agent` is made for each exchange, around
//! a connection that is open already: this way ureq's transport knows which exchange it serves
//! (its deadline, its abort, its phase) without any thread-local, the name is not looked up on
//! warm calls, and the pool is ours to probe once and never to replay. ureq's traits are
//! unversioned, so its version is pinned; the tests of this file hold what is relied on.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Request, StatusCode, Version};
use ureq::Agent;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector as UreqConnector, LazyBuffers, NextTimeout,
    Transport as UreqTransport,
};

use super::connection::Connection;
use super::connector::Connector;
use super::pool::Pool;
use super::resolver::{LookUp, system_look_up};
use super::{Exchange, Failure, Phase, Transport};
use crate::config::Config;
use crate::fields::FieldError;
use crate::outcome::Code;
use crate::wire::{MAX_BODY_BYTES, Response};

/// The longest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The longest head of a request: an id, 32 names to expand, an API key, a user agent.
const REQUEST_BUFFER_BYTES: usize = 24 * 1024;
/// The most that is read for one answer, whatever it consists of: interim answers included.
const MAX_ANSWER_BYTES: usize = 2 * MAX_BODY_BYTES;

/// The transport of one client.
#[derive(Debug)]
pub(crate) struct HttpTransport {
    connector: Connector,
    pool: Arc<Pool>,
    http: ureq::config::Config,
}

impl HttpTransport {
    pub(crate) fn new(config: &Config) -> Result<Self, FieldError> {
        Self::with_look_up(config, system_look_up())
    }

    /// With another way to look names up, as tests need it.
    pub(crate) fn with_look_up(config: &Config, look_up: Arc<LookUp>) -> Result<Self, FieldError> {
        // Without proxy(None) the default would read the environment.
        let http = ureq::config::Config::builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(MAX_HEAD_BYTES)
            .build();
        let pool = Arc::new(Pool::new(config.max_idle));
        Ok(Self { connector: Connector::new(config, look_up)?, pool, http })
    }
}

impl Transport for HttpTransport {
    fn exchange(
        &self,
        request: Request<()>,
        exchange: &Arc<Exchange>,
    ) -> Result<Response, Failure> {
        exchange.check(exchange.deadline)?;
        let connection = match self.pool.take() {
            Some(connection) => connection,
            None => self.connector.open(exchange)?,
        };
        let _registration = connection.socket.wake_on_abort(exchange)?;
        let lease = Lease::new(connection, exchange, &self.pool);
        let handed = Handed(Mutex::new(Some(lease)));
        let agent = Agent::with_parts(self.http.clone(), handed, NoResolver);
        let response = agent.run(request).map_err(failure)?;
        let (parts, body) = response.into_parts();
        check_framing(parts.status, parts.version, &parts.headers)?;
        let mut bytes = Vec::with_capacity(body.content_length().map_or(0, capacity));
        let mut reader = body.into_with_config().limit(MAX_BODY_BYTES as u64).reader();
        reader.read_to_end(&mut bytes).map_err(|error| failure(error.into()))?;
        exchange.enter(Phase::Complete);
        Ok(Response { status: parts.status, headers: parts.headers, body: bytes })
    }
}

/// What a declared length is trusted for before anything of it has come.
fn capacity(declared: u64) -> usize {
    usize::try_from(declared).unwrap_or(usize::MAX).min(MAX_HEAD_BYTES)
}

/// An answer must say where it ends, and say it once: one that ends with the connection cannot
/// be told from one that was cut.
fn check_framing(status: StatusCode, version: Version, headers: &HeaderMap) -> Result<(), Failure> {
    let has_length = headers.contains_key(CONTENT_LENGTH);
    let is_chunked = headers.contains_key(TRANSFER_ENCODING) && version == Version::HTTP_11;
    let has_no_body = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    match (has_length, is_chunked) {
        (true, true) => Err(protocol("the answer states its length in two ways")),
        (false, false) if !has_no_body => Err(protocol("the answer does not state its length")),
        _ => Ok(()),
    }
}

fn protocol(why: impl Into<String>) -> Failure {
    Failure::new(Code::Protocol, why)
}

fn failure(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::Other(error) => match error.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(error) => Failure::new(Code::Internal, error.to_string()),
        },
        ureq::Error::Io(_) => Failure::new(
            Code::ConnectionLost,
            "the connection was closed before the whole answer came",
        ),
        ureq::Error::Protocol(_)
        | ureq::Error::Http(_)
        | ureq::Error::LargeResponseHeader(..)
        | ureq::Error::BodyExceedsLimit(_)
        | ureq::Error::BodyStalled => protocol(format!("the answer is no proper HTTP: {error}")),
        error => Failure::new(Code::Internal, error.to_string()),
    }
}

fn other(failure: Failure) -> ureq::Error {
    ureq::Error::Other(Box::new(failure))
}

/// A connection in ureq's hands for one exchange. Goes back to the pool when ureq is done with
/// it and finds it fit to be used again; is closed otherwise.
struct Lease {
    connection: Option<Connection>,
    exchange: Arc<Exchange>,
    pool: Arc<Pool>,
    buffers: LazyBuffers,
    received: usize,
    keep: bool,
}

impl Lease {
    fn new(connection: Connection, exchange: &Arc<Exchange>, pool: &Arc<Pool>) -> Self {
        Self {
            connection: Some(connection),
            exchange: Arc::clone(exchange),
            pool: Arc::clone(pool),
            buffers: LazyBuffers::new(MAX_HEAD_BYTES, REQUEST_BUFFER_BYTES),
            received: 0,
            keep: false,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && self.keep
        {
            self.pool.put(connection);
        }
    }
}

impl UreqTransport for Lease {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let Some(connection) = &mut self.connection else { return Err(gone()) };
        let bytes = &self.buffers.output()[..amount];
        connection.send(bytes, &self.exchange).map_err(other)?;
        self.exchange.enter(Phase::Waiting);
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let Some(connection) = &mut self.connection else { return Err(gone()) };
        let buffer = self.buffers.input_append_buf();
        if buffer.is_empty() || self.received > MAX_ANSWER_BYTES {
            return Err(other(protocol("the answer is too long")));
        }
        let count = connection.receive(buffer, &self.exchange).map_err(other)?;
        self.received += count;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    /// ureq asks this when a body has ended, nothing is left over, and neither side wants to
    /// close: then the connection is kept, in our pool. The answer sends it out of ureq's.
    fn is_open(&mut self) -> bool {
        self.keep = self.connection.as_mut().is_some_and(Connection::is_clean);
        false
    }

    fn is_tls(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_tls)
    }
}

fn gone() -> ureq::Error {
    other(Failure::new(Code::Internal, "the connection is gone"))
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

/// Gives ureq the one connection it is to use.
#[derive(Debug)]
struct Handed(Mutex<Option<Lease>>);

impl UreqConnector for Handed {
    type Out = Lease;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Lease>, ureq::Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// ureq asks for addresses before it asks for a connection; it needs none.
#[derive(Debug)]
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _: &http::Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
