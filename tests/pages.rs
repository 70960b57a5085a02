//! Pages for shoppers, supporters and packagers: they state what outcomes and manifests state.

use std::collections::BTreeSet;
use std::process::Command;

use flexcancel::Outcome;

const SHOPPER: &str = include_str!("../docs/SHOPPER.md");
const SUPPORT: &str = include_str!("../docs/SUPPORT.md");
const TROUBLESHOOTING: &str = include_str!("../docs/TROUBLESHOOTING.md");
const DEPENDENCIES: &str = include_str!("../docs/DEPENDENCIES.md");

/// A text in one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_shopper_s_page_has_words_for_every_outcome_and_the_codes_use_them() {
    let (table, receipts) = SHOPPER.split_once("## Why these words").unwrap();
    for text in [table, receipts.split_once("## A text for the receipt").unwrap().1] {
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        for outcome in Outcome::ALL {
            let name = format!("`{outcome}`");
            let count = rows.iter().filter(|row| row.split('|').any(|cell| cell.contains(&name)));
            assert_eq!(count.count(), 1, "{outcome}");
        }
    }
    for sentence in ["The cancel did not go through.", "The cancel is pending."] {
        assert!(table.contains(sentence), "{sentence}");
        assert!(plain(TROUBLESHOOTING).contains(sentence), "{sentence}");
    }
}

#[test]
fn the_support_page_has_the_minimum_versions_that_the_manifests_state() {
    let python = include_str!("../bindings/python/pyproject.toml");
    let go = include_str!("../bindings/go/go.mod");
    let cargo = include_str!("../Cargo.toml");
    let stated = |text: &str, before: &str| -> String {
        let rest = text.split_once(before).unwrap_or_else(|| panic!("{before}")).1;
        rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect()
    };
    for (language, version) in [
        ("Python | CPython ", stated(python, "requires-python = \">=")),
        ("Go | ", stated(go, "\ngo ")),
        ("Rust, to build | ", stated(cargo, "rust-version = \"")),
    ] {
        assert_eq!(stated(SUPPORT, &format!("| {language}")), version, "{language}");
    }
    let cross = include_str!("../packaging/cross");
    assert!(cross.contains(&format!("gnu.{}", stated(SUPPORT, "glibc "))), "glibc");
}

#[test]
fn every_tool_of_the_python_binding_has_its_row() {
    let requirements = include_str!("../bindings/python/requirements.txt");
    for name in requirements.lines().filter_map(|line| line.split_once("==")).map(|pair| pair.0) {
        assert!(DEPENDENCIES.contains(&format!("| `{name}` |")), "{name} has no row");
    }
}

/// Each licence of what is in the library stands in the file that is shipped beside it.
#[test]
fn the_licences_name_every_crate_that_is_in_the_library() {
    let licences = include_str!("../packaging/THIRD_PARTY_LICENSES.txt");
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--locked", "--package", "flexcancel", "--edges", "normal", "--target"]);
    tree.args(["all", "--all-features", "--prefix", "none", "--format", "{p}"]);
    let output = tree.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<&str> =
        text.lines().filter(|line| !line.starts_with("flexcancel")).collect();
    assert!(crates.len() > 20, "{crates:?}");
    for line in crates {
        let mut words = line.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        // A macro runs in the compiler, and nothing of it is in the library.
        let is_macro = words.any(|word| word == "(proc-macro)");
        let entry = format!("  {name} {}\n", version.trim_start_matches('v'));
        assert!(is_macro || licences.contains(&entry), "{line}: run packaging/licences");
    }
}

#[test]
fn the_port_for_vcpkg_is_json_of_this_version() {
    let manifest = include_str!("../packaging/vcpkg/vcpkg.json");
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    assert_eq!(manifest["name"], "flexcancel");
    assert_eq!(manifest["version-semver"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["license"], env!("CARGO_PKG_LICENSE"));
}
