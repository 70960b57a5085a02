//! The languages, each with the way to its runner. A runner that cannot be made or started fails
//! the test; none is ever skipped.
//!
//! `FLEXCANCEL_RUNNERS` names a JSON file with other runners, which then are all: those of another
//! system, which `tests/platforms` has made. Of each it has the `name`, the `command`, and the
//! `root`: the directory that the runner knows as `/`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;

use crate::native::{GO, ROOT, Scratch, Under, library, run_tool, said};

/// A language and its runner.
pub struct Language {
    pub name: String,
    pub runner: Runner,
}

pub enum Runner {
    /// The library itself, in this process.
    Here,
    /// A program: how to make it in a directory of its own, and the command that starts it.
    Program(fn(&Scratch) -> Command),
    /// A program that is already made.
    Made(Made),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    name: String,
    command: Vec<String>,
    root: PathBuf,
}

/// The columns of the table.
pub fn all() -> Vec<Language> {
    if let Some(file) = env::var_os("FLEXCANCEL_RUNNERS") {
        let text = fs::read_to_string(file).expect("the file of FLEXCANCEL_RUNNERS");
        let made: Vec<Made> = serde_json::from_str(&text).expect("a list of runners");
        assert!(!made.is_empty(), "FLEXCANCEL_RUNNERS has no runner");
        let language =
            |made: Made| Language { name: made.name.clone(), runner: Runner::Made(made) };
        return made.into_iter().map(language).collect();
    }
    let language = |(name, runner): (&str, Runner)| Language { name: name.to_owned(), runner };
    [
        ("rust", Runner::Here),
        ("c", Runner::Program(c)),
        ("cpp", Runner::Program(cpp)),
        ("python", Runner::Program(python)),
        ("go", Runner::Program(go)),
    ]
    .map(language)
    .into()
}

impl Language {
    /// An empty directory that its runner can read.
    pub fn scratch(&self) -> Scratch {
        let test = format!("conformance-{}", self.name);
        match &self.runner {
            Runner::Made(made) if made.root != Path::new("/") => {
                Scratch::below(&made.root.join("tmp"), &test)
            }
            _ => Scratch::new(&test),
        }
    }

    /// A path as its runner knows it.
    pub fn path(&self, path: &Path) -> PathBuf {
        match &self.runner {
            Runner::Made(made) => {
                Path::new("/").join(path.strip_prefix(&made.root).expect("a path below the root"))
            }
            _ => path.to_owned(),
        }
    }

    /// The command that starts its runner; none where that is this process.
    pub fn command(&self, scratch: &Scratch) -> Option<Command> {
        match &self.runner {
            Runner::Here => None,
            Runner::Program(make) => Some(make(scratch)),
            Runner::Made(made) => {
                let (program, arguments) = made.command.split_first().expect("a command");
                let mut command = Command::new(program);
                command.args(arguments);
                Some(command)
            }
        }
    }
}

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
