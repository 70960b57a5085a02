//! What stands in the documents and in the code: the two are the same.

mod native;
mod simulator;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use flex_sandbox::{CreateParams, Sandbox};
use flexcancel::{CONFIG_KEYS, Client, Code, Config, Hold, OPTION_KEYS, Options, Outcome, Report};
use native::Scratch;
use serde_json::{Value, json};

const README: &str = include_str!("../README.md");
const CONFIGURATION: &str = include_str!("../docs/CONFIGURATION.md");
const GUIDE: &str = include_str!("../docs/GUIDE.md");
const ARCHITECTURE: &str = include_str!("../docs/ARCHITECTURE.md");
const OUTCOMES: &str = include_str!("../docs/OUTCOMES.md");
const RESULT: &str = include_str!("../docs/RESULT.md");
const DEPENDENCIES: &str = include_str!("../docs/DEPENDENCIES.md");
const SCHEMA: &str = include_str!("../docs/result.schema.json");

fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let from = document.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let rest = &document[from + 4..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The first cells of a table's rows, without ticks and without the table's head.
fn first_cells(section: &str) -> Vec<&str> {
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.skip(1).map(|row| row.split('|').nth(1).unwrap().trim().trim_matches('`')).collect()
}

fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

fn assert_valid(what: &str, result: &Value) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut problems = String::new();
    for error in validator.iter_errors(result) {
        writeln!(problems, "{}: {error}", error.instance_path()).unwrap();
    }
    assert!(problems.is_empty(), "{what}:\n{problems}{result:#}");
}

#[test]
fn the_tables_of_settings_have_exactly_the_keys_there_are() {
    let mut configuration = first_cells(section(CONFIGURATION, "Configuration"));
    configuration.sort_unstable();
    assert_eq!(configuration, CONFIG_KEYS);
    let mut options = first_cells(section(CONFIGURATION, "Options of one call"));
    options.sort_unstable();
    assert_eq!(options, OPTION_KEYS);
}

#[test]
fn the_results_page_has_every_number_and_name() {
    let mut listed: Vec<(i32, &str)> = RESULT
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | `"))
        .filter_map(|(number, rest)| Some((number.parse().ok()?, rest.split_once('`')?.0)))
        .collect();
    let mut expected: Vec<(i32, &str)> = Vec::new();
    expected.extend(Outcome::ALL.iter().map(|outcome| (outcome.number(), outcome.name())));
    expected.extend(Code::ALL.iter().map(|code| (code.number(), code.name())));
    expected.extend(Hold::ALL.iter().map(|hold| (hold.number(), hold.name())));
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[test]
fn the_readme_is_short() {
    assert!(README.lines().count() <= 200, "{} lines", README.lines().count());
}

/// The crate's own example is compiled with its documentation.
/// The pages' samples in Rust, and the files that have the same as their first example, which the
/// documentation tests compile.
const SAMPLES_IN_RUST: [(&str, &str); 2] = [
    (README, include_str!("../src/lib.rs")),
    (include_str!("../docs/BULK.md"), include_str!("../src/bulk/mod.rs")),
];

#[test]
fn the_samples_in_rust_are_the_examples_of_the_crate() {
    let lines = |example: &'static str| -> Vec<&str> {
        let code = example.lines().map(|line| {
            let line = line.trim();
            line.strip_prefix("//!").or(line.strip_prefix("///")).unwrap_or(line).trim()
        });
        code.map(|line| line.trim_start_matches("# ")).filter(|line| !line.is_empty()).collect()
    };
    for (page, source) in SAMPLES_IN_RUST {
        let of_source = source.split("```").nth(1).unwrap();
        let of_source = of_source.split_once('\n').unwrap().1;
        let [sample] = blocks(page, "rust")[..] else { panic!("one sample in Rust") };
        assert_eq!(lines(sample), lines(of_source));
    }
}

/// The files that repeat the descriptions of the outcomes, by language.
const DESCRIPTIONS: [(&str, &str); 5] = [
    ("C", native::HEADER),
    ("C++", include_str!("../include/flexcancel/outcome.hpp")),
    ("Go", include_str!("../bindings/go/flexcancel/outcome.go")),
    ("Python", include_str!("../bindings/python/src/flexcancel/_enums.py")),
    ("JSON", RESULT),
];

/// A text without line breaks, marks of comments and marks of code.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "///" | "//" | "*"));
    words.collect::<Vec<_>>().join(" ").replace('`', "")
}

