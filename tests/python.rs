//! The Python binding: its own tests (pytest, against the sandbox), its types, its lints, and its
//! wheel in an empty virtual environment.
//!
//! The tools come from bindings/python/requirements.txt into a virtual environment in the target
//! directory. `FLEXCANCEL_PYTHON` names another interpreter than `python3` to run the package's
//! tests and its wheel; the lints and the build stay with `python3`.

mod native;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
use native::{ROOT, Scratch, library, run_tool, said};

/// The most that a wheel may have, in bytes.
const MOST_WHEEL_BYTES: u64 = 2_000_000;

/// What runs the tools, and the package unless told otherwise.
const PYTHON: &str = "python3";

/// What the package and its tests use, of all requirements.
const USED: [&str; 3] = ["argcomplete", "pytest", "rich"];

const KEY: &str = "fsk_test_hunter2";

fn binding() -> PathBuf {
    Path::new(ROOT).join("bindings/python")
}

fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("the target directory").to_owned()
}

fn succeed(command: &mut Command, package: &str) -> Output {
    let output = run_tool(command, package);
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    assert!(!said(&output).contains("hunter2"), "the API key is shown");
    output
}

/// Without what a developer's shell may say about Python.
fn clean(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    for name in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "FLEXCANCEL_LIBRARY"] {
        command.env_remove(name);
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    command
}

/// The interpreter that is to run the package.
fn tested() -> String {
    env::var("FLEXCANCEL_PYTHON").unwrap_or_else(|_| PYTHON.to_owned())
}

/// Makes a virtual environment, and returns the directory of its programs.
fn new_venv(interpreter: &str, directory: &Path) -> PathBuf {
    let mut command = clean(interpreter);
    let output = run_tool(command.args(["-m", "venv", "--clear"]).arg(directory), "python3-venv");
    assert!(output.status.success(), "apt-get install python3-venv: {}", said(&output));
    directory.join("bin")
}

/// The virtual environment with these requirements; made once for each list of them.
fn venv_with(interpreter: &str, name: &str, requirements: &str) -> PathBuf {
    let directory = target().join(name);
    let (stamp, list) = (directory.join("made-for.txt"), directory.join("requirements.txt"));
    let wanted = format!("{requirements}{interpreter}");
    if fs::read_to_string(&stamp).is_ok_and(|made_for| made_for == wanted) {
        return directory.join("bin");
    }
    let programs = new_venv(interpreter, &directory);
    fs::write(&list, requirements).expect("the list can be written");
    let mut pip = clean(programs.join("pip"));
    succeed(pip.args(["install", "--quiet", "-r"]).arg(list), "python3-venv");
    fs::write(stamp, wanted).expect("the stamp can be written");
    programs
}

fn requirements() -> String {
    fs::read_to_string(binding().join("requirements.txt")).expect("requirements.txt")
}

/// The tools.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| venv_with(PYTHON, "python-tools", &requirements()))
}

/// pytest, in the interpreter that is to run the package, with what the package may use.
fn pytest() -> Command {
    let directory = if tested() == PYTHON {
        tools().to_owned()
    } else {
        let requirements = requirements();
        let is_used = |line: &&str| USED.iter().any(|name| line.starts_with(&format!("{name}==")));
        let used: Vec<&str> = requirements.lines().filter(is_used).collect();
        assert_eq!(used.len(), USED.len(), "all of {USED:?} are required");
        venv_with(&tested(), "python-tested", &used.join("\n"))
    };
    let mut command = clean(directory.join("pytest"));
    command.current_dir(binding());
    command
}

/// A tool in the binding's directory.
fn tool(name: &str) -> Command {
    let mut command = clean(tools().join(name));
    command.current_dir(binding());
    command
}

fn cargo(arguments: &[&str]) {
    succeed(native::cargo().args(arguments).arg("--target-dir").arg(target()), "cargo");
}

#[test]
fn its_own_tests_pass() {
    cargo(&["build", "--quiet", "-p", "flex-sandbox"]);
    let output = pytest()
        .env("PYTHONPATH", binding().join("src"))
        .env("FLEXCANCEL_LIBRARY", library())
        .env("FLEX_SANDBOX", target().join("debug/flex-sandbox"))
        .output()
        .expect("pytest runs");
    println!("{}", said(&output));
    assert!(output.status.success(), "pytest fails");
    assert!(!said(&output).contains("skipped"), "nothing is ever skipped");
}

