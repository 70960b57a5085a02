//! The tills, examples/cancel and examples/outbox in C and in C++, and examples/bulk, with the sandbox
//! as the oracle.
//! `FLEXCANCEL_VALGRIND=1` runs each of them under valgrind as well.

#[path = "till/bulk.rs"]
mod bulk;
mod native;
#[path = "till/shift.rs"]
mod shift;

use std::process::{Command, Output};

use flex_sandbox::{CreateParams, Hold, Keys, Mode, Options, Sandbox, Scripted, Then};
use flexcancel::{Code, Outcome};
use serde_json::{Value, json};

use native::{Program, Scratch, Under, said};

/// The shopper of every session of the sandbox. No log may name one.
const SHOPPER: &str = "john.doe@example.com";

/// The API key of the tills. Nothing that they or the library print may hold it.
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

/// The hold, and how many cancels took effect.
fn ground_truth(sandbox: &Sandbox, id: &str) -> (Hold, usize) {
    let truth = sandbox.ground_truth(id).expect("the sandbox knows its sessions");
    (truth.hold, truth.cancels_applied.len())
}

fn assert_no_key(output: &Output) {
    assert!(!said(output).contains("hunter2"), "the API key is shown:\n{}", said(output));
}

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
    assert!(!log.contains(SHOPPER), "{log}");
    Said {
        exit_code: output.status.code().unwrap_or_else(|| panic!("{}", said(&output))),
        cashier: cashier.to_owned(),
        result: serde_json::from_str(json).expect("the result is JSON"),
        log,
    }
}

/// Compiles the till in both languages, and runs the test with a way to start each for a base
/// URL. Their deadline is short, for the sake of the tests that wait for it.
fn with_till(test: &str, work: impl Fn(&dyn Fn(&str) -> Command)) {
    with_till_in("c", test, &work);
    with_till_in("cpp", test, &work);
}

fn compile(scratch: &Scratch, example: &str, language: &str) -> Program {
    match language {
        "c" => scratch.compile(&format!("examples/{example}.c")),
        _ => scratch.compile_cpp(&format!("examples/{example}.cpp")),
    }
}

fn with_till_in(language: &str, test: &str, work: impl Fn(&dyn Fn(&str) -> Command)) {
    let scratch = Scratch::new(&format!("{test}_{language}"));
    let till = compile(&scratch, "cancel", language);
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
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1));
    });
}

#[test]
fn given_a_void_when_the_till_in_cpp_logs_it_then_the_log_has_its_session_and_its_key() {
    with_till_in("cpp", "till_log", |till| {
        let sandbox = start(Options::default());
        let id = held(&sandbox);
        let said = cancel(&mut till(&sandbox.url()), &id);
        assert!(said.result.to_string().contains(SHOPPER), "{}", said.result);
        let key = said.result["idempotency_key"].as_str().expect("a key");
        let end = format!(" session: {id}; idempotency key: {key}\n");
        assert!(said.log.ends_with(&end), "{}", said.log);
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
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Captured, 0));
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
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Held, 0));
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
        let answer = b"HTTP/1.1 200 OK\r\nContent-Le".to_vec();
        for _ in 0..1000 {
            sandbox.script(Scripted { answer: answer.clone(), apply: true, then: Then::Close });
        }
        let said = cancel(&mut till(&sandbox.url()), &id);
        // Beside unknown the code is that of the last trouble: a cut, or the end of the time.
        let is_cut = said.result["code"] == json!(Code::ConnectionLost.name());
        let code = if is_cut { Code::ConnectionLost } else { Code::Timeout };
        said.assert_is(3, "VOID PENDING", Outcome::Unknown, code);
        assert_eq!(said.result["repeat"]["in_doubt"], json!(true), "{}", said.result);
        assert_eq!(
            ground_truth(&sandbox, &id),
            (Hold::Released, 1),
            "it was canceled all the same"
        );
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
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1));
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
        ] {
            assert_wrong_usage(command, complaint);
        }
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Held, 0));
        assert_eq!(sandbox.requests(), []);
    });
}

/// A till in C writes its JSON by itself.
#[test]
fn given_values_that_a_till_in_c_cannot_write_when_it_is_started_then_it_says_so() {
    with_till_in("c", "till_values", |till| {
        let till = || till("http://127.0.0.1:9");
        for (command, complaint) in [
            (till().arg("x").env("FLEX_CA_FILE", "a\nb"), "FLEX_CA_FILE: expected no control"),
            (till().arg("x").env("FLEX_CA_FILE", "x".repeat(9000)), "FLEX_BASE_URL, FLEX_CA_FILE"),
        ] {
            assert_wrong_usage(command, complaint);
        }
    });
}

fn assert_wrong_usage(command: &mut Command, complaint: &str) {
    let output = run(command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{complaint}: {}", said(&output));
    assert!(stderr.starts_with(complaint), "{complaint}: {}", said(&output));
    assert!(output.stdout.is_empty(), "{complaint}: {}", said(&output));
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
