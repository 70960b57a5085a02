//! A till whose first call ended `unknown` repeats it by the result's `repeat`, in Rust, C and C++:
//! while nothing can be read it says "pending", never "not voided", and in the end "voided". Python
//! and Go have the same among their own tests. `FLEXCANCEL_VALGRIND=1` runs the programs under
//! valgrind as well.

#![cfg(feature = "outbox")]

mod native;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;

use flex_sandbox::{CreateParams, Fault, Hold, How, Injection, Operation, Options, Sandbox};
use flexcancel::outbox::{EntryOptions, FlushOptions, OpenOptions, Outbox};
use flexcancel::{Client, Config, Outcome, Repeat};
use native::{Program, Scratch, Under};
use serde_json::{Value, json};

const KEY: &str = "fsk_test_hunter2";
const ALWAYS: u32 = u32::MAX;

type Begin = fn(&Sandbox);

/// The ways in which Flex cannot be asked, what makes each, and what becomes of an entry of the
/// outbox that is flushed then.
const OUT_OF_REACH: [(&str, Begin, &str); 4] = [
    ("a closed port", Sandbox::close_port, "pending"),
    ("a 401", |sandbox| refuse(sandbox, 401, "unauthorized"), "pending"),
    ("a 429", |sandbox| refuse(sandbox, 429, "rate_limit_exceeded"), "pending"),
    ("a 400", |sandbox| refuse(sandbox, 400, "invalid_request"), "needs_attention"),
];

fn refuse(sandbox: &Sandbox, status: u16, code: &str) {
    let body = json!({ "error": { "code": code, "message": "Refused." } }).to_string();
    sandbox.inject(Fault::Status { status, headers: Vec::new(), body }, ALWAYS);
}

/// Every cancel takes effect and no response to it comes, and nothing can be read back.
fn lose_answers(sandbox: &Sandbox) {
    let lost = Injection::of(Fault::DropAnswer { how: How::Rst });
    sandbox.inject_as(lost.times(ALWAYS).only(Operation::Cancel).apply(true));
    let failing = Fault::Status { status: 503, headers: Vec::new(), body: String::new() };
    sandbox.inject_as(Injection::of(failing).times(ALWAYS).only(Operation::Retrieve));
}

/// A till with a void button. Each press repeats the cancel by the `repeat` of the result before,
/// and gives what the cashier may say, the outcome and the code. A flush gives the result's JSON.
trait Till {
    fn press(&mut self, button: &str) -> String;
}

