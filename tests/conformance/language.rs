//! The languages, each with the way to its runner. A runner that cannot be made or started fails
//! the test; none is ever skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::native::{GO, ROOT, Scratch, Under, library, run_tool, said};

/// A language and its runner.
pub struct Language {
    pub name: &'static str,
    pub runner: Runner,
}

pub enum Runner {
    /// The library itself, in this process.
    Here,
    /// A program: how to make it in a directory of its own, and the command that starts it.
    Program(fn(&Scratch) -> Command),
}

/// The columns of the table.
pub const ALL: &[Language] = &[
    Language { name: "rust", runner: Runner::Here },
    Language { name: "c", runner: Runner::Program(c) },
    Language { name: "cpp", runner: Runner::Program(cpp) },
    Language { name: "python", runner: Runner::Program(python) },
    Language { name: "go", runner: Runner::Program(go) },
];

fn c(scratch: &Scratch) -> Command {
    scratch.compile("tests/conformance/runner.c").command(Under::Nothing)
}

fn cpp(scratch: &Scratch) -> Command {
    scratch.compile_cpp("tests/conformance/runner.cpp").command(Under::Nothing)
}

/// A path below the root that must be there.
fn there(path: &str) -> PathBuf {
    let path = Path::new(ROOT).join(path);
    assert!(path.exists(), "{} is not there", path.display());
    path
}

fn python(_: &Scratch) -> Command {
    run_tool(Command::new("python3").arg("--version"), "python3");
    let mut command = Command::new("python3");
    command
        .arg(there("bindings/python/tests/conformance_runner.py"))
        .env("PYTHONPATH", there("bindings/python/src"))
        // A build changes no source, and a test neither.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("FLEXCANCEL_LIBRARY", library());
    command
}

fn go(scratch: &Scratch) -> Command {
    let program = scratch.path("conformance");
    let mut build = scratch.go("bindings/go");
    build.args(["build", "-o"]).arg(&program).arg("./internal/conformance");
    let output = run_tool(&mut build, GO);
    assert!(output.status.success(), "{}", said(&output));
    Command::new(program)
}
