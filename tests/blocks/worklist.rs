//! The sample of docs/OUTBOX.md that reads entries and counts with a JSON library.

use std::process::Command;

use flex_sandbox::Hold;

use crate::native::{Scratch, Under, run_tool, said};
use crate::samples::{OUTBOX_PAGE, sandbox};

/// What the sample includes, besides the library.
const JSON_HEADER: &str = "nlohmann/json.hpp";

fn assert_json_library() {
    let mut compiler = Command::new("g++");
    compiler.args(["-x", "c++", "-fsyntax-only", "-include", JSON_HEADER, "/dev/null"]);
    let is_there = run_tool(&mut compiler, "g++").status.success();
    assert!(is_there, "{JSON_HEADER} is missing: apt-get install nlohmann-json3-dev");
}

#[test]
fn the_sample_of_a_worklist_in_cpp_shows_each_entry_and_the_counts() {
    assert_json_library();
    let blocks = super::blocks(OUTBOX_PAGE);
    let mut samples = blocks.iter().filter(|block| block.text.contains(JSON_HEADER));
    let sample = &samples.next().expect("a sample with a JSON library").text;
    let scratch = Scratch::new("blocks_worklist");
    let source = scratch.write(
        "sample.cpp",
        &format!(
            "{sample}\nint main(int argc, char **argv) {{\nusing namespace flexcancel;\n\
             const auto created = Client::create(argv[1]);\n\
             const auto opened = Outbox::open(created.client, OutboxOptions().path(argv[2]));\n\
             for (int at = 3; at < argc; at++)\n\
             std::cout << name(opened.outbox.cancel(argv[at]).outcome()) << '\\n';\n\
             std::cout << name(show_worklist(opened.outbox)) << '\\n';\n\
             std::cout << name(show_worklist(Outbox())) << '\\n';\n}}\n"
        ),
    );
    let program = scratch.compile_cpp(source.to_str().expect("UTF-8"));
    for under in Under::each() {
        let (sandbox, held, captured) = sandbox();
        let config = format!(r#"{{"api_key":"fsk_test_hunter2","base_url":"{}"}}"#, sandbox.url());
        let file = scratch.path(&format!("{under:?}.db"));
        let mut command = program.command(under);
        command.arg(&config).arg(file).args([&*captured, &*held, "fcs_nobody"]);
        let output = run_tool(&mut command, "");
        let shown = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<&str> = shown.lines().collect();
        let [too_late, voided, nobody, first, second, rest @ ..] = &lines[..] else {
            panic!("{}", said(&output))
        };
        assert_eq!([*too_late, voided, nobody], ["not_cancelable", "canceled", "not_applied"]);
        assert!(first.starts_with(&format!("1 {captured} refused: ")), "{shown}");
        assert!(second.starts_with("3 fcs_nobody needs_attention: "), "{shown}");
        assert_eq!(rest, ["2 to be seen", "ok", "invalid_handle"], "{shown}");
        assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
        assert_eq!(sandbox.ground_truth(&held).expect("the truth").hold, Hold::Released);
    }
}
