//! One set of vectors, and every language passes all of it: for each vector and each language the
//! sandbox is prepared, the call is made through that language's binding, and the response and the
//! truth are held against what is expected. tests/vectors/README.md describes the vectors.
//!
//! `cargo test --test conformance -- --nocapture` prints the table.

#[path = "conformance/expected.rs"]
mod expected;
#[path = "conformance/json.rs"]
mod json;
#[path = "conformance/language.rs"]
mod language;
mod native;
#[path = "conformance/runner.rs"]
mod runner;
#[path = "conformance/vector.rs"]
mod vector;
#[path = "conformance/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::resume_unwind;

use flexcancel::{Code, Hold, Outcome};
use language::Language;
use runner::{Answer, Process};
use vector::Vector;
use world::World;

/// What no vector can show: it is about handles of C, about a defect, or about the outbox, which
/// these calls do without.
fn is_not_here(code: Code) -> bool {
    let is_of_a_bulk_run = code == Code::MaxUnknown || code.name().starts_with("journal_");
    let is_of_the_outbox = code.name().starts_with("outbox_");
    matches!(code, Code::InvalidHandle | Code::Internal) || is_of_the_outbox || is_of_a_bulk_run
}

/// What one language came to: the differences, vector by vector.
type Column = Vec<Vec<String>>;

