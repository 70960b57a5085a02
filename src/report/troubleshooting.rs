//! `docs/TROUBLESHOOTING.md` has a section for each code, with the advice that the library gives.
//! `FLEXCANCEL_UPDATE=1` writes the advice into the page, and the page into the Python package.

use std::path::Path;
use std::{env, fs};

use super::advice::{
    STORED_ERROR, advice, bulk_advice, is_of_file, kept_advice, outbox_advice, warm_up_advice,
};
use crate::api::Operation;
use crate::outcome::{Code, Outcome};

const PAGE: &str = "docs/TROUBLESHOOTING.md";
const SHOPPER: &str = "docs/SHOPPER.md";
const COPY: &str = "bindings/python/src/flexcancel/troubleshooting.md";

/// A code that has no advice of its own.
const OTHER: Code = Code::Protocol;

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(file: &str, text: &str) {
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), text).unwrap();
}

/// When the library gives which advice beside a code.
fn advices(code: Code) -> Vec<(&'static str, &'static str)> {
    let cancel = |outcome| advice(Operation::Cancel, outcome, code);
    let mut found = Vec::new();
    match code {
        Code::Ok => {
            found.push(("`canceled`, `already_canceled`", cancel(Outcome::Canceled)));
            let read = advice(Operation::Retrieve, Outcome::NotApplied, code);
            found.push(("`not_applied`, of a retrieve", read));
        }
        Code::NotCancelable => found.push(("`not_cancelable`", cancel(Outcome::NotCancelable))),
        _ if !matches!(code.number(), 400..600) || is_own(cancel(Outcome::NotApplied)) => {
            found.push(("`not_applied`", cancel(Outcome::NotApplied)));
        }
        _ => {}
    }
    if matches!(code.number(), 100..400 | 900..) || is_of_file(code) {
        found.push(("`unknown`", cancel(Outcome::Unknown)));
    }
    if matches!(code, Code::ServerError) {
        found.push(("`unknown`, with the same error each time", STORED_ERROR));
    }
    if matches!(
        code,
        Code::Dns
            | Code::Connect
            | Code::Timeout
            | Code::ConnectionLost
            | Code::Unauthorized
            | Code::OutboxBusy
    ) {
        found.push(("`unknown`, kept in an outbox", kept_advice(code)));
    }
    for (situation, of) in
        [("outbox", outbox_advice as fn(Code) -> &'static str), ("bulk run", bulk_advice)]
    {
        if of(code) != of(OTHER) {
            found.push((situation, of(code)));
        }
    }
    if code == Code::Ok {
        found.push(("warm-up", warm_up_advice(code)));
    }
    found
}

fn is_own(not_applied: &str) -> bool {
    not_applied != advice(Operation::Cancel, Outcome::NotApplied, OTHER)
}

/// A section's lines under "Advice".
fn advice_lines(code: Code) -> String {
    let lines = advices(code).into_iter().map(|(when, text)| format!("- {when}: {text}\n"));
    format!("Advice:\n{}", lines.collect::<String>())
}

/// The page's parts: what is before the first section, then each section with its heading.
fn parts(page: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in page.split_inclusive('\n') {
        if line.starts_with("### ") {
            parts.push(String::new());
        }
        parts.last_mut().unwrap().push_str(line);
    }
    parts
}

/// The code of a section.
fn code_of(section: &str) -> Code {
    let heading = section.lines().next().unwrap();
    let found = Code::ALL.iter().copied().find(|code| heading == heading_of(*code));
    found.unwrap_or_else(|| panic!("{PAGE}: no code has the heading {heading:?}"))
}

fn heading_of(code: Code) -> String {
    format!("### {} `{}`", code.number(), code.name())
}

/// A section with the advice of the library in place of its own.
fn with_advice(section: &str) -> String {
    let end = section.find("\n## ").map_or(section.len(), |at| at + 1);
    let (section, next_chapter) = section.split_at(end);
    let prose = section.split("\nAdvice:\n").next().unwrap().trim_end();
    let advice = advice_lines(code_of(section));
    format!("{prose}\n\n{advice}\n{next_chapter}")
}

fn with_all_advice(page: &str) -> String {
    let parts = parts(page);
    let sections = parts[1..].iter().map(|section| with_advice(section));
    let text = parts[0].clone() + &sections.collect::<String>();
    format!("{}\n", text.trim_end())
}

fn plain(text: &str) -> String {
    text.replace("///", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The comment of a code in src/outcome.rs.
fn comment(code: Code) -> String {
    let source = include_str!("../outcome.rs");
    let line = format!("= {}, \"{}\";", code.number(), code.name());
    let before = source.split_once(&line).unwrap().0;
    let mut lines: Vec<&str> = before.lines().rev().skip(1).map(str::trim).collect();
    let count = lines.iter().take_while(|line| line.starts_with("///")).count();
    lines.truncate(count);
    lines.reverse();
    plain(&lines.join(" "))
}

#[test]
fn each_code_has_its_section_with_what_happened_what_to_check_and_what_to_say() {
    let page = read(PAGE);
    let sections = &parts(&page)[1..];
    let found: Vec<Code> = sections.iter().map(|section| code_of(section)).collect();
    assert_eq!(found, Code::ALL, "{PAGE}");
    for (section, code) in sections.iter().zip(found) {
        let what_happened = format!("What happened: {}", comment(code));
        assert!(plain(section).contains(&what_happened), "{code}: expected {what_happened:?}");
        for part in ["\nCheck:\n- ", "\nSay to the shopper: ", "\nAdvice:\n- "] {
            assert!(section.contains(part), "{code}: {part:?} is missing");
        }
    }
}

#[test]
fn the_page_has_the_advice_that_the_library_gives_and_python_has_the_page() {
    let page = read(PAGE);
    let expected = with_all_advice(&page);
    if env::var_os("FLEXCANCEL_UPDATE").is_some_and(|update| update == "1") {
        write(PAGE, &expected);
        write(COPY, &expected);
        return;
    }
    let difference = page.lines().zip(expected.lines()).find(|(found, wanted)| found != wanted);
    let how = "FLEXCANCEL_UPDATE=1 cargo test --lib troubleshooting";
    assert!(page == expected, "{PAGE}: (found, expected) = {difference:?}; {how}");
    assert!(read(COPY) == page, "{COPY} is not {PAGE}; {how}");
}

#[test]
fn the_advice_of_each_example_is_one_that_the_library_gives() {
    let page = read("docs/RESULT.md");
    let given: Vec<_> = Code::ALL.iter().flat_map(|code| advices(*code)).collect();
    let mut compared = 0;
    for line in page.lines().filter_map(|line| line.trim().strip_prefix("\"advice\": \"")) {
        let advice = line.trim_end_matches(',').trim_end_matches('"');
        assert!(given.iter().any(|(_, text)| *text == advice), "{advice}");
        compared += 1;
    }
    assert!(compared > 2, "only {compared}");
}

/// What may be said to the shopper, by the page that has it for each outcome.
fn sentence(page: &str, outcome: Outcome) -> String {
    let mut rows = page.lines().filter(|line| line.starts_with(&format!("| `{outcome}` |")));
    let row = rows.next().unwrap_or_else(|| panic!("{SHOPPER}: {outcome}"));
    let cell = row.split('|').nth(3).unwrap().trim();
    cell.trim_matches('"').to_owned()
}

#[test]
fn what_may_be_said_beside_a_code_is_what_the_shopper_s_page_has_for_the_outcome() {
    let page = read(SHOPPER);
    let mut compared = 0;
    for section in &parts(&read(PAGE))[1..] {
        let code = code_of(section);
        let said = section.split_once("Say to the shopper: ").unwrap().1;
        let said = plain(said.split("\n\n").next().unwrap());
        // Where none is named, nothing definite is known.
        let mut outcome = Outcome::Unknown;
        for (number, part) in said.split('"').enumerate() {
            if number % 2 == 1 {
                assert_eq!(part, sentence(&page, outcome), "{code}: {outcome}");
                compared += 1;
                continue;
            }
            let named = Outcome::ALL.iter().filter_map(|it| {
                let at = part.to_lowercase().rfind(&format!("with `{it}`"))?;
                Some((at, *it))
            });
            outcome = named.max_by_key(|(at, _)| *at).map_or(Outcome::Unknown, |(_, it)| it);
        }
    }
    assert!(compared > 40, "only {compared}");
}

#[test]
fn nothing_that_may_be_said_beside_an_unknown_is_definite() {
    for section in &parts(&read(PAGE))[1..] {
        let code = code_of(section);
        let said = section.split_once("Say to the shopper: ").unwrap().1;
        let said = plain(said.split("\n\n").next().unwrap());
        let (_, beside_unknown) = said.split_once("`unknown`: ").unwrap_or_default();
        let quoted = beside_unknown.split('"').nth(1).unwrap_or("The cancel is pending.");
        assert_eq!(quoted, "The cancel is pending.", "{code}");
    }
}