/// The descriptions of the outcomes, in the order of their numbers.
fn outcome_descriptions() -> Vec<String> {
    let rust = include_str!("../src/outcome.rs").split_once("pub enum Outcome {").unwrap().1;
    let lines: Vec<&str> = rust.lines().map(str::trim).take_while(|line| *line != "}").collect();
    let variants = lines.split(|line| !line.starts_with("///"));
    variants.filter(|lines| !lines.is_empty()).map(|lines| plain(&lines.join(" "))).collect()
}

#[test]
fn each_outcome_is_described_in_the_same_sentences_in_every_language() {
    let descriptions = outcome_descriptions();
    assert_eq!(descriptions.len(), Outcome::ALL.len());
    for (language, text) in DESCRIPTIONS {
        let text = plain(text);
        let mut rest = &*text;
        for (outcome, description) in Outcome::ALL.iter().zip(&descriptions) {
            let found = rest.split_once(description.as_str());
            rest = found.unwrap_or_else(|| panic!("{language}: {outcome}: {description}")).1;
        }
    }
}

/// The comment and the name of each code, from src/outcome.rs.
fn codes() -> Vec<(String, String)> {
    let rust = include_str!("../src/outcome.rs").split_once("enum Code").unwrap().1;
    let mut comment = String::new();
    let mut codes = Vec::new();
    for line in rust.lines().map(str::trim) {
        match (line.strip_prefix("///"), line.split('"').nth(1)) {
            (Some(text), _) => comment.push_str(text),
            (None, Some(name)) => codes.push((name.to_owned(), std::mem::take(&mut comment))),
            _ => comment.clear(),
        }
        if codes.len() == Code::ALL.len() {
            break;
        }
    }
    codes
}

#[test]
fn each_code_is_described_in_the_same_sentences_in_rust_and_in_c() {
    let header = plain(native::HEADER);
    let codes = codes();
    assert!(codes.iter().map(|(name, _)| name.as_str()).eq(Code::ALL.iter().map(|it| it.name())));
    for (name, comment) in codes.iter().filter(|(_, comment)| !comment.is_empty()) {
        assert!(header.contains(&plain(comment)), "{name}: {comment}");
    }
}

#[test]
fn the_statuses_that_leave_doubt_are_those_that_the_code_names() {
    let decision = include_str!("../src/decision/observation.rs");
    let arm =
        decision.lines().find(|line| line.contains("=> Code::ServerError") && line.contains('|'));
    let statuses = |text: &str| -> Vec<u16> {
        let words = text.split(|c: char| !c.is_ascii_digit());
        words.filter(|word| word.len() == 3).map(|word| word.parse().unwrap()).collect()
    };
    let statuses_of_the_code = statuses(arm.expect("the statuses of a server's error"));
    assert!(statuses_of_the_code.len() > 3, "{statuses_of_the_code:?}");
    let codes = codes();
    let (_, comment) = codes.iter().find(|(name, _)| name == "server_error").unwrap();
    assert_eq!(statuses(comment), statuses_of_the_code);
    let row = RESULT.lines().find(|line| line.contains("| `server_error` |")).unwrap();
    assert_eq!(statuses(row.split('|').nth(3).unwrap()), statuses_of_the_code);
}

/// Every `static` below a directory, but for what only tests have.
fn statics(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("exhaustive") {
            statics(&path, found);
        } else if path.is_file() && !path.to_string_lossy().ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let names = text.lines().filter_map(|line| {
                let line = line.trim_start().trim_start_matches("pub(super) ");
                Some(line.strip_prefix("static ")?.split_once(':')?.0.to_owned())
            });
            found.extend(names);
        }
    }
}

#[test]
fn the_guide_names_all_global_state() {
    let mut found = BTreeSet::new();
    statics(&Path::new(native::ROOT).join("src"), &mut found);
    let sentence = GUIDE.split_once("Its global state is").unwrap().1.split_once("\n- ").unwrap().0;
    let named: BTreeSet<String> =
        sentence.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(named, found);
}

/// A heading as the end of a link names it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn has_heading(page: &Path, wanted: &str) -> bool {
    let text = fs::read_to_string(page).unwrap_or_default();
    let mut headings =
        text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    headings.any(|heading| anchor(heading) == wanted)
}

