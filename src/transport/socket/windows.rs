//! Sockets of Windows. They never block: each read and write follows a wait.
//!
//! The wait is `select`, because `WSAPoll` does not report a connection that failed before
//! Windows 10 2004.

#![allow(unsafe_code)]

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::os::windows::io::AsRawSocket;
use std::ptr;
use std::time::Duration;

use rustix::buffer::Buffer;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::{Domain, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{FD_SET, FD_SETSIZE, SOCKET, TIMEVAL, select};

use super::Interest;

/// Whether `shutdown` ends every wait on a socket. One that is connecting refuses it.
pub(super) const SHUTDOWN_ENDS_WAITS: bool = false;

/// Begins to connect, and does not wait. No other program inherits the socket.
pub(super) fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(socket.into()),
    }
}

/// Nothing: the socket stays as it is.
pub(super) fn set_up(_socket: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// Whether a read may block with so much time left.
pub(super) fn may_block(_left: Duration) -> bool {
    false
}

/// Receives without waiting.
pub(super) fn receive(
    socket: &TcpStream,
    buffer: impl Buffer<u8>,
    _may_block: bool,
) -> io::Result<usize> {
    Ok(recv(socket, buffer, RecvFlags::empty()).map(|(_, count)| count)?)
}

/// Looks at the next byte without taking it or waiting.
pub(super) fn peek(socket: &TcpStream) -> io::Result<usize> {
    socket.peek(&mut [0])
}

/// Sends what there is room for, without waiting.
pub(super) fn send_some(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    Ok(send(socket, bytes, SendFlags::empty())?)
}

/// Waits for one socket. False if the time is over.
pub(super) fn wait(socket: &TcpStream, interest: Interest, time: Duration) -> io::Result<bool> {
    let mut sockets = set_of([socket].into_iter());
    let (read, write) = match interest {
        Interest::Read => (Some(&mut sockets), None),
        Interest::Write => (None, Some(&mut sockets)),
    };
    Ok(select_for(read, write, None, time)? > 0)
}

/// Waits until a socket has connected, or failed to. Returns the positions of those that did;
/// none if the time is over.
pub(super) fn wait_for_any<'a>(
    sockets: impl Iterator<Item = &'a TcpStream>,
    time: Duration,
) -> io::Result<Vec<usize>> {
    let all = set_of(sockets);
    let (mut connected, mut failed) = (all, all);
    select_for(None, Some(&mut connected), Some(&mut failed), time)?;
    let ended = |(index, socket): (usize, &SOCKET)| {
        let has_ended = members(&connected).contains(socket) || members(&failed).contains(socket);
        has_ended.then_some(index)
    };
    Ok(members(&all).iter().enumerate().filter_map(ended).collect())
}

/// Holds at most [`FD_SETSIZE`] (64) sockets. One round trip connects 32 at most.
fn set_of<'a>(sockets: impl Iterator<Item = &'a TcpStream>) -> FD_SET {
    let mut set = FD_SET { fd_count: 0, fd_array: [0; FD_SETSIZE as usize] };
    for (place, socket) in set.fd_array.iter_mut().zip(sockets) {
        *place = socket.as_raw_socket() as SOCKET;
        set.fd_count += 1;
    }
    set
}

fn members(set: &FD_SET) -> &[SOCKET] {
    &set.fd_array[..set.fd_count as usize]
}

fn select_for(
    read: Option<&mut FD_SET>,
    write: Option<&mut FD_SET>,
    failed: Option<&mut FD_SET>,
    time: Duration,
) -> io::Result<i32> {
    // Rounded up, so that a wait never ends before its time.
    let micros = time.as_nanos().div_ceil(1_000);
    let timeout = TIMEVAL {
        tv_sec: i32::try_from(micros / 1_000_000).unwrap_or(i32::MAX),
        tv_usec: i32::try_from(micros % 1_000_000).unwrap_or_default(),
    };
    let pointer = |set: Option<&mut FD_SET>| set.map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: each set is valid for the call and borrowed by nobody else; Windows ignores the
    // first argument and refuses what is no socket.
    let count = unsafe { select(0, pointer(read), pointer(write), pointer(failed), &timeout) };
    // Of `select` as of every function of Winsock, the error is that of the thread.
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count) }
}
