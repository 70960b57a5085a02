//! `include/flexcancel.h`: it is what the build makes of src/ffi, C and C++ compilers take it
//! without a word, each function says what a C programmer must know, each macro has Rust's value.

mod native;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use flexcancel::{Code, Hold, Level, Outcome};
use native::{HEADER, Scratch, Under, library, run_tool, said};

/// As build.rs has just made it.
const GENERATED: &str = include_str!(env!("FLEXCANCEL_GENERATED_HEADER"));

/// Compilers, each with the package that brings it.
const COMPILERS: [(&str, &str); 2] = [("gcc", "g++ libc6-dev"), ("clang", "clang libc6-dev")];

/// Languages, each with its standard and the suffix of its files.
const LANGUAGES: [(&str, &str, &str); 6] = [
    ("c", "c89", "c"),
    ("c", "c99", "c"),
    ("c", "c11", "c"),
    ("c++", "c++98", "cpp"),
    ("c++", "c++17", "cpp"),
    ("c++", "c++20", "cpp"),
];

#[test]
fn the_committed_header_is_the_one_that_the_build_makes() {
    if env::var_os("FLEXCANCEL_UPDATE").is_some_and(|update| update == "1") {
        let header = Path::new(native::ROOT).join("include/flexcancel.h");
        fs::write(header, GENERATED).expect("include/flexcancel.h can be written");
        return;
    }
    let first_difference = (1..)
        .zip(HEADER.lines().zip(GENERATED.lines()))
        .find(|(_, (committed, made))| committed != made);
    assert!(
        HEADER == GENERATED,
        "include/flexcancel.h is not what src/ffi makes: (line, (committed, made)) = \
         {first_difference:?}\nIf src/ffi is as it should be: \
         FLEXCANCEL_UPDATE=1 cargo test --test header"
    );
}

#[test]
fn each_function_that_the_library_exports_is_declared() {
    for name in include_str!("exported-symbols.txt").lines().filter(|line| !line.is_empty()) {
        let is_declared = HEADER.contains(&format!("FLEXCANCEL_CALL {name}("));
        assert!(is_declared, "{name}: src/ffi has it, but build.rs does not list its file");
    }
}

/// Alone at the beginning of two translation units, and twice in each.
const UNITS: [(&str, &str); 2] = [
    (
        "one",
        "#include <flexcancel.h>\n#include <flexcancel.h>\nint other(void);\n\
         int main(void) { return flexcancel_version() == 0 || other(); }\n",
    ),
    (
        "other",
        "#include <flexcancel.h>\n#include <flexcancel.h>\nint other(void);\n\
         int other(void) { return flexcancel_abi_version() != FLEXCANCEL_ABI_VERSION; }\n",
    ),
];

#[test]
fn given_microsoft_s_system_when_a_program_includes_it_then_its_functions_are_the_dll_s() {
    let scratch = Scratch::new("header-msvc");
    let source = scratch.write("program.c", UNITS[1].1);
    for processor in ["x86_64", "i686", "aarch64"] {
        let mut clang = Command::new("clang");
        // Without Microsoft's headers: clang has of its own what this one includes.
        clang.args([
            &format!("--target={processor}-pc-windows-msvc"),
            "-ffreestanding",
            "-std=c99",
        ]);
        clang.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-S", "-o", "-", "-I"]);
        clang.arg(Path::new(native::ROOT).join("include")).arg(&source);
        let output = run_tool(&mut clang, "clang");
        assert!(output.status.success(), "{processor}: {}", said(&output));
        let assembly = String::from_utf8_lossy(&output.stdout);
        // 32-bit Windows puts a _ before each name of C.
        let is_imported = ["__imp_flexcancel_abi_version", "__imp__flexcancel_abi_version"]
            .iter()
            .any(|name| assembly.contains(name));
        assert!(is_imported, "{processor}: {assembly}");
    }
}

