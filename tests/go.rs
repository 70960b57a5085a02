//! The Go binding: its own tests (`go test`, against a sandbox of this process), plainly and under
//! the race detector, its format and lints, and the till in Go.

mod native;

use std::process::{Command, Output};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
use native::{GO, Scratch, run_tool, said};

const KEY: &str = "fsk_test_hunter2";
/// The modules of the project.
const MODULES: [&str; 2] = ["bindings/go", "examples/go"];
/// Fewer than these are not all of the binding's tests.
const LEAST_TESTS: usize = 110;

fn start() -> Sandbox {
    Sandbox::start(Options::default()).expect("a sandbox")
}

fn run(command: &mut Command) -> Output {
    let output = run_tool(command, GO);
    assert!(!said(&output).contains("hunter2"), "the API key is shown");
    output
}

/// Has the binding's tests run with these arguments of `go test` and this environment.
fn assert_tests_pass(name: &str, arguments: &[&str], environment: &[(&str, &str)]) {
    let scratch = Scratch::new(name);
    let sandbox = start();
    let mut go = scratch.go("bindings/go");
    go.args(["test", "-count=1", "-v"]).args(arguments).arg("./...");
    go.env("FLEXCANCEL_SANDBOX", sandbox.url()).envs(environment.iter().copied());
    let output = run(&mut go);
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&output);
    // The figures that the tests tell.
    text.lines().filter(|line| line.contains("_test.go:")).for_each(|line| println!("{line}"));
    let passed = text.lines().filter(|line| line.starts_with("--- PASS: ")).count();
    println!("{passed} tests passed");
    assert!(passed >= LEAST_TESTS, "only {passed} tests ran: {text}");
    assert!(!text.contains("--- SKIP"), "nothing is ever skipped: {text}");
}

#[test]
fn its_own_tests_pass() {
    assert_tests_pass("go_tests", &[], &[]);
}

/// With a collection at every occasion, so that memory that is not kept is not there any more.
#[test]
fn its_own_tests_pass_under_the_race_detector() {
    assert_tests_pass("go_race", &["-race"], &[("GOGC", "1"), ("GODEBUG", "cgocheck=1")]);
}

#[test]
fn it_is_formatted_and_vet_finds_nothing() {
    let scratch = Scratch::new("go_vet");
    for module in MODULES {
        let mut gofmt = Command::new("gofmt");
        let output = run(gofmt.args(["-l", "."]).current_dir(root_of(module)));
        assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
        let output = run(scratch.go(module).args(["vet", "./..."]));
        assert!(output.status.success(), "{module}: {}", said(&output));
    }
}

#[test]
fn given_a_client_or_an_outbox_that_is_copied_then_vet_complains() {
    let scratch = Scratch::new("go_copy");
    let file = |import: &str| {
        format!(
            "package main\n\nimport {import:?}\n\nfunc main() {{\n\tvar client flexcancel.Client\n\
             \tvar outbox flexcancel.Outbox\n\tother, another := client, outbox\n\
             \t_, _ = &other, &another\n}}\n"
        )
    };
    let program = scratch
        .write("copies.go", &file("github.com/flexcancel/flexcancel/bindings/go/flexcancel"));
    let output = run(scratch.go("bindings/go").arg("vet").arg(program));
    let said = said(&output);
    let complaints = said.matches("assignment copies lock value").count();
    assert!(!output.status.success() && complaints == 2, "{said}");
}

/// Without cgo there is nothing that could be built, so that the one thing said must be the reason.
#[test]
fn given_no_cgo_when_it_is_built_then_the_one_undefined_name_says_what_is_needed() {
    let scratch = Scratch::new("go_no_cgo");
    let mut go = scratch.go("bindings/go");
    let output = run(go.args(["build", "./flexcancel"]).env("CGO_ENABLED", "0"));
    assert!(!output.status.success(), "it was built");
    let said = said(&output);
    let undefined: Vec<&str> = said.lines().filter(|line| line.contains(".go:")).collect();
    let [only] = undefined[..] else { panic!("{said}") };
    assert!(only.ends_with("undefined: flexcancel_needs_cgo_and_a_C_compiler"), "{said}");
}

/// The first example in Go after a heading.
fn example<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, section) = page.split_once(heading).expect("the heading");
    let (_, rest) = section.split_once("```go\n").expect("an example in Go");
    rest.split("\n```").next().unwrap_or_default()
}

