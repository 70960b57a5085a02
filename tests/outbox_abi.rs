//! The outbox through the C ABI, and what its documents say. `FLEXCANCEL_VALGRIND=1` runs the C
//! program under valgrind as well.

#![cfg(feature = "outbox")]

mod native;
mod outbox_kit;

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
use flexcancel::outbox::{
    CLAIM_KEYS, ClaimOptions, ENQUEUE_KEYS, EntryOptions, FLUSH_KEYS, FlushOptions, LIST_KEYS,
    ListFilter, OPEN_KEYS, OUTBOX_CANCEL_KEYS, SETTLEMENT_KEYS, Settlement,
};
use flexcancel::{Code, OPTION_KEYS, OutboxState, Outcome, Report, Status};
use native::{Scratch, Under, said};
use outbox_kit::audit::audit;
use outbox_kit::{Till, ground_truth, held};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../docs/OUTBOX.md");
const SCHEMA: &str = include_str!("../docs/result.schema.json");

#[test]
fn given_the_c_abi_when_every_function_is_used_right_and_wrong_then_each_says_what_it_must() {
    let scratch = Scratch::new("outbox_abi");
    let program = scratch.compile_test("outbox");
    for under in Under::each() {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let ids = [held(&sandbox), held(&sandbox), sandbox.create(&CreateParams::default())];
        sandbox.pay(&ids[2]).unwrap();
        sandbox.capture(&ids[2], None).unwrap();
        let file = scratch.path(&format!("{under:?}.db"));
        let output = program.command(under).arg(sandbox.url()).arg(&file).args(&ids).output();
        let output = output.expect("the program runs");
        let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
        assert!(output.status.success() && is_silent, "{under:?}: {}", said(&output));
        assert_eq!(ground_truth(&sandbox, &ids[0]), (Hold::Released, 1));
        assert_eq!(ground_truth(&sandbox, &ids[1]), (Hold::Released, 1));
        assert_eq!(ground_truth(&sandbox, &ids[2]), (Hold::Captured, 0));
    }
}

#[test]
fn given_threads_whose_outbox_is_pulled_away_when_all_end_then_each_cancel_is_kept_and_done_once() {
    let scratch = Scratch::new("outbox_threads");
    let program = scratch.compile_test("outbox_threads");
    for under in Under::each() {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let ids: Vec<String> = (0..under.count(60, 24)).map(|_| held(&sandbox)).collect();
        let file = scratch.path(&format!("{under:?}.db"));
        let output = program.command(under).arg(sandbox.url()).arg(&file).args(&ids).output();
        let output = output.expect("the program runs");
        let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
        assert!(output.status.success() && is_silent, "{under:?}: {}", said(&output));
        let audit = audit(&sandbox, &file, &[]);
        audit.assert_clean();
        assert_eq!(audit.entries, ids.len());
        for id in &ids {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1), "{id}");
        }
    }
}

#[test]
fn given_a_fork_when_both_sides_go_on_then_what_each_keeps_is_in_the_file() {
    let scratch = Scratch::new("outbox_fork");
    let program = scratch.compile_test("outbox_fork");
    let till = Till::new("fork");
    let ids = [held(&till.sandbox), held(&till.sandbox), held(&till.sandbox)];
    let mut command = program.command(Under::Nothing);
    command.arg(till.sandbox.url()).arg(till.directory.file()).args(&ids);
    let output = command.output().expect("the program runs");
    let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
    assert!(output.status.success() && is_silent, "{}", said(&output));
    let entries = till.outbox.list(&ListFilter::default()).outbox.unwrap().entries;
    let kept: Vec<&str> = entries.iter().map(|entry| entry.session_id.as_str()).collect();
    assert_eq!(kept, ids);
}

/// The first cells of the table that follows this text.
fn keys_after(text: &str) -> Vec<&'static str> {
    let table = DOCUMENT.split_once(text).unwrap_or_else(|| panic!("{text}")).1;
    let rows = table.lines().skip_while(|line| !line.starts_with("| key")).skip(2);
    rows.take_while(|line| line.starts_with("| "))
        .map(|row| row.split('|').nth(1).unwrap().trim().trim_matches('`'))
        .collect()
}

