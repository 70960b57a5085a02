//! The larger examples in C and C++, examples/void_button, examples/abort and examples/plugin, with
//! the sandbox as the oracle and a fault in the middle. `FLEXCANCEL_VALGRIND=1` runs each under
//! valgrind as well.
//! The kiosk is tested by bindings/python/tests/test_kiosk.py, the back office by tests/go.rs.

#[path = "examples/abort.rs"]
mod abort;
mod native;

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use flex_sandbox::{CreateParams, Fault, Hold, How, Injection, Operation, Options, Sandbox};
use native::{Scratch, Under, said};

const KEY: &str = "fsk_test_hunter2";

fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).expect("a new session can be paid");
    id
}

fn assert_released_once(sandbox: &Sandbox, id: &str) {
    let truth = sandbox.ground_truth(id).expect("the sandbox knows its sessions");
    assert_eq!((truth.hold, truth.cancels_applied.len()), (Hold::Released, 1), "{id}");
}

/// A void button that runs.
struct Button {
    process: Child,
    keys: ChildStdin,
    screen: Lines<BufReader<ChildStdout>>,
}

impl Button {
    fn start(mut program: Command, sandbox: &Sandbox, id: &str) -> Self {
        program.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", sandbox.url()).arg(id);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = program.spawn().expect("the till starts");
        let keys = process.stdin.take().expect("its keys");
        let screen = BufReader::new(process.stdout.take().expect("its screen")).lines();
        let mut button = Self { process, keys, screen };
        assert_eq!(button.line(), "v: void, a: stop waiting, q: quit");
        button
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).expect("a key");
    }

    fn line(&mut self) -> String {
        self.screen.next().expect("a line on the screen").expect("UTF-8")
    }

    /// Its exit code and its log.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.keys);
        let mut log = String::new();
        self.process.stderr.take().expect("its log").read_to_string(&mut log).expect("UTF-8");
        assert!(!log.contains("hunter2"), "{log}");
        (self.process.wait().expect("its end").code(), log)
    }
}

#[test]
fn given_a_response_that_never_comes_then_the_screen_goes_on_and_the_void_can_be_repeated() {
    let scratch = Scratch::new("void_button");
    let program = scratch.compile("examples/void_button/void_button.c");
    for under in Under::each() {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        let id = held(&sandbox);
        let silence = Injection::of(Fault::DropAnswer { how: How::Stall });
        sandbox.inject_as(silence.times(u32::MAX));
        let mut till = Button::start(program.command(under), &sandbox, &id);
        till.press("v");
        assert_eq!(till.line(), format!("VOIDING {id} (a: stop waiting)"));
        while sandbox.requests().is_empty() {
            std::thread::yield_now();
        }
        // The call is under way, and cannot end by itself.
        till.press("?");
        assert_eq!(till.line(), "v: void, a: stop waiting, q: quit");
        till.press("a");
        let pending = "VOID PENDING: promise the shopper nothing yet. (v: ask again)";
        assert_eq!(till.line(), pending);
        sandbox.clear_faults();
        till.press("v");
        assert_eq!(till.line(), format!("VOIDING {id} (a: stop waiting)"));
        assert!(till.line().starts_with("VOIDED: "), "{under:?}");
        till.press("q");
        let (code, log) = till.end();
        assert_eq!((code, log.lines().count()), (Some(0), 2), "{log}");
        assert!(log.contains("void_button: canceled/ok: "), "{log}");
        assert!(log.contains(&format!("session: {id}; idempotency key: ")), "{log}");
        assert!(!log.contains('@'), "{log}");
        assert_released_once(&sandbox, &id);
    }
}

#[test]
fn given_a_till_that_is_left_in_the_middle_then_it_ends_with_what_is_known() {
    let scratch = Scratch::new("void_button_left");
    let program = scratch.compile("examples/void_button/void_button.c");
    for under in Under::each() {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        let id = held(&sandbox);
        sandbox.inject_as(Injection::of(Fault::DropAnswer { how: How::Stall }).times(u32::MAX));
        let mut till = Button::start(program.command(under), &sandbox, &id);
        till.press("v");
        while sandbox.requests().is_empty() {
            std::thread::yield_now();
        }
        let (code, log) = till.end();
        assert_eq!(code, Some(3), "{log}");
        let mut nothing = Button::start(program.command(under), &sandbox, &id);
        nothing.press("q");
        assert_eq!(nothing.end(), (Some(4), String::new()));
    }
}

#[test]
fn given_a_plugin_that_is_loaded_anew_for_each_sale_then_each_is_voided_once() {
    let scratch = Scratch::new("plugin");
    let pos = scratch.compile_by(
        Command::new("cc").args(["-std=c99", "-Wl,--as-needed"]),
        "examples/plugin/pos.c",
        "gcc libc6-dev",
    );
    let plugin = scratch.compile_by(
        Command::new("c++").args(["-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden"]),
        "examples/plugin/void_plugin.cpp",
        "g++",
    );
    for under in Under::each() {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        let ids = [held(&sandbox), held(&sandbox), held(&sandbox)];
        sandbox.capture(&ids[2], None).expect("a held session can be captured");
        // The first cancel has its effect, and its response is lost.
        let lost = Injection::of(Fault::DropAnswer { how: How::Rst });
        sandbox.inject_as(lost.only(Operation::Cancel));
        let mut command = pos.command(under);
        command.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", sandbox.url());
        let output = command.arg(plugin.path()).args(&ids).output().expect("it runs");
        assert!(!said(&output).contains("hunter2"), "{}", said(&output));
        let expected =
            format!("VOIDED {}\nVOIDED {}\nTOO LATE TO VOID {}\n", ids[0], ids[1], ids[2]);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!((&*shown, output.status.code()), (&*expected, Some(1)), "{}", said(&output));
        assert_released_once(&sandbox, &ids[0]);
        assert_released_once(&sandbox, &ids[1]);

        let mut refused = pos.command(under);
        refused.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", "http://example.com");
        let output = refused.arg(plugin.path()).arg(&ids[0]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(70), "{}", said(&output));
        assert!(said(&output).contains("base_url"), "{}", said(&output));
    }
}