#[test]
fn it_is_typed_and_free_of_lint() {
    let cache = target().join("python-tools/mypy-cache");
    succeed(tool("mypy").arg("--cache-dir").arg(cache), "python3-venv");
    succeed(tool("ruff").args(["check", "--no-cache", "."]), "python3-venv");
    succeed(tool("ruff").args(["format", "--no-cache", "--check", "."]), "python3-venv");
}

#[test]
fn the_scripts_for_other_platforms_and_for_a_release_s_pages_are_typed_and_free_of_lint() {
    let tests = binding().join("../../tests");
    let (script, kit) = (tests.join("platforms"), tests.join("platform_kit"));
    let pages = binding().join("../../packaging/pages");
    let cache = target().join("python-tools/mypy-cache");
    // As programs of their own: a script is what imports its modules.
    for program in [&script, &pages] {
        let mut mypy = tool("mypy");
        mypy.env("MYPYPATH", &tests).args(["--strict", "--cache-dir"]).arg(&cache);
        succeed(mypy.arg(program), "python3-venv");
    }
    let shown = ["--isolated", "--no-cache", "--line-length", "100"];
    let ruff = |command: &[&str]| {
        let scripts = [&script, &kit, &pages];
        succeed(tool("ruff").args(command).args(shown).args(scripts), "python3-venv");
    };
    ruff(&["check"]);
    ruff(&["format", "--check"]);
}

#[test]
fn the_licences_beside_it_are_those_of_the_project() {
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let read = |directory: &Path| fs::read_to_string(directory.join(name)).expect(name);
        assert_eq!(read(&binding()), read(Path::new(ROOT)), "{name}");
    }
}

#[test]
fn the_table_of_platforms_is_what_the_script_makes_of_what_was_seen() {
    let mut script = tool("python");
    let output = succeed(script.args(["../../tests/platforms", "--table"]), "python3-venv");
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    let page = include_str!("../docs/PLATFORMS.md");
    let (_, rest) = page.split_once("<!-- tests/platforms --table -->\n").expect("its table");
    let (shown, _) = rest.split_once("<!-- end of the table -->").expect("the table's end");
    assert_eq!(shown, table, "tests/platforms TARGET --record writes it");
}

/// Builds one distribution, and returns its path.
fn build(scratch: &Scratch, kind: &str, bundle: &str) -> PathBuf {
    let directory = scratch.path(&format!("{kind}-{}", bundle.len()));
    let mut hatchling = tool("hatchling");
    hatchling.args(["build", "-t", kind, "-d"]).arg(&directory).env("FLEXCANCEL_BUNDLE", bundle);
    succeed(&mut hatchling, "python3-venv");
    let mut found = fs::read_dir(&directory).expect("what was built");
    let path = found.next().expect("a distribution").expect("its name").path();
    assert!(found.next().is_none(), "one distribution");
    path
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name")
}

