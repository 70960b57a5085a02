//! C programs against the shared library, with the sandbox as the oracle. `FLEXCANCEL_VALGRIND=1`
//! runs each of them under valgrind as well.

mod native;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flex_sandbox::{CreateParams, Hold, Keys, Mode, Options, Sandbox, Scripted, Then};
use flexcancel::{Code, Outcome};
use serde_json::{Value, json};

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
fn truth(sandbox: &Sandbox, id: &str) -> (Hold, usize) {
    let truth = sandbox.truth(id).expect("the sandbox knows its sessions");
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

// The till: examples/cancel.c.

/// What the till said of one cancel.
struct Said {
    exit_code: i32,
    cashier: String,
    result: Value,
    log: String,
}

impl Said {
    fn assert_is(&self, exit_code: i32, cashier: &str, outcome: Outcome, code: Code) {
        let found = (self.exit_code, &self.result["outcome"], &self.result["code"]);
        let (outcome, name) = (json!(outcome.name()), json!(code.name()));
        assert_eq!(found, (exit_code, &outcome, &name), "{} {}", self.result, self.log);
        assert!(self.cashier.starts_with(cashier), "{cashier}: {}", self.cashier);
        let advice = self.result["advice"].as_str().unwrap_or("(no advice)");
        let log = (self.log.starts_with(&format!("cancel: {code}: ")), self.log.contains(advice));
        assert_eq!(log, (true, true), "{}", self.log);
    }
}

fn run(till: &mut Command) -> Output {
    let output = till.output().expect("the till runs");
    assert_no_key(&output);
    output
}

fn cancel(till: &mut Command, id: &str) -> Said {
    let output = run(till.arg(id));
    let stdout = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    let Some((cashier, json)) = stdout.split_once('\n') else { panic!("{}", said(&output)) };
    assert_eq!(json.lines().count(), 1, "{}", said(&output));
    let log = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(log.lines().count(), 1, "{}", said(&output));
    Said {
        exit_code: output.status.code().unwrap_or_else(|| panic!("{}", said(&output))),
        cashier: cashier.to_owned(),
        result: serde_json::from_str(json).expect("the result is JSON"),
        log,
    }
}

/// Compiles the till, and runs the test with a way to start it for a base URL. Its deadline is
/// short, for the sake of the tests that wait for it.
fn with_till(test: &str, work: impl Fn(&dyn Fn(&str) -> Command)) {
    let scratch = Scratch::new(test);
    let till = scratch.compile("examples/cancel.c");
    for under in Under::each() {
        work(&|base_url| {
            let mut command = till.command(under);
            let timeout_ms = under.count(1_000, 10_000).to_string();
            command.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", base_url);
            command.env("FLEX_TIMEOUT_MS", timeout_ms);
            command
        });
    }
}

#[test]
fn given_a_held_session_when_the_till_cancels_twice_then_it_is_voided_once() {
    with_till("till_voided", |till| {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        cancel(&mut till(&sandbox.url()), &id).assert_is(0, "VOIDED", Outcome::Canceled, Code::Ok);
        let again = cancel(&mut till(&sandbox.url()), &id);
        again.assert_is(0, "VOIDED", Outcome::AlreadyCanceled, Code::Ok);
        assert_eq!(truth(&sandbox, &id), (Hold::Released, 1));
    });
}

#[test]
fn given_a_captured_session_when_the_till_cancels_then_it_is_too_late() {
    with_till("till_too_late", |till| {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        sandbox.capture(&id, None).expect("a held session can be captured");
        let said = cancel(&mut till(&sandbox.url()), &id);
        said.assert_is(1, "TOO LATE", Outcome::NotCancelable, Code::NotCancelable);
        assert_eq!(truth(&sandbox, &id), (Hold::Captured, 0));
    });
}

#[test]
fn given_a_key_that_flex_does_not_know_when_the_till_cancels_then_it_is_not_voided() {
    with_till("till_unauthorized", |till| {
        let keys = Keys::default().with(Mode::Test, "fsk_test_of_somebody_else");
        let sandbox = start(Options { keys, ..Options::default() });
        let id = held(&sandbox);
        let said = cancel(&mut till(&sandbox.url()), &id);
        said.assert_is(2, "NOT VOIDED", Outcome::NotApplied, Code::Unauthorized);
        assert_eq!(truth(&sandbox, &id), (Hold::Held, 0));
    });
}

#[test]
fn given_a_server_that_is_gone_when_the_till_cancels_then_it_is_not_voided() {
    with_till("till_refused", |till| {
        let sandbox = start(Options::default());
        let (id, url) = (held(&sandbox), sandbox.url());
        drop(sandbox);
        let said = cancel(&mut till(&url), &id);
        said.assert_is(2, "NOT VOIDED", Outcome::NotApplied, Code::Connect);
    });
}

#[test]
fn given_answers_that_are_all_cut_when_the_till_cancels_then_it_is_pending() {
    with_till("till_pending", |till| {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        // As many as fit into the deadline: a read-back must not find out either.
        for _ in 0..1000 {
            sandbox.script(scripted("HTTP/1.1 200 OK\r\nContent-Le", true, Then::Close));
        }
        let said = cancel(&mut till(&sandbox.url()), &id);
        said.assert_is(3, "VOID PENDING", Outcome::Unknown, Code::ConnectionLost);
        assert_eq!(truth(&sandbox, &id), (Hold::Released, 1), "it was canceled all the same");
    });
}

#[test]
fn given_a_ca_file_when_the_till_cancels_over_tls_then_that_authority_alone_is_trusted() {
    let scratch = Scratch::new("till_tls_ca");
    with_till("till_tls", |till| {
        let sandbox = start(Options { tls: true, ..Options::default() });
        let ca_file = scratch.write("ca.pem", sandbox.ca_pem().expect("an authority"));
        let id = held(&sandbox);
        let said = cancel(&mut till(&sandbox.url()), &id);
        said.assert_is(2, "NOT VOIDED", Outcome::NotApplied, Code::Tls);
        let said = cancel(till(&sandbox.url()).env("FLEX_CA_FILE", &ca_file), &id);
        said.assert_is(0, "VOIDED", Outcome::Canceled, Code::Ok);
        assert_eq!(truth(&sandbox, &id), (Hold::Released, 1));
    });
}

#[test]
fn given_wrong_usage_when_the_till_is_started_then_it_says_so_and_sends_nothing() {
    with_till("till_usage", |till| {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        let till = || till(&sandbox.url());
        for (command, complaint) in [
            (&mut till(), "usage: "),
            (till().args([&id, &id]), "usage: "),
            (till().arg(&id).env_remove("FLEX_API_KEY"), "usage: "),
            (till().arg(&id).env("FLEX_TIMEOUT_MS", "1 s"), "FLEX_TIMEOUT_MS: expected digits"),
            (till().arg(&id).env("FLEX_TIMEOUT_MS", "-1"), "FLEX_TIMEOUT_MS: expected digits"),
            (till().arg(&id).env("FLEX_CA_FILE", "a\nb"), "FLEX_CA_FILE: expected no control"),
            (till().arg(&id).env("FLEX_CA_FILE", "x".repeat(9000)), "FLEX_BASE_URL, FLEX_CA_FILE"),
        ] {
            let output = run(command);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(64), "{complaint}: {}", said(&output));
            assert!(stderr.starts_with(complaint), "{complaint}: {}", said(&output));
            assert!(output.stdout.is_empty(), "{complaint}: {}", said(&output));
        }
        assert_eq!(truth(&sandbox, &id), (Hold::Held, 0));
        assert_eq!(sandbox.requests(), []);
    });
}

