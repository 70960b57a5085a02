//! The fault matrix over real sockets: each fault of docs/FAULTS.md that needs a socket is one case
//! or many. Given the fault, when canceled, then the outcome that is expected; and always,
//! what the sandbox knows to be true contradicts nothing that the report asserts.
//!
//! `cargo test --test faults -- --nocapture` prints the table.

#[path = "faults/case.rs"]
mod case;
#[path = "faults/cuts.rs"]
mod cuts;
#[path = "faults/elsewhere.rs"]
mod elsewhere;
#[path = "faults/environment.rs"]
mod environment;
#[path = "faults/harness.rs"]
mod harness;
#[path = "faults/servers.rs"]
mod servers;
#[path = "faults/special_cases.rs"]
mod special_cases;
#[path = "faults/table.rs"]
mod table;
#[path = "faults/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;

use flexcancel::Outcome;

use case::Case;

/// The numbers of the catalogue, in its order.
fn catalogue() -> Vec<u16> {
    let cells = include_str!("../docs/FAULTS.md").lines().filter_map(|line| line.split('|').nth(1));
    cells.filter_map(|cell| cell.trim().parse().ok()).collect()
}

#[test]
fn the_catalogue_numbers_each_fault_once_and_in_order() {
    let count = u16::try_from(catalogue().len()).expect("a small number");
    assert!(catalogue().into_iter().eq(1..=count) && count > 100, "{:?}", catalogue());
}

fn cases() -> Vec<Case> {
    table::all()
        .into_iter()
        .chain(cuts::all())
        .chain(special_cases::all())
        .chain(worlds::all())
        .collect()
}

#[test]
fn each_outcome_that_the_catalogue_names_is_that_of_a_case() {
    let cases = cases();
    let mut named = 0;
    for row in include_str!("../docs/FAULTS.md").lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Some(number) = cells.get(1).and_then(|cell| cell.parse::<u16>().ok()) else { continue };
        let expected: Vec<Outcome> =
            cases.iter().filter(|case| case.row == number).map(|case| case.expected.0).collect();
        let outcomes = Outcome::ALL.iter();
        for outcome in outcomes.filter(|outcome| cells[3].contains(&format!("`{outcome}`"))) {
            assert!(expected.is_empty() || expected.contains(outcome), "fault {number}: {outcome}");
            named += usize::from(!expected.is_empty());
        }
    }
    assert!(named > 60, "{named} outcomes are named");
}

#[test]
fn whatever_goes_wrong_the_outcome_is_the_one_expected_and_agrees_with_the_truth() {
    let tally = harness::run_all(cases());
    println!("{tally}");
    assert!(tally.complaints.is_empty(), "{}", tally.complaints.join("\n"));
    assert!(tally.count() >= 1_000, "only {} cases", tally.count());
    let mut cited: BTreeSet<u16> = elsewhere::ROWS.iter().map(|(row, _)| *row).collect();
    cited.extend(tally.rows());
    let catalogue = catalogue().into_iter().collect();
    let missing: Vec<_> = cited.symmetric_difference(&catalogue).collect();
    assert!(missing.is_empty(), "only cited, or only in docs/FAULTS.md: {missing:?}");
}

/// A Flex that confirms what it does not do makes any client wrong; that it shows is what makes
/// the matrix worth its name.
#[test]
fn a_definite_outcome_that_is_not_true_is_found() {
    let told = special_cases::believed_lie();
    let report = told.report.expect("a report");
    assert_eq!(report.outcome, Outcome::Canceled, "{}", report.message);
    assert_eq!(told.complaints.len(), 1, "{:?}", told.complaints);
    assert!(told.complaints[0].starts_with("canceled is not so"), "{:?}", told.complaints);
}

#[test]
fn the_proxy_variables_of_the_environment_are_not_read_unless_asked_for() {
    environment::check();
}