#[test]
fn given_its_wheel_in_an_empty_environment_then_a_till_can_cancel_and_types_are_found() {
    cargo(&["build", "--quiet", "--release", "--lib"]);
    let release = target().join("release/libflexcancel.so");
    let scratch = Scratch::new("python-wheel");
    let wheel = build(&scratch, "wheel", release.to_str().expect("a path"));
    let size = fs::metadata(&wheel).expect("the wheel").len();
    println!("{}: {size} bytes (at most {MOST_WHEEL_BYTES})", name(&wheel));
    assert!(size <= MOST_WHEEL_BYTES, "{size} bytes");
    let shown = said(&succeed(tool("auditwheel").arg("show").arg(&wheel), "python3-venv"));
    let tag = name(&wheel).trim_end_matches(".whl").rsplit('-').next().expect("a tag");
    assert!(tag.starts_with("manylinux_2_") && shown.contains(tag), "{tag}: {shown}");

    let list = "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep='\\n')";
    let inside = succeed(tool("python").args(["-c", list]).arg(&wheel), "python3-venv");
    let inside = String::from_utf8(inside.stdout).expect("UTF-8");
    let native: Vec<&str> = inside.lines().filter(|file| file.contains("/_lib/")).collect();
    assert_eq!(native, ["flexcancel/_lib/libflexcancel.so"], "{inside}");
    for file in inside.lines() {
        let is_own = file.starts_with("flexcancel/") || file.contains(".dist-info/");
        assert!(is_own || file.ends_with("/share/man/man1/flexcancel.1"), "{file}");
    }
    for file in ["__init__.py", "py.typed", "session/__init__.py"] {
        assert!(inside.lines().any(|it| it == format!("flexcancel/{file}")), "{file}: {inside}");
    }

    let programs = new_venv(&tested(), &scratch.path("venv"));
    let mut pip = clean(programs.join("pip"));
    succeed(pip.args(["install", "--quiet", "--no-index"]).arg(&wheel), "python3-venv");
    let empty = scratch.path("empty");
    fs::create_dir(&empty).expect("an empty directory");
    let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
    for (program, arguments) in [
        ("flexcancel", &["cancel"][..]),
        ("python", &["-m", "flexcancel", "cancel"]),
        ("python", &[&format!("{ROOT}/bindings/python/examples/cancel.py")]),
    ] {
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).expect("a new session can be paid");
        let mut till = clean(programs.join(program));
        till.current_dir(&empty).env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", sandbox.url());
        till.args(arguments).arg(&id);
        if arguments.last() == Some(&"cancel") {
            till.args(["--base-url", &sandbox.url()]);
        }
        succeed(&mut till, "python3-venv");
        assert_eq!(sandbox.ground_truth(&id).expect("the truth").hold, Hold::Released, "{program}");
    }

    let mut mypy = clean(tools().join("mypy"));
    mypy.current_dir(&empty).args(["--strict", "--cache-dir"]).arg(scratch.path("mypy-cache"));
    mypy.arg("--python-executable").arg(programs.join("python"));
    succeed(mypy.arg(binding().join("tests/typing_sample.py")), "python3-venv");
}

#[test]
fn given_no_library_to_put_in_then_the_wheel_is_for_any_machine_and_uses_the_system_s() {
    let scratch = Scratch::new("python-plain-wheel");
    let wheel = build(&scratch, "wheel", "none");
    assert!(name(&wheel).ends_with("-py3-none-any.whl"), "{}", wheel.display());
    let sources = build(&scratch, "sdist", "none");
    let list = succeed(Command::new("tar").arg("-tzf").arg(&sources), "tar");
    let list = String::from_utf8(list.stdout).expect("UTF-8");
    for file in ["src/flexcancel/py.typed", "hatch_build.py", "tests/test_cancel.py", "LICENSE-MIT"]
    {
        assert!(list.contains(&format!("/{file}\n")), "{file}: {list}");
    }
    assert!(!list.contains(".so"), "{list}");
    let programs = new_venv(&tested(), &scratch.path("venv"));
    let mut pip = clean(programs.join("pip"));
    succeed(pip.args(["install", "--quiet", "--no-index"]).arg(&wheel), "python3-venv");
    let page = scratch.path("venv").join("share/man/man1/flexcancel.1");
    let page = fs::read_to_string(page).expect("the man page");
    for wanted in [".TH FLEXCANCEL", "flexcancel outbox flush", "flexcancel doctor", "Exit status"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    std::os::unix::fs::symlink(library(), scratch.path("libflexcancel.so.0")).expect("a link");
    let system = library();
    let system = scratch.path("libflexcancel.so.0").parent().unwrap_or(&system).to_owned();
    let mut python = clean(programs.join("python"));
    python.env("LD_LIBRARY_PATH", system).args(["-c", "import flexcancel"]);
    succeed(&mut python, "python3-venv");
}

#[test]
fn given_a_library_that_cannot_be_put_in_then_the_build_says_what_was_expected_and_found() {
    let scratch = Scratch::new("python-wrong-library");
    let ours = fs::read(library()).expect("the library");
    // Of an ELF header: its class (2 is 64 bits) and its machine.
    let (class, machine) = (4, 18);
    let changed = |name: &str, bytes: &[(usize, u8)]| {
        let mut library = ours.clone();
        bytes.iter().for_each(|&(at, byte)| library[at] = byte);
        let path = scratch.path(name);
        fs::write(&path, library).expect("a changed library");
        path
    };
    for (library, says) in [
        (PathBuf::from("/no/such.so"), "let FLEXCANCEL_BUNDLE name the library"),
        (changed("text.so", &[(0, b'#')]), "expected a shared library: ELF, PE or Mach-O"),
        (
            changed("new.so", &[(class, 1), (machine, 250)]),
            "x86_64 or aarch64 or armv7l or i686, found a 32-bit one for ELF machine 250",
        ),
    ] {
        let mut hatchling = tool("hatchling");
        hatchling.args(["build", "-t", "wheel", "-d"]).arg(scratch.path("none"));
        let output = hatchling.env("FLEXCANCEL_BUNDLE", &library).output().expect("it runs");
        let said = said(&output);
        assert!(!output.status.success() && said.contains(says), "{}: {said}", library.display());
        assert!(said.contains(library.to_str().expect("a path")), "{said}");
    }
}

/// The beginning of an ELF library for a class (1 is 32 bits) and a machine, and what it needs.
fn elf(class: u8, machine: u8, needs: &str) -> Vec<u8> {
    let mut header = vec![0x7f, b'E', b'L', b'F', class, 1];
    header.resize(18, 0);
    header.extend([machine, 0, 0]);
    [&header, needs.as_bytes(), b"\0"].concat()
}

/// The beginning of a DLL for a machine.
fn dll(machine: u16) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..2].copy_from_slice(b"MZ");
    header[60] = 64;
    header.extend(b"PE\0\0");
    header.extend(machine.to_le_bytes());
    header
}

