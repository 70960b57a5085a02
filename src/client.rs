//! A configured client: takes a caller's arguments, gives back a report.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::abort::Abort;
use crate::api::{Operation, SessionId};
use crate::call::{Call, Context, Pacer, warm_up};
use crate::config::Config;
use crate::error::Error;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::{Event, Observer, Refused, Report, Status};
use crate::transport::{HttpTransport, Transport};

/// Cancels checkout sessions. Blocking; share it between threads; calls run side by side.
///
/// Connections are kept for later calls as `max_idle_ms` says. There is no thread behind it:
/// dropping it closes what it has open.
pub struct Client {
    pub(crate) context: Context,
    config: Config,
    observer: RwLock<Option<Observer>>,
}

impl Client {
    /// Makes a client. Opens no connection and, unless `ca_file` names one, reads no file.
    ///
    /// # Errors
    /// An [`Error`] that names the field of the configuration that cannot be used.
    #[inline(never)] // A second copy, for forked children, would be many KB.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let transport = HttpTransport::new(config);
        let transport = transport.map_err(|error| error.with_code(Code::InvalidConfig))?;
        Self::with_transport(config, Box::new(transport))
    }

    /// Makes a client over another way to the service, as a simulator needs it.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn with_transport(config: &Config, transport: Box<dyn Transport>) -> Result<Self, Error> {
        let context = Context::new(config, transport);
        let context = context.map_err(|error| error.with_code(Code::InvalidConfig))?;
        Ok(Self { context, config: config.clone(), observer: RwLock::new(None) })
    }

    /// For a forked child: a client of its own, with the same configuration and observer. Takes
    /// none of this one's locks: a thread of the parent may have held them. An observer that was
    /// just being set is not taken over.
    pub(crate) fn renewed(&self) -> Result<Self, Error> {
        let observer = self.observer.try_read().ok().and_then(|observer| observer.clone());
        let client = Self::new(&self.config)?;
        client.set_observer(observer);
        Ok(client)
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
    /// Blocks until the connection stands or the deadline has come; tries once. Of the options
    /// only `timeout` is for this.
    ///
    /// # Errors
    /// Why no connection waits for the next call.
    pub fn warm_up(&self, options: &Options, abort: Option<&Abort>) -> Result<(), Error> {
        self.warm_up_checked(Ok(options), abort).into_result()
    }

    /// The same with options that may be unusable.
    pub(crate) fn warm_up_checked(
        &self,
        options: Result<&Options, (Code, String)>,
        abort: Option<&Abort>,
    ) -> Status {
        let (started, observer) = self.begin();
        let report = options.and_then(|options| warm_up(&self.context, options, started, abort));
        let (code, message) =
            report.map_or_else(|refused| refused, |report| (report.code, report.message));
        let mut status = Status::of_warm_up(code, message);
        status.elapsed = self.since(started);
        if let Some(observer) = observer {
            observer(&Event::of_warm_up(&status));
        }
        status
    }

    /// Has the observer told of every later event, in place of the one before; `None` ends it.
    /// Calls under way keep the observer they began with.
    pub fn set_observer(&self, observer: Option<Observer>) {
        *self.observer.write().unwrap_or_else(PoisonError::into_inner) = observer;
    }

    fn call(
        &self,
        operation: Operation,
        session_id: &str,
        options: &Options,
        abort: Option<&Abort>,
    ) -> Report {
        self.call_checked(operation, session_id, Ok(options), abort, None)
    }

    /// A call whose options may be unusable; that is a result like any other. `pacer`: of the run
    /// that the call is a part of.
    pub(crate) fn call_checked(
        &self,
        operation: Operation,
        session_id: &str,
        options: Result<&Options, Refused>,
        abort: Option<&Abort>,
        pacer: Option<&Pacer>,
    ) -> Report {
        let (started, observer) = self.begin();
        let is_part = options.as_ref().is_ok_and(|options| options.is_part);
        let call = options.and_then(|options| {
            Call::new(&self.context, operation, session_id, options, started, pacer)
                .map_err(|(code, message)| self.context.refused(options, code, message))
        });
        let mut report = match call {
            Ok(call) => call.run(abort, observer.as_ref()),
            Err(refused) => {
                let mut report = Report::refused(operation, refused);
                report.session_id =
                    self.context.usable(session_id).ok().map(SessionId::into_string);
                report
            }
        };
        report.elapsed = self.since(started);
        if let Some(observer) = observer.filter(|_| !is_part) {
            observer(&Event::of_result(&report));
        }
        report
    }

    /// When a call begins, and the observer that it keeps until it ends.
    fn begin(&self) -> (Instant, Option<Observer>) {
        (self.context.transport.now(), self.observer())
    }

    pub(crate) fn observer(&self) -> Option<Observer> {
        self.observer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn since(&self, started: Instant) -> Duration {
        self.context.transport.now().saturating_duration_since(started)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("mode", &self.context.mode).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
