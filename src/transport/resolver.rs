//! Names to addresses: cached, bounded by the deadline, and never worse than what was known.
//!
//! The system's resolver cannot be interrupted, so it runs on a thread of its own that ends with
//! the look-up; the call waits for it no longer than it may. There is no thread where no name
//! must be looked up: for addresses, for `localhost`, and while the cache is fresh.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::{Phase, RoundTrip};
use crate::abort::Wake;
use crate::clock;
use crate::config::loopback_addresses;
use crate::error::Error;
use crate::outcome::Code;
use std::process;

/// How long a look-up is waited for where older addresses are known.
const PATIENCE_WITH_KNOWN_ADDRESSES: Duration = Duration::from_secs(1);
/// Enough for the system's resolver and its plug-ins.
const THREAD_STACK_BYTES: usize = 1024 * 1024;

/// The name of the one kind of thread that this library ever starts.
pub(crate) const RESOLVER_THREAD: &str = "flexcancel-dns";

/// Looks a name up, however long it takes.
pub(crate) type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The resolver of one client, which has one host.
pub(super) struct Resolver {
    host: String,
    port: u16,
    ttl: Duration,
    /// The response that needs no look-up.
    fixed: Option<Vec<SocketAddr>>,
    look_up: Arc<LookUp>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Default)]
struct Known {
    /// The addresses that last worked or were last answered, the preferred one first.
    addresses: Vec<SocketAddr>,
    fresh_until: Option<Instant>,
    /// The process in which a look-up is under way.
    looking_in: Option<u32>,
    /// Counts the look-ups that ended, so that a waiting call knows when one did.
    ended: u64,
    problem: String,
    /// Addresses that took a connection and then failed, the latest at the end. They are tried
    /// last until they answer a request.
    avoided: Vec<SocketAddr>,
}

impl Known {
    /// The addresses in the order to try them.
    fn ordered(&self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        let mut ordered = interleaved(addresses);
        ordered.sort_by_key(|address| self.avoided.iter().position(|known| known == address));
        ordered
    }
}

/// One of the first one's family and one of the other in turn (RFC 8305, section 4): where one
/// family is broken, every second attempt is of the other.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &&SocketAddr| address.is_ipv4() == addresses[0].is_ipv4();
    let (first, second): (Vec<_>, Vec<_>) = addresses.iter().partition(is_first);
    let (mut first, mut second) = (first.into_iter().copied(), second.into_iter().copied());
    let mut all = Vec::with_capacity(addresses.len());
    while all.len() < addresses.len() {
        all.extend(first.next().into_iter().chain(second.next()));
    }
    all
}

