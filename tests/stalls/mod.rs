//! Servers that stall a call in one of its phases, each in its own way.

#![allow(dead_code, reason = "the tests and the benchmark each use their own part of this")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use flexcancel::{Client, Config};
use serde_json::json;

/// A client of such a server.
pub fn client(scheme: &str, address: SocketAddr, timeout: Duration) -> Client {
    client_that_connects_for(scheme, address, timeout, Duration::from_secs(5))
}

/// The same, with a limit to each try at connecting.
pub fn client_that_connects_for(
    scheme: &str,
    address: SocketAddr,
    timeout: Duration,
    connect_timeout: Duration,
) -> Client {
    let config = json!({
        "connect_timeout_ms": connect_timeout.as_millis() as u64,
        "api_key": "fsk_test_hunter2",
        "base_url": format!("{scheme}://{address}"),
        "timeout_ms": timeout.as_millis() as u64,
        "trust": "bundled",
    });
    Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap()
}

/// What a server does with a connection, after or before telling that it has come that far.
pub type Serve = fn(TcpStream, &Sender<()>);

/// A server that does the same to every connection, after telling that it has one. It ends with
/// the test's process.
pub fn server(serve: Serve) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, tells) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let told = told.clone();
            thread::spawn(move || serve(stream.unwrap(), &told));
        }
    });
    (address, tells)
}

fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        request.push(byte[0]);
    }
}

/// Waits until the peer is gone.
fn hold(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 1024]);
    while stream.read(&mut [0; 1024]).unwrap_or(0) > 0 {}
}

pub fn accepts_and_stalls(stream: TcpStream, told: &Sender<()>) {
    let _ = told.send(());
    hold(stream);
}

pub fn reads_and_stalls(mut stream: TcpStream, told: &Sender<()>) {
    read_request(&mut stream);
    let _ = told.send(());
    hold(stream);
}

pub fn answers_in_part(mut stream: TcpStream, told: &Sender<()>) {
    read_request(&mut stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"checkout_");
    let _ = told.send(());
    hold(stream);
}

/// Sends a byte every 20 ms for as long as somebody reads.
fn drips(mut stream: TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().chain(std::iter::repeat(&b' ')) {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

pub fn drips_a_head(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    drips(stream, b"HTTP/1.1 200 OK\r\nX-Long: ");
}

pub fn drips_a_body(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    drips(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{");
}

pub fn answers_unavailable(mut stream: TcpStream, told: &Sender<()>) {
    let head = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nRetry-After:";
    loop {
        read_request(&mut stream);
        let _ = told.send(());
        if stream.write_all(format!("{head} 3600\r\n\r\n").as_bytes()).is_err() {
            return;
        }
    }
}

pub fn answers_too_many(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    let head = "HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nRetry-After: 3600\r\n\r\n";
    let _ = stream.write_all(head.as_bytes());
    hold(stream);
}

pub fn sends_interim_answers(mut stream: TcpStream, _: &Sender<()>) {
    read_request(&mut stream);
    while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}

/// An address where connecting hangs: a listener that accepts nothing and whose queue is full.
pub fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wait = Duration::from_millis(100);
    let queued: Vec<_> = std::iter::from_fn(|| TcpStream::connect_timeout(&address, wait).ok())
        .take(10_000)
        .collect();
    assert!(queued.len() < 10_000, "the queue never fills");
    (address, listener, queued)
}

pub fn drops_the_answer_then_stalls(mut stream: TcpStream, told: &Sender<()>) {
    let mut method = [0; 4];
    let _ = stream.read_exact(&mut method);
    read_request(&mut stream);
    if method == *b"GET " {
        let _ = told.send(());
        hold(stream);
    }
}

pub fn is_unavailable_for_ten_seconds(mut stream: TcpStream, told: &Sender<()>) {
    loop {
        read_request(&mut stream);
        let head = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\n\r\n";
        if stream.write_all(head.as_bytes()).is_err() {
            return;
        }
        let _ = told.send(());
    }
}

pub fn is_unavailable(mut stream: TcpStream, _: &Sender<()>) {
    loop {
        read_request(&mut stream);
        let answer = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n";
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}
