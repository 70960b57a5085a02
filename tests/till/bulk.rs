//! examples/bulk: the lines of the sessions, then the summary, also where both go to one pipe.

use std::fs::File;
use std::process::{Command, Stdio};

use flex_sandbox::{Hold, Options};

use super::{KEY, ground_truth, held, start};
use crate::native::{Scratch, Under, run_tool, said};

#[test]
fn given_one_pipe_for_both_streams_when_many_are_canceled_then_the_summary_comes_last() {
    let scratch = Scratch::new("till_bulk");
    let program = scratch.compile("examples/bulk.c");
    for under in Under::each() {
        let sandbox = start(Options::default());
        let ids = [held(&sandbox), held(&sandbox)];
        let list = scratch.write(&format!("{under:?}.txt"), &ids.join("\n"));
        let till = program.command(under);
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(till.get_program()).args(till.get_args());
        shell.envs(till.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.arg(scratch.path(&format!("{under:?}.jsonl")));
        shell.stdin(File::open(list).expect("the ids")).stdout(Stdio::piped());
        shell.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", sandbox.url());
        let output = run_tool(&mut shell, "dash");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !shown.contains("hunter2"), "{}", said(&output));
        let lines: Vec<&str> = shown.lines().collect();
        let [first, second, summary] = lines[..] else { panic!("{shown}") };
        for (line, number) in [(first, 0), (second, 1)] {
            let expected = format!("{number} {} canceled: ", ids[number]);
            assert!(line.starts_with(&expected), "{shown}");
        }
        assert!(summary.starts_with("bulk: {"), "{shown}");
        for id in &ids {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1));
        }
    }
}
