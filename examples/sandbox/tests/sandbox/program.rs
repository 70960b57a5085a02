//! The program `flex-sandbox`.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flex-sandbox");
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends a program that the test left running.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn spawn(command: &mut Command) -> (Running, BufReader<std::process::ChildStdout>, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let child = Running(child);
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    (child, out, line)
}

fn port_in(line: &str, scheme: &str) -> u16 {
    let url = line.strip_prefix("listening on ").expect(line).trim_end();
    let port = url.strip_prefix(&format!("{scheme}://127.0.0.1:")).expect(line);
    port.parse().expect(line)
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn bad_arguments_are_named_with_what_was_expected() {
    for (arguments, expected) in [
        (&["--port", "x"][..], "--port: expected a port, 0 to 65535, not `x`"),
        (&["--dialect", "key=lost"], "--dialect: key: expected honoured, ignored"),
        (&["--nonsense"], "--nonsense: no such option"),
        (&["--tls"], "--tls: expected --ca-out FILE"),
        (&["--rate-limit", "0"], "--rate-limit: expected requests per second, 1 to 4294967295"),
        (&["--rate-limit-silent"], "--rate-limit-silent: expected --rate-limit N beside it"),
        (&["--latency-ms", "fast"], "--latency-ms: expected milliseconds"),
    ] {
        let output = run(arguments);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(expected), "{complaint}");
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn a_port_that_is_taken_or_a_file_that_cannot_be_written_is_said_and_exits_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--port", &port]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
    assert!(String::from_utf8(output.stderr).unwrap().contains(&port));

    let output = run(&["--tls", "--ca-out", "/nonexistent/ca.pem"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--ca-out"));
}

#[test]
fn help_and_version_are_for_people() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for needed in ["--port", "--ca-out", "/v1/checkout/sessions/ID/cancel", "curl", "/pay"] {
        assert!(help.contains(needed), "{needed}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100));
    let output = run(&["--version"]);
    let version = concat!("flex-sandbox ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
}

#[test]
fn it_prints_one_line_serves_and_ends_by_signal() {
    let mut command = Command::new(PROGRAM);
    command.args(["--test-key", "fsk_test_secret", "--error-shape=message"]);
    command.stderr(Stdio::piped());
    let (mut child, mut out, line) = spawn(&mut command);
    let port = port_in(&line, "http");
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let reply = Client::over(stream).get("/v1/checkout/sessions/x");
    assert_eq!(reply.status, 404);
    assert!(reply.json()["message"].is_string());

    let kill = Command::new("kill").arg(child.0.id().to_string()).status().unwrap();
    assert!(kill.success());
    let status = child.0.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    child.0.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "it says nothing else");
}

#[test]
fn the_rate_limit_and_the_latency_are_switched_on_by_name_and_counted_over_http() {
    let mut command = Command::new(PROGRAM);
    command.args(["--rate-limit", "1000", "--latency-ms", "60"]);
    let (_child, _out, line) = spawn(&mut command);
    let stream = TcpStream::connect(("127.0.0.1", port_in(&line, "http"))).unwrap();
    let mut client = Client::over(stream);
    let started = Instant::now();
    let reply = client.get("/v1/checkout/sessions/x");
    assert!(started.elapsed() >= Duration::from_millis(60), "{:?}", started.elapsed());
    assert_eq!(reply.header("ratelimit-limit"), Some("1000"));
    assert_eq!(reply.header("ratelimit-remaining"), Some("999"));
    let counts = client.get("/__sandbox/counts").json();
    assert_eq!((&counts["retrieve"], &counts["rate_limited"]), (&json!(1), &json!(0)));
}

#[test]
fn it_listens_on_the_address_that_it_is_given_and_on_no_other() {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.2"]);
    let (_child, _out, line) = spawn(&mut command);
    let port = line.trim_end().strip_prefix("listening on http://127.0.0.2:").expect(&line);
    let port: u16 = port.parse().unwrap();
    let mut client = Client::over(TcpStream::connect(("127.0.0.2", port)).unwrap());
    assert_eq!(client.request("GET", "/", &[], "").status, 200);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_authoritys_certificate_is_there_when_the_line_is() {
    let file = std::env::temp_dir().join(format!("flex-sandbox-{}.pem", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let mut command = Command::new(PROGRAM);
    command.arg("--tls").arg("--ca-out").arg(&file);
    let (_child, _out, line) = spawn(&mut command);
    let pem = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    port_in(&line, "https");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert!(!pem.contains("PRIVATE"));
}

#[test]
fn it_ends_when_its_parent_ends() {
    // `wait` keeps the shell from replacing itself with the program.
    let mut command = Command::new("sh");
    command.args(["-c", "\"$0\" & wait", PROGRAM]);
    let (mut shell, mut out, line) = spawn(&mut command);
    let port = port_in(&line, "http");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());

    shell.0.kill().unwrap();
    shell.0.wait().unwrap();
    wait_until("the port is still open", || TcpStream::connect(("127.0.0.1", port)).is_err());
    // Its end of the pipe closes when the process is gone.
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = done.send(out.read_to_end(&mut rest).map(|_| rest));
    });
    let rest = ended.recv_timeout(PATIENCE).expect("the program still runs").unwrap();
    assert_eq!(rest, b"");
}
