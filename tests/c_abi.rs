//! C programs against the shared library, with the sandbox as the oracle. `FLEXCANCEL_VALGRIND=1`
//! runs each of them under valgrind as well.

mod native;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox, Scripted, Then};
use flexcancel::{Code, Outcome};
use serde_json::Value;

use native::{Scratch, Under, said};

/// The API key of the programs. Nothing that they or the library print may hold it.
const KEY: &str = "fsk_test_hunter2";

fn start(options: Options) -> Sandbox {
    Sandbox::start(options).expect("a sandbox")
}

/// A session whose money is held.
fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).expect("a new session can be paid");
    id
}

fn many_held(sandbox: &Sandbox, count: usize) -> Vec<String> {
    (0..count).map(|_| held(sandbox)).collect()
}

/// The hold, and how many cancels took effect.
fn ground_truth(sandbox: &Sandbox, id: &str) -> (Hold, usize) {
    let truth = sandbox.ground_truth(id).expect("the sandbox knows its sessions");
    (truth.hold, truth.cancels_applied.len())
}

fn scripted(answer: impl Into<Vec<u8>>, apply: bool, then: Then) -> Scripted {
    Scripted { answer: answer.into(), apply, then }
}

fn assert_no_key(output: &Output) {
    assert!(!said(output).contains("hunter2"), "the API key is shown:\n{}", said(output));
}

/// The test programs say nothing, unless something is wrong.
fn assert_content(output: &Output) {
    assert_no_key(output);
    let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
    assert!(output.status.success() && is_silent, "{}", said(output));
}

#[test]
fn given_a_host_that_gets_every_handle_wrong_when_it_gets_one_right_at_last_then_it_works() {
    let scratch = Scratch::new("hostile");
    let hostile = scratch.compile_test("hostile");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        let output = hostile
            .command(under)
            .env("FLEXCANCEL_TEST_COUNT", under.count(1_000_000, 20_000).to_string())
            .args([sandbox.url(), id.clone()])
            .output()
            .expect("the program runs");
        assert_content(&output);
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1));
        let requests = sandbox.requests();
        let targets: Vec<_> = requests.iter().map(|request| request.target.as_str()).collect();
        assert_eq!(targets, [format!("/v1/checkout/sessions/{id}/cancel")], "and nothing else");
    }
}

#[test]
fn given_texts_that_cannot_be_used_when_passed_then_they_are_refused_by_name_and_nothing_is_sent() {
    let scratch = Scratch::new("arguments");
    let no_certificate = scratch.write("no_certificate.pem", "This is no certificate.\n");
    let arguments = scratch.compile_test("arguments");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let mut command = arguments.command(under);
        let output = command.arg(sandbox.url()).arg(&no_certificate).output();
        assert_content(&output.expect("the program runs"));
        assert_eq!(sandbox.connections(), 0);
    }
}

/// What tests/c/result.c prints of one call: each accessor's text by its name, and the JSON.
fn accessors(text: &str) -> (BTreeMap<&str, &str>, Value) {
    let (lines, json) = text.trim_end().rsplit_once('\n').expect("the JSON in the last line");
    let named = lines.lines().map(|line| line.split_once(' ').expect("NAME TEXT")).collect();
    (named, serde_json::from_str(json).expect("JSON"))
}

#[test]
fn given_a_till_without_a_json_parser_when_it_cancels_then_each_accessor_says_what_the_json_says() {
    let scratch = Scratch::new("result");
    let result = scratch.compile_test("result");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let ids = [held(&sandbox), "fcs_none".to_owned(), "no id".to_owned()];
        for (id, outcome) in ids.iter().zip(["canceled", "not_applied", "not_applied"]) {
            let output = result.command(under).args([&sandbox.url(), id]).output();
            let output = output.expect("the program runs");
            assert_no_key(&output);
            assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            let (named, json) = accessors(&text);
            assert_eq!(named["outcome"], outcome, "{text}");
            for name in ["outcome", "code", "hold", "message", "advice"] {
                assert_eq!(json[name], named[name], "{name}: {text}");
            }
            for name in ["session_id", "idempotency_key"] {
                assert_eq!(json[name].as_str(), named.get(name).copied(), "{name}: {text}");
            }
            for name in ["repeat", "checkout_session"] {
                let found = named.get(name).map_or("null", |found| found);
                let field = format!("\"{name}\":{found},");
                assert!(text.contains(&field), "{name}, byte for byte: {text}");
            }
        }
    }
}

#[test]
fn given_threads_that_share_a_client_when_they_cancel_then_each_session_is_canceled_once() {
    let scratch = Scratch::new("threads_share");
    let threads = scratch.compile_test("threads");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let ids = many_held(&sandbox, 8 * under.count(200, 10));
        let list = scratch.write("ids", &(ids.join("\n") + "\n"));
        let output = threads
            .command(under)
            .args(["share", &sandbox.url()])
            .arg(list)
            .output()
            .expect("the program runs");
        assert_content(&output);
        for id in &ids {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1), "{id}");
        }
        assert_eq!(sandbox.requests().len(), ids.len(), "one request each");
    }
}

