//! The library as a guest in somebody else's process: forks, signals, threads, descriptors.

mod native;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
use flexcancel::outbox::{OpenOptions, Outbox};
use flexcancel::{Client, Config};
use native::{Scratch, run_tool, said};

fn start() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

fn held(sandbox: &Sandbox, count: usize) -> Vec<String> {
    let one = |_| {
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).unwrap();
        id
    };
    (0..count).map(one).collect()
}

/// Each session was canceled, by one request.
fn assert_canceled_once(sandbox: &Sandbox, ids: &[String]) {
    for id in ids {
        let truth = sandbox.ground_truth(id).unwrap();
        let applied = (truth.hold, truth.cancels_applied.len(), truth.cancels_received);
        assert_eq!(applied, (Hold::Released, 1, 1), "{id}");
    }
}

fn assert_content(output: &std::process::Output) {
    let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
    assert!(output.status.success() && is_silent, "{}", said(output));
}

#[test]
fn given_a_fork_when_both_sides_cancel_then_the_child_has_a_connection_of_its_own() {
    let scratch = Scratch::new("fork");
    let fork = scratch.compile_test("fork");
    for under in native::Under::each() {
        let sandbox = start();
        let ids = held(&sandbox, 3);
        let output = fork.command(under).arg(sandbox.url()).args(&ids).output().unwrap();
        assert_content(&output);
        assert_canceled_once(&sandbox, &ids);
        let on: Vec<u64> = sandbox.requests().iter().map(|request| request.connection).collect();
        assert_eq!(on, [1, 2, 1], "parent, child, and the parent on its old connection");
    }
}