#[test]
fn every_link_of_a_page_leads_to_a_file_and_a_heading() {
    let root = Path::new(native::ROOT);
    let mut dead = Vec::new();
    for directory in ["", "docs", "docs/decisions", "bindings/go", "bindings/python"] {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let page = entry.unwrap().path();
            if page.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text = fs::read_to_string(&page).unwrap();
            // A lambda of C++ looks like a link.
            let prose: String = text.split("```").step_by(2).collect();
            for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let target = match file {
                    "" => page.clone(),
                    _ => page.parent().unwrap().join(file),
                };
                let leads =
                    target.exists() && (heading.is_empty() || has_heading(&target, heading));
                if !link.starts_with("http") && !leads {
                    dead.push(format!("{}: {link}", page.display()));
                }
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// The modules in the order of a table's rows. The first row has the basic types and is left out.
fn modules<'a>(table: &[&'a str]) -> Vec<&'a str> {
    let rows = table.iter().filter(|row| row.starts_with("| `")).skip(1);
    let names = rows.filter_map(|row| row.split('`').nth(1));
    names.map(|name| name.trim_end_matches('/').trim_end_matches(".rs")).collect()
}

#[test]
fn the_architecture_has_the_modules_of_the_code_and_names_files_that_are_there() {
    let table: Vec<&str> = section(ARCHITECTURE, "Modules").lines().collect();
    let of_crate = include_str!("../src/lib.rs").lines();
    let of_crate: Vec<&str> = of_crate.filter_map(|line| line.strip_prefix("//! ")).collect();
    assert_eq!(modules(&table), modules(&of_crate));
    let root = Path::new(native::ROOT);
    let missing: Vec<&str> = ARCHITECTURE
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .filter(|name| name.contains(['/', '.']))
        .filter(|name| !["", "src", "docs"].iter().any(|at| root.join(at).join(name).exists()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_hand_written_world_is_named_beside_a_rule() {
    let played = simulator::worlds();
    let names: BTreeSet<&str> = played.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), played.len(), "each name is used once");
    let table = section(OUTCOMES, "The rules, and the worlds that need them");
    let mut named = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.split('|').collect();
        assert_eq!(cells.len(), 5, "{row}");
        let worlds: Vec<&str> = cells[3].split(';').map(str::trim).collect();
        let unknown: Vec<_> = worlds.iter().filter(|world| !names.contains(*world)).collect();
        assert!(unknown.is_empty(), "no such worlds: {unknown:?}");
        named.extend(worlds);
    }
    let unnamed: Vec<_> = names.difference(&named).collect();
    assert!(unnamed.is_empty(), "worlds without a rule: {unnamed:?}");
    let count = format!("| {} hand-written worlds,", played.len());
    assert!(OUTCOMES.contains(&count), "the number of worlds: {count}");
}

#[test]
fn the_readmes_tills_compile_and_answer_a_missing_configuration() {
    let scratch = Scratch::new("readme");
    let only = |language| match blocks(README, language)[..] {
        [till] => till,
        ref tills => panic!("{} tills in {language}", tills.len()),
    };
    scratch.write("till_c.c", only("c"));
    scratch.write("till_cpp.cpp", only("cpp"));
    let path = |file| scratch.path(file).to_str().unwrap().to_owned();
    let c = (scratch.compile(&path("till_c.c")), "not voided");
    let cpp =
        (scratch.compile_cpp(&path("till_cpp.cpp")), "not_applied: Correct the configuration.");
    for (program, expected) in [c, cpp] {
        let mut command = program.command(native::Under::Nothing);
        let output = native::run_tool(command.env_remove("FLEX_API_KEY"), "");
        let said = native::said(&output);
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("invalid_config"), "{said}");
        assert_cancels_at_the_base_url(&mut program.command(native::Under::Nothing));
    }
}

/// The one rule of all samples: FLEX_BASE_URL names the service.
fn assert_cancels_at_the_base_url(command: &mut Command) {
    let sandbox = Sandbox::start(flex_sandbox::Options::default()).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    command.env("FLEX_API_KEY", "fsk_test_1").env("FLEX_BASE_URL", sandbox.url()).arg(&id);
    let said = native::said(&native::run_tool(command, native::GO));
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, flex_sandbox::Hold::Released, "{said}");
    assert!(said.contains("voided") || said.contains("canceled"), "{said}");
}

