//! The listening port: opened, closed for an outage, and opened again.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    pub(crate) fn bind(port: u16) -> io::Result<(Port, TcpListener)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let state = State { open: Open::Now, wake: Some(wake(&listener)?), closings: 0 };
        Ok((Port { address, state: Mutex::new(state), changed: Condvar::new() }, listener))
    }

    /// Accepts connections for as long as the port may ever be open.
    pub(crate) fn accept(&self, mut listener: TcpListener, open: impl Fn(TcpStream)) {
        loop {
            let accepted = listener.accept();
            if self.state().open != Open::Now {
                drop((accepted, listener));
                match self.reopened() {
                    Some(again) => listener = again,
                    None => return,
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
        // Where shutting down a listener does not wake `accept`, a connection does; where it
        // does, nobody listens any more and the connection is refused.
        if let Some(wake) = &state.wake {
            let _ = wake.shutdown(Shutdown::Both);
            drop(state);
            let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        }
    }

    /// A new listener, when the port is to be open again; none if it never is.
    fn reopened(&self) -> Option<TcpListener> {
        let mut state = self.state();
        state.wake = None;
        state.closings += 1;
        self.changed.notify_all();
        loop {
            let time = match state.open {
                Open::Nevermore => return None,
                Open::Now => Duration::ZERO,
                Open::From(then) => then.saturating_duration_since(Instant::now()),
                Open::OnRequest => Duration::MAX,
            };
            let time = if time.is_zero() {
                let bound = TcpListener::bind(self.address);
                if let Ok((listener, wake)) = bound.and_then(|it| wake(&it).map(|wake| (it, wake)))
                {
                    (state.open, state.wake) = (Open::Now, Some(wake));
                    self.changed.notify_all();
                    return Some(listener);
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

fn wake(listener: &TcpListener) -> io::Result<TcpStream> {
    Ok(TcpStream::from(OwnedFd::from(listener.try_clone()?)))
}