impl Wake for State {
    fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver {
    pub(super) fn new(host: &str, port: u16, ttl: Duration, look_up: Arc<LookUp>) -> Self {
        let fixed = match host.parse::<IpAddr>() {
            Ok(address) => Some(vec![SocketAddr::new(address, port)]),
            Err(_) => loopback_addresses(host)
                .map(|addresses| addresses.map(|address| SocketAddr::new(address, port)).to_vec()),
        };
        Self { host: host.to_owned(), port, ttl, fixed, look_up, state: Arc::default() }
    }

    /// The addresses to try, in order; never empty.
    pub(super) fn resolve(
        &self,
        round_trip: &RoundTrip,
        deadline: Instant,
    ) -> Result<Vec<SocketAddr>, Error> {
        if let Some(fixed) = &self.fixed {
            return Ok(self.state.lock().ordered(fixed));
        }
        let mut known = self.state.lock();
        if known.fresh_until.is_some_and(|deadline| clock::now() < deadline) {
            return Ok(known.ordered(&known.addresses));
        }
        round_trip.enter(Phase::Resolving);
        let deadline = if known.addresses.is_empty() {
            deadline
        } else {
            deadline.min(clock::now() + PATIENCE_WITH_KNOWN_ADDRESSES)
        };
        let ended = known.ended;
        // A thread that looked when this process was forked off lives on in the parent only.
        if known.looking_in != Some(process::id()) {
            if let Err(error) = self.start() {
                return served_or(&known, || dns(&format!("no thread for the look-up: {error}")));
            }
            known.looking_in = Some(process::id());
        }
        drop(known);
        self.wait(round_trip, deadline, ended)
    }

    /// Waits for a look-up to end; falls back on what was known before.
    fn wait(
        &self,
        round_trip: &RoundTrip,
        deadline: Instant,
        ended: u64,
    ) -> Result<Vec<SocketAddr>, Error> {
        let _registration = match round_trip.abort() {
            Some(abort) => {
                let state: Weak<State> = Arc::downgrade(&self.state);
                Some(abort.register(state).ok_or_else(Error::aborted)?)
            }
            None => None,
        };
        let mut known = self.state.lock();
        loop {
            if round_trip.is_aborted() {
                return Err(Error::aborted());
            }
            if known.ended != ended {
                return served_or(&known, || dns(&known.problem));
            }
            let remaining = deadline.saturating_duration_since(clock::now());
            if remaining.is_zero() {
                return served_or(&known, || Error::timeout(Phase::Resolving));
            }
            let waited = self.state.changed.wait_timeout(known, clock::wait_of(remaining));
            known = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Starts the thread that looks the name up. It holds no lock meanwhile, and outlives the
    /// call only as long as the system's resolver does.
    fn start(&self) -> io::Result<()> {
        let (state, look_up) = (Arc::clone(&self.state), Arc::clone(&self.look_up));
        let (host, port, ttl) = (self.host.clone(), self.port, self.ttl);
        let thread = std::thread::Builder::new()
            .name(RESOLVER_THREAD.to_owned())
            .stack_size(THREAD_STACK_BYTES);
        thread.spawn(move || {
            let response =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look_up(&host, port)))
                    .unwrap_or_else(|_| Err(io::Error::other("the look-up panicked")));
            let mut known = state.lock();
            match response {
                Ok(addresses) if !addresses.is_empty() => {
                    known.avoided.retain(|address| addresses.contains(address));
                    known.addresses = addresses;
                    known.fresh_until = Some(clock::now() + ttl);
                }
                Ok(_) => known.problem = format!("{host} has no address"),
                Err(error) => known.problem = format!("cannot look up {host}: {error}"),
            }
            known.looking_in = None;
            known.ended += 1;
            drop(known);
            state.changed.notify_all();
        })?;
        Ok(())
    }

    /// Remembers that this address works, so that it is tried first.
    pub(super) fn prefer(&self, address: SocketAddr) {
        let mut known = self.state.lock();
        if let Some(at) = known.addresses.iter().position(|known| *known == address) {
            known.addresses[..=at].rotate_right(1);
        }
    }

    /// Remembers that this address took a connection and then failed.
    pub(super) fn avoid(&self, address: SocketAddr) {
        let mut known = self.state.lock();
        let of_fixed = self.fixed.as_ref().is_some_and(|fixed| fixed.contains(&address));
        known.avoided.retain(|known| *known != address);
        if of_fixed || known.addresses.contains(&address) {
            known.avoided.push(address);
        }
    }

    /// Remembers that this address has answered a request.
    pub(super) fn trust(&self, address: SocketAddr) {
        self.state.lock().avoided.retain(|known| *known != address);
    }

    /// Remembers that no address works: the next call asks again, and what was known stays in
    /// reserve for when the look-up fails too.
    pub(super) fn doubt(&self) {
        self.state.lock().fresh_until = None;
    }
}

fn served_or(known: &Known, failure: impl FnOnce() -> Error) -> Result<Vec<SocketAddr>, Error> {
    if known.addresses.is_empty() { Err(failure()) } else { Ok(known.ordered(&known.addresses)) }
}

fn dns(problem: &str) -> Error {
    Error::new(Code::Dns, problem)
}

/// The system's resolver.
pub(super) fn system_look_up() -> Arc<LookUp> {
    Arc::new(|host, port| (host, port).to_socket_addrs().map(Iterator::collect))
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("host", &self.host).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