#[test]
fn the_examples_of_a_bulk_run_do_what_their_pages_say() {
    let scratch = Scratch::new("go_bulk_examples");
    let path = "github.com/flexcancel/flexcancel/bindings/go";
    let of_page = example(include_str!("../docs/BULK.md"), "\n## Examples\n");
    let of_readme = example(include_str!("../bindings/go/README.md"), "\n## Many cancels\n");
    let program = format!(
        "package main\n\nimport (\n\"context\"\n\"fmt\"\n\"os\"\n\"slices\"\n\"{path}/flexcancel\"\n)\n\
         func page(ctx context.Context, client *flexcancel.Client, ids []string) {{\n{of_page}\n}}\n\
         func readme(ctx context.Context, client *flexcancel.Client, sessionID, otherID string) \
         {{\n{of_readme}\n}}\n\
         func main() {{\n\
         client, err := flexcancel.New(flexcancel.Config{{APIKey: {KEY:?}, BaseURL: os.Args[1]}})\n\
         if err != nil {{\npanic(err)\n}}\ndefer client.Close()\n\
         page(context.Background(), client, os.Args[2:])\n\
         page(context.Background(), client, os.Args[3:])\n\
         readme(context.Background(), client, os.Args[2], os.Args[3])\n}}\n"
    );
    let sandbox = start();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).expect("a new session can be paid");
    let mut go = scratch.go_program(&program);
    let output = run(go.args(["run", ".", &sandbox.url(), &id, "fcs_nobody"]));
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    let [first, second, resume, refused] = lines[..] else { panic!("{}", said(&output)) };
    assert_eq!([first, second], [&format!("0 canceled {id}"), "1 not_applied fcs_nobody"]);
    assert!(resume.starts_with("resume it: flexcancel: journal_invalid: "), "{resume}");
    assert!(refused.starts_with("1 fcs_nobody not_applied flexcancel: not_applied (not_found): "));
    assert_eq!(sandbox.ground_truth(&id).expect("the truth").hold, Hold::Released);
}

fn root_of(module: &str) -> String {
    format!("{}/{module}", native::ROOT)
}

#[test]
fn the_back_office_keeps_each_void_whatever_happens_meanwhile() {
    let scratch = Scratch::new("go_back_office");
    let sandbox = start();
    let mut go = scratch.go("examples/go");
    go.args(["test", "-count=1", "-race", "-v", "./backoffice"]);
    let output = run(go.env("FLEXCANCEL_SANDBOX", sandbox.url()));
    let passed = said(&output).matches("--- PASS: ").count();
    assert!(output.status.success() && passed >= 6, "{passed}: {}", said(&output));
}

#[test]
fn given_each_kind_of_session_when_the_till_cancels_then_its_exit_code_tells() {
    let scratch = Scratch::new("go_till");
    let program = scratch.path("cancel");
    let output = run(scratch.go("examples/go").args(["build", "-o"]).arg(&program).arg("."));
    assert!(output.status.success(), "{}", said(&output));
    let sandbox = start();
    let till = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.env_clear().env("FLEX_BASE_URL", sandbox.url()).env("FLEX_API_KEY", KEY);
        run(command.envs(environment.iter().copied()).args(arguments))
    };
    let held = || {
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).expect("a new session can be paid");
        id
    };
    let (voided, captured) = (held(), held());
    sandbox.capture(&captured, None).expect("a held session can be captured");
    for (id, exit_code, words) in [
        (&*voided, 0, "VOIDED"),
        (&*voided, 0, "VOIDED"),
        (&*captured, 1, "TOO LATE"),
        ("fcs_none", 2, "NOT VOIDED"),
    ] {
        let output = till(&[], &[id]);
        assert_eq!(output.status.code(), Some(exit_code), "{}", said(&output));
        let text = String::from_utf8_lossy(&output.stdout);
        let (cashier, json) = text.split_once('\n').expect("two lines");
        assert!(cashier.starts_with(words) && json.starts_with("{\"outcome\""), "{text}");
    }
    let ground_truth = |id: &str| sandbox.ground_truth(id).expect("the truth");
    assert_eq!(ground_truth(&voided).hold, Hold::Released);
    assert_eq!(ground_truth(&captured).hold, Hold::Captured);

    // The till repeats what is unknown, so that every response must be missing.
    let silence = flex_sandbox::Fault::DropAnswer { how: flex_sandbox::How::Stall };
    sandbox.inject_as(flex_sandbox::Injection::of(silence).times(u32::MAX).apply(false));
    let pending = held();
    let output = till(&[("FLEX_TIMEOUT_MS", "150")], &[&pending]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(ground_truth(&pending).hold, Hold::Held);

    for (environment, arguments, exit_code) in [
        (&[][..], &[][..], 64),
        (&[("FLEX_TIMEOUT_MS", "soon")], &["fcs_none"], 64),
        (&[("FLEX_BASE_URL", "http://example.com")], &["fcs_none"], 2),
        (&[("FLEX_API_KEY", "")], &["fcs_none"], 2),
    ] {
        let output = till(environment, arguments);
        assert_eq!(output.status.code(), Some(exit_code), "{}", said(&output));
    }
}
