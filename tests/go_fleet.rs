//! The fleet: its own tests (`go test`, against a sandbox of this process), plainly and under the
//! race detector, its format and lints, and a run in which its parts are killed.

#[path = "fleet/mutants.rs"]
mod mutants;
mod native;

use std::fs;
use std::num::NonZeroU32;
use std::process::{Command, Output};
use std::sync::Once;

use flex_sandbox::{Options, RateLimit, Sandbox};
use mutants::MUTANTS;
use native::{Scratch, run_tool, said};

/// What brings a Go that is new enough for the queue's server.
const GO: &str = "golang-go pkg-config gcc libc6-dev, or Go 1.26 or newer from go.dev/dl";
const MODULE: &str = "bindings/go/fleet";
/// Fewer than these are not all of the module's tests, without those of the kills.
const LEAST_TESTS: usize = 55;

fn run(command: &mut Command) -> Output {
    static COMPILED: Once = Once::new();
    COMPILED.call_once(compile);
    let output = run_tool(command, GO);
    assert!(!said(&output).contains("hunter2"), "the API key is shown");
    output
}

/// Compiles everything once, the queue's server above all, before any test begins: on a machine
/// that has nothing yet this takes minutes, of which a test that keeps a rate has none.
fn compile() {
    let scratch = Scratch::new("fleet_compile");
    for arguments in
        [&["test", "-run", "^$", "./..."][..], &["test", "-race", "-run", "^$", "./..."]]
    {
        let output = run_tool(scratch.go(MODULE).args(arguments), GO);
        assert!(output.status.success(), "{}", said(&output));
    }
}

/// Has tests run with these arguments of `go test`; gives how many have passed.
fn passed(name: &str, arguments: &[&str]) -> usize {
    passed_against(Options::default(), name, arguments)
}

fn passed_against(options: Options, name: &str, arguments: &[&str]) -> usize {
    let scratch = Scratch::new(name);
    let sandbox = Sandbox::start(options).expect("a sandbox");
    let mut go = scratch.go(MODULE);
    go.args(["test", "-count=1", "-v", "-timeout", "60m"]).args(arguments);
    let output = run(go.env("FLEXCANCEL_SANDBOX", sandbox.url()));
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(!text.contains("--- SKIP"), "nothing is ever skipped: {text}");
    // The figures that the tests tell.
    text.lines().filter(|line| line.contains("_test.go:")).for_each(|line| println!("{line}"));
    text.lines().filter(|line| line.starts_with("--- PASS: ")).count()
}

/// Those of each package but the kills.
const PACKAGES: [&str; 11] = [
    "./board",
    "./cmd/...",
    "./connect",
    "./forwarder",
    "./message",
    "./metrics",
    "./page",
    "./queue",
    "./server",
    "./share",
    "./worker",
];

#[test]
fn its_own_tests_pass() {
    let passed = passed("fleet_tests", &PACKAGES);
    println!("{passed} tests passed");
    assert!(passed >= LEAST_TESTS, "only {passed} tests ran");
}

#[test]
fn its_own_tests_pass_under_the_race_detector() {
    let arguments: Vec<&str> = ["-race"].into_iter().chain(PACKAGES).collect();
    assert!(passed("fleet_race", &arguments) >= LEAST_TESTS);
}

/// `FLEET_SESSIONS=20000 FLEET_KILLS=44 FLEET_REAUTHORIZED=1000` make it the long run; `FLEET_SEED`
/// repeats its kills.
#[test]
fn given_kills_of_its_parts_then_nothing_is_lost_or_done_twice() {
    assert_eq!(passed("fleet_chaos", &["-run", "TestGiven", "./chaos"]), 3);
}

#[test]
fn given_a_cluster_then_one_of_its_servers_may_die() {
    assert_eq!(passed("fleet_cluster", &["-run", "TestOneOfThree", "./chaos"]), 2);
}

#[test]
fn given_a_limit_of_flex_then_workers_keep_below_it_together() {
    let per_second = NonZeroU32::new(100).expect("not zero");
    let rate_limit = Some(RateLimit { per_second, silent: false });
    let options = Options { rate_limit, ..Options::default() };
    assert_eq!(passed_against(options, "fleet_rate", &["-run", "TestThreeWorkers", "./chaos"]), 1);
}

#[test]
fn it_is_formatted_and_vet_finds_nothing() {
    let scratch = Scratch::new("fleet_vet");
    let mut gofmt = Command::new("gofmt");
    let root = format!("{}/{MODULE}", native::ROOT);
    let output = run(gofmt.args(["-l", "."]).current_dir(root));
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    let output = run(scratch.go(MODULE).args(["vet", "./..."]));
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn given_a_rule_taken_away_then_its_test_fails() {
    let scratch = Scratch::new("fleet_mutants");
    let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
    for mutant in MUTANTS {
        let path = format!("{}/{MODULE}/{}", native::ROOT, mutant.file);
        let source = fs::read_to_string(&path).expect("the file");
        assert_eq!(source.matches(mutant.old).count(), 1, "{}: it fits once", mutant.name);
        let changed = scratch.write("changed.go", &source.replace(mutant.old, mutant.new));
        let overlay = serde_json::json!({ "Replace": { path: changed } }).to_string();
        let overlay = scratch.write("overlay.json", &overlay);
        let mut go = scratch.go(MODULE);
        go.args(["test", "-count=1", "-run", mutant.test]).arg("-overlay").arg(overlay);
        let output = run(go.arg(mutant.package).env("FLEXCANCEL_SANDBOX", sandbox.url()));
        let text = said(&output);
        let is_found = text.contains(&format!("--- FAIL: {} (", mutant.test));
        assert!(is_found, "{}: not found by {}: {text}", mutant.name, mutant.test);
        println!("{}: found by {}", mutant.name, mutant.test);
    }
}

/// The files are as they are shared: nothing is missing in them, and nothing is left over.
#[test]
fn its_module_files_are_tidy() {
    let scratch = Scratch::new("fleet_tidy");
    let output = run(scratch.go(MODULE).args(["mod", "tidy", "-diff"]));
    assert!(output.status.success(), "{}", said(&output));
}
