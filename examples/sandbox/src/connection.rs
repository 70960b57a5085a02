//! One connection: its stream, plain or TLS, and the requests that come over it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::admin;
use crate::answer::{self, Answer, Then};
use crate::fault::{Fault, How};
use crate::http::{self, ReadError, Request};
use crate::page;
use crate::pause::End;

/// How much of what a client still sends is read and dropped before its connection is closed.
const DRAIN_LIMIT: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Longer than any method.
const MAX_METHOD_BYTES: usize = 8;

/// A fatal TLS alert, in the clear as one that comes from a stranger.
const INTERNAL_ERROR: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];

/// A socket that the server can shut down while its connection's thread is blocked on it.
#[derive(Clone)]
pub(crate) struct Socket(Arc<TcpStream>);

impl Socket {
    pub(crate) fn new(socket: TcpStream) -> Self {
        // A response is written at once, so there is nothing to gather; a failure costs only time.
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
        let deadline = Instant::now() + DRAIN_TIME;
        let mut bytes = [0; 8 * 1024];
        let mut drained = 0;
        while drained < DRAIN_LIMIT {
            let remaining = deadline.saturating_duration_since(Instant::now());
            if remaining.is_zero() || self.0.set_read_timeout(Some(remaining)).is_err() {
                return;
            }
            match (&*self.0).read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(read) => drained += read,
            }
        }
    }
}

impl Socket {
    /// Has a fault befall the connection before anything is said on it.
    pub(crate) fn corrupt(&self, fault: &Fault) {
        match fault {
            Fault::CloseBeforeRead => self.close(),
            Fault::ResetHandshake => {
                // Whether a byte came or the client left makes no difference.
                let _ = (&*self.0).read(&mut [0]);
                self.reset();
            }
            _ => self.stall(),
        }
    }

    /// Has the connection reset when its last handle is dropped.
    fn reset(&self) {
        // It fails only on a socket that is closed already.
        let _ = SockRef::from(&*self.0).set_linger(Some(Duration::ZERO));
    }

    /// Says nothing more until the client leaves or the sandbox ends.
    fn stall(&self) {
        let mut bytes = [0; 8 * 1024];
        loop {
            match (&*self.0).read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
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

    fn end(mut self, then: Then) {
        match (then, &mut self) {
            (Then::Fin, _) => self.socket().close(),
            (Then::Reset, _) => self.socket().reset(),
            (Then::Stall, _) => self.socket().stall(),
            (Then::CloseNotify, Stream::Tls(tls)) => {
                tls.conn.send_close_notify();
                while tls.conn.wants_write() && tls.conn.write_tls(&mut tls.sock).is_ok() {}
                tls.sock.stall();
            }
            (Then::Alert, Stream::Tls(tls)) => {
                // If it cannot be written, there is nobody to read it.
                let _ = tls.sock.write_all(&INTERNAL_ERROR);
                tls.sock.close();
            }
            _ => self.close(),
        }
    }

    fn socket(&self) -> &Socket {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(tls) => &tls.sock,
        }
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

/// What is said on a connection.
pub(crate) trait Script {
    /// Where the request that is arriving is to be cut, and how.
    fn cut(&mut self) -> Option<(usize, How)>;
    fn respond(&mut self, request: &Request) -> Answer;
    /// The response to what cannot be read.
    fn malformed(&mut self, why: &'static str) -> Answer;
}

/// Answers the requests of one connection until either side ends it.
pub(crate) fn serve(mut stream: Stream, end: &End, script: &mut impl Script) {
    let mut buffer = Vec::new();
    let then = loop {
        let cut = match is_public(&mut stream, &mut buffer) {
            Ok(true) => script.cut(),
            Ok(false) => None,
            Err(_) => break Then::Close,
        };
        if let Some((at, how)) = cut {
            let remaining = at.saturating_sub(buffer.len());
            if remaining > 0 {
                // However it ends, by the limit or before: here the fault strikes.
                let _ = http::read_request(
                    &mut Limited { stream: &mut stream, remaining },
                    &mut buffer,
                );
            }
            break how.into();
        }
        let (answer, is_last) = match http::read_request(&mut stream, &mut buffer) {
            Ok(Some(request)) => (script.respond(&request), false),
            // Where the next request would begin is anyone's guess: this response is the last.
            Err(ReadError::Malformed(why)) => (script.malformed(why), true),
            Ok(None) | Err(ReadError::Io) => break Then::Close,
        };
        match answer::deliver(&mut stream, &answer, end) {
            Ok(Then::KeepOpen) if !is_last => {}
            Ok(Then::KeepOpen) | Err(_) => break Then::Close,
            Ok(then) => break then,
        }
    };
    stream.end(then);
}

/// Waits until it shows what the next request is for; true if it is for Flex's own routes, and
/// neither for the sandbox's nor for its page.
fn is_public(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        if let Some(end) = buffer.iter().position(|byte| !byte.is_ascii_uppercase()) {
            let (method, target) = buffer.split_at(end);
            let prefix = [b" ", admin::PREFIX.as_bytes()].concat();
            let page: &[u8] = b" / ";
            let expected = if page::METHODS.map(str::as_bytes).contains(&method) {
                &[page, &prefix][..]
            } else {
                &[&prefix[..]][..]
            };
            if expected.iter().any(|it| target.starts_with(it)) {
                return Ok(false);
            }
            if !expected.iter().any(|it| it.starts_with(target)) {
                return Ok(true);
            }
        } else if buffer.len() >= MAX_METHOD_BYTES {
            return Ok(true);
        }
        let mut bytes = [0; 8 * 1024];
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(false),
            Ok(read) => buffer.extend_from_slice(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A stream of which only so many bytes can be read.
struct Limited<'a> {
    stream: &'a mut Stream,
    remaining: usize,
}

impl Read for Limited<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let max = into.len().min(self.remaining);
        let read = self.stream.read(&mut into[..max])?;
        self.remaining -= read;
        Ok(read)
    }
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