#[test]
fn given_any_compiler_and_standard_when_two_units_include_it_then_nothing_is_complained_of() {
    let scratch = Scratch::new("header");
    let library = library();
    for (compiler, package) in COMPILERS {
        for (language, standard, suffix) in LANGUAGES {
            let units = UNITS.map(|(name, text)| scratch.write(&format!("{name}.{suffix}"), text));
            let program = scratch.path(&format!("{compiler}-{standard}"));
            let mut command = Command::new(compiler);
            command
                .args(["-x", language, &format!("-std={standard}")])
                .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"])
                .arg("-I")
                .arg(Path::new(native::ROOT).join("include"))
                .args(units)
                .args(["-x", "none"])
                .arg(&library)
                .arg("-o")
                .arg(&program);
            let output = run_tool(&mut command, package);
            let is_silent = output.stderr.is_empty() && output.stdout.is_empty();
            assert!(
                output.status.success() && is_silent,
                "{compiler} -std={standard} (from {package}): {}",
                said(&output)
            );
        }
    }
}

/// A function of the header: its declaration and the comment right before it.
struct Function {
    declaration: String,
    comment: String,
}

impl Function {
    fn name(&self) -> &str {
        let start = self.declaration.rfind(" flexcancel_").map_or(0, |space| space + 1);
        let name = self
            .declaration
            .find("FLEXCANCEL_CALL ")
            .map_or(start, |call| call + "FLEXCANCEL_CALL ".len());
        self.declaration[name..].split('(').next().unwrap_or_default()
    }

    fn parameters(&self) -> &str {
        self.declaration.split_once('(').map_or("", |(_, parameters)| parameters)
    }
}

fn functions() -> Vec<Function> {
    let lines: Vec<&str> = HEADER.lines().collect();
    let starts = (0..lines.len()).filter(|&line| lines[line].starts_with("FLEXCANCEL_API"));
    starts
        .map(|start| {
            let end = (start..).find(|&line| lines[line].ends_with(';')).expect("a declaration");
            let first = (0..start).rfind(|&line| lines[line].starts_with("/*"));
            let is_right_before = lines[start - 1].trim() == "*/";
            let comment = first.filter(|_| is_right_before).map(|first| &lines[first..start]);
            let text = |line: &&str| line.trim_matches([' ', '*', '/']).to_owned();
            let words = |lines: &[&str]| lines.iter().map(text).collect::<Vec<_>>().join(" ");
            Function {
                declaration: lines[start..=end]
                    .iter()
                    .map(|line| line.trim())
                    .collect::<Vec<_>>()
                    .join(" "),
                comment: words(comment.unwrap_or_default()),
            }
        })
        .collect()
}

#[test]
fn each_function_says_what_it_does_to_ownership_null_threads_and_errors() {
    let functions = functions();
    let names: Vec<&str> = functions.iter().map(Function::name).collect();
    assert!(names.contains(&"flexcancel_client_cancel"), "{names:?}");
    for function in &functions {
        let (name, comment) = (function.name(), &function.comment);
        assert!(comment.len() > 40, "{name} has no comment right before it");
        // What is true of two functions stands once.
        let other = comment.split_once("Ownership, NULL, threads, errors: as for ");
        if let Some((_, other)) = other {
            let other = other.trim_end_matches(['.', ' ']);
            assert!(names.contains(&other) && other != name, "{name} refers to {other}");
            continue;
        }
        let mut topics = vec!["Threads:", "Errors:"];
        if function.declaration.contains('*') {
            topics.push("Ownership:");
        }
        if function.parameters().contains('*') {
            topics.push("NULL");
        }
        for topic in topics {
            assert!(comment.contains(topic), "{name} says nothing of {topic} {comment}");
        }
    }
}

