use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::phase::Phase;
use crate::transport::RoundTrip;
use crate::transport::connection::Connection;
use crate::transport::race;

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// What is made of the bytes, which come in pieces of this size, and then the connection ends.
fn read(bytes: &[u8], piece: usize) -> Result<Incoming, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bytes = bytes.to_vec();
    let server = thread::spawn(move || {
        let mut stream: TcpStream = listener.accept().unwrap().0;
        stream.set_nodelay(true).unwrap();
        stream.read_exact(&mut [0; REQUEST.len()]).unwrap();
        // The client stops reading where it has seen enough.
        let _ = bytes.chunks(piece).try_for_each(|piece| stream.write_all(piece));
    });
    let minute = Duration::from_secs(60);
    let round_trip = RoundTrip::new(Instant::now(), Instant::now() + minute, minute, None);
    let (socket, _) = race::connect(&[address], &round_trip, round_trip.connect_by()).unwrap();
    let mut connection = Connection::new(socket, address, None);
    let mut stream = connection.for_round_trip(&round_trip);
    let request = Request::get("/").header("Host", "x").body(()).unwrap();
    let pending = Outgoing::new(request, None).unwrap().send(&mut stream);
    let response = pending.and_then(|pending| pending.receive(&mut stream));
    server.join().unwrap();
    assert!(bytes_came(&round_trip) || response.is_err());
    response
}

fn bytes_came(round_trip: &RoundTrip) -> bool {
    round_trip.phase() == Phase::Reading
}

#[test]
fn an_answer_is_read_however_it_is_framed_and_cut_into_pieces() {
    let long = "x".repeat(20_000);
    let with_long = format!("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n{long}");
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n";
    let in_chunks = format!("{chunked}2;ext=\"1\"\r\n{{}}\r\n4e20 \r\n{long}\r\n0\r\nT: x\r\n\r\n");
    for (response, status, body, is_reusable) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 200\r\ncontent-length:2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", 204, "", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1", 200, "{}", false),
        (
            "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\n{}",
            200,
            "{}",
            false,
        ),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", false),
        (
            "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 503 B\r\nContent-Length: 0\r\n\r\n",
            503,
            "",
            true,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.0 401 No\r\n\r\n{}", 401, "{}", false),
        ("HTTP/1.1 200 OK\r\nX: y\r\n\r\n{}", 200, "{}", false),
        ("HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 200 OK\r\nX Store: 1\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", true),
        (
            "HTTP/1.1 100 C\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            200,
            "{}",
            true,
        ),
        (&with_long, 200, &long, true),
        (&in_chunks, 200, &format!("{{}}{long}"), true),
        (&format!("{in_chunks}x"), 200, &format!("{{}}{long}"), false),
    ] {
        for piece in [usize::MAX, 4_096, 7] {
            let read = read(response.as_bytes(), piece)
                .unwrap_or_else(|error| panic!("{response}: {error}"));
            assert_eq!(read.head.status().as_u16(), status, "{response}");
            assert_eq!(read.body, body.as_bytes(), "{response}");
            // Surplus that has not come yet is found by the probe before the next round trip.
            let is_as_owed = read.is_reusable == is_reusable || piece == 7 && !is_reusable;
            assert!(is_as_owed, "{response} in pieces of {piece}");
        }
    }
}

