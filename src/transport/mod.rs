//! The way to the service: one request, one response, and how far it came.

mod connection;
mod connector;
#[cfg(fuzzing)]
pub mod fuzzing;
mod head;
mod http;
mod http1;
mod pool;
mod proxy;
mod race;
mod resolver;
mod roots;
mod socket;
mod tls;
mod tls_error;

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use self::http::HttpTransport;
pub(crate) use self::resolver::RESOLVER_THREAD;
use crate::abort::Abort;
pub use crate::api::{Request, Response};
use crate::clock;
use crate::error::Error;
pub use crate::phase::Phase;

/// Carries one request to the service and its response back; and, because a simulator must rule
/// them too, the clock and the dice that a call uses.
///
/// Not covered by the promise of stable versions: it exists for simulators.
pub trait Transport: Send + Sync {
    /// Sends the request once, or not at all, and waits for the whole response. Returns by the
    /// round trip's deadline, and at once when it is aborted; `round_trip.phase()` tells how far it
    /// came, whatever is returned.
    fn send(&self, request: Request, round_trip: &RoundTrip) -> Result<Response, Error>;

    /// Opens a connection and keeps it for a later round trip. Nothing to do where there are none.
    ///
    /// # Errors
    /// Why there is no connection; `round_trip.phase()` tells how far it came.
    fn warm_up(&self, _round_trip: &RoundTrip) -> Result<(), Error> {
        Ok(())
    }

    /// The time, monotonic, with the time that the machine slept.
    fn now(&self) -> Instant {
        clock::now()
    }

    /// The wall clock, in Unix milliseconds. It may jump.
    fn wall_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(_) => 0,
        }
    }

    /// Waits until the instant, or until the abort is triggered.
    fn pause(&self, deadline: Instant, abort: Option<&Abort>) {
        match abort {
            Some(abort) => abort.sleep_until(deadline),
            None => loop {
                let remaining = deadline.saturating_duration_since(clock::now());
                if remaining.is_zero() {
                    return;
                }
                std::thread::sleep(clock::wait_of(remaining));
            },
        }
    }

    /// A random number for jitter. Where the system has none, waits are at their shortest.
    fn random(&self) -> u64 {
        getrandom::u64().unwrap_or_default()
    }

    /// A random number that nothing else has: for an idempotency key, and for an entry of the
    /// outbox that is being delivered.
    ///
    /// # Errors
    /// If the system has no random numbers.
    fn random_key(&self) -> Result<u128, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::internal(format!("the system has no random number: {error}"))
        })?;
        Ok(u128::from_be_bytes(bytes))
    }
}

/// One round trip under way: its limits, and how far it has come.
#[derive(Debug)]
pub struct RoundTrip {
    started: Instant,
    deadline: Instant,
    /// When a connection must stand; at most the deadline.
    connect_by: Instant,
    abort: Option<Abort>,
    /// True if it may use a connection that an earlier round trip has left.
    may_reuse: bool,
    phase: AtomicU8,
}

impl RoundTrip {
    pub(crate) fn new(
        started: Instant,
        deadline: Instant,
        connect_timeout: Duration,
        abort: Option<Abort>,
    ) -> Self {
        let connect_by = deadline.min(started + connect_timeout);
        let phase = AtomicU8::new(Phase::Preparing as u8);
        Self { started, deadline, connect_by, abort, may_reuse: true, phase }
    }

    /// The same over a connection of its own: an idle one may be as dead as the one before.
    pub(crate) fn over_new_connection(self) -> Self {
        Self { may_reuse: false, ..self }
    }

    /// When the round trip must have ended.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When its connection must stand.
    #[must_use]
    pub fn connect_by(&self) -> Instant {
        self.connect_by
    }

    /// How far it has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Acquire))]
    }

    /// Notes how far it has come.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    fn abort(&self) -> Option<&Abort> {
        self.abort.as_ref()
    }

    fn is_aborted(&self) -> bool {
        self.abort.as_ref().is_some_and(Abort::is_triggered)
    }

    /// Fails if there is no time left until the instant, or if the call is aborted.
    fn check(&self, deadline: Instant) -> Result<Duration, Error> {
        if self.is_aborted() {
            return Err(Error::aborted());
        }
        let remaining = deadline.saturating_duration_since(clock::now());
        if remaining.is_zero() { Err(Error::timeout(self.phase())) } else { Ok(remaining) }
    }
}