#[test]
fn every_language_passes_every_vector() {
    let (languages, vectors) = (language::all(), vector::all());
    let columns: Vec<Column> = std::thread::scope(|scope| {
        let vectors = &vectors;
        let start = |language| scope.spawn(move || run(language, vectors));
        let running: Vec<_> = languages.iter().map(start).collect();
        running.into_iter().map(|it| it.join().unwrap_or_else(|why| resume_unwind(why))).collect()
    });
    println!("{}", table(&languages, &vectors, &columns));
    let mut complaints = String::new();
    for (language, column) in languages.iter().zip(&columns) {
        for (vector, found) in vectors.iter().zip(column) {
            for difference in found {
                writeln!(complaints, "{}: {}: {difference}", language.name, vector.name).unwrap();
            }
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

fn run(language: &Language, vectors: &[Vector]) -> Column {
    let scratch = language.scratch();
    let mut process = language.command(&scratch).map(Process::start);
    let mut column = Column::new();
    for vector in vectors {
        let world = World::new(vector, &scratch, |path| language.path(path));
        let line = world.line(vector);
        let answer = match &mut process {
            None => Ok(runner::ask_here(&line)),
            Some(process) => process.ask(&line),
        };
        column.push(match answer {
            Ok(answer) => expected::differences(vector, &world, &answer),
            Err(why) => vec![format!("the runner {why}")],
        });
    }
    let ended = process.map_or(Ok(()), Process::finish);
    if let (Err(why), Some(last)) = (ended, column.last_mut()) {
        last.push(format!("the runner {why}"));
    }
    column
}

fn table(languages: &[Language], vectors: &[Vector], columns: &[Column]) -> String {
    let width = vectors.iter().map(|vector| vector.name.chars().count()).max().unwrap_or_default();
    let mut table = format!("{:<width$}", "vector");
    for language in languages {
        write!(table, "  {:<6}", language.name).unwrap();
    }
    for (row, vector) in vectors.iter().enumerate() {
        write!(table, "\n{:<width$}", vector.name).unwrap();
        for column in columns {
            let verdict = if column[row].is_empty() { "pass" } else { "FAIL" };
            write!(table, "  {verdict:<6}").unwrap();
        }
    }
    let passed = columns.iter().flatten().filter(|found| found.is_empty()).count();
    write!(table, "\n{} vectors, {passed} of {} pass", vectors.len(), {
        vectors.len() * columns.len()
    })
    .unwrap();
    table
}

#[test]
fn the_vectors_show_every_outcome_every_hold_and_every_code_that_a_call_can_have() {
    let vectors = vector::all();
    assert!(vectors.len() >= 60, "only {} vectors", vectors.len());
    let names: BTreeSet<&str> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), vectors.len(), "two vectors have the same name");
    let outcomes: BTreeSet<&str> = vectors.iter().map(|it| it.expected.outcome.as_str()).collect();
    let codes: BTreeSet<&str> = vectors.iter().map(|it| it.expected.code.as_str()).collect();
    let holds: BTreeSet<&str> =
        vectors.iter().filter_map(|it| it.expected.hold.as_deref()).collect();
    assert_eq!(outcomes, Outcome::ALL.iter().map(|it| it.name()).collect());
    assert_eq!(holds, Hold::ALL.iter().map(|it| it.name()).collect());
    let possible = Code::ALL.iter().filter(|code| !is_not_here(**code));
    assert_eq!(codes, possible.map(|code| code.name()).collect());
    let configured: BTreeSet<&str> =
        vectors.iter().flat_map(|it| it.call.config.keys().map(String::as_str)).collect();
    let unset: Vec<_> =
        flexcancel::CONFIG_KEYS.iter().filter(|key| !configured.contains(**key)).collect();
    assert!(unset.is_empty(), "no vector has {unset:?}");
}

#[test]
fn a_vector_that_makes_no_sense_is_refused() {
    let expected = r#"{"outcome":"canceled","code":"ok","hold":"released","attempts":[],
        "ground_truth":{"hold":"released","cancels_applied":1}}"#;
    assert_eq!(
        vector::read(&format!(r#"[{{"name":"n","expected":{expected}}}]"#)).unwrap().len(),
        1
    );
    for (vector, why) in [
        (format!(r#"{{"name":"n","expected":{expected},"note":""}}"#), "unknown field `note`"),
        (format!(r#"{{"name":"n","sandbox":{{"tsl":true}},"expected":{expected}}}"#), "`tsl`"),
        (format!(r#"{{"name":"n","call":{{"optoins":{{}}}},"expected":{expected}}}"#), "`optoins`"),
        (
            format!(r#"{{"name":"n","expected":{}}}"#, expected.replace("\"ok\"", "\"fine\"")),
            "code",
        ),
        (
            format!(r#"{{"name":"n","expected":{}}}"#, expected.replace("\"attempts\":[],", "")),
            "attempts",
        ),
        (
            format!(
                r#"{{"name":"n","sandbox":{{"session":{{"amount":1}}}},"expected":{expected}}}"#
            ),
            { "`amount`" },
        ),
        (
            format!(
                r#"{{"name":"n","expected":{}}}"#,
                expected.replace("\"ok\"", "\"invalid_config\"")
            ),
            { "a refusal has a message" },
        ),
    ] {
        let refused = vector::read(&format!("[{vector}]")).unwrap_err();
        assert!(refused.contains(why), "{vector}: {refused}");
    }
}

#[test]
fn an_answer_that_is_not_as_expected_is_found() {
    let expected = r#"[{"name":"n","expected":{"outcome":"unknown","code":"connect","hold":"unknown",
        "attempts":[["cancel","waiting",null,"connection_lost"],
                    ["retrieve","connecting",null,"connect"]],
        "fields":{"/elapsed_ms":1500,"/checkout_session":{"big":9007199254740993}},
        "ground_truth":{"hold":"released","cancels_applied":1}}}]"#;
    let vectors = vector::read(expected).unwrap();
    let example = include_str!("../docs/RESULT.md");
    let (_, example) = example.split_once("### unknown").unwrap();
    let example = example.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let right = example
        .replace(r#""checkout_session": null"#, r#""checkout_session": {"big": 9007199254740993}"#);
    let differences = |outcome, code, json: &str| {
        let answer = Answer { outcome, code, json: json.to_owned() };
        expected::of_the_answer(&vectors[0].expected, str::to_owned, &answer)
    };
    assert_eq!(differences(0, 201, &right), [""; 0]);
    assert_eq!(differences(4, 201, &right).len(), 1);
    assert_eq!(differences(0, 200, &right).len(), 1);
    for (wrong, instead, why) in [
        ("9007199254740993", "9007199254740992", "/checkout_session/big is"),
        ("9007199254740993", "9007199254740993.0", "/checkout_session/big is"),
        ("9007199254740993", "\"9007199254740993\"", "/checkout_session/big is"),
        ("1500", "1501", "/elapsed_ms is 1501, not 1500"),
        ("\"waiting\"", "\"sending\"", "/attempts are"),
        ("\"outcome\": \"unknown\"", "\"outcome\": \"canceled\"", "/outcome is"),
        ("\"hold\": \"unknown\"", "\"hold\": \"held\"", "/hold is"),
        ("\"retryable\": true,", "", "required"),
        ("\"retryable\": true,", "\"retryable\": \"yes\",", "/retryable"),
        ("a request may", "fsk_test_hunter2 may", "the API key is shown"),
    ] {
        assert!(right.contains(wrong), "{wrong}");
        let found = differences(0, 201, &right.replacen(wrong, instead, 1));
        assert!(found.iter().any(|found| found.contains(why)), "{instead}: {found:?}");
    }
}
