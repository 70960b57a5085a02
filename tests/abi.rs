//! The ABI guard: what a program that was linked with an earlier build relies on stays as it is.
//!
//! `tests/abi/flexcancel.abi` describes the C functions and their types, as abidw (abigail-tools)
//! writes it. `tests/abi/names.txt` has each function and each number of the header, with the
//! version that introduced it. `FLEXCANCEL_UPDATE=1 cargo test --test abi` takes over what is new.
//! A number or a function that a released version has never changes without a new ABI version.

mod native;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use native::{HEADER, ROOT, Scratch, run_tool, said};

const CHANGELOG: &str = include_str!("../CHANGELOG.md");
/// The changelog describes what this version has as a whole.
const FIRST_VERSION: &str = "0.1.0";

fn committed(name: &str) -> PathBuf {
    Path::new(ROOT).join("tests/abi").join(name)
}

fn is_updating() -> bool {
    env::var_os("FLEXCANCEL_UPDATE").is_some()
}

/// The declarations of the functions in a header.
fn prototypes(header: &str) -> Vec<&str> {
    let starts = header.match_indices("\nFLEXCANCEL_API").map(|(at, _)| &header[at + 1..]);
    starts.filter_map(|rest| rest.split_once(';')).map(|(prototype, _)| prototype).collect()
}

/// Describes a header by a library that has its functions, each with an empty body: the library of
/// the project itself tells the types of Rust.
fn describe(scratch: &Scratch, header: &str) -> PathBuf {
    let functions = prototypes(header);
    assert!(functions.len() >= 30, "{functions:?}");
    scratch.write("flexcancel.h", header);
    let bodies: String =
        functions.iter().map(|it| format!("{it}\n{{\n    __builtin_trap();\n}}\n")).collect();
    scratch.write("abi.c", &format!("#include \"flexcancel.h\"\n{bodies}"));
    let library = scratch.path("libflexcancel.so");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-g", "-shared", "-fPIC", "-Wno-unused-parameter", "-o"]).arg(&library);
    let soname =
        format!("-Wl,-soname,libflexcancel.so.{}", flexcancel::ffi::FLEXCANCEL_ABI_VERSION);
    // Named as it stands there, so that the description does not name the directory.
    let output = run_tool(cc.arg(soname).arg("abi.c").current_dir(scratch.path("")), "gcc");
    assert!(output.status.success(), "{}", said(&output));
    let description = scratch.path("new.abi");
    let mut abidw = Command::new("abidw");
    abidw.args(["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file"]);
    let output = run_tool(abidw.arg(&description).arg(&library), "abigail-tools");
    assert!(output.status.success(), "{}", said(&output));
    description
}

/// What abidiff finds between two descriptions; `None` if nothing.
fn difference(old: &Path, new: &Path) -> Option<String> {
    let output = run_tool(
        Command::new("abidiff").arg("--no-architecture").arg(old).arg(new),
        "abigail-tools",
    );
    (!output.status.success()).then(|| said(&output))
}

#[test]
fn the_c_functions_have_the_types_that_they_had() {
    let scratch = Scratch::new("abi");
    let new = describe(&scratch, HEADER);
    let old = committed("flexcancel.abi");
    if is_updating() {
        fs::copy(&new, &old).expect("the description is written");
    }
    let found = difference(&old, &new);
    assert_eq!(found, None, "the ABI differs from tests/abi/flexcancel.abi");
}

