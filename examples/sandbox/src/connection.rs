//! One connection: its stream, plain or TLS, and the requests that come over it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::addressee::Addressee;
use crate::answer::{self, Answer, Then};
use crate::fault::{Fault, How};
use crate::http::{self, ReadError, Request};
use crate::pause::End;

/// How much of what a client still sends is read and dropped before its connection is closed.
const DRAIN_LIMIT: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A fatal TLS alert, in the clear as one that comes from a stranger.
const INTERNAL_ERROR: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];

/// The first byte of a client that speaks TLS.
const TLS_HANDSHAKE: u8 = 22;

/// A socket that the server can shut down while its connection's thread is blocked on it.
#[derive(Clone)]
pub(crate) struct Socket {
    stream: Arc<TcpStream>,
    /// What was read to see whom the first request is for; it is read again.
    ahead: Vec<u8>,
}

impl Socket {
    pub(crate) fn new(socket: TcpStream) -> Self {
        // A response is written at once, so there is nothing to gather; a failure costs only time.
        let _ = socket.set_nodelay(true);
        Socket { stream: Arc::new(socket), ahead: Vec::new() }
    }

    /// Ends every read and write on the socket, now and from now on.
    pub(crate) fn shut_down(&self) {
        // It fails only if the client has closed the connection already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Closes in such an order that the client can read all that was written: closing with
    /// bytes unread would reset the connection and drop what is on its way.
    fn close(&self) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let deadline = Instant::now() + DRAIN_TIME;
        let mut bytes = [0; 8 * 1024];
        let mut drained = 0;
        while drained < DRAIN_LIMIT {
            let remaining = deadline.saturating_duration_since(Instant::now());
            if remaining.is_zero() || self.stream.set_read_timeout(Some(remaining)).is_err() {
                return;
            }
            match (&*self.stream).read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(read) => drained += read,
            }
        }
    }
}

impl Socket {
    /// Waits for the client's first bytes: whom its first request is for, as far as it is not
    /// hidden by TLS. None if the client leaves before it shows.
    pub(crate) fn addressee(&mut self, has_tls: bool) -> io::Result<Option<Addressee>> {
        let mut ahead = Vec::new();
        let found = loop {
            if has_tls && ahead.first() == Some(&TLS_HANDSHAKE) {
                break Some(Addressee::Flex);
            }
            if let Some(found) = Addressee::of(&ahead) {
                break Some(found);
            }
            if !read_more(self, &mut ahead)? {
                break None;
            }
        };
        self.ahead = ahead;
        Ok(found)
    }

    /// Has a fault befall the connection before anything is said on it.
    pub(crate) fn corrupt(&self, fault: &Fault) {
        match fault {
            Fault::CloseBeforeRead => self.close(),
            Fault::ResetHandshake => self.reset(),
            _ => self.stall(),
        }
    }

    /// Has the connection reset when its last handle is dropped.
    fn reset(&self) {
        // It fails only on a socket that is closed already.
        let _ = SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Says nothing more until the client leaves or the sandbox ends.
    fn stall(&self) {
        let mut bytes = [0; 8 * 1024];
        loop {
            match (&*self.stream).read(&mut bytes) {
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
        if self.ahead.is_empty() {
            return (&*self.stream).read(into);
        }
        let read = self.ahead.as_slice().read(into)?;
        self.ahead.drain(..read);
        Ok(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.stream).flush()
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
        let cut = match is_for_flex(&mut stream, &mut buffer) {
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

/// Waits until it shows whom the next request is for; false also if the client leaves before.
fn is_for_flex(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        if let Some(found) = Addressee::of(buffer) {
            return Ok(found == Addressee::Flex);
        }
        if !read_more(stream, buffer)? {
            return Ok(false);
        }
    }
}

/// False if there is no more.
fn read_more(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut bytes = [0; 8 * 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(read) => {
                buffer.extend_from_slice(&bytes[..read]);
                return Ok(read > 0);
            }
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
