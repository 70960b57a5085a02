//! What the tests that compile C and C++ share: the library, how programs are made and run.
//!
//! A tool that is missing fails a test and names the package to install. Nothing is ever skipped.

#![allow(dead_code, reason = "each test program uses its own part of this")]

mod sanitizer;

use sanitizer::Sanitizer;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io, process};

/// The root of the package.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What brings Go; Debian 12's own is too old.
pub const GO: &str = "golang-go pkg-config gcc libc6-dev, or Go 1.24 or newer from go.dev/dl";

/// The header as it is committed.
pub const HEADER: &str = include_str!("../../include/flexcancel.h");

/// The shared library that this run of cargo has built. It stands beside the test program; the
/// copy one directory above is renewed by some of cargo's commands only.
pub fn library() -> PathBuf {
    if let Some(sanitizer) = Sanitizer::wanted() {
        return sanitizer.library();
    }
    let test = env::current_exe().expect("the test program's own path");
    let library = test.with_file_name("libflexcancel.so");
    assert!(library.is_file(), "{} is not there: cargo build makes it", library.display());
    library
}

/// Runs a tool to its end; `package` is what to install where it is missing.
pub fn run_tool(command: &mut Command, package: &str) -> Output {
    let tool = command.get_program().to_owned();
    command.output().unwrap_or_else(|error| missing(&tool, package, &error))
}

fn missing(tool: &OsStr, package: &str, error: &io::Error) -> ! {
    let tool = tool.display();
    if error.kind() == io::ErrorKind::NotFound {
        panic!("{tool} is missing: apt-get install {package}");
    }
    panic!("{tool} cannot be run: {error}");
}