#[test]
fn the_documents_tables_have_exactly_the_keys_there_are() {
    assert_eq!(keys_after("\nOf opening:\n"), OPEN_KEYS);
    let of_cancel =
        keys_after("\nOf a cancel. An enqueue makes no call, so it takes only the first five:\n");
    assert_eq!(of_cancel, OUTBOX_CANCEL_KEYS);
    assert_eq!(of_cancel[..ENQUEUE_KEYS.len()], *ENQUEUE_KEYS, "the first three");
    assert_eq!(keys_after("\nOf a flush:\n"), FLUSH_KEYS);
    assert_eq!(keys_after("\nOf a claim:\n"), CLAIM_KEYS);
    let of_settle = keys_after("`settle` takes the entry's id and a settlement:\n");
    assert_eq!(of_settle, SETTLEMENT_KEYS);
    assert_eq!(keys_after("\nOf a list, in the order of their ids:\n"), LIST_KEYS);
    assert!(OPTION_KEYS.iter().all(|key| OUTBOX_CANCEL_KEYS.contains(key)));
}

/// What is about one cancel has an outcome, and nothing else has.
fn assert_call(what: &str, report: &Report) {
    assert_valid(what, &report.to_json().unwrap(), true);
}

fn assert_status(what: &str, status: &Status) {
    assert_valid(what, &status.to_json().unwrap(), false);
}

fn assert_valid(what: &str, json: &str, has_outcome: bool) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let result: Value = serde_json::from_str(json).unwrap();
    assert_eq!(result.get("outcome").is_some(), has_outcome, "{what}: {result:#}");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> =
        validator.iter_errors(&result).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(problems.is_empty(), "{what}: {problems:?}\n{result:#}");
    assert!(result["outbox"].is_object(), "{what}");
}

#[test]
fn every_kind_of_result_is_as_the_schema_says() {
    let till = Till::new("schema_of_results");
    let options = EntryOptions::default();
    let captured = held(&till.sandbox);
    till.sandbox.capture(&captured, None).unwrap();
    assert_call("enqueue", &till.outbox.enqueue(&held(&till.sandbox), &options));
    assert_call("delivered", &till.outbox.cancel(&held(&till.sandbox), &options, None));
    assert_call("refused", &till.outbox.cancel(&captured, &options, None));
    assert_call("attention", &till.outbox.cancel("fcs_nowhere", &options, None));
    assert_call("no id", &till.outbox.cancel("", &options, None));
    assert_status("list", &till.outbox.list(&ListFilter::default()));
    assert_status("pending", &till.outbox.acknowledge(1));
    assert_status("acknowledged", &till.outbox.acknowledge(3));
    assert_status("no entry", &till.outbox.acknowledge(99));
    assert_status("stats", &till.outbox.stats());
    let claim = till.outbox.claim(&ClaimOptions::default());
    assert_status("claim", &claim);
    let claim = claim.outbox.unwrap().entries.remove(0);
    let mut settlement = Settlement::new(
        claim.lease.unwrap(),
        claim.idempotency_key,
        Outcome::NotApplied,
        Code::RateLimited,
    );
    assert_status("settled", &till.outbox.settle(claim.id, &settlement));
    settlement.idempotency_key.push('x');
    assert_status("another key", &till.outbox.settle(claim.id, &settlement));
    till.sandbox.close_port();
    assert_call("kept", &till.outbox.cancel(&held(&till.sandbox), &options, None));
    assert_status("closed way", &till.outbox.flush(&FlushOptions::default(), None));
    till.sandbox.open_port();
    till.clock.pass(8 * 24 * 3_600_000);
    assert_status("flush", &till.outbox.flush(&FlushOptions::default(), None));
    let expired = till.outbox.list(&ListFilter::default());
    assert_status("expired", &expired);
    let states = expired.outbox.unwrap().entries.into_iter().map(|entry| entry.state);
    assert!(states.collect::<Vec<_>>().contains(&OutboxState::Expired));
}
