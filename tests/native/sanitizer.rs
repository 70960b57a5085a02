//! Programs and a library that a sanitizer watches; `tests/sanitizers/run` builds the library.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ROOT;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sanitizer {
    Address,
    Thread,
}

impl Sanitizer {
    /// The one that is asked for, by `FLEXCANCEL_SANITIZER=address` or `=thread`.
    pub(super) fn wanted() -> Option<Self> {
        match env::var("FLEXCANCEL_SANITIZER").as_deref() {
            Ok("address") => Some(Self::Address),
            Ok("thread") => Some(Self::Thread),
            Ok(other) => panic!("FLEXCANCEL_SANITIZER: address or thread, not {other}"),
            Err(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Thread => "thread",
        }
    }

    fn built(self, file: &str) -> PathBuf {
        let path = Path::new(ROOT).join("target/sanitizers").join(self.name()).join(file);
        assert!(path.is_file(), "{} is not there: tests/sanitizers/run", path.display());
        path
    }

    pub(super) fn library(self) -> PathBuf {
        self.built("libflexcancel.so")
    }

    /// In place of this compiler: clang, with its arguments, and with the runtime that the library
    /// was compiled for.
    pub(super) fn compiler(self, instead_of: &Command) -> Command {
        let is_cpp = instead_of.get_program().to_string_lossy().contains("++");
        let mut compiler = Command::new(if is_cpp { "clang++" } else { "clang" });
        compiler
            .args(instead_of.get_args())
            .arg(format!("-fsanitize={}", self.name()))
            .args(["-fno-sanitize-link-runtime", "-fno-omit-frame-pointer"])
            .arg("-Wl,--whole-archive")
            .arg(self.built("runtime.a"))
            // The library leaves it to the program to bring the runtime.
            .args(["-Wl,--no-whole-archive", "-Wl,--export-dynamic", "-lm", "-ldl", "-lrt"]);
        compiler
    }

    /// The environment of a program.
    pub(super) fn options(self) -> (&'static str, &'static str) {
        match self {
            Self::Address => {
                ("ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1")
            }
            Self::Thread => ("TSAN_OPTIONS", "second_deadlock_stack=1"),
        }
    }
}