/// The cargo that runs this test, without what it says of the test's package: a build script that
/// regards it would run again, now and at the next build.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(ROOT);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Both outputs of a program, as they are shown when it fails.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A directory under the target directory, for one test. Stays where the test fails.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty directory; `test` is a name that no other test uses.
    pub fn new(test: &str) -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")), test)
    }

    /// The same somewhere else.
    pub fn below(parent: &Path, test: &str) -> Self {
        let directory = parent.join(format!("{test}-{}", process::id()));
        fs::create_dir_all(&directory).expect("a directory for the test");
        Self(directory)
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.path(file);
        fs::write(&path, text).expect("a file for the test");
        path
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("a file that the program has written")
    }

    /// Compiles a library of tests/c that is preloaded: it stands before the system's own.
    pub fn compile_preloaded(&self, name: &str) -> PathBuf {
        let library = self.path(&format!("{name}.so"));
        let mut command = Command::new("cc");
        command
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&library);
        command.arg(format!("{ROOT}/tests/c/{name}.c")).arg("-ldl");
        let output = run_tool(&mut command, "gcc libc6-dev");
        assert!(output.status.success(), "{}", said(&output));
        library
    }

    /// Compiles a program of one C file, given by its path from the root, against the header and
    /// the library. The scratch directory itself is searched for headers too.
    pub fn compile(&self, source: &str) -> Program {
        let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
        self.compile_by(Command::new(compiler).arg("-std=c99"), source, "gcc libc6-dev")
    }

    /// The same for a file in C++.
    pub fn compile_cpp(&self, source: &str) -> Program {
        let compiler = env::var_os("CXX").unwrap_or_else(|| "c++".into());
        self.compile_by(Command::new(compiler).arg("-std=c++17"), source, "g++")
    }

    /// The same by a compiler with arguments of one's own; `package` is what brings it.
    pub fn compile_by(&self, compiler: &mut Command, source: &str, package: &str) -> Program {
        let source = Path::new(ROOT).join(source);
        let program = self.0.join(source.file_stem().expect("a file's name"));
        // Programs look for the library by its SONAME.
        let library = self.path("libflexcancel.so.0");
        let _ = fs::remove_file(&library);
        std::os::unix::fs::symlink(self::library(), &library).expect("a link to the library");
        let mut compiler = compiler;
        let mut watched;
        if let Some(sanitizer) = Sanitizer::wanted() {
            watched = sanitizer.compiler(compiler);
            compiler = &mut watched;
        }
        let output = run_tool(
            // valgrind does not read clang's newer debug information.
            compiler
                .args(["-gdwarf-4", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"])
                .arg("-I")
                .arg(Path::new(ROOT).join("include"))
                .arg("-I")
                .arg(&self.0)
                .arg(&source)
                .arg("-o")
                .arg(&program)
                .arg(&library)
                .arg(format!("-Wl,-rpath,{}", self.0.display())),
            package,
        );
        assert!(output.status.success(), "{}: {}", source.display(), said(&output));
        Program(program)
    }

    /// Compiles one of the programs in tests/c.
    pub fn compile_test(&self, name: &str) -> Program {
        self.with_check().compile(&format!("tests/c/{name}.c"))
    }

    /// The go command in a directory of the project, for which pkg-config finds the library that
    /// this run of cargo has built.
    pub fn go(&self, directory: &str) -> Command {
        for name in ["libflexcancel.so", "libflexcancel.so.0"] {
            let link = self.path(name);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(library(), link).expect("a link to the library");
        }
        let libraries = self.0.display();
        self.write(
            "flexcancel.pc",
            &format!(
                "Name: flexcancel\nDescription: the library of this build\nVersion: {}\n\
                 Cflags: -I{ROOT}/include\nLibs: -L{libraries} -lflexcancel\n",
                flexcancel::VERSION
            ),
        );
        let mut command = Command::new("go");
        command
            .current_dir(Path::new(ROOT).join(directory))
            .env("PKG_CONFIG_PATH", &self.0)
            // Go keeps what it has built without regard to what pkg-config has said; these it
            // regards.
            .env("CGO_CFLAGS", format!("-O2 -I{ROOT}/include"))
            .env("CGO_LDFLAGS", format!("-L{libraries} -Wl,-rpath,{libraries}"))
            .env("CGO_ENABLED", "1")
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=mod");
        command
    }

    /// The go command in this directory, made a module with a program that uses the binding.
    pub fn go_program(&self, main: &str) -> Command {
        let path = "github.com/flexcancel/flexcancel/bindings/go";
        self.write("main.go", main);
        self.write(
            "go.mod",
            &format!(
                "module program\n\ngo 1.24\n\nrequire {path} v0.0.0\n\n\
                 replace {path} => {ROOT}/bindings/go\n"
            ),
        );
        let mut go = self.go(".");
        go.current_dir(&self.0);
        go
    }

    /// The same scratch directory, with what the programs in tests/c and tests/cpp share.
    pub fn with_check(&self) -> &Self {
        let check = fs::read_to_string(Path::new(ROOT).join("tests/c/check.h"));
        self.write("check.h", &check.expect("tests/c/check.h"));
        self
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // What cannot be removed lies in the target directory, where it harms nobody.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A compiled program.
pub struct Program(PathBuf);

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    Nothing,
    /// Any error that it finds, and any memory that nothing points to in the end, is a failure.
    Valgrind,
    /// The same of AddressSanitizer or ThreadSanitizer; see tests/sanitizers/run.
    Sanitizer,
}

impl Under {
    /// Every way that is asked for: by itself, and with `FLEXCANCEL_VALGRIND=1` under valgrind.
    pub fn each() -> Vec<Self> {
        if Sanitizer::wanted().is_some() {
            return vec![Self::Sanitizer];
        }
        match env::var("FLEXCANCEL_VALGRIND").as_deref() {
            Ok("1") => vec![Self::Nothing, Self::Valgrind],
            _ => vec![Self::Nothing],
        }
    }

    /// How often to do what is done often.
    pub fn count(self, by_itself: usize, under_valgrind: usize) -> usize {
        if self == Self::Nothing { by_itself } else { under_valgrind }
    }
}

impl Program {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The program, ready for its arguments. Its environment is empty, but for the path.
    pub fn command(&self, under: Under) -> Command {
        let mut command = match under {
            Under::Nothing | Under::Sanitizer => Command::new(&self.0),
            Under::Valgrind => {
                // Found out here, because the programs are started in several ways.
                run_tool(Command::new("valgrind").arg("--version"), "valgrind");
                let mut command = Command::new("valgrind");
                command
                    .args(["-q", "--error-exitcode=99", "--fair-sched=try", "--leak-check=full"])
                    .arg("--errors-for-leak-kinds=definite,indirect,possible")
                    .arg(format!("--suppressions={ROOT}/tests/c/valgrind.supp"))
                    .arg(&self.0);
                command
            }
        };
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.envs(Sanitizer::wanted().map(Sanitizer::options));
        command
    }
}
