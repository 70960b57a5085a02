//! Connects to one of several addresses: attempts that overlap, and the first to finish wins
//! (RFC 8305, "Happy Eyeballs"). All of them are waited for at once; there are no threads.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::RoundTrip;
use super::socket::{Opening, Socket, wait_for_any};
use crate::clock;
use crate::error::Error;
use crate::outcome::Code;

/// How long an attempt runs alone before the next one begins beside it.
const MAX_DELAY: Duration = Duration::from_millis(250);
/// The same where there are many addresses, or little time.
const MIN_DELAY: Duration = Duration::from_millis(10);

/// The most addresses of one name that are tried: each takes a socket until one wins.
const MAX_ATTEMPTS: usize = 32;

/// Connects to the first of the addresses that answers, by the instant. An attempt ends only when
/// it fails, when another one wins, or at the instant.
pub(super) fn connect(
    addresses: &[SocketAddr],
    round_trip: &RoundTrip,
    deadline: Instant,
) -> Result<(Arc<Socket>, SocketAddr), Error> {
    let addresses = &addresses[..addresses.len().min(MAX_ATTEMPTS)];
    let delay = delay(round_trip.check(deadline)?, addresses.len());
    let mut race = Race { round_trip, deadline, under_way: Vec::new(), failure: None };
    for address in addresses {
        // One that fails at once costs no wait.
        if race.begin(*address)? {
            let next_at = clock::now() + delay;
            if let Some(won) = race.wait(next_at.min(deadline))? {
                return Ok(won);
            }
        }
    }
    loop {
        if race.under_way.is_empty() {
            let no_address = || Error::new(Code::Dns, "the host has no address");
            return Err(race.failure.unwrap_or_else(no_address));
        }
        if let Some(won) = race.wait(deadline)? {
            return Ok(won);
        }
    }
}

/// Half of the time is enough to begin with every address.
fn delay(remaining: Duration, count: usize) -> Duration {
    let twice = u32::try_from(count.saturating_mul(2)).unwrap_or(u32::MAX).max(1);
    (remaining / twice).clamp(MIN_DELAY, MAX_DELAY)
}

struct Race<'a> {
    round_trip: &'a RoundTrip,
    deadline: Instant,
    under_way: Vec<Opening>,
    /// Why the first attempt failed that did.
    failure: Option<Error>,
}

impl Race<'_> {
    /// False if the attempt has failed already.
    fn begin(&mut self, address: SocketAddr) -> Result<bool, Error> {
        match Opening::begin(address, self.round_trip) {
            Ok(opening) => self.under_way.push(opening),
            Err(failure) if failure.code == Code::Aborted => return Err(failure),
            Err(failure) => {
                self.note(failure);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn note(&mut self, failure: Error) {
        self.failure.get_or_insert(failure);
    }

    /// Waits deadline an attempt wins, fails, or the instant comes; `None` for the latter two.
    fn wait(&mut self, instant: Instant) -> Result<Option<(Arc<Socket>, SocketAddr)>, Error> {
        while !self.under_way.is_empty() {
            self.round_trip.check(self.deadline).map_err(|failure| self.late(failure))?;
            let remaining = instant.saturating_duration_since(clock::now());
            if remaining.is_zero() {
                return Ok(None);
            }
            let ready = wait_for_any(&self.under_way, self.round_trip, remaining)?;
            if self.round_trip.is_aborted() {
                return Err(Error::aborted());
            }
            if ready.is_empty() {
                continue;
            }
            // From the back, so that what is taken out moves nothing that is still to come.
            for index in ready.into_iter().rev() {
                let opening = self.under_way.remove(index);
                let address = opening.address();
                match opening.finish() {
                    Ok(socket) => return Ok(Some((socket, address))),
                    Err(failure) => self.note(failure),
                }
            }
            return Ok(None);
        }
        Ok(None)
    }

    /// Names the address that did not answer.
    fn late(&self, failure: Error) -> Error {
        match (failure.code, self.under_way.first()) {
            (Code::Timeout, Some(opening)) => {
                let message = format!("{} to {}", failure.message, opening.address());
                Error::new(Code::Timeout, message)
            }
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests;
