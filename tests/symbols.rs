//! What the shared library shows to the world: the functions of the header and nothing else, its
//! name, and what it needs.

mod native;

use std::collections::BTreeSet;
use std::process::Command;

use native::{HEADER, library, run_tool, said};

/// The committed list: one name a line, sorted. A name that goes, breaks programs that exist.
const EXPORTED: &str = include_str!("exported-symbols.txt");

/// What every Linux with glibc has. The loader's name differs from one architecture to the next.
const MAY_BE_NEEDED: [&str; 3] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];
const LOADER: &str = "ld-linux";

fn binutils(tool: &str, arguments: &[&str]) -> String {
    let output = run_tool(Command::new(tool).args(arguments).arg(library()), "binutils");
    assert!(output.status.success(), "{tool}: {}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The entries of the dynamic section with a tag, as readelf shows them.
fn dynamic(tag: &str) -> Vec<String> {
    let section = binutils("readelf", &["--dynamic", "--wide"]);
    let tag = format!("({tag})");
    let entries = section.lines().filter_map(|line| line.split_once(tag.as_str()));
    entries.map(|(_, entry)| entry.trim().to_owned()).collect()
}

/// What stands in brackets, as in `Shared library: [libc.so.6]`.
fn in_brackets(entry: &str) -> &str {
    let inside = entry.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or("", |(inside, _)| inside)
}

fn exported() -> BTreeSet<String> {
    let symbols = binutils("nm", &["--dynamic", "--defined-only", "--format=posix"]);
    symbols.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn declared() -> BTreeSet<String> {
    let text: Vec<&str> = HEADER.lines().filter(|line| !line.starts_with(['#', ' '])).collect();
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let calls = text.iter().flat_map(|line| line.split("FLEXCANCEL_CALL ").skip(1));
    let names = calls.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name);
    names.filter(|name| name.chars().all(is_of_name)).map(str::to_owned).collect()
}

fn differences(left: &BTreeSet<String>, right: &BTreeSet<String>) -> Vec<String> {
    let gone = left.difference(right).map(|name| format!("-{name}"));
    gone.chain(right.difference(left).map(|name| format!("+{name}"))).collect()
}

#[test]
fn the_library_exports_the_committed_list_of_names() {
    let listed: Vec<&str> = EXPORTED.lines().collect();
    assert!(listed.is_sorted(), "tests/exported-symbols.txt is not sorted");
    let listed: BTreeSet<String> = listed.into_iter().map(str::to_owned).collect();
    let differences = differences(&listed, &exported());
    assert!(
        differences.is_empty(),
        "tests/exported-symbols.txt lists other names (- listed only, + exported only): \
         {differences:?}"
    );
}

#[test]
fn the_library_exports_what_the_header_declares() {
    let declared = declared();
    assert!(declared.contains("flexcancel_client_cancel"), "{declared:?}");
    assert!(declared.iter().all(|name| name.starts_with("flexcancel_")), "{declared:?}");
    let differences = differences(&declared, &exported());
    assert!(differences.is_empty(), "- declared only, + exported only: {differences:?}");
}

#[test]
fn the_library_is_named_for_its_abi() {
    let names = dynamic("SONAME");
    let names: Vec<&str> = names.iter().map(|name| in_brackets(name)).collect();
    let abi_version = flexcancel::ffi::FLEXCANCEL_ABI_VERSION;
    assert_eq!(names, [format!("libflexcancel.so.{abi_version}")]);
}

#[test]
fn the_library_needs_the_c_library_and_nothing_else() {
    let needed = dynamic("NEEDED");
    assert!(!needed.is_empty(), "readelf shows what is needed");
    for name in needed.iter().map(|name| in_brackets(name)) {
        let is_loader = name.starts_with(LOADER) && name.contains(".so.");
        assert!(MAY_BE_NEEDED.contains(&name) || is_loader, "{name} is needed");
    }
}

#[test]
fn the_library_is_never_unloaded() {
    let flags = dynamic("FLAGS_1");
    assert!(flags.iter().any(|flags| flags.split(' ').any(|it| it == "NODELETE")), "{flags:?}");
}
