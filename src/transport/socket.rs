//! A TCP socket that waits with a deadline and can be woken by an abort.
//!
//! A wait that has time is the blocking read itself, which the kernel ends every [`PATIENCE`], so
//! that a response costs one system call; only the last stretch before the deadline is a `poll`,
//! exact to the deadline. Waits are proof against signals (EINTR is waited out, never reported).

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rustix::buffer::{Buffer, spare_capacity};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, sockopt,
};

use super::Exchange;
use super::http1::Stream;
use crate::abort::{Registration, Wake};
use crate::clock;
use crate::error::Error;
use crate::files::above_standard_streams;
use crate::outcome::Code;

/// How long one blocking read may last; one before a deadline that is nearer is not started. The
/// kernel counts it in ticks of up to 10 ms.
const PATIENCE: Duration = clock::LONGEST_WAIT;
const PATIENCE_AND_A_TICK: Duration = Duration::from_millis(1_010);

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket(TcpStream);

impl Wake for Socket {
    /// Ends every wait on the socket, whatever its phase.
    fn wake(&self) {
        // It fails only where there is nothing left to end.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Socket {
    /// Has the socket woken if the call is aborted, for as long as the registration lives.
    pub(super) fn wake_on_abort(
        self: &Arc<Self>,
        exchange: &Exchange,
    ) -> Result<Option<Registration>, Error> {
        let Some(abort) = exchange.abort() else { return Ok(None) };
        let socket: Weak<Self> = Arc::downgrade(self);
        abort.register(socket).map(Some).ok_or_else(Error::aborted)
    }

    fn be_connected(&self) -> Result<(), Errno> {
        sockopt::socket_error(&self.0)??;
        // The request is one small write: waiting to fill a segment would only delay it.
        sockopt::set_tcp_nodelay(&self.0, true)?;
        sockopt::set_socket_timeout(&self.0, sockopt::Timeout::Recv, Some(PATIENCE))?;
        rustix::io::ioctl_fionbio(&self.0, false)
    }

    /// Looks without taking anything or waiting.
    pub(super) fn state(&self) -> State {
        let mut byte = [0_u8];
        match receive(self, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN) => State::Quiet,
            Ok(1) => State::Readable,
            _ => State::Ended,
        }
    }

    fn wait(&self, events: PollFlags, exchange: &Exchange, until: Instant) -> Result<(), Error> {
        loop {
            let left = exchange.check(until)?;
            let timeout = Timespec::try_from(clock::wait_of(left)).ok();
            let mut fds = [PollFd::new(&self.0, events)];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) if exchange.is_aborted() => return Err(Error::aborted()),
                Ok(_) => return Ok(()),
                Err(errno) => return Err(lost(errno)),
            }
        }
    }
}

/// A socket that is connecting; dropped, it gives up.
pub(super) struct Opening {
    socket: Arc<Socket>,
    address: SocketAddr,
    _registration: Option<Registration>,
}

impl AsFd for Opening {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.0.as_fd()
    }
}

impl Opening {
    /// Begins to connect, and does not wait.
    pub(super) fn begin(address: SocketAddr, exchange: &Exchange) -> Result<Self, Error> {
        let failed = |errno: Errno| cannot_connect(address, &errno.into());
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let descriptor = rustix::net::socket_with(family, SocketType::STREAM, flags, None)
            .and_then(above_standard_streams)
            .map_err(failed)?;
        match rustix::net::connect(&descriptor, &address) {
            // Interrupted or not, the connection is being made; only the wait tells how it ends.
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => {}
            Err(errno) => return Err(failed(errno)),
        }
        let socket = Arc::new(Socket(TcpStream::from(descriptor)));
        let registration = socket.wake_on_abort(exchange)?;
        Ok(Self { socket, address, _registration: registration })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket, once it polls as writable.
    pub(super) fn finish(self) -> Result<Arc<Socket>, Error> {
        self.socket.be_connected().map_err(|errno| cannot_connect(self.address, &errno.into()))?;
        Ok(self.socket)
    }
}

/// What an unused socket shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was received and nothing ended.
    Quiet,
    /// Something was received.
    Readable,
    /// The peer has ended its side, or the connection is broken.
    Ended,
}

/// What is there already, without waiting for more.
impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        receive(self, buffer, RecvFlags::DONTWAIT).map_err(io::Error::from)
    }
}

/// A socket in the hands of one round trip: reads and writes wait by its limits.
pub(super) struct DeadlineSocket<'a> {
    pub(super) socket: &'a Socket,
    pub(super) exchange: &'a Exchange,
    pub(super) until: Instant,
}

impl DeadlineSocket<'_> {
    fn receive_some(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receive_by(|flags| receive(self.socket, &mut *buffer, flags))
    }

    /// Receives into the room that a buffer has left, which must be some.
    pub(super) fn receive_into(&self, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        self.receive_by(|flags| receive(self.socket, spare_capacity(buffer), flags))
    }

    /// A response is never there yet when it is first asked for: waits rather than looks.
    fn receive_by(
        &self,
        mut receive: impl FnMut(RecvFlags) -> Result<usize, Errno>,
    ) -> Result<usize, Error> {
        loop {
            let left = self.exchange.check(self.until)?;
            let flags = if left > PATIENCE_AND_A_TICK {
                RecvFlags::empty()
            } else {
                self.socket.wait(PollFlags::IN, self.exchange, self.until)?;
                RecvFlags::DONTWAIT
            };
            match receive(flags) {
                // What an abort's shutdown looks like from here.
                Ok(0) if self.exchange.is_aborted() => return Err(Error::aborted()),
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(self.lost(errno)),
            }
        }
    }

    fn send_some(&self, bytes: &[u8]) -> Result<usize, Error> {
        loop {
            match send(&self.socket.0, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN) => {
                    self.socket.wait(PollFlags::OUT, self.exchange, self.until)?;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(self.lost(errno)),
            }
        }
    }

    fn lost(&self, errno: Errno) -> Error {
        if self.exchange.is_aborted() { Error::aborted() } else { lost(errno) }
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

fn receive(socket: &Socket, buffer: impl Buffer<u8>, flags: RecvFlags) -> Result<usize, Errno> {
    recv(&socket.0, buffer, flags).map(|(_, count)| count)
}

fn cannot_connect(address: SocketAddr, error: &io::Error) -> Error {
    Error::new(Code::Connect, format!("cannot connect to {address}: {error}"))
}

pub(super) fn lost(errno: Errno) -> Error {
    Error::new(Code::ConnectionLost, format!("the connection broke: {}", io::Error::from(errno)))
}
