//! The server that every contender talks to: HTTP/1.1 with keep-alive, plain and TLS, on loopback.
//!
//! `compare-server CANCEL_JSON EXPIRE_JSON CA_OUT` prints its two ports, plain and TLS, and serves
//! until its input ends. It decides nothing: `…/cancel` and `…/expire` have one fixed answer each,
//! prepared as one buffer, so that what is measured is the client. Before the path may stand
//! `/SIZE`, which has the answer of a cancel padded to so many bytes.

mod answers;
mod certificate;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::{env, fs, thread};

use answers::Answers;
use rustls::{ServerConnection, StreamOwned};

/// Heads that are longer are refused by closing the connection.
const MOST_REQUEST_BYTES: usize = 16 * 1024;
/// A thread for each connection, thousands of them idle.
const STACK_BYTES: usize = 256 * 1024;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [cancel, expire, ca_out] = arguments.as_slice() else {
        return Err(io::Error::other("expected CANCEL_JSON EXPIRE_JSON CA_OUT"));
    };
    let answers = Arc::new(Answers::new(fs::read(cancel)?, fs::read(expire)?));
    let (ca, config) = certificate::server_config()?;
    fs::write(ca_out, ca)?;

    let plain = TcpListener::bind("127.0.0.1:0")?;
    let tls = TcpListener::bind("127.0.0.1:0")?;
    println!("{} {}", plain.local_addr()?.port(), tls.local_addr()?.port());

    let for_plain = Arc::clone(&answers);
    accept(plain, move |stream| serve(stream, &for_plain));
    accept(tls, move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        serve(StreamOwned::new(connection, stream), &answers)
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

fn accept<Serve>(listener: TcpListener, serve: Serve)
where
    Serve: Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
{
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            let connection = move || {
                // A client that goes away is no trouble of the server's.
                let _ = stream.set_nodelay(true).and_then(|()| serve(stream));
            };
            let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(connection);
            if let Err(error) = thread {
                eprintln!("compare-server: no thread for a connection: {error}");
            }
        }
    });
}

fn serve(mut stream: impl Read + Write, answers: &Answers) -> io::Result<()> {
    let mut request = Vec::with_capacity(MOST_REQUEST_BYTES);
    let mut chunk = [0; 4096];
    loop {
        let Some((head, whole)) = request_length(&request) else {
            let count = stream.read(&mut chunk)?;
            if count == 0 || request.len() + count > MOST_REQUEST_BYTES {
                return Ok(());
            }
            request.extend_from_slice(&chunk[..count]);
            continue;
        };
        let answer = answers.to(&request[..head]);
        stream.write_all(&answer)?;
        stream.flush()?;
        request.drain(..whole);
    }
}

/// The lengths of the head and of the whole request, once all of it is there.
fn request_length(request: &[u8]) -> Option<(usize, usize)> {
    const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
    let head = request.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let body = &request[head..];
    let length = if header(&request[..head], b"transfer-encoding:").is_some() {
        // stripe-go sends even an empty body in chunks.
        let last = body.windows(LAST_CHUNK.len()).position(|chunk| chunk == LAST_CHUNK)?;
        last + LAST_CHUNK.len()
    } else {
        header(&request[..head], b"content-length:").and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    (body.len() >= length).then_some((head, head + length))
}

fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let value = |line: &'a [u8]| {
        let named = line.get(..name.len())?.eq_ignore_ascii_case(name);
        named.then(|| str::from_utf8(&line[name.len()..]).ok().map(str::trim))?
    };
    lines.find_map(value)
}