#[test]
fn given_forks_beside_threads_in_the_library_when_the_children_use_it_then_none_hangs() {
    let scratch = Scratch::new("fork_busy");
    let fork_busy = scratch.compile_test("fork_busy");
    let sandbox = start();
    let ids = held(&sandbox, 100);
    let file = scratch.path("outbox.db");
    let mut command = fork_busy.command(native::Under::Nothing);
    let output = command.arg(sandbox.url()).arg(&file).args(&ids).output().unwrap();
    assert_content(&output);
    assert_canceled_once(&sandbox, &ids);
    let config = format!(r#"{{"api_key":"fsk_test_1","base_url":"{}"}}"#, sandbox.url());
    let client = Client::new(&Config::from_json(&config).unwrap()).unwrap();
    let outbox = Outbox::open(Arc::new(client), &OpenOptions::new(&file)).unwrap();
    let counts = outbox.stats().outbox.unwrap().counts.unwrap();
    // One of each child, and the parent's two.
    assert_eq!(counts.pending, 102, "{counts:?}");
}

#[test]
fn given_a_warm_up_before_and_after_a_fork_when_canceled_then_each_side_uses_its_own() {
    let scratch = Scratch::new("warm_up");
    let warm_up = scratch.compile_test("warm_up");
    for under in native::Under::each() {
        let sandbox = start();
        let ids = held(&sandbox, 2);
        let output = warm_up.command(under).arg(sandbox.url()).args(&ids).output().unwrap();
        assert_content(&output);
        assert_canceled_once(&sandbox, &ids);
        let on: Vec<u64> = sandbox.requests().iter().map(|request| request.connection).collect();
        assert_eq!((on, sandbox.connections()), (vec![2, 1], 2), "child, then parent");
    }
}

#[test]
fn given_a_signal_each_millisecond_when_canceled_then_no_wait_notices() {
    let scratch = Scratch::new("signals");
    let signals = scratch.compile_test("signals");
    let sandbox = start();
    let ids = held(&sandbox, 400);
    let mut command = signals.command(native::Under::Nothing);
    let output = command.arg(sandbox.url()).args(&ids).output().unwrap();
    assert_content(&output);
    assert_canceled_once(&sandbox, &ids);
}

#[test]
fn given_no_free_descriptor_when_canceled_then_nothing_is_sent_and_with_one_it_works() {
    let scratch = Scratch::new("descriptors");
    let descriptors = scratch.compile_test("descriptors");
    let sandbox = start();
    let ids = held(&sandbox, 1);
    let mut command = descriptors.command(native::Under::Nothing);
    let output = command.arg(sandbox.url()).args(&ids).output().unwrap();
    assert_content(&output);
    assert_canceled_once(&sandbox, &ids);
    assert_eq!(sandbox.connections(), 1);
}

#[test]
fn given_closed_standard_streams_when_canceled_then_nothing_of_the_library_takes_their_place() {
    let scratch = Scratch::new("standard_streams");
    let streams = scratch.compile_test("standard_streams");
    let options = Options { tls: true, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let ids = held(&sandbox, 2);
    let key = scratch.write("key", "fsk_test_hunter2");
    let ca = scratch.write("ca.pem", sandbox.ca_pem().unwrap());
    let mut command = streams.command(native::Under::Nothing);
    command.args([sandbox.url().as_ref(), key.as_os_str(), ca.as_os_str()]);
    let output = command.arg(scratch.path("outbox.db")).args(&ids).output().unwrap();
    assert_content(&output);
    assert_canceled_once(&sandbox, &ids);
}

#[test]
fn given_calls_under_way_when_the_host_exits_then_it_just_ends() {
    let scratch = Scratch::new("exit");
    let exit = scratch.compile_test("exit");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut command = exit.command(native::Under::Nothing);
    command.args([&url, "fcs_1"]).stdin(Stdio::piped());
    let mut host = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let callers: Vec<TcpStream> = (0..4)
        .map(|_| {
            let (mut stream, _) = silent.accept().unwrap();
            assert!(stream.read(&mut [0; 16]).unwrap() > 0, "the cancel was sent");
            stream
        })
        .collect();
    host.stdin.as_mut().unwrap().write_all(b"x").unwrap();
    assert_content(&host.wait_with_output().unwrap());
    drop(callers);
}

/// The system calls of the second of two cancels, by name.
fn calls_of_the_second(trace: &str) -> Vec<&str> {
    let begin = trace.find("[the second begins]").expect("the first mark");
    let end = trace.find("[the second ends]").expect("the second mark");
    trace[begin..end]
        .lines()
        .skip(1)
        .filter_map(|line| {
            // With -f -o each line begins with the number of its process.
            Some(
                line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
                    .split_once('(')?
                    .0,
            )
        })
        .filter(|name| *name != "write")
        .collect()
}

#[test]
fn given_a_warm_client_when_canceled_then_no_thread_no_look_up_no_file_and_few_system_calls() {
    let scratch = Scratch::new("warm");
    let warm = scratch.compile_test("warm");
    let sandbox = start();
    let ids = held(&sandbox, 2);
    let trace = scratch.path("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-o"]).arg(&trace).arg(warm.path()).arg(sandbox.url()).args(&ids);
    let output = run_tool(&mut command, "strace");
    assert!(output.status.success(), "{}", said(&output));
    assert_canceled_once(&sandbox, &ids);
    let trace = scratch.read("trace");
    let calls = calls_of_the_second(&trace);
    println!("system calls of a warm cancel: {calls:?}");
    // The idempotency key, and whether this is still the process that opened the connection. New
    // systems draw the number without a system call.
    let (own, calls): (Vec<&str>, Vec<&str>) =
        calls.into_iter().partition(|name| ["getrandom", "getpid"].contains(name));
    assert!(own == ["getrandom", "getpid"] || own == ["getpid"], "{own:?}");
    // The probe of the connection, the request, the response. The response is awaited for as
    // long as the sandbox thinks, and may come in two pieces.
    let expected = ["recvfrom", "sendto", "recvfrom"];
    let (first, more) = calls.split_at(expected.len().min(calls.len()));
    assert_eq!(first, expected, "{calls:?}");
    assert!(more.is_empty() || more == ["recvfrom"], "{calls:?}");
}
