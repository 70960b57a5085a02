//! One connection: its stream, plain or TLS, and the requests that come over it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::answer::{self, Answer, Then};
use crate::http::{self, ReadError, Request};

/// How much of what a client still sends is read and dropped before its connection is closed.
const DRAIN_LIMIT: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A socket that the server can shut down while its connection's thread is blocked on it.
#[derive(Clone)]
pub(crate) struct Socket(Arc<TcpStream>);

impl Socket {
    pub(crate) fn new(socket: TcpStream) -> Self {
        // An answer is written at once, so there is nothing to gather; a failure costs only time.
        let _ = socket.set_nodelay(true);
        Socket(Arc::new(socket))
    }

    /// Ends every read and write on the socket, now and from now on.
    pub(crate) fn shut_down(&self) {
        // It fails only if the client has closed the connection already.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    /// Closes in such an order that the client can read all that was written: closing with
    /// bytes unread would reset the connection and drop what is on its way.
    fn close(&self) {
        if self.0.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let until = Instant::now() + DRAIN_TIME;
        let mut bytes = [0; 8 * 1024];
        let mut drained = 0;
        while drained < DRAIN_LIMIT {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.0.set_read_timeout(Some(left)).is_err() {
                return;
            }
            match (&*self.0).read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(read) => drained += read,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(into)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

pub(crate) enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ServerConnection, Socket>>),
}

impl Stream {
    pub(crate) fn new(socket: Socket, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let Some(config) = tls else { return Ok(Stream::Plain(socket)) };
        let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        Ok(Stream::Tls(Box::new(StreamOwned::new(session, socket))))
    }

    fn close(&mut self) {
        match self {
            Stream::Plain(socket) => socket.close(),
            Stream::Tls(tls) => {
                tls.conn.send_close_notify();
                // Not `flush`, which would wait for the rest of an unfinished handshake.
                while tls.conn.wants_write() && tls.conn.write_tls(&mut tls.sock).is_ok() {}
                tls.sock.close();
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(into),
            Stream::Tls(tls) => tls.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}

/// Answers the requests of one connection until either side ends it.
pub(crate) fn serve(
    mut stream: Stream,
    mut respond: impl FnMut(&Request) -> Answer,
    malformed: impl Fn(&'static str) -> Answer,
) {
    let mut buffer = Vec::new();
    loop {
        let request = match http::read_request(&mut stream, &mut buffer) {
            Ok(Some(request)) => request,
            Err(ReadError::Malformed(why)) => {
                // Where the next request would begin is anyone's guess: this answer is the last,
                // and if it cannot be written there is nobody to read it.
                let _ = answer::deliver(&mut stream, &malformed(why));
                break;
            }
            Ok(None) | Err(ReadError::Io) => break,
        };
        if !matches!(answer::deliver(&mut stream, &respond(&request)), Ok(Then::KeepOpen)) {
            break;
        }
    }
    stream.close();
}