#[test]
fn given_the_library_of_any_platform_then_the_wheel_has_its_name_and_its_tag() {
    let scratch = Scratch::new("python-placed");
    let mac = |machine: u8| vec![0xcf, 0xfa, 0xed, 0xfe, machine, 0, 0, 1];
    let (so, dylib) = ("libflexcancel.so", "libflexcancel.dylib");
    let cases = [
        (elf(2, 62, "GLIBC_2.2.5\0GLIBC_2.17"), so, "manylinux_2_17_x86_64.manylinux2014_x86_64"),
        (elf(2, 62, "GLIBC_2.9\0GLIBC_2.34"), so, "manylinux_2_34_x86_64"),
        (elf(2, 183, "GLIBC_2.17"), so, "manylinux_2_17_aarch64.manylinux2014_aarch64"),
        (elf(1, 40, "GLIBC_2.4"), so, "manylinux_2_17_armv7l.manylinux2014_armv7l"),
        (elf(1, 3, "GLIBC_2.1"), so, "manylinux_2_17_i686.manylinux2014_i686"),
        (elf(2, 62, "libc.so"), so, "musllinux_1_2_x86_64"),
        (elf(2, 183, "libc.musl-aarch64.so.1"), so, "musllinux_1_2_aarch64"),
        (dll(0x8664), "flexcancel.dll", "win_amd64"),
        (dll(0x14c), "flexcancel.dll", "win32"),
        (mac(12), dylib, "macosx_11_0_arm64"),
        (mac(7), dylib, "macosx_10_12_x86_64"),
    ];
    let show = "import sys, pathlib, hatch_build\n\
                for path in sys.argv[1:]: print(*hatch_build.placed(pathlib.Path(path)))";
    let mut python = tool("python");
    python.args(["-c", show]);
    for (number, (library, _, _)) in cases.iter().enumerate() {
        let path = scratch.path(&number.to_string());
        fs::write(&path, library).expect("the beginning of a library");
        python.arg(path);
    }
    let placed = succeed(&mut python, "python3-venv");
    let placed = String::from_utf8(placed.stdout).expect("UTF-8");
    let expected: Vec<String> =
        cases.iter().map(|(_, name, tag)| format!("{name} {tag}")).collect();
    assert_eq!(placed.lines().collect::<Vec<_>>(), expected);
}