#[test]
fn given_quotes_in_the_environment_when_the_till_cancels_then_they_stay_part_of_their_value() {
    with_till("till_quotes", |till| {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        let smuggled = format!("{}\",\"timeout_ms\":\"1\\", sandbox.url());
        for (variable, value, field) in [
            ("FLEX_BASE_URL", smuggled.as_str(), "base_url: "),
            ("FLEX_TIMEOUT_MS", "0", "timeout_ms: "),
            ("FLEX_API_KEY", "hunter2 with a blank", "api_key_env: "),
        ] {
            let said = cancel(till(&sandbox.url()).env(variable, value), &id);
            said.assert_is(2, "NOT VOIDED", Outcome::NotApplied, Code::InvalidConfig);
            let message = said.result["message"].as_str().unwrap_or_default();
            assert!(message.starts_with(field), "{message}");
            assert!(said.log.contains(field), "{}", said.log);
        }
        assert_eq!(sandbox.requests(), []);
    });
}

// The programs in tests/c.

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
        assert_eq!(truth(&sandbox, &id), (Hold::Released, 1));
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
            assert_eq!(truth(&sandbox, id), (Hold::Released, 1), "{id}");
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
            let applied = truth(&sandbox, id).1;
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
        assert_eq!(truth(&sandbox, &ids[0]), (Hold::Held, 0), "refused");
        for id in &ids[1..] {
            assert_eq!(truth(&sandbox, id), (Hold::Released, 1), "{id}");
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
        assert_eq!(truth(&sandbox, &id), (Hold::Released, 1), "by the call after the abort");
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
        assert_eq!(truth(&sandbox, &id), (Hold::Held, 0));
    }
}

/// Runs a program, and sends it one byte as soon as something has come true.
fn tell_when_arrived(command: &mut Command, has_arrived: impl Fn() -> bool) -> Output {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = streams.spawn().expect("the program runs");
    let until = Instant::now() + Duration::from_secs(60);
    let mut is_running = || program.try_wait().expect("the program's state").is_none();
    while !has_arrived() && is_running() && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
    // A program that has ended early cannot be told; its own words say why.
    let _ = program.stdin.take().expect("a pipe").write_all(b"!");
    program.wait_with_output().expect("the program ends")
}
