//! The languages, each with the way to its runner. A runner that cannot be made or started fails
//! the test; none is ever skipped.

use std::process::Command;

use crate::native::{Scratch, Under};

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
];

fn c(scratch: &Scratch) -> Command {
    scratch.compile("tests/conformance/runner.c").command(Under::Nothing)
}

fn cpp(scratch: &Scratch) -> Command {
    scratch.compile_cpp("tests/conformance/runner.cpp").command(Under::Nothing)
}
