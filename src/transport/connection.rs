//! A connection to the service, plain or TLS, that carries one round trip at a time.

use std::io::{BufRead, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConnection;

use super::http1::Stream;
use super::socket::{DeadlineSocket, Socket, State};
use super::tls::{failure_of_io, rustls_failure};
use super::{Phase, RoundTrip};
use crate::error::Error;
use std::process;

/// How often a server's unasked records are taken in before a connection is given up.
const MAX_RECORDS_BETWEEN: usize = 8;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Arc<Socket>,
    /// The peer: the service, or the proxy.
    pub(super) address: SocketAddr,
    /// The process that opened it.
    pub(super) opened_by: u32,
    tls: Option<Box<ClientConnection>>,
}

impl Connection {
    pub(super) fn new(
        socket: Arc<Socket>,
        address: SocketAddr,
        tls: Option<ClientConnection>,
    ) -> Self {
        Self { socket, address, opened_by: process::id(), tls: tls.map(Box::new) }
    }

    /// The connection in the hands of one round trip.
    pub(super) fn for_round_trip<'a>(&'a mut self, round_trip: &'a RoundTrip) -> InRoundTrip<'a> {
        InRoundTrip { connection: self, round_trip }
    }

    /// True if nothing speaks against a new round trip: nothing was received and nothing ended.
    /// In TLS a server may have sent what is no response, such as the tickets that follow a
    /// handshake; that is taken in.
    pub(super) fn is_reusable(&mut self) -> bool {
        for _ in 0..MAX_RECORDS_BETWEEN {
            match (self.socket.state(), &mut self.tls) {
                (State::Idle, _) => return true,
                (State::Ended, _) | (State::Readable, None) => return false,
                (State::Readable, Some(tls)) => {
                    if !matches!(tls.read_tls(&mut &*self.socket), Ok(1..)) || !self.is_clean() {
                        return false;
                    }
                }
            }
        }
        false
    }

    /// True if the last round trip left nothing behind inside TLS and the peer has not said
    /// goodbye: a close_notify without a FIN would pass the socket's own probe.
    pub(super) fn is_clean(&mut self) -> bool {
        let Some(tls) = &mut self.tls else { return true };
        tls.process_new_packets()
            .is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed())
    }
}

/// A connection in the hands of one round trip, which is told how far it comes.
pub(super) struct InRoundTrip<'a> {
    connection: &'a mut Connection,
    round_trip: &'a RoundTrip,
}

impl Stream for InRoundTrip<'_> {
    /// The hand-over begins here, above TLS: everything before is connecting, and from here on
    /// the request may have reached Flex.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let round_trip = self.round_trip;
        if round_trip.is_aborted() {
            return Err(Error::aborted());
        }
        round_trip.enter(Phase::Sending);
        let Connection { socket, tls, .. } = &mut *self.connection;
        let mut stream = DeadlineSocket { socket, round_trip, deadline: round_trip.deadline };
        let Some(tls) = tls else { return stream.send_all(bytes) };
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = tls.writer().write(rest).map_err(failure_of_io)?;
            rest = &rest[taken..];
            while tls.wants_write() {
                tls.write_tls(&mut stream).map_err(failure_of_io)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        let round_trip = self.round_trip;
        let Connection { socket, tls, .. } = &mut *self.connection;
        let stream = DeadlineSocket { socket, round_trip, deadline: round_trip.deadline };
        let count = match tls {
            None => stream.receive_into(buffer)?,
            Some(tls) => receive_tls(tls, stream, buffer)?,
        };
        if count > 0 {
            round_trip.enter(Phase::Reading);
        }
        Ok(count)
    }
}

fn receive_tls(
    tls: &mut ClientConnection,
    mut stream: DeadlineSocket<'_>,
    buffer: &mut Vec<u8>,
) -> Result<usize, Error> {
    loop {
        match tls.reader().fill_buf() {
            Ok(bytes) => {
                let count = bytes.len();
                buffer.extend_from_slice(bytes);
                tls.reader().consume(count);
                return Ok(count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(failure_of_io(error)),
        }
        while tls.wants_write() {
            tls.write_tls(&mut stream).map_err(failure_of_io)?;
        }
        tls.read_tls(&mut stream).map_err(failure_of_io)?;
        tls.process_new_packets().map_err(rustls_failure)?;
    }
}
