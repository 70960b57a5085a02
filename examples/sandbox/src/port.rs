//! The listening port: opened, closed for an outage, and opened again. It stays ours all the while:
//! another sandbox that got it meanwhile would answer this one's clients.

use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// How many connections may wait to be accepted. One that finds no room waits a second.
const BACKLOG: i32 = 1024;

/// How long to wait before trying again what only time can mend.
const PATIENCE: Duration = Duration::from_millis(5);

/// A port whose connections one thread accepts, see [`Port::accept`].
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// When it is to be open.
    open: Open,
    /// The listening socket as a stream, for the sake of `shutdown`, which wakes `accept`; none
    /// while the port is closed.
    wake: Option<TcpStream>,
    /// How often it was closed: one that is open again was closed all the same.
    closings: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Now,
    From(Instant),
    OnRequest,
    Nevermore,
}

impl Port {
    pub(crate) fn bind(address: IpAddr, port: u16) -> io::Result<(Port, TcpListener)> {
        let first = bound((address, port).into())?;
        let address = first.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        // Only a port that was asked for by its number stays bound when the listening ends.
        let socket = bound(address)?;
        drop(first);
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from(socket);
        let state = State { open: Open::Now, wake: Some(wake(&listener)?), closings: 0 };
        Ok((Port { address, state: Mutex::new(state), changed: Condvar::new() }, listener))
    }

    /// Accepts connections for as long as the port may ever be open.
    pub(crate) fn accept(&self, listener: TcpListener, open: impl Fn(TcpStream)) {
        loop {
            let accepted = listener.accept();
            if self.state().open != Open::Now {
                drop(accepted);
                if !self.reopened(&listener) {
                    return;
                }
                continue;
            }
            match accepted {
                Ok((socket, _)) => open(socket),
                // Mostly a lack of descriptors, which only time can mend.
                Err(_) => std::thread::sleep(PATIENCE),
            }
        }
    }

    /// Closes the port, for some time or until it is opened. When this returns, connections
    /// are refused.
    pub(crate) fn close(&self, time: Option<Duration>) {
        let again = time.and_then(|time| Instant::now().checked_add(time));
        let before = self.state().closings;
        self.set(again.map_or(Open::OnRequest, Open::From));
        let closing = |state: &mut State| state.wake.is_some() && state.closings == before;
        let closed = self.changed.wait_while(self.state(), closing);
        drop(closed.unwrap_or_else(PoisonError::into_inner));
    }

    /// Opens the port again. When this returns, connections are accepted.
    pub(crate) fn open(&self) {
        let closing = |state: &mut State| {
            !matches!(state.open, Open::Now | Open::Nevermore) && state.wake.is_some()
        };
        let closed = self.changed.wait_while(self.state(), closing);
        drop(closed.unwrap_or_else(PoisonError::into_inner));
        self.set(Open::Now);
        let closed = |state: &mut State| state.wake.is_none() && state.open == Open::Now;
        let open = self.changed.wait_while(self.state(), closed);
        drop(open.unwrap_or_else(PoisonError::into_inner));
    }

    /// Closes the port for good.
    pub(crate) fn end(&self) {
        self.set(Open::Nevermore);
    }

    fn set(&self, open: Open) {
        let mut state = self.state();
        if state.open == Open::Nevermore {
            return;
        }
        state.open = open;
        self.changed.notify_all();
        if open == Open::Now {
            return;
        }
        // Ends the listening, and with it `accept`.
        if let Some(wake) = &state.wake {
            let _ = wake.shutdown(Shutdown::Both);
        }
    }

    /// Listens again, when the port is to be open again; false if it never is.
    fn reopened(&self, listener: &TcpListener) -> bool {
        let socket = SockRef::from(listener);
        // Whoever asks for any port does not get one whose owner shares it with nobody.
        let _ = socket.set_reuse_address(false);
        let mut state = self.state();
        state.wake = None;
        state.closings += 1;
        self.changed.notify_all();
        loop {
            let time = match state.open {
                Open::Nevermore => return false,
                Open::Now => Duration::ZERO,
                Open::From(then) => then.saturating_duration_since(Instant::now()),
                Open::OnRequest => Duration::MAX,
            };
            let time = if time.is_zero() {
                let shared = socket.set_reuse_address(true);
                let open = shared.and_then(|()| socket.listen(BACKLOG));
                if let Ok(wake) = open.and_then(|()| wake(listener)) {
                    (state.open, state.wake) = (Open::Now, Some(wake));
                    self.changed.notify_all();
                    return true;
                }
                PATIENCE
            } else {
                time
            };
            let waited = self.changed.wait_timeout(state, time);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that is bound and does not listen yet.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn wake(listener: &TcpListener) -> io::Result<TcpStream> {
    Ok(TcpStream::from(OwnedFd::from(listener.try_clone()?)))
}
