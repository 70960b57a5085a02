//! examples/abort.cpp: a thread for the call, and Enter to end the wait.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flex_sandbox::{Fault, Hold, How, Injection, Options, Sandbox};

use super::{KEY, assert_released_once, held};
use crate::native::{Program, Scratch, Under, said};

/// Each way in which tills are built.
const WAYS: [(&str, &[&str]); 3] = [
    ("g++", &["-std=c++17"]),
    ("g++", &["-std=c++17", "-fno-exceptions", "-fno-rtti"]),
    ("clang++", &["-std=c++17"]),
];

const VOIDED: &str =
    "VOIDED: Flex has canceled the authorization; the bank may show it for some days.";

fn each_way(test: &str, work: impl Fn(Command)) {
    let scratch = Scratch::new(test);
    for (compiler, arguments) in WAYS {
        let mut compiler = Command::new(compiler);
        let compiler = compiler.args(arguments);
        let program: Program = scratch.compile_by(compiler, "examples/abort.cpp", "g++ clang");
        Under::each().into_iter().for_each(|under| work(program.command(under)));
    }
}

fn at<'a>(till: &'a mut Command, sandbox: &Sandbox, id: &str) -> &'a mut Command {
    till.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", sandbox.url()).arg(id)
}

#[test]
fn given_a_slow_response_when_nobody_aborts_then_the_screen_goes_on_until_it_is_voided() {
    each_way("abort_slow", |mut till| {
        let latency = Duration::from_millis(900);
        let sandbox = Sandbox::start(Options { latency, ..Options::default() }).expect("a sandbox");
        let id = held(&sandbox);
        let output = at(&mut till, &sandbox, &id).stdin(Stdio::null()).output().expect("it runs");
        let shown = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<&str> = shown.lines().collect();
        let [screen, outcome] = lines[..] else { panic!("{}", said(&output)) };
        let dots = screen.strip_prefix("VOIDING (Enter: stop waiting) ").expect("the screen");
        assert!(dots.len() >= 3 && dots.chars().all(|it| it == '.'), "{shown}");
        assert_eq!((outcome, output.status.code()), (VOIDED, Some(0)), "{}", said(&output));
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(log.starts_with("abort: ok: ") && log.contains(&id), "{log}");
        assert!(!log.contains("hunter2") && !log.contains("john.doe"), "{log}");
        assert_released_once(&sandbox, &id);
    });
}

#[test]
fn given_a_response_that_never_comes_when_enter_is_pressed_then_the_void_is_pending() {
    each_way("abort_pressed", |mut till| {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        let id = held(&sandbox);
        sandbox.inject_as(Injection::of(Fault::DropAnswer { how: How::Stall }).times(u32::MAX));
        let started = Instant::now();
        let streams = at(&mut till, &sandbox, &id).stdin(Stdio::piped());
        let streams = streams.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = streams.spawn().expect("it starts");
        let mut screen = running.stdout.take().expect("its screen");
        while sandbox.requests().is_empty() {
            std::thread::yield_now();
        }
        // The call is under way, and cannot end by itself: what is shown now is shown beside it.
        let mut dots = [0; "VOIDING (Enter: stop waiting) ...".len()];
        screen.read_exact(&mut dots).expect("three dots");
        assert!(dots.ends_with(b" ..."), "{}", String::from_utf8_lossy(&dots));
        running.stdin.take().expect("its keys").write_all(b"\n").expect("a key");
        let mut shown = String::new();
        screen.read_to_string(&mut shown).expect("UTF-8");
        let output = running.wait_with_output().expect("its end");
        let lines: Vec<&str> = shown.trim_start_matches('.').trim_start().lines().collect();
        let [outcome, repeat] = lines[..] else { panic!("{shown} {}", said(&output)) };
        assert_eq!(outcome, "VOID PENDING: promise the shopper nothing yet.");
        assert!(repeat.contains(r#""in_doubt":true"#), "{repeat}");
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("abort: aborted: "), "{}", said(&output));
        assert!(started.elapsed() < Duration::from_secs(25), "long before the deadline of 30 s");
        let truth = sandbox.ground_truth(&id).expect("the sandbox knows its sessions");
        assert_eq!(truth.hold, Hold::Released, "the request had arrived");
    });
}

#[test]
fn given_wrong_usage_or_configuration_then_it_says_so() {
    each_way("abort_usage", |mut till| {
        let output = till.arg("x").output().expect("it runs");
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        till.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", "http://example.com");
        let output = till.stdin(Stdio::null()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("abort: invalid_config: base_url"), "{}", said(&output));
    });
}
