//! The limits that SECURITY.md names are those of the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const SECURITY: &str = include_str!("../SECURITY.md");

/// Every `const NAME: … = VALUE;` below src/, by the file that it stands in.
fn constants(directory: &Path, found: &mut Vec<BTreeMap<String, String>>) {
    for entry in fs::read_dir(directory).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            constants(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let of_file = text.lines().filter_map(|line| {
            let (_, rest) = line.split_once("const ")?;
            let (name, rest) = rest.split_once(": ")?;
            let value = rest.split_once(" = ")?.1.strip_suffix(';')?;
            Some((name.to_owned(), value.to_owned()))
        });
        found.push(of_file.collect());
    }
}

/// The value of an expression: a number, a name, or a product of such.
fn value(expression: &str, all: &[BTreeMap<String, String>]) -> Option<u64> {
    let factor = |factor: &str| match factor.replace('_', "").parse() {
        Ok(number) => Some(number),
        Err(_) => value(all.iter().find_map(|of_file| of_file.get(factor))?, all),
    };
    expression.split(" * ").map(factor).product()
}

/// A number as the tables write it.
fn written(number: u64) -> [String; 4] {
    let grouped = match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    };
    [
        grouped,
        format!("{} KiB", number / 1024),
        format!("{} MiB", number / (1024 * 1024)),
        format!("{} min", number / 60_000),
    ]
}

#[test]
fn each_limit_of_the_security_page_is_that_of_the_code() {
    let mut all = Vec::new();
    constants(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let mut checked = 0;
    for row in SECURITY.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let said = format!("{} {}", cells[2], cells[3]);
        let names = said.split('`').skip(1).step_by(2).filter(|name| {
            name.len() > 3 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        });
        // How many handles there are follows from the size of an address.
        for name in names.filter(|name| *name != "MAX_INDEX") {
            let of_name = || all.iter().filter_map(|of_file| of_file.get(name));
            assert!(of_name().next().is_some(), "{name} is no constant of src");
            let mut values = of_name().filter_map(|expression| value(expression, &all));
            let is_said = |number: u64| {
                let is_in = |text: &String| {
                    let mut words = cells[3].match_indices(text.as_str());
                    let is_digit =
                        |at: usize| cells[3].as_bytes().get(at).is_some_and(u8::is_ascii_digit);
                    words
                        .any(|(at, _)| !is_digit(at + text.len()) && (at == 0 || !is_digit(at - 1)))
                };
                written(number).iter().any(is_in)
            };
            assert!(values.any(is_said), "{name}: the table says {}", cells[3]);
            checked += 1;
        }
    }
    assert!(checked >= 18, "{checked} limits were found in the tables");
}
