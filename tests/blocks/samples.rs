//! Samples of pages in C, C++ and Go that no other test compiles.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};

use crate::native::{GO, Scratch, Under, run_tool, said};

const GO_PAGE: &str = "bindings/go/README.md";
pub const OUTBOX_PAGE: &str = "docs/OUTBOX.md";
const BULK_PAGE: &str = "docs/BULK.md";

pub fn has(page: &str) -> bool {
    [GO_PAGE, OUTBOX_PAGE, BULK_PAGE].contains(&page)
}

/// The first sample in this language of the outbox's page, with a file of the test's own.
fn sample_of_the_outbox(language: &str, scratch: &Scratch) -> String {
    let blocks = super::blocks(OUTBOX_PAGE);
    let sample = blocks.iter().find(|it| it.language == language);
    let sample = sample.unwrap_or_else(|| panic!("a sample in {language}"));
    let file = scratch.path("outbox.db");
    sample.text.replace("/var/lib/till/outbox.db", file.to_str().expect("UTF-8"))
}

/// A sandbox with a held session and a captured one.
pub fn sandbox() -> (Sandbox, String, String) {
    let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
    let [held, captured] = [(); 2].map(|()| {
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).expect("a new session can be paid");
        id
    });
    sandbox.capture(&captured, None).expect("a held session can be captured");
    (sandbox, held, captured)
}

#[test]
fn the_samples_in_go_cancel_and_keep() {
    let blocks = super::blocks(GO_PAGE);
    let samples: Vec<&str> =
        blocks.iter().filter(|block| block.language == "go").map(|block| &*block.text).collect();
    let [usage, outbox, _] = samples[..] else { panic!("{} samples", samples.len()) };
    let scratch = Scratch::new("blocks_go");
    let file = scratch.path("outbox.db");
    let outbox = outbox.replace("/var/lib/till/outbox.db", file.to_str().expect("UTF-8"));
    let path = "github.com/flexcancel/flexcancel/bindings/go";
    let program = format!(
        "package main\n\nimport (\n\"context\"\n\"errors\"\n\"fmt\"\n\"os\"\n\"time\"\n\
             \"{path}/flexcancel\"\n)\n\
             func use(sessionID string) error {{\n{usage}\nreturn nil\n}}\n\
             func keep(client *flexcancel.Client, sessionID string) error {{\n\
             ctx := context.Background()\n{outbox}\n\
             left, _ := outbox.Worklist()\n\
             fmt.Println(c.Outcome, flushed != nil, worklist[0].State, len(left), err)\nreturn nil\n}}\n\
             func main() {{\nif err := use(os.Args[1]); err != nil {{\npanic(err)\n}}\n\
             client, err := flexcancel.New(flexcancel.Config{{APIKeyEnv: \"FLEX_API_KEY\", \
             BaseURL: os.Getenv(\"FLEX_BASE_URL\")}})\nif err != nil {{\npanic(err)\n}}\n\
             if err := keep(client, os.Args[2]); err != nil {{\npanic(err)\n}}\n}}\n"
    );
    let (sandbox, held, captured) = sandbox();
    let mut go = scratch.go_program(&program);
    go.args(["run", ".", &held, &captured]);
    let output = run_tool(at(&mut go, &sandbox), GO);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown, "voided\nnot_cancelable true refused 0 <nil>\n", "{}", said(&output));
    assert_eq!(sandbox.ground_truth(&held).expect("the truth").hold, Hold::Released);
}

