//! What a call costs, counted and not timed: instructions, allocations, memory, threads. System
//! calls are counted in tests/process.rs, the size of the library in .ci/check-library.
//!
//! Measured is the library that `cargo test` builds: optimized in part, and with its assertions.
//! A release, which is built for size, needs about as many instructions, and the same of all else.

mod native;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use flex_sandbox::{CreateParams, Options, Sandbox};
use native::{Scratch, Under, run_tool, said};
use serde_json::json;

/// The session in the official page's example of a response.
const SESSION: &str = "obj_01EXAMPLE00000000000000000";
const ANSWER: &str = include_str!("data/response-example.json");

/// A warm plain call, from the exported function to its return: what it is, 129,000, and a little
/// for other compilers. Half of them read and write JSON.
const MOST_INSTRUCTIONS: u64 = 134_000;
/// 26, and one.
const MOST_ALLOCATIONS: u64 = 27;
const MOST_BYTES_PLAIN: u64 = 4 * 1024;
const MOST_BYTES_TLS: u64 = 32 * 1024;

/// A server that gives the official page's answer to every request, in one piece.
fn official() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Its Date is that of the request: with another, it would be a stored response.
    let answer = || {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_1\r\n\
             Date: {}\r\nContent-Length: {}\r\n\r\n{ANSWER}",
            httpdate::fmt_http_date(SystemTime::now()),
            ANSWER.len()
        )
    };
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                // A request is one small segment, and the next comes after the response.
                while stream.read(&mut [0; 4096]).unwrap_or(0) > 0 {
                    if stream.write_all(answer().as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// The three numbers of tests/c/cost.c.
fn counted(scratch: &Scratch, config: &serde_json::Value, session: &str) -> [u64; 3] {
    let mut command = scratch.compile_test("cost").command(Under::Nothing);
    let output = command.args([&config.to_string(), session, "100"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let numbers = String::from_utf8(output.stdout).unwrap();
    println!("allocations, bytes of a client, with a connection: {numbers}");
    let numbers: Vec<u64> = numbers.split_whitespace().map(|n| n.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// The official page is of live mode.
fn plain_config() -> serde_json::Value {
    json!({ "api_key": "fsk_live_hunter2", "base_url": official() })
}

#[test]
fn a_warm_plain_call_takes_few_allocations_and_its_client_little_memory() {
    let scratch = Scratch::new("cost-plain");
    let [allocations, client, connected] = counted(&scratch, &plain_config(), SESSION);
    assert!(allocations <= MOST_ALLOCATIONS, "{allocations} allocations");
    assert!(client <= connected && connected <= MOST_BYTES_PLAIN, "{client}, then {connected}");
}

#[test]
fn a_client_with_a_tls_connection_takes_little_memory() {
    let sandbox = Sandbox::start(Options { tls: true, ..Options::default() }).unwrap();
    let session = sandbox.create(&CreateParams::default());
    sandbox.pay(&session).unwrap();
    let scratch = Scratch::new("cost-tls");
    let ca_file = scratch.write("ca.pem", sandbox.ca_pem().unwrap());
    let config = json!({
        "api_key": "fsk_test_hunter2", "base_url": sandbox.url(), "ca_file": ca_file,
    });
    let [_, client, connected] = counted(&scratch, &config, &session);
    assert!(client <= connected && connected <= MOST_BYTES_TLS, "{client}, then {connected}");
}

#[test]
fn a_warm_plain_call_takes_few_instructions() {
    let scratch = Scratch::new("cost-instructions");
    let cost = scratch.compile_test("cost");
    let file = scratch.path("callgrind");
    let instructions = |calls: u32| {
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--toggle-collect=flexcancel_client_cancel"])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(cost.path())
            .args([&plain_config().to_string(), SESSION, &calls.to_string()]);
        let output = run_tool(&mut command, "valgrind");
        assert!(output.status.success(), "{}", said(&output));
        let profile = scratch.read("callgrind");
        let total = profile.lines().find_map(|line| line.strip_prefix("totals: "));
        total.expect("the profile's total").trim().parse::<u64>().unwrap()
    };
    // What the two runs share, such as the calls that open a connection, falls out.
    let (few, many) = (instructions(10), instructions(110));
    let each = (many - few) / 100;
    println!("instructions of a warm call: {each}");
    assert!(each <= MOST_INSTRUCTIONS, "{each} instructions");
}