#[test]
fn the_readmes_till_in_go_compiles_and_answers_a_missing_configuration() {
    let scratch = Scratch::new("readme_go");
    let [till] = blocks(README, "go")[..] else { panic!("one till in Go") };
    let mut go = scratch.go_program(till);
    go.args(["run", ".", "fcs_1"]).env_remove("FLEX_API_KEY");
    let said = native::said(&native::run_tool(&mut go, native::GO));
    assert!(said.contains("not voided: flexcancel: not_applied (invalid_config)"), "{said}");
    assert_cancels_at_the_base_url(scratch.go_program(till).args(["run", "."]));
}

#[test]
fn every_direct_dependency_has_its_row() {
    for manifest in [include_str!("../Cargo.toml"), include_str!("../examples/sandbox/Cargo.toml")]
    {
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies]");
            } else if let (true, Some((name, _))) = (in_dependencies, line.split_once(" = ")) {
                assert!(DEPENDENCIES.contains(&format!("`{name}`")), "{name} has no row");
            }
        }
    }
}

#[test]
fn the_schemas_examples_are_results() {
    let examples = blocks(RESULT, "json");
    let results: Vec<Value> = examples
        .iter()
        .map(|example| serde_json::from_str(example).unwrap())
        .filter(|example: &Value| example.get("checkout_session").is_some())
        .collect();
    assert!(results.len() >= 3, "canceled, not_applied, unknown");
    results.iter().for_each(|result| assert_valid("an example", result));
}

fn validated(what: &str, report: &Report, outcome: Outcome) {
    assert_eq!(report.outcome, outcome, "{what}");
    assert_valid(what, &serde_json::from_str(&report.to_json().unwrap()).unwrap());
}

#[test]
fn every_kind_of_result_is_as_the_schema_says() {
    let sandbox = Sandbox::start(flex_sandbox::Options::default()).unwrap();
    let client_at = |url: &str| {
        let json = json!({ "api_key": "fsk_test_hunter2", "base_url": url, "timeout_ms": 300 });
        Client::new(&Config::from_json(&json.to_string()).unwrap()).unwrap()
    };
    let client = client_at(&sandbox.url());
    let options = Options::default();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    validated("held", &client.retrieve(&id, &options, None), Outcome::NotApplied);
    validated("cancel", &client.cancel(&id, &options, None), Outcome::Canceled);
    validated("again", &client.cancel(&id, &options, None), Outcome::AlreadyCanceled);
    validated("canceled", &client.retrieve(&id, &options, None), Outcome::AlreadyCanceled);
    let captured = sandbox.create(&CreateParams::default());
    sandbox.pay(&captured).unwrap();
    sandbox.capture(&captured, None).unwrap();
    validated("captured", &client.cancel(&captured, &options, None), Outcome::NotCancelable);
    validated("nowhere", &client.cancel("fcs_0", &options, None), Outcome::NotApplied);
    validated("no id", &client.cancel("", &options, None), Outcome::NotApplied);
    validated("unreadable", &client.retrieve("fcs_0", &options, None), Outcome::Unknown);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    validated("silent", &client_at(&url).cancel(&id, &options, None), Outcome::Unknown);
    let (mut stream, _) = silent.accept().unwrap();
    assert!(stream.read(&mut [0; 16]).unwrap() > 0, "the cancel was sent");
    drop((silent, stream));
    validated("refused", &client_at(&url).cancel(&id, &options, None), Outcome::NotApplied);
}

#[test]
fn the_schema_refuses_what_is_no_result() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let example: Value = serde_json::from_str(blocks(RESULT, "json")[0]).unwrap();
    assert!(validator.is_valid(&example));
    for name in example.as_object().unwrap().keys() {
        let mut less = example.clone();
        less.as_object_mut().unwrap().remove(name);
        assert!(!validator.is_valid(&less), "without {name}");
    }
    let status = json!({
        "code": "ok", "message": "m", "advice": "a", "retryable": false, "elapsed_ms": 0,
        "outbox": null,
    });
    assert!(validator.is_valid(&status));
    for name in status.as_object().unwrap().keys() {
        let mut less = status.clone();
        less.as_object_mut().unwrap().remove(name);
        assert!(!validator.is_valid(&less), "without {name}");
    }
    let mut held = status;
    held["hold"] = json!("held");
    assert!(!validator.is_valid(&held), "a hold without an outcome");
    let mut more = example.clone();
    more["surprise"] = json!(1);
    assert!(!validator.is_valid(&more));
    let mut other = example;
    other["outcome"] = json!("error");
    assert!(!validator.is_valid(&other));
}