#[test]
fn the_sample_of_the_outbox_in_c_cancels() {
    let scratch = Scratch::new("blocks_c");
    let file = scratch.path("outbox.db");
    let sample = sample_of_the_outbox("c", &scratch);
    // Each line's result is shown, and freed.
    let shown: String = sample
        .lines()
        .flat_map(|line| {
            [line, if line.starts_with("result =") { "show(result);" } else { "" }, "\n"]
        })
        .collect();
    let source = scratch.write(
        "sample.c",
        &format!(
            "#include <flexcancel.h>\n#include <stdio.h>\n\
             static void show(flexcancel_result *result) {{\n\
             puts(flexcancel_code_name(flexcancel_result_code(result)));\n\
             flexcancel_result_free(result);\n}}\n\
             int main(int argc, char **argv) {{\n\
             const char *session_id = argv[argc - 1];\nconst int64_t entry_id = 1;\n\
             flexcancel_result *result, *error = NULL;\n\
             flexcancel_client *client = flexcancel_client_new(argv[1], &error);\n{shown}\n\
             flexcancel_client_free(client);\nflexcancel_result_free(error);\nreturn 0;\n}}\n"
        ),
    );
    let program = scratch.compile(source.to_str().expect("UTF-8"));
    for under in Under::each() {
        let (sandbox, held, captured) = sandbox();
        let config = format!(r#"{{"api_key":"fsk_test_hunter2","base_url":"{}"}}"#, sandbox.url());
        for (id, codes) in
            [(&captured, "not_cancelable\nok\nok\nok\n"), (&held, "ok\nok\nok\nok\n")]
        {
            let output = run_tool(program.command(under).args([&config, id]), "");
            let shown = String::from_utf8_lossy(&output.stdout);
            assert_eq!((&*shown, output.status.code()), (codes, Some(0)), "{}", said(&output));
        }
        assert_eq!(sandbox.ground_truth(&held).expect("the truth").hold, Hold::Released);
        std::fs::remove_file(&file).expect("its outbox");
    }
}

#[test]
fn the_sample_of_the_outbox_in_cpp_cancels() {
    let scratch = Scratch::new("blocks_cpp");
    let sample = sample_of_the_outbox("cpp", &scratch);
    let source = scratch.write(
        "sample.cpp",
        &format!(
            "#include <flexcancel.hpp>\n#include <cstdlib>\n#include <iostream>\n\
             using namespace flexcancel;\n\
             int main(int, char **argv) {{\n\
             const std::string_view session_id = argv[1];\nconst std::int64_t entry_id = 1;\n\
             const Client client = Client::create(Config().api_key_env(\"FLEX_API_KEY\").base_url(\
             std::getenv(\"FLEX_BASE_URL\"))).client;\n{sample}\n\
             std::cout << name(result.code()) << ' ' << name(flushed.code()) << ' ' \
             << name(worklist.code()) << ' ' << name(seen.code()) << ' ' << !error << '\\n';\n}}\n"
        ),
    );
    let program = scratch.compile_cpp(source.to_str().expect("UTF-8"));
    let (sandbox, held, captured) = sandbox();
    for (id, codes) in [(&captured, "not_cancelable ok ok ok 1\n"), (&held, "ok ok ok ok 1\n")] {
        let mut command = program.command(Under::Nothing);
        let output = run_tool(at(command.arg(id), &sandbox), "");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!((&*shown, output.status.code()), (codes, Some(0)), "{}", said(&output));
    }
    assert_eq!(sandbox.ground_truth(&held).expect("the truth").hold, Hold::Released);
}

#[test]
fn the_sample_of_the_outbox_in_go_cancels() {
    let scratch = Scratch::new("blocks_go_outbox");
    let sample = sample_of_the_outbox("go", &scratch);
    let program = format!(
        "package main\n\nimport (\n\"context\"\n\"fmt\"\n\"os\"\n\
         \"github.com/flexcancel/flexcancel/bindings/go/flexcancel\"\n)\n\
         func keep(ctx context.Context, client *flexcancel.Client, sessionID string) error {{\n\
         {sample}\nfmt.Println(c.Outcome, flushed != nil, len(worklist), err)\nreturn nil\n}}\n\
         func main() {{\nclient, err := flexcancel.New(flexcancel.Config{{APIKeyEnv: \
         \"FLEX_API_KEY\", BaseURL: os.Getenv(\"FLEX_BASE_URL\")}})\nif err != nil {{\n\
         panic(err)\n}}\nfor _, id := range os.Args[1:] {{\n\
         if err := keep(context.Background(), client, id); err != nil {{\npanic(err)\n}}\n}}\n}}\n"
    );
    let (sandbox, held, captured) = sandbox();
    let mut go = scratch.go_program(&program);
    let output = run_tool(at(go.args(["run", ".", &captured, &held]), &sandbox), GO);
    let shown = String::from_utf8_lossy(&output.stdout);
    let expected = "not_cancelable true 1 <nil>\ncanceled true 0 <nil>\n";
    assert_eq!(shown, expected, "{}", said(&output));
    assert_eq!(sandbox.ground_truth(&held).expect("the truth").hold, Hold::Released);
}

/// Interrupted by Ctrl-C, and killed: run again with its journal, it does the rest.
#[test]
fn the_complete_program_in_go_ends_with_a_signal_and_resumes() {
    let blocks = super::blocks(BULK_PAGE);
    let mut samples = blocks.iter().filter(|block| block.text.starts_with("package main\n"));
    let program = &samples.next().expect("a program").text;
    let scratch = Scratch::new("blocks_go_bulk");
    let built = run_tool(scratch.go_program(program).args(["build", "-o", "night", "."]), GO);
    assert!(built.status.success(), "{}", said(&built));
    let mut gofmt = Command::new("gofmt");
    let formatted = run_tool(gofmt.arg("-l").arg(scratch.path("main.go")), GO);
    assert!(formatted.stdout.is_empty(), "{}", said(&formatted));
    for signal in [libc::SIGINT, libc::SIGKILL] {
        let (sandbox, first, captured) = sandbox();
        let mut ids = vec![first.clone()];
        ids.extend((0..20).map(|_| {
            let id = sandbox.create(&CreateParams::default());
            sandbox.pay(&id).expect("a new session can be paid");
            id
        }));
        let list = scratch.write("ids.txt", &format!("{}\n\n", ids.join("\n")));
        let night = |list| {
            let mut command = Command::new(scratch.path("night"));
            command.arg(scratch.path(&format!("{signal}.jsonl")));
            command.stdin(fs::File::open(list).expect("the ids"));
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            at(&mut command, &sandbox).spawn().expect("the program starts")
        };
        let mut child = night(&list);
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("its first line");
        assert_eq!(line, format!("0 canceled ok {first}\n"));
        let pid = libc::pid_t::try_from(child.id()).expect("a process's id");
        // SAFETY: a signal to a process of this test's own, which has not been waited for.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
        output.read_to_string(&mut line).expect("the rest");
        let end = child.wait_with_output().expect("its end");
        if signal == libc::SIGINT {
            assert_eq!(end.status.code(), Some(130), "{line}{}", said(&end));
            assert!(said(&end).contains("interrupted: run it again"), "{}", said(&end));
        }
        assert!(line.lines().count() < ids.len(), "it was over before: {line}");

        let end = night(&list).wait_with_output().expect("its end");
        let shown = String::from_utf8_lossy(&end.stdout);
        assert_eq!(end.status.code(), Some(0), "{}", said(&end));
        assert_eq!(shown.lines().count(), ids.len(), "{}", said(&end));
        assert!(said(&end).contains("21 of 21: 21 voided, 0 too late, 0 not"), "{}", said(&end));
        for id in &ids {
            let truth = sandbox.ground_truth(id).expect("the truth");
            assert_eq!(truth.hold, Hold::Released, "{id}");
        }

        // Another list is refused, and one with a session that was captured tells so.
        let other = scratch.write("other.txt", &captured);
        assert_eq!(night(&other).wait_with_output().expect("its end").status.code(), Some(74));
        fs::remove_file(scratch.path(&format!("{signal}.jsonl"))).expect("its journal");
        assert_eq!(night(&other).wait_with_output().expect("its end").status.code(), Some(1));
    }
}

fn at<'a>(command: &'a mut Command, sandbox: &Sandbox) -> &'a mut Command {
    command.env("FLEX_BASE_URL", sandbox.url()).env("FLEX_API_KEY", "fsk_test_hunter2")
}
