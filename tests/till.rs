//! The tills, examples/cancel and examples/outbox in C and in C++, with the sandbox as the oracle.
//! `FLEXCANCEL_VALGRIND=1` runs each of them under valgrind as well.

mod native;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use flex_sandbox::{CreateParams, Hold, Keys, Mode, Options, Sandbox, Scripted, Then};
use flexcancel::outbox::{EntryOptions, OpenOptions, Outbox};
use flexcancel::{Client, Code, Config, Outcome};
use serde_json::{Value, json};

use native::{Program, Scratch, Under, said};

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

/// A till with an outbox, and its file.
#[derive(Clone)]
struct Shift<'a> {
    till: &'a Program,
    under: Under,
    file: PathBuf,
    base_url: String,
    timeout_ms: usize,
}

impl Shift<'_> {
    /// Its exit code, and what people read.
    fn says(&self, arguments: &[&str]) -> (i32, String) {
        let output = run(&mut self.command(arguments));
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(log.lines().all(|line| line.starts_with("outbox: ")), "{}", said(&output));
        assert!(log.lines().count() >= 1, "{}", said(&output));
        let code = output.status.code().unwrap_or_else(|| panic!("{}", said(&output)));
        (code, String::from_utf8(output.stdout).expect("UTF-8"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.till.command(self.under);
        let config = json!({
            "api_key_env": "FLEX_API_KEY", "base_url": self.base_url, "timeout_ms": self.timeout_ms
        });
        command.env("FLEX_API_KEY", KEY).env("FLEX_CONFIG", config.to_string());
        command.env("FLEX_OUTBOX", json!({ "path": self.file }).to_string()).args(arguments);
        command
    }

    fn assert_says(&self, arguments: &[&str], exit_code: i32, text: &str) {
        assert_eq!(self.says(arguments), (exit_code, text.to_owned()), "{arguments:?}");
    }
}

/// Compiles the till with an outbox in both languages, and runs the test on a file of its own.
fn with_shift(test: &str, work: impl Fn(&Shift<'_>, &Sandbox)) {
    for language in ["c", "cpp"] {
        let scratch = Scratch::new(&format!("{test}_{language}"));
        let till = compile(&scratch, "outbox", language);
        for under in Under::each() {
            let sandbox = start(Options::default());
            let (file, base_url) = (scratch.path(&format!("{under:?}.db")), sandbox.url());
            work(&Shift { till: &till, under, file, base_url, timeout_ms: 30_000 }, &sandbox);
        }
    }
}

/// Another program of the same till keeps a cancel.
fn enqueue(base_url: &str, file: &Path, id: &str) {
    let config = json!({ "api_key": KEY, "base_url": base_url }).to_string();
    let client = Client::new(&Config::from_json(&config).expect("a configuration"));
    let client = Arc::new(client.expect("a client"));
    let outbox = Outbox::open(client, &OpenOptions::new(file)).expect("an outbox");
    let report = outbox.enqueue(id, &EntryOptions::default());
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Ok));
}

const VOIDED: &str =
    "VOIDED: Flex has canceled the authorization; the bank may show it for some days.\n";
const CLOSED: &str = "SHIFT CLOSED: nothing is left to be seen.\n";

#[test]
fn given_an_outage_when_a_till_voids_then_its_shift_ends_and_the_next_one_delivers() {
    let pending = "VOID PENDING: promise the shopper nothing yet.\n";
    with_shift("shift_outage", |till, sandbox| {
        let ids = [held(sandbox), held(sandbox)];
        sandbox.close_port();
        let timeout_ms = till.under.count(1_000, 10_000);
        let hasty = Shift { timeout_ms, ..till.clone() };
        hasty.assert_says(&["void", &ids[0]], 3, pending);
        enqueue(&till.base_url, &till.file, &ids[1]);
        let closed = format!(
            "TO BE DELIVERED: 2; these voids are pending, and stay in the outbox.\n{CLOSED}"
        );
        hasty.assert_says(&["close"], 0, &closed);
        assert_eq!(sandbox.requests(), []);
        sandbox.open_port();
        till.assert_says(&["void", &ids[0]], 0, VOIDED);
        let third = held(sandbox);
        enqueue(&till.base_url, &till.file, &third);
        // The one that the outage met may still be waiting for its next try.
        assert_eq!(till.says(&["close"]).0, 0);
        assert_eq!(ground_truth(sandbox, &ids[0]), (Hold::Released, 1));
        assert_eq!(ground_truth(sandbox, &third), (Hold::Released, 1));
    });
}

