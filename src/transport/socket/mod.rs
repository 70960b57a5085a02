//! A TCP socket that waits with a deadline and can be woken by an abort.
//!
//! Where the system can block with a bound, a wait that has time is the blocking read itself, so
//! that a response costs one system call; only the last stretch before the deadline is a wait of
//! its own, exact to the deadline. Waits are proof against signals (EINTR is waited out, never
//! reported).

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;

use super::RoundTrip;
use super::http1::Stream;
use crate::abort::{Registration, Wake};
use crate::clock;
use crate::error::Error;
use crate::outcome::Code;

/// How often a wait looks for an abort where nothing can end the wait itself. A wait of Windows ends
/// with a tick of its clock, so that one of these lasts up to 26 ms. To look costs less than what
/// could wake a wait there: a second socket or an event for each call.
const ABORT_INTERVAL: Duration = Duration::from_millis(10);

/// What a socket is waited for.
#[derive(Clone, Copy)]
enum Interest {
    Read,
    Write,
}

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket(TcpStream);

impl Wake for Socket {
    /// Ends every wait on the socket, whatever its phase, where the system can do that.
    fn wake(&self) {
        // It fails only where there is nothing left to end.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Socket {
    /// Has the socket woken if the call is aborted, for as long as the registration lives.
    pub(super) fn wake_on_abort(
        self: &Arc<Self>,
        round_trip: &RoundTrip,
    ) -> Result<Option<Registration>, Error> {
        let Some(abort) = round_trip.abort() else { return Ok(None) };
        let socket: Weak<Self> = Arc::downgrade(self);
        abort.register(socket).map(Some).ok_or_else(Error::aborted)
    }

    fn be_connected(&self) -> io::Result<()> {
        if let Some(error) = self.0.take_error()? {
            return Err(error);
        }
        // The request is one small write: waiting to fill a segment would only delay it.
        self.0.set_nodelay(true)?;
        system::set_up(&self.0)
    }

    /// Looks without taking anything or waiting.
    pub(super) fn state(&self) -> State {
        match system::peek(&self.0) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => State::Idle,
            Ok(1) => State::Readable,
            _ => State::Ended,
        }
    }

    fn wait(
        &self,
        interest: Interest,
        round_trip: &RoundTrip,
        deadline: Instant,
    ) -> Result<(), Error> {
        loop {
            let remaining = round_trip.check(deadline)?;
            match system::wait(&self.0, interest, wait_of(round_trip, remaining)) {
                Ok(false) => {}
                Ok(true) if round_trip.is_aborted() => return Err(Error::aborted()),
                Ok(true) => return Ok(()),
                Err(error) => return Err(lost(error)),
            }
        }
    }
}

/// How long to wait now, with so much time left.
fn wait_of(round_trip: &RoundTrip, remaining: Duration) -> Duration {
    let remaining = clock::wait_of(remaining);
    if is_woken(round_trip) { remaining } else { remaining.min(ABORT_INTERVAL) }
}

/// True if an abort ends a wait of this round trip, or cannot come.
fn is_woken(round_trip: &RoundTrip) -> bool {
    system::SHUTDOWN_ENDS_WAITS || round_trip.abort().is_none()
}

/// A socket that is connecting; dropped, it gives up.
pub(super) struct Opening {
    socket: Arc<Socket>,
    address: SocketAddr,
    _registration: Option<Registration>,
}

impl Opening {
    /// Begins to connect, and does not wait.
    pub(super) fn begin(address: SocketAddr, round_trip: &RoundTrip) -> Result<Self, Error> {
        let socket = system::begin(address).map_err(|error| cannot_connect(address, &error))?;
        let socket = Arc::new(Socket(socket));
        let registration = socket.wake_on_abort(round_trip)?;
        Ok(Self { socket, address, _registration: registration })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket, once it has connected or failed to.
    pub(super) fn finish(self) -> Result<Arc<Socket>, Error> {
        self.socket.be_connected().map_err(|error| cannot_connect(self.address, &error))?;
        Ok(self.socket)
    }
}

/// Waits until one of them has connected or failed to. Returns the positions of those that did:
/// none if it is time to look at the clock and the abort.
pub(super) fn wait_for_any(
    openings: &[Opening],
    round_trip: &RoundTrip,
    remaining: Duration,
) -> Result<Vec<usize>, Error> {
    let sockets = openings.iter().map(|opening| &opening.socket.0);
    system::wait_for_any(sockets, wait_of(round_trip, remaining)).map_err(lost)
}

/// What an unused socket shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was received and nothing ended.
    Idle,
    /// Something was received.
    Readable,
    /// The peer has ended its side, or the connection is broken.
    Ended,
}

/// What is there already, without waiting for more.
impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        system::receive(&self.0, buffer, false)
    }
}

/// A socket in the hands of one round trip: reads and writes wait by its limits.
pub(super) struct DeadlineSocket<'a> {
    pub(super) socket: &'a Socket,
    pub(super) round_trip: &'a RoundTrip,
    pub(super) deadline: Instant,
}

impl DeadlineSocket<'_> {
    fn receive_some(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receive_by(|may_block| system::receive(&self.socket.0, &mut *buffer, may_block))
    }

    /// Receives into the room that a buffer has left, which must be some.
    pub(super) fn receive_into(&self, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        self.receive_by(|may_block| {
            system::receive(&self.socket.0, spare_capacity(buffer), may_block)
        })
    }

    /// A response is never there yet when it is first asked for: waits rather than looks.
    fn receive_by(
        &self,
        mut receive: impl FnMut(bool) -> io::Result<usize>,
    ) -> Result<usize, Error> {
        loop {
            let remaining = self.round_trip.check(self.deadline)?;
            let may_block = system::may_block(remaining) && is_woken(self.round_trip);
            if !may_block {
                self.socket.wait(Interest::Read, self.round_trip, self.deadline)?;
            }
            match receive(may_block) {
                // What an abort's shutdown looks like from here.
                Ok(0) if self.round_trip.is_aborted() => return Err(Error::aborted()),
                Ok(count) => return Ok(count),
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    fn send_some(&self, bytes: &[u8]) -> Result<usize, Error> {
        loop {
            match system::send_some(&self.socket.0, bytes) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.socket.wait(Interest::Write, self.round_trip, self.deadline)?;
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    fn lost(&self, error: io::Error) -> Error {
        if self.round_trip.is_aborted() { Error::aborted() } else { lost(error) }
    }

    pub(super) fn send_all(&self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            bytes = &bytes[self.send_some(bytes)?..];
        }
        Ok(())
    }
}

/// For what is said to a proxy before there is a connection to the service.
impl Stream for DeadlineSocket<'_> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.send_all(bytes)
    }

    fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        self.receive_into(buffer)
    }
}

/// For rustls, which wants `Read` and `Write`; the failure travels inside the error.
impl Read for DeadlineSocket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive_some(buffer).map_err(io::Error::other)
    }
}

impl Write for DeadlineSocket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send_some(bytes).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// True for what says only that there is nothing yet.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn cannot_connect(address: SocketAddr, error: &io::Error) -> Error {
    Error::new(Code::Connect, format!("cannot connect to {address}: {error}"))
}

fn lost(error: io::Error) -> Error {
    Error::new(Code::ConnectionLost, format!("the connection broke: {error}"))
}