#[test]
fn given_client_and_abort_pulled_away_from_calls_when_they_end_then_what_they_say_is_true() {
    let scratch = Scratch::new("threads_pull_away");
    let threads = scratch.compile_test("threads");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let ids = many_held(&sandbox, 8 * under.count(50, 10));
        let list = scratch.write("ids", &(ids.join("\n") + "\n"));
        let output = threads
            .command(under)
            .args(["pull-away", &sandbox.url()])
            .args([list, scratch.path("results")])
            .output()
            .expect("the program runs");
        assert_content(&output);
        let mut ended = BTreeSet::new();
        for line in scratch.read("results").lines() {
            let (id, outcome, code) = result_of(line);
            let applied = ground_truth(&sandbox, id).1;
            let may_be = match outcome {
                Outcome::Canceled => code == Code::Ok && applied == 1,
                Outcome::NotApplied => {
                    matches!(code, Code::Aborted | Code::InvalidHandle) && applied == 0
                }
                Outcome::Unknown => code == Code::Aborted && applied <= 1,
                _ => false,
            };
            assert!(may_be, "{id}: {outcome}/{code}, and {applied} cancels took effect");
            assert!(ended.insert(id.to_owned()), "{id} was canceled by one call");
        }
        assert_eq!(ended, ids.into_iter().collect(), "every call ended");
    }
}

fn result_of(line: &str) -> (&str, Outcome, Code) {
    let parts: Vec<_> = line.split(' ').collect();
    let [id, outcome, code] = parts[..] else { panic!("expected ID OUTCOME CODE: {line}") };
    let number = |text: &str| text.parse::<i32>().expect("a number");
    let outcome = Outcome::from_number(number(outcome)).expect("the number of an outcome");
    let code = Code::from_number(number(code)).expect("the number of a code");
    (id, outcome, code)
}

#[test]
fn given_a_log_callback_when_calls_are_made_then_it_is_told_on_their_thread_and_no_key() {
    let scratch = Scratch::new("log");
    let log = scratch.compile_test("log");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let body = format!(r#"{{"error":{{"code":"odd","message":"no such key: {KEY}"}}}}"#);
        let head = format!("Content-Length: {}\r\nX-Request-Id: {KEY}", body.len());
        let answer = format!("HTTP/1.1 400 Bad Request\r\n{head}\r\n\r\n{body}");
        sandbox.script(scripted(answer, false, Then::KeepOpen));
        let ids = many_held(&sandbox, 8);
        let output = log
            .command(under)
            .arg(sandbox.url())
            .arg(scratch.path("events"))
            .args(&ids)
            .output()
            .expect("the program runs");
        assert_content(&output);
        assert_eq!(ground_truth(&sandbox, &ids[0]), (Hold::Held, 0), "refused");
        for id in &ids[1..] {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1), "{id}");
        }
        assert_events_are_right(&scratch.read("events"), &ids);
    }
}

fn assert_events_are_right(text: &str, ids: &[String]) {
    let events: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an event is JSON")).collect();
    let parts = ["event", "level", "session_id", "code"];
    let found: Vec<_> =
        events.iter().map(|event| parts.map(|part| event[part].as_str().unwrap_or("?"))).collect();
    let (refused, canceled) = (ids[0].as_str(), ids[1].as_str());
    assert_eq!(
        found,
        [
            ["attempt", "warn", refused, "rejected"],
            ["attempt", "debug", refused, "ok"],
            ["result", "warn", refused, "rejected"],
            ["attempt", "debug", canceled, "ok"],
            ["result", "info", canceled, "ok"],
        ]
    );
    let of_both = ["code", "elapsed_ms", "event", "idempotency_key", "level", "message"];
    let of_attempts = ["http_status", "operation", "phase", "reason", "request_id", "session_id"];
    let of_results = ["attempts", "hold", "outcome", "session_id"];
    for event in &events {
        let of_this = if event["event"] == "attempt" { &of_attempts[..] } else { &of_results[..] };
        let expected: BTreeSet<&str> = of_both.iter().chain(of_this).copied().collect();
        let fields = event.as_object().expect("an event is an object");
        let found: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(found, expected, "{event}");
    }
}

#[test]
fn given_a_triggered_abort_when_canceled_then_nothing_is_sent() {
    let scratch = Scratch::new("abort_before");
    let abort = scratch.compile_test("abort");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        let mut command = abort.command(under);
        let command = command.args(["before", &sandbox.url(), &id]);
        assert_content(&command.output().expect("the program runs"));
        assert_eq!(sandbox.requests(), []);
        assert_eq!(sandbox.connections(), 0);
    }
}

#[test]
fn given_a_server_that_stalls_when_the_abort_is_triggered_then_every_call_that_has_it_ends() {
    const CALLS: usize = 4;
    let scratch = Scratch::new("abort_during");
    let abort = scratch.compile_test("abort");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        for _ in 0..CALLS {
            sandbox.script(scripted("", false, Then::KeepOpen));
        }
        let mut command = abort.command(under);
        let output = tell_when_arrived(command.args(["during", &sandbox.url(), &id]), || {
            sandbox.requests().len() == CALLS
        });
        assert_content(&output);
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1), "by the call after the abort");
    }
}

#[test]
fn given_a_server_that_stalls_when_the_abort_is_freed_then_the_call_goes_on() {
    let scratch = Scratch::new("abort_freed");
    let abort = scratch.compile_test("abort");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        // As many as fit into the deadline: no read-back may settle it.
        for _ in 0..1000 {
            sandbox.script(scripted("", false, Then::KeepOpen));
        }
        let mut command = abort.command(under);
        let output = tell_when_arrived(command.args(["freed", &sandbox.url(), &id]), || {
            !sandbox.requests().is_empty()
        });
        assert_content(&output);
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Held, 0));
    }
}

/// Runs a program, and sends it one byte as soon as something has come true.
fn tell_when_arrived(command: &mut Command, has_arrived: impl Fn() -> bool) -> Output {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = streams.spawn().expect("the program runs");
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut is_running = || program.try_wait().expect("the program's state").is_none();
    while !has_arrived() && is_running() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    // A program that has ended early cannot be told; its own words say why.
    let _ = program.stdin.take().expect("a pipe").write_all(b"!");
    program.wait_with_output().expect("the program ends")
}