#[test]
fn given_cancels_that_cannot_be_delivered_when_each_was_seen_then_the_shift_ends() {
    with_shift("shift_worklist", |till, sandbox| {
        let (voided, captured) = (held(sandbox), held(sandbox));
        sandbox.capture(&captured, None).expect("a held session can be captured");
        till.assert_says(&["close"], 0, CLOSED);
        till.assert_says(&["void", &voided], 0, VOIDED);
        let too_late = "TOO LATE TO VOID: check whether money was taken before refunding.\n";
        till.assert_says(&["void", &captured], 1, too_late);
        let not_voided = "NOT VOIDED: this changed nothing; the log says why.\n";
        till.assert_says(&["void", "fcs_nowhere"], 2, not_voided);
        till.assert_says(&["void", "no/id"], 2, not_voided);
        let (exit_code, to_see) = till.says(&["close"]);
        let lines: Vec<&str> = to_see.lines().collect();
        assert_eq!((exit_code, lines.len()), (1, 3), "{to_see}");
        assert!(lines[0].starts_with(&format!("LOOK AT 2: {captured} is refused: ")), "{to_see}");
        assert!(lines[1].starts_with("LOOK AT 3: fcs_nowhere is needs_attention: "), "{to_see}");
        assert_eq!(lines[2], "SHIFT NOT CLOSED: 2 to be seen.");
        till.assert_says(&["seen", "2"], 0, "SEEN.\n");
        till.assert_says(&["seen", "4"], 2, "NOT NOTED: the log says why.\n");
        till.assert_says(&["seen", "3"], 0, "SEEN.\n");
        till.assert_says(&["close"], 0, CLOSED);
        assert_eq!(ground_truth(sandbox, &voided), (Hold::Released, 1));
        assert_eq!(ground_truth(sandbox, &captured), (Hold::Captured, 0));
    });
}

#[test]
fn given_wrong_usage_or_no_outbox_when_a_till_with_an_outbox_starts_then_it_says_so() {
    with_shift("shift_usage", |till, sandbox| {
        for arguments in [&[][..], &["close", "x"], &["void"], &["seen"], &["open"], &["x", "y"]] {
            assert_wrong_usage(&mut till.command(arguments), "usage: ");
        }
        assert_wrong_usage(&mut till.command(&["seen", "2nd"]), "ENTRY_ID: expected a number");
        let id = held(sandbox);
        for (name, value) in [("FLEX_OUTBOX", "{}"), ("FLEX_CONFIG", "{}")] {
            let output = run(till.command(&["void", &id]).env(name, value));
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            assert!(said(&output).contains("NOT DONE: there is no outbox"), "{}", said(&output));
        }
        assert_eq!(ground_truth(sandbox, &id), (Hold::Held, 0));
        assert_eq!(sandbox.requests(), []);
    });
}

#[test]
fn given_the_base_url_in_place_of_a_configuration_when_voided_then_it_goes_there() {
    with_shift("shift_url", |till, sandbox| {
        let id = held(sandbox);
        let with_url = |url: &str| {
            run(till.command(&["void", &id]).env_remove("FLEX_CONFIG").env("FLEX_BASE_URL", url))
        };
        for url in ["", "http://127.0.0.1:1\",\"mode\":\"live"] {
            let output = with_url(url);
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        }
        assert_eq!(ground_truth(sandbox, &id), (Hold::Held, 0));
        let output = with_url(&sandbox.url());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(ground_truth(sandbox, &id), (Hold::Released, 1));
    });
}
