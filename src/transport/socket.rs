//! A TCP socket that waits with a deadline and can be woken by an abort.
//!
//! Non-blocking, so that every wait is a `poll` of its own: one system call, exact to the
//! deadline, and proof against signals (EINTR is waited out, never reported).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::{Exchange, Failure};
use crate::abort::{Registration, Wake};
use crate::outcome::Code;

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
    /// Opens a connection by the instant.
    pub(super) fn connect(
        address: SocketAddr,
        exchange: &Exchange,
        until: Instant,
    ) -> Result<Arc<Self>, Failure> {
        let failed = |errno: Errno| {
            Failure::new(Code::Connect, format!("cannot connect: {}", io::Error::from(errno)))
        };
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd =
            rustix::net::socket_with(family, SocketType::STREAM, flags, None).map_err(failed)?;
        let begun = rustix::net::connect(&fd, &address);
        let socket = Arc::new(Self(TcpStream::from(fd)));
        match begun {
            Ok(()) => {}
            // Interrupted or not, the connection is being made; only the wait tells how it ends.
            Err(Errno::INPROGRESS | Errno::INTR) => {
                let _registration = socket.wake_on_abort(exchange)?;
                socket.wait(PollFlags::OUT, exchange, until)?;
                sockopt::socket_error(&socket.0).map_err(failed)?.map_err(failed)?;
            }
            Err(errno) => return Err(failed(errno)),
        }
        // The request is one small write: waiting to fill a segment would only delay it.
        sockopt::set_tcp_nodelay(&socket.0, true).map_err(failed)?;
        Ok(socket)
    }

    /// Has the socket woken if the call is aborted, for as long as the registration lives.
    pub(super) fn wake_on_abort(
        self: &Arc<Self>,
        exchange: &Exchange,
    ) -> Result<Option<Registration>, Failure> {
        let Some(abort) = exchange.abort() else { return Ok(None) };
        let socket: Weak<Self> = Arc::downgrade(self);
        abort.register(socket).map(Some).ok_or_else(Failure::aborted)
    }

    /// True if nothing was received and nothing ended: fit to carry a new request.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [0];
        matches!(self.0.peek(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    fn wait(&self, events: PollFlags, exchange: &Exchange, until: Instant) -> Result<(), Failure> {
        loop {
            let left = exchange.check(until)?;
            let timeout = Timespec::try_from(left).ok();
            let mut fds = [PollFd::new(&self.0, events)];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) if exchange.is_aborted() => return Err(Failure::aborted()),
                Ok(_) => return Ok(()),
                Err(errno) => return Err(lost(&io::Error::from(errno))),
            }
        }
    }
}

/// A socket in the hands of one exchange: reads and writes wait by its limits.
pub(super) struct Guarded<'a> {
    pub(super) socket: &'a Socket,
    pub(super) exchange: &'a Exchange,
    pub(super) until: Instant,
}

impl Guarded<'_> {
    pub(super) fn receive(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        loop {
            // An answer is never there yet when it is first asked for: wait before reading.
            self.socket.wait(PollFlags::IN, self.exchange, self.until)?;
            match (&self.socket.0).read(buffer) {
                // What an abort's shutdown looks like from here.
                Ok(0) if self.exchange.is_aborted() => return Err(Failure::aborted()),
                Ok(count) => return Ok(count),
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(self.lost(&error)),
            }
        }
    }

    pub(super) fn send(&self, bytes: &[u8]) -> Result<usize, Failure> {
        self.exchange.check(self.until)?;
        loop {
            match (&self.socket.0).write(bytes) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.socket.wait(PollFlags::OUT, self.exchange, self.until)?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(&error)),
            }
        }
    }

    fn lost(&self, error: &io::Error) -> Failure {
        if self.exchange.is_aborted() { Failure::aborted() } else { lost(error) }
    }

    pub(super) fn send_all(&self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            bytes = &bytes[self.send(bytes)?..];
        }
        Ok(())
    }
}

/// For rustls, which wants `Read` and `Write`; the failure travels inside the error.
impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer).map_err(io::Error::other)
    }
}

impl Write for Guarded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn lost(error: &io::Error) -> Failure {
    Failure::new(Code::ConnectionLost, format!("the connection broke: {error}"))
}
