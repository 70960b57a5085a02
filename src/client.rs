//! A configured client: takes a caller's arguments, gives back a report.

use std::fmt;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::abort::Abort;
use crate::call::Call;
use crate::config::{Config, Mode};
use crate::event::{Event, Observer};
use crate::fields::FieldError;
use crate::idempotency_key;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::{Refused, Report};
use crate::retry::Budget;
use crate::secret::Secret;
use crate::server_clock::{Sent, ServerClock};
use crate::transport::{Failure, HttpTransport, Transport};
use crate::warm_up::warm_up;
use crate::wire::{Operation, Requests, SessionId};

/// Cancels checkout sessions. Blocking; share it between threads; calls run side by side.
///
/// Connections are kept for later calls as `max_idle_ms` says. There is no thread behind it:
/// dropping it closes what it has open.
pub struct Client {
    pub(crate) api_key: Secret,
    pub(crate) mode: Option<Mode>,
    pub(crate) base_url: String,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) requests: Requests,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) budget: Budget,
    pub(crate) verify: bool,
    /// When the client was made.
    pub(crate) begun: Instant,
    server_clock: Mutex<ServerClock>,
    observer: RwLock<Option<Observer>>,
}

impl Client {
    /// Makes a client. Opens no connection and, unless `ca_file` names one, reads no file.
    ///
    /// # Errors
    /// A [`FieldError`] that names the field of the configuration that cannot be used.
    pub fn new(config: &Config) -> Result<Self, FieldError> {
        Self::with_transport(config, Box::new(HttpTransport::new(config)?))
    }

    /// Makes a client over another way to the service, as a simulator needs it.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn with_transport(
        config: &Config,
        transport: Box<dyn Transport>,
    ) -> Result<Self, FieldError> {
        Ok(Self {
            verify: config.verify,
            begun: transport.now(),
            server_clock: Mutex::default(),
            api_key: config.api_key.clone(),
            mode: config.mode,
            base_url: config.base_url.prefix.clone(),
            timeout: config.timeout,
            connect_timeout: config.connect_timeout,
            max_attempts: config.max_attempts,
            requests: Requests::new(config)?,
            transport,
            budget: Budget::new(),
            observer: RwLock::new(None),
        })
    }

    /// Releases the hold of a session, and says whether it is released.
    ///
    /// Blocks until the outcome is definite or the deadline has come; returns early when the
    /// abort is triggered. Never fails: what went wrong is in the report. After bad
    /// arguments nothing is sent: [`NotApplied`](crate::Outcome::NotApplied), or
    /// [`Unknown`](crate::Outcome::Unknown) for a cancel in doubt.
    pub fn cancel(&self, session_id: &str, options: &Options, abort: Option<&Abort>) -> Report {
        self.call(Operation::Cancel, session_id, options, abort)
    }

    /// Reads a session with its payment intents, and says what may be said of the void.
    /// Changes nothing. Otherwise like [`Client::cancel`].
    pub fn retrieve(&self, session_id: &str, options: &Options, abort: Option<&Abort>) -> Report {
        self.call(Operation::Retrieve, session_id, options, abort)
    }

    /// Opens a connection ahead of time, beside those that are there: resolves, connects, shakes
    /// hands, and sends nothing. The next call finds it, if it comes within `max_idle_ms`.
    ///
    /// Blocks until the connection stands or the deadline has come; tries once. The outcome is
    /// always [`NotApplied`](crate::Outcome::NotApplied), and the code tells the rest: `ok`, or
    /// why there is no connection. Of the options only `timeout` is for this.
    pub fn warm_up(&self, options: &Options, abort: Option<&Abort>) -> Report {
        self.warm_up_checked(Ok(options), abort)
    }

    /// The same with options that may be unusable.
    pub(crate) fn warm_up_checked(
        &self,
        options: Result<&Options, (Code, String)>,
        abort: Option<&Abort>,
    ) -> Report {
        self.observed(|begun, _| {
            options
                .and_then(|options| warm_up(self, options, begun, abort))
                .unwrap_or_else(|(code, message)| Report::warm_up(code, message))
        })
    }

    /// Has the observer told of every later event, in place of the one before; `None` ends it.
    /// Calls under way keep the observer they began with.
    pub fn set_observer(&self, observer: Option<Observer>) {
        *self.observer.write().unwrap_or_else(PoisonError::into_inner) = observer;
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
    pub(crate) fn new_key(&self) -> Result<String, Failure> {
        self.transport.random_key().map(idempotency_key::new)
    }

    /// The session's id, unless it is none, or is the API key in the wrong place.
    pub(crate) fn usable(&self, session_id: &str) -> Result<SessionId, FieldError> {
        if self.api_key.is_in(session_id) {
            return Err(FieldError::new(
                "session_id",
                "expected a session's id, found the API key",
            ));
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
        let invalid = |error: FieldError| (Code::InvalidArgument, error.to_string());
        let id =
            self.usable(session_id).map_err(|error| (Code::InvalidSessionId, error.to_string()))?;
        options.check().map_err(invalid)?;
        let repeats_key = |text: &String| self.api_key.is_in(text);
        for (field, is_repeated) in [
            ("expand", options.expand.iter().any(repeats_key)),
            ("idempotency_key", options.idempotency_key.iter().any(repeats_key)),
        ] {
            if is_repeated {
                let problem = "expected without the API key, which must not be repeated";
                return Err(invalid(FieldError::new(field, problem)));
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

    fn call(
        &self,
        operation: Operation,
        session_id: &str,
        options: &Options,
        abort: Option<&Abort>,
    ) -> Report {
        self.call_checked(operation, session_id, Ok(options), abort)
    }

    /// A call whose options may be unusable; that is a result like any other.
    pub(crate) fn call_checked(
        &self,
        operation: Operation,
        session_id: &str,
        options: Result<&Options, Refused>,
        abort: Option<&Abort>,
    ) -> Report {
        self.observed(|begun, observer| {
            let call = options.and_then(|options| {
                Call::new(self, operation, session_id, options, begun)
                    .map_err(|(code, message)| self.refused(options, code, message))
            });
            match call {
                Ok(call) => call.run(abort, observer),
                Err(refused) => {
                    let mut report = Report::refused(operation, refused);
                    report.session_id = self.usable(session_id).ok().map(SessionId::into_string);
                    report
                }
            }
        })
    }

    /// Takes the time that something takes, and tells the observer what it came to.
    fn observed(&self, act: impl FnOnce(Instant, Option<&Observer>) -> Report) -> Report {
        let begun = self.transport.now();
        let observer = self.observer.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut report = act(begun, observer.as_ref());
        report.elapsed = self.transport.now().saturating_duration_since(begun);
        if let Some(observer) = observer {
            observer(&Event::of_result(&report));
        }
        report
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("mode", &self.mode).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