/// In C or C++.
struct Running {
    child: Child,
    buttons: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Running {
    fn start(program: &Program, under: Under, arguments: &[&str]) -> Self {
        let mut command = program.command(under);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the till runs");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { buttons: child.stdin.take(), child, answers }
    }
}

impl Till for Running {
    fn press(&mut self, button: &str) -> String {
        let buttons = self.buttons.as_mut().expect("a pipe");
        writeln!(buttons, "{button}").expect("the till listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.buttons.take());
        let status = self.child.wait().expect("the till ends");
        assert!(std::thread::panicking() || status.success(), "{status}");
    }
}

/// In Rust.
struct Here {
    client: Arc<Client>,
    outbox: Outbox,
    id: String,
    repeat: Option<Repeat>,
}

impl Here {
    fn start(base_url: &str, id: &str, timeout_ms: usize, file: &Path) -> Self {
        let config = json!({ "api_key": KEY, "base_url": base_url, "timeout_ms": timeout_ms });
        let config = Config::from_json(&config.to_string()).expect("a configuration");
        let client = Arc::new(Client::new(&config).expect("a client"));
        let outbox = Outbox::open(client.clone(), &OpenOptions::new(file)).expect("an outbox");
        Self { client, outbox, id: id.to_owned(), repeat: None }
    }
}

impl Till for Here {
    fn press(&mut self, button: &str) -> String {
        if button == "flush" {
            let flushed = self.outbox.flush(&FlushOptions::default(), None);
            return flushed.to_json().expect("JSON");
        }
        let call = self.repeat.as_ref().map(flexcancel::Options::from).unwrap_or_default();
        let mut options = EntryOptions::default();
        options.call = call.clone();
        let report = match button {
            "keep" => self.outbox.cancel(&self.id, &options, None),
            "enqueue" => self.outbox.enqueue(&self.id, &options),
            _ => self.client.cancel(&self.id, &call, None),
        };
        self.repeat = report.repeat.clone();
        let words = match report.outcome {
            Outcome::Canceled | Outcome::AlreadyCanceled => "voided",
            Outcome::NotCancelable => "too late",
            Outcome::NotApplied => "not voided",
            _ => "pending",
        };
        format!("{words}: {} {}", report.outcome.name(), report.code.name())
    }
}

/// Runs the test with a till in each language, each on a sandbox and a session of its own, all at
/// once: most of their time they wait. Valgrind is for the programs alone.
fn in_each_language(test: &str, work: impl Fn(&mut dyn Till, &Sandbox, &str) + Sync) {
    let (scratch, of_cpp) = (Scratch::new(test), Scratch::new(&format!("{test}_cpp")));
    let programs =
        [scratch.compile_test("repeat"), of_cpp.with_check().compile_cpp("tests/cpp/repeat.cpp")];
    let with_till = |under: Under, program: Option<(usize, &Program)>| {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).expect("a new session can be paid");
        let (url, timeout_ms) = (sandbox.url(), under.count(300, 10_000));
        let Some((number, program)) = program else {
            let file = scratch.path(&format!("{under:?}.db"));
            return work(&mut Here::start(&url, &id, timeout_ms, &file), &sandbox, &id);
        };
        let file = scratch.path(&format!("{under:?}-{number}.db"));
        let file = file.to_str().expect("UTF-8");
        let arguments = [&*url, &*id, &*timeout_ms.to_string(), file];
        work(&mut Running::start(program, under, &arguments), &sandbox, &id);
    };
    let with_till = &with_till;
    for under in Under::each() {
        std::thread::scope(|tills| {
            if under != Under::Valgrind {
                tills.spawn(|| with_till(under, None));
            }
            for program in programs.iter().enumerate() {
                tills.spawn(move || with_till(under, Some(program)));
            }
        });
    }
}

fn assert_pending(what: &str, said: &str) {
    assert!(said.starts_with("pending: unknown "), "{what}: {said}");
}

/// The flush tried the one entry, of which nothing is known, and nothing says that it is not
/// voided.
fn assert_unknown_entry(what: &str, flushed: &str, state: &str) {
    assert!(!flushed.to_lowercase().contains("not voided"), "{what}: {flushed}");
    let flushed: Value = serde_json::from_str(flushed).expect("the result's JSON");
    assert_eq!(flushed.get("outcome"), None, "a flush asserts nothing: {what}: {flushed}");
    let (entries, counts) = (&flushed["outbox"]["entries"], &flushed["outbox"]["counts"]);
    assert_eq!(entries.as_array().map(Vec::len), Some(1), "{what}: {flushed}");
    let told = [&entries[0]["state"], &entries[0]["last_outcome"]];
    assert_eq!(told, [state, "unknown"], "{what}: {flushed}");
    assert_eq!(counts[state], 1, "{what}: {flushed}");
    assert_eq!([&counts["refused"], &counts["expired"]], [0, 0], "{what}: {flushed}");
}

fn assert_released_once(sandbox: &Sandbox, id: &str) {
    let truth = sandbox.ground_truth(id).expect("the truth");
    assert_eq!((truth.hold, truth.cancels_applied.len()), (Hold::Released, 1));
}

fn given_a_void_whose_answer_is_lost(till: &mut dyn Till, sandbox: &Sandbox, id: &str) {
    lose_answers(sandbox);
    assert_pending("the first call", &till.press("void"));
    assert_released_once(sandbox, id);
    sandbox.clear_faults();
}

#[test]
fn given_a_lost_answer_when_repeated_out_of_reach_then_pending_and_at_last_canceled() {
    in_each_language("repeat", |till, sandbox, id| {
        given_a_void_whose_answer_is_lost(till, sandbox, id);
        for (what, begin, _) in OUT_OF_REACH {
            begin(sandbox);
            assert_pending(what, &till.press("void"));
            sandbox.open_port();
            sandbox.clear_faults();
        }
        // Its own first request did it.
        assert_eq!(till.press("void"), "voided: canceled ok");
        assert_released_once(sandbox, id);
    });
}

#[test]
fn given_a_lost_answer_when_handed_to_the_outbox_out_of_reach_then_pending_and_canceled() {
    for (what, begin, _) in OUT_OF_REACH {
        in_each_language("repeat_outbox", |till, sandbox, id| {
            given_a_void_whose_answer_is_lost(till, sandbox, id);
            begin(sandbox);
            assert_pending(what, &till.press("keep"));
            assert_pending(what, &till.press("keep"));
            sandbox.open_port();
            sandbox.clear_faults();
            assert_eq!(till.press("keep"), "voided: canceled ok");
            assert_released_once(sandbox, id);
        });
    }
}

#[test]
fn given_a_lost_answer_when_enqueued_and_flushed_out_of_reach_then_unknown_and_at_last_canceled() {
    for (what, begin, state) in OUT_OF_REACH {
        in_each_language("repeat_flush", |till, sandbox, id| {
            given_a_void_whose_answer_is_lost(till, sandbox, id);
            assert_pending(what, &till.press("enqueue"));
            begin(sandbox);
            assert_unknown_entry(what, &till.press("flush"), state);
            sandbox.open_port();
            sandbox.clear_faults();
            assert_eq!(till.press("keep"), "voided: canceled ok");
            assert_released_once(sandbox, id);
        });
    }
}