#[test]
fn given_a_parameter_or_a_return_type_that_changes_then_it_is_found() {
    let change = |from: &str, to: &str| {
        let changed = HEADER.replacen(from, to, 1);
        assert_ne!(changed, HEADER, "{from}");
        changed
    };
    for (number, header) in [
        change(
            "int32_t FLEXCANCEL_CALL flexcancel_result_outcome",
            "int64_t FLEXCANCEL_CALL flexcancel_result_outcome",
        ),
        change(
            "flexcancel_result_json(const flexcancel_result *result, size_t *len)",
            "flexcancel_result_json(const flexcancel_result *result, int *len)",
        ),
        change(
            "FLEXCANCEL_CALL flexcancel_abort_new(void)",
            "FLEXCANCEL_CALL flexcancel_abort_new(int32_t kind)",
        ),
    ]
    .iter()
    .enumerate()
    {
        let scratch = Scratch::new(&format!("abi_changed_{number}"));
        let new = describe(&scratch, header);
        assert!(difference(&committed("flexcancel.abi"), &new).is_some(), "{number}");
    }
}

/// Each function of a header, and each number with its value.
fn names(header: &str) -> BTreeMap<String, String> {
    let functions = prototypes(header).into_iter().filter_map(|prototype| {
        let name = prototype.split_once('(')?.0.split_whitespace().last()?;
        Some((name.to_owned(), "function".to_owned()))
    });
    let numbers = header.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("#define FLEXCANCEL_")?.split_once(' ')?;
        let is_number = value.parse::<i64>().is_ok() && !name.starts_with("VERSION");
        is_number.then(|| (format!("FLEXCANCEL_{name}"), value.to_owned()))
    });
    functions.chain(numbers).collect()
}

/// A line of names.txt: the name, its value, and the version that introduced it.
fn line((name, (value, since)): (&String, &(String, String))) -> String {
    format!("{name} {value} {since}\n")
}

fn read_names(text: &str) -> BTreeMap<String, (String, String)> {
    let words = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .map(|words| {
            let [name, value, since] = words[..] else { panic!("{words:?}: NAME VALUE VERSION") };
            (name.to_owned(), (value.to_owned(), since.to_owned()))
        })
        .collect()
}

#[test]
fn each_name_has_the_value_that_it_had() {
    let path = committed("names.txt");
    let mut listed = read_names(&fs::read_to_string(&path).unwrap_or_default());
    let declared = names(HEADER);
    for (name, (value, since)) in &listed {
        assert_eq!(declared.get(name), Some(value), "{name} is there since {since}");
    }
    let new = declared.into_iter().filter(|(name, _)| !listed.contains_key(name));
    let new: Vec<_> = new.collect();
    if is_updating() {
        let since = flexcancel::VERSION.to_owned();
        listed.extend(new.into_iter().map(|(name, value)| (name, (value, since.clone()))));
        fs::write(path, listed.iter().map(line).collect::<String>()).expect("it is written");
    } else {
        assert_eq!(new, [], "these are not in tests/abi/names.txt");
    }
}

/// Those names of later versions than the first that the changelog of their version does not have.
fn untold<'a>(listed: &'a BTreeMap<String, (String, String)>, changelog: &str) -> Vec<&'a str> {
    let section = |version: &str| {
        let of = |title: &str| changelog.split("\n## ").find(|it| it.starts_with(title));
        of(&format!("[{version}]")).or_else(|| of("Unreleased")).unwrap_or_default().to_owned()
    };
    let later = listed.iter().filter(|(_, (_, since))| since != FIRST_VERSION);
    let told = |name: &str, since: &str| section(since).contains(&format!("`{name}`"));
    later.filter(|(name, (_, since))| !told(name, since)).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn each_later_name_is_in_the_changelog_of_its_version() {
    let listed = read_names(&fs::read_to_string(committed("names.txt")).expect("names.txt"));
    assert_eq!(untold(&listed, CHANGELOG), [""; 0], "CHANGELOG.md does not name these");
    let listed = read_names("a function 0.1.0\nb function 0.2.0\nc 7 0.3.0\n");
    let changelog = "# Changelog\n\n## Unreleased\n\n- `c`\n\n## [0.2.0]\n\n- `b`\n";
    assert_eq!(untold(&listed, changelog), [""; 0]);
    assert_eq!(untold(&listed, "\n## Unreleased\n- `b`\n\n## [0.2.0]\n- `c`\n"), ["b", "c"]);
}
