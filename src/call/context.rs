//! What every call of a client needs.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::idempotency_key;
use super::pacer::Pacer;
use super::retry::Budget;
use super::server_clock::{Sent, ServerClock};
use crate::api::{Operation, Requests, SessionId};
use crate::config::{Config, Mode};
use crate::error::Error;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::Refused;
use crate::secret::Secret;
use crate::transport::Transport;

/// What every call of a client needs: its configuration, its transport, and what earlier calls
/// have learned.
pub(crate) struct Context {
    pub(crate) api_key: Secret,
    pub(crate) mode: Option<Mode>,
    pub(crate) base_url: String,
    pub(crate) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) connect_attempts: u32,
    pub(super) max_attempts: u32,
    pub(super) requests: Requests,
    pub(crate) transport: Box<dyn Transport>,
    pub(super) budget: Budget,
    /// Of all calls together, if the client has a rate.
    pub(super) pacer: Option<Box<Pacer>>,
    pub(super) verify: bool,
    /// When the client was made.
    pub(super) started: Instant,
    server_clock: Mutex<ServerClock>,
}

impl Context {
    pub(crate) fn new(config: &Config, transport: Box<dyn Transport>) -> Result<Self, Error> {
        Ok(Self {
            api_key: config.api_key.clone(),
            mode: config.mode,
            base_url: config.base_url.prefix.clone(),
            timeout: config.timeout,
            connect_timeout: config.connect_timeout,
            connect_attempts: config.connect_attempts,
            max_attempts: config.max_attempts,
            requests: Requests::new(config)?,
            started: transport.now(),
            transport,
            budget: Budget::new(),
            pacer: config.rate_per_second.map(|rate| Box::new(Pacer::new(Some(rate)))),
            verify: config.verify,
            server_clock: Mutex::default(),
        })
    }

    /// True if a response with this date is older than its request.
    pub(crate) fn is_older(&self, date_ms: i64, sent: Sent) -> bool {
        let mut clock = self.server_clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.is_older(date_ms, sent)
    }

    /// A new idempotency key.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub(crate) fn new_key(&self) -> Result<String, Error> {
        self.transport.random_key().map(idempotency_key::new)
    }

    /// The session's id, unless it is none, or is the API key in the wrong place.
    pub(crate) fn usable(&self, session_id: &str) -> Result<SessionId, Error> {
        if self.api_key.is_in(session_id) {
            let problem = "expected a session's id, found the API key";
            return Err(Error::in_field(Code::InvalidSessionId, "session_id", problem));
        }
        SessionId::parse(session_id)
    }

    /// Checks the arguments of a call: the session, unless there is something wrong.
    pub(crate) fn check(
        &self,
        operation: Operation,
        session_id: &str,
        options: &Options,
    ) -> Result<SessionId, (Code, String)> {
        let invalid = |error: Error| (error.code, error.message);
        let id = self.usable(session_id).map_err(invalid)?;
        options.check().map_err(invalid)?;
        let repeats_key = |text: &String| self.api_key.is_in(text);
        for (field, is_repeated) in [
            ("expand", options.expand.iter().any(repeats_key)),
            ("idempotency_key", options.idempotency_key.iter().any(repeats_key)),
        ] {
            if is_repeated {
                let problem = "expected without the API key, which must not be repeated";
                return Err(invalid(Error::argument(field, problem)));
            }
        }
        if operation == Operation::Retrieve {
            options.check_for_retrieve().map_err(invalid)?;
        }
        Ok(id)
    }

    /// Why a cancel with these options is refused before anything is sent. An earlier request may
    /// have gone out with their key; but not with the API key in its place.
    pub(crate) fn refused(&self, options: &Options, code: Code, message: String) -> Refused {
        let is_sent = |key: &String| !self.api_key.is_in(key);
        let in_doubt = options.claims_doubt() && options.idempotency_key.iter().all(is_sent);
        Refused { code, message, in_doubt }
    }
}
