//! Samples of pages in C and Go that no other test compiles.

use std::process::Command;

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};

use crate::native::{GO, Scratch, Under, run_tool, said};

const GO_PAGE: &str = "bindings/go/README.md";
const C_PAGE: &str = "docs/OUTBOX.md";

pub fn has(page: &str) -> bool {
    [GO_PAGE, C_PAGE].contains(&page)
}

/// A sandbox with a held session and a captured one.
fn sandbox() -> (Sandbox, String, String) {
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
             fmt.Println(c.Outcome, flushed != nil, entry.State, err)\nreturn nil\n}}\n\
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
    assert_eq!(shown, "voided\nnot_cancelable true refused <nil>\n", "{}", said(&output));
    assert_eq!(sandbox.ground_truth(&held).expect("the truth").hold, Hold::Released);
}

#[test]
fn the_sample_of_the_outbox_in_c_cancels() {
    let blocks = super::blocks(C_PAGE);
    let [sample] = blocks.iter().filter(|block| block.language == "c").collect::<Vec<_>>()[..]
    else {
        panic!("one sample in C")
    };
    let scratch = Scratch::new("blocks_c");
    let file = scratch.path("outbox.db");
    let sample = sample.text.replace("/var/lib/till/outbox.db", file.to_str().expect("UTF-8"));
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

fn at<'a>(command: &'a mut Command, sandbox: &Sandbox) -> &'a mut Command {
    command.env("FLEX_BASE_URL", sandbox.url()).env("FLEX_API_KEY", "fsk_test_hunter2")
}