/// The macros of the header that have a value, as calls for tests/c/version.c.
fn macros_with_values() -> String {
    let mut calls = String::new();
    for definition in HEADER.lines().filter_map(|line| line.trim().strip_prefix("#define ")) {
        let (name, value) = definition.split_once(' ').unwrap_or((definition, ""));
        match value.trim().as_bytes().first() {
            Some(b'"') => calls += &format!("TEXT({name})\n"),
            Some(b'0'..=b'9' | b'-' | b'(') => calls += &format!("NUMBER({name})\n"),
            _ => assert_eq!(definition.split(' ').next(), Some(name), "{definition}"),
        }
    }
    calls
}

/// What tests/c/version.c must print, as the Rust side has it.
fn expected_values() -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut add = |name: String, value: String| {
        assert_eq!(values.insert(name.clone(), value), None, "{name} stands for two things");
    };
    add("FLEXCANCEL_VERSION".to_owned(), flexcancel::VERSION.to_owned());
    add("version".to_owned(), flexcancel::VERSION.to_owned());
    let parts: Vec<_> = flexcancel::VERSION.split(['.', '-', '+']).collect();
    for (name, part) in ["MAJOR", "MINOR", "PATCH"].into_iter().zip(parts) {
        add(format!("FLEXCANCEL_VERSION_{name}"), part.to_owned());
    }
    let abi_version = flexcancel::ffi::FLEXCANCEL_ABI_VERSION.to_string();
    add("FLEXCANCEL_ABI_VERSION".to_owned(), abi_version.clone());
    add("abi_version".to_owned(), abi_version);
    for outcome in Outcome::ALL {
        let (name, number) = (outcome.name(), outcome.number());
        add(format!("FLEXCANCEL_OUTCOME_{}", name.to_uppercase()), number.to_string());
        add(format!("outcome_name({number})"), name.to_owned());
    }
    for code in Code::ALL {
        let (name, number) = (code.name(), code.number());
        add(format!("FLEXCANCEL_CODE_{}", name.to_uppercase()), number.to_string());
        add(format!("code_name({number})"), name.to_owned());
    }
    for hold in Hold::ALL {
        let (name, number) = (hold.name(), hold.number());
        add(format!("FLEXCANCEL_HOLD_{}", name.to_uppercase()), number.to_string());
        add(format!("hold_name({number})"), name.to_owned());
    }
    for (name, level) in [("WARN", Level::Warn), ("INFO", Level::Info), ("DEBUG", Level::Debug)] {
        add(format!("FLEXCANCEL_LEVEL_{name}"), (level as i32).to_string());
    }
    values
}

#[test]
fn given_the_header_when_compiled_then_each_macro_has_the_value_that_rust_has() {
    let scratch = Scratch::new("version");
    scratch.write("macros.inc", &macros_with_values());
    let version = scratch.compile_test("version");
    for under in Under::each() {
        let output = version.command(under).output().expect("the program runs");
        assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let mut found = BTreeMap::new();
        for line in text.lines() {
            let (name, value) = line.split_once('=').expect("NAME=VALUE");
            assert_eq!(found.insert(name.to_owned(), value.to_owned()), None, "{line}: twice");
        }
        assert_eq!(found, expected_values());
    }
}

#[test]
fn given_the_header_when_its_codes_are_listed_then_no_two_share_a_number() {
    let kinds =
        ["FLEXCANCEL_OUTCOME_", "FLEXCANCEL_HOLD_", "FLEXCANCEL_CODE_", "FLEXCANCEL_LEVEL_"];
    for kind in kinds {
        let start = format!("#define {kind}");
        let definitions = HEADER.lines().filter_map(|line| line.strip_prefix(&start));
        let numbers: Vec<_> = definitions.filter_map(|line| line.split(' ').nth(1)).collect();
        let distinct: BTreeSet<_> = numbers.iter().collect();
        assert!(numbers.len() >= 3, "{kind}: {numbers:?}");
        assert_eq!(distinct.len(), numbers.len(), "{kind}: {numbers:?}");
    }
}