#[test]
fn an_answer_that_is_not_quite_one_is_refused() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n{{}}\r\n\r\n");
    let chunks =
        |rest: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{rest}");
    let flood: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    let long = format!("X: {}", "y".repeat(MAX_HEAD_BYTES));
    for (response, why) in [
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "no proper HTTP"),
        ("HTTP/2 200 OK\r\n\r\n".to_owned(), "no proper HTTP"),
        ("HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n".to_owned(), "no proper HTTP"),
        ("HTTP/1.1 101 Switching\r\nContent-Length: 0\r\n\r\n".to_owned(), "another protocol"),
        (head("Content-Length: 2\r\nContent-Length: 3"), "no proper HTTP"),
        (head("Content-Length: 2, 3"), "no proper HTTP"),
        (head("Content-Length: +2"), "no proper HTTP"),
        (head("Content-Length: -2"), "no proper HTTP"),
        (head("Content-Length: 0x2"), "no proper HTTP"),
        (head("Content-Length:"), "no proper HTTP"),
        (head("Content-Length: 1048577"), "longer than 1048576"),
        (head("Content-Length: 99999999999999999999999999"), "no proper HTTP"),
        (head("Content-Length: 2\r\nTransfer-Encoding: chunked"), "in two ways"),
        (head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), "not known"),
        (head("Transfer-Encoding: gzip, chunked"), "not known"),
        (head("Transfer-Encoding: identity"), "not known"),
        (head("Content-Length : 2"), "no proper HTTP"),
        (head("X: a\r\n Content-Length: 2"), "no proper HTTP"),
        (head("X: a\0b\r\nContent-Length: 2"), "no proper HTTP"),
        (head(&flood), "no proper HTTP"),
        (head(&long), "head of the response is too long"),
        (chunks("2\r\n{}x\r\n0\r\n\r\n"), "cannot be read"),
        (chunks("2\r\n{}\n0\r\n\r\n"), "cannot be read"),
        (chunks("2\n{}\r\n0\r\n\r\n"), "cannot be read"),
        (chunks("x\r\n{}\r\n0\r\n\r\n"), "cannot be read"),
        (chunks("-2\r\n{}\r\n0\r\n\r\n"), "cannot be read"),
        (chunks("\r\n{}\r\n0\r\n\r\n"), "cannot be read"),
        (chunks("ffffffffffffffffff\r\n"), "cannot be read"),
        (chunks(&format!("2;{}\r\n", "x".repeat(2_000))), "cannot be read"),
    ] {
        for piece in [usize::MAX, 5] {
            let failure =
                read(response.as_bytes(), piece).err().unwrap_or_else(|| panic!("{response}"));
            assert_eq!(failure.code, Code::Protocol, "{response}: {failure}");
            assert!(failure.message.contains(why), "{response}: {failure}");
        }
    }
}

#[test]
fn an_answer_cut_at_any_byte_is_a_lost_connection() {
    for response in [
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nT: x\r\n\r\n",
    ] {
        for cut in 0..response.len() {
            let failure = read(&response.as_bytes()[..cut], usize::MAX).err().unwrap();
            assert_eq!(failure.code, Code::ConnectionLost, "cut at {cut}: {failure}");
        }
        assert!(read(response.as_bytes(), usize::MAX).is_ok());
    }
}

#[test]
fn interim_answers_and_chunks_without_end_are_ended_here() {
    let interim = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n".repeat(100_000);
    let failure = read(interim.as_bytes(), usize::MAX).err().unwrap();
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (Code::Protocol, "the response is too long")
    );
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
        + &format!("ffff\r\n{}\r\n", "x".repeat(0xffff)).repeat(17);
    let failure = read(chunks.as_bytes(), usize::MAX).err().unwrap();
    assert!(failure.message.contains("longer than 1048576"), "{failure}");
}

#[test]
fn the_key_is_put_into_the_head_after_the_engine_has_written_it() {
    let secret = Secret::new("fsk_test_hunter2".to_owned());
    let bearer = format!("Bearer {}", secret.placeholder());
    let request = Request::post("/x?y=z").header("Authorization", bearer);
    let request = request.header("Content-Length", "0").body(()).unwrap();
    let outgoing = Outgoing::new(request, Some(&secret)).unwrap();
    let head = String::from_utf8_lossy(&outgoing.head).into_owned();
    let expected = "POST /x?y=z HTTP/1.1\r\nauthorization: Bearer fsk_test_hunter2\r\n\
                    content-length: 0\r\n\r\n";
    assert!(head == expected, "{}", secret.redact(head));
    let without =
        Outgoing::new(Request::get("/x").header("Host", "x").body(()).unwrap(), Some(&secret));
    assert_eq!(without.err().unwrap().code, Code::Internal);
}
