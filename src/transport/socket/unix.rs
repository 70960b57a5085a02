//! Sockets of Linux and macOS.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::buffer::Buffer;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send};

use super::Interest;
use crate::clock;
use crate::files::above_standard_streams;

/// Whether `shutdown` ends every wait on a socket. Elsewhere one that is connecting refuses it.
pub(super) const SHUTDOWN_ENDS_WAITS: bool = cfg!(target_os = "linux");

/// How long one blocking read may last; one before a deadline that is nearer is not started. The
/// kernel counts it in ticks of up to 10 ms.
const PATIENCE: Duration = clock::LONGEST_WAIT;
const PATIENCE_AND_A_TICK: Duration = Duration::from_millis(1_010);

#[cfg(target_os = "linux")]
const WITHOUT_WAITING: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);
/// The socket itself is told to raise no signal.
#[cfg(not(target_os = "linux"))]
const WITHOUT_WAITING: SendFlags = SendFlags::DONTWAIT;

/// A socket that is not inherited by other programs and does not wait.
#[cfg(target_os = "linux")]
fn socket(family: AddressFamily) -> Result<OwnedFd, Errno> {
    use rustix::net::SocketFlags;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    rustix::net::socket_with(family, SocketType::STREAM, flags, None)
        .and_then(above_standard_streams)
}

#[cfg(not(target_os = "linux"))]
fn socket(family: AddressFamily) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
    above_standard_streams(socket)
}

/// Begins to connect, and does not wait.
pub(super) fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket(family)?;
    match rustix::net::connect(&socket, &address) {
        // Interrupted or not, the connection is being made; only the wait tells how it ends.
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(TcpStream::from(socket)),
        Err(errno) => Err(errno.into()),
    }
}

/// Prepares a connected socket for reads that wait.
pub(super) fn set_up(socket: &TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_nonblocking(false)
}

/// Whether a read may block with so much time left.
pub(super) fn may_block(remaining: Duration) -> bool {
    remaining > PATIENCE_AND_A_TICK
}

/// Receives; waits for up to [`PATIENCE`] if it may block.
pub(super) fn receive(
    socket: &TcpStream,
    buffer: impl Buffer<u8>,
    may_block: bool,
) -> io::Result<usize> {
    let flags = if may_block { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
    Ok(recv(socket, buffer, flags).map(|(_, count)| count)?)
}

/// Looks at the next byte without taking it or waiting.
pub(super) fn peek(socket: &TcpStream) -> io::Result<usize> {
    let mut byte = [0_u8];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    Ok(recv(socket, &mut byte, flags).map(|(_, count)| count)?)
}

/// Sends what there is room for, without waiting.
pub(super) fn send_some(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    Ok(send(socket, bytes, WITHOUT_WAITING)?)
}

/// Waits for one socket. False if the time is over, or by a signal.
pub(super) fn wait(socket: &TcpStream, interest: Interest, time: Duration) -> io::Result<bool> {
    let mut sockets = [PollFd::new(socket, flags(interest))];
    poll_for(&mut sockets, time)?;
    Ok(!sockets[0].revents().is_empty())
}

/// Waits until a socket has connected, or failed to. Returns the positions of those that did;
/// none if the time is over, or by a signal.
pub(super) fn wait_for_any<'a>(
    sockets: impl Iterator<Item = &'a TcpStream>,
    time: Duration,
) -> io::Result<Vec<usize>> {
    let mut sockets: Vec<PollFd<'_>> =
        sockets.map(|socket| PollFd::new(socket, flags(Interest::Write))).collect();
    poll_for(&mut sockets, time)?;
    let ended = |(index, socket): (usize, &PollFd<'_>)| {
        let is_ready = !socket.revents().is_empty();
        is_ready.then_some(index)
    };
    Ok(sockets.iter().enumerate().filter_map(ended).collect())
}

fn flags(interest: Interest) -> PollFlags {
    match interest {
        Interest::Read => PollFlags::IN,
        Interest::Write => PollFlags::OUT,
    }
}

fn poll_for(sockets: &mut [PollFd<'_>], time: Duration) -> io::Result<()> {
    let timeout = Timespec::try_from(time).ok();
    match poll(sockets, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
