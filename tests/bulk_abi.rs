//! Bulk runs from C: the rules of the callbacks, and runs that are killed at any moment and resumed.
//! `FLEXCANCEL_VALGRIND=1` runs the rules under valgrind as well; `FLEXCANCEL_KILLS` is how many
//! runs are killed.

mod bulk_kit;
mod native;
#[allow(dead_code, reason = "the simulator uses more of it")]
#[path = "simulator/random.rs"]
mod random;

use std::collections::BTreeSet;
use std::fs;

use bulk_kit::held;
use flex_sandbox::{Fault, Hold, How, Injection, Options, Sandbox};
use native::{Scratch, Under, said};
use random::Random;
use serde_json::Value;

/// How many runs are killed where nothing else is asked for.
const KILLS: usize = 50;
const SESSIONS: usize = 40;

#[test]
fn given_the_callbacks_when_they_do_right_and_wrong_then_each_run_ends_as_it_must() {
    let scratch = Scratch::new("bulk_rules");
    let program = scratch.compile_test("bulk");
    for under in Under::each() {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let ids: Vec<String> = (0..40).map(|_| held(&sandbox)).collect();
        let output = program.command(under).arg(sandbox.url()).arg("rules").args(&ids).output();
        let output = output.expect("the program runs");
        let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
        assert!(output.status.success() && is_silent, "{under:?}: {}", said(&output));
    }
}

#[test]
fn given_the_example_when_it_is_fed_with_ids_then_it_cancels_them_and_resumes_by_its_journal() {
    let scratch = Scratch::new("bulk_example");
    let program = scratch.compile(&format!("{}/examples/bulk.c", native::ROOT));
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let ids = [held(&sandbox), "fcs_unknown".to_owned(), held(&sandbox)];
    let input = scratch.write("ids.txt", &format!("{}\r\n{}\n{}", ids[0], ids[1], ids[2]));
    let journal = scratch.path("night.jsonl");
    for round in ["Flex confirmed the cancel", "an earlier run with this journal ended it"] {
        let mut command = program.command(Under::Nothing);
        command.arg(&journal).stdin(fs::File::open(&input).unwrap());
        command.env("FLEX_API_KEY", "fsk_test_hunter2").env("FLEX_BASE_URL", sandbox.url());
        let output = command.output().expect("the program runs");
        assert!(output.status.success(), "{}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = lines.lines().collect();
        assert!(lines[0].starts_with(&format!("0 {} canceled: {round}", ids[0])), "{lines:?}");
        assert!(lines[1].starts_with("1 fcs_unknown not_applied: "), "{lines:?}");
        assert!(lines[2].starts_with(&format!("2 {} canceled: {round}", ids[2])), "{lines:?}");
        assert_eq!(lines.len(), 3);
    }
    assert_eq!(sandbox.counts().cancel, 3, "the second time nothing was sent");
}

/// What may befall the next request, besides the kill.
fn inject_faults(sandbox: &Sandbox, random: &mut Random) {
    let fault = match random.below(4) {
        0 => Fault::DropAnswer { how: How::Rst },
        1 => Fault::Status { status: 503, headers: Vec::new(), body: String::new() },
        _ => return,
    };
    sandbox.inject_as(Injection::of(fault));
}

#[test]
fn given_runs_that_are_killed_and_resumed_then_nothing_is_lost_doubled_or_out_of_order() {
    let scratch = Scratch::new("bulk_kill");
    let program = scratch.compile_test("bulk");
    let killer = scratch.compile_preloaded("kill");
    let wanted =
        std::env::var("FLEXCANCEL_KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    let mut random = Random::new(20_261_126);
    let (mut killed, mut runs) = (0, 0);
    while killed < wanted {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let ids: Vec<String> = (0..SESSIONS).map(|_| held(&sandbox)).collect();
        let journal = scratch.path(&format!("journal-{runs}.jsonl"));
        let output = loop {
            inject_faults(&sandbox, &mut random);
            let mut command = program.command(Under::Nothing);
            command.arg(sandbox.url()).arg("run").arg(&journal);
            command.arg(["1", "4", "16"][usize::try_from(random.below(3)).unwrap()]).args(&ids);
            command.env("LD_PRELOAD", &killer).env("KILL_AT", (1 + random.below(40)).to_string());
            let output = command.output().expect("the program runs");
            if output.status.code().is_some() {
                break output;
            }
            killed += 1;
        };
        runs += 1;
        assert!(output.status.success(), "{}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = lines.lines().collect();
        for (number, line) in lines[..SESSIONS].iter().enumerate() {
            let expected = [format!("{number} canceled"), format!("{number} already_canceled")];
            assert!(expected.contains(&(*line).to_owned()), "{line}, the item {number}");
        }
        for id in &ids {
            let truth = sandbox.ground_truth(id).unwrap();
            assert_eq!((truth.hold, truth.releases.len()), (Hold::Released, 1), "{id}");
        }
        let keys: BTreeSet<(String, String)> = sandbox
            .requests()
            .iter()
            .filter_map(|request| {
                let key = request.header("idempotency-key")?.to_owned();
                Some((request.target.clone(), key))
            })
            .collect();
        assert_eq!(keys.len(), SESSIONS, "one key each");
        let ended: BTreeSet<u64> = fs::read_to_string(&journal)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line"))
            .filter(|line| line["state"] == "ended")
            .map(|line| line["number"].as_u64().unwrap())
            .collect();
        assert_eq!(ended.len(), SESSIONS, "the journal is complete");
    }
    println!("{killed} runs were killed, {runs} came to their end: 0 lost, 0 doubled");
    assert!(runs < killed, "most were killed at work");
}
