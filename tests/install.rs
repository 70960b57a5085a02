//! `packaging/install`, with this build's library in place of the release's: programs in C, C++ and
//! Go find what it has installed by the lines of docs/INSTALL.md, and cancel at the sandbox.

mod native;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
use native::{ROOT, Scratch, library, run_tool, said};

const PAGE: &str = include_str!("../docs/INSTALL.md");
const README: &str = include_str!("../README.md");
const KEY: &str = "fsk_test_hunter2";

/// `packaging/install` with arguments of the test's own, told where this build's library is.
fn install(arguments: &[&str]) -> Output {
    let mut command = Command::new(Path::new(ROOT).join("packaging/install"));
    command.arg("--library").arg(library()).args(arguments);
    if arguments.contains(&"--static") {
        command.arg("--archive").arg(library().with_extension("a"));
    }
    run_tool(&mut command, "bash")
}

/// A prefix with the library in it.
struct Prefix(PathBuf);

impl Prefix {
    fn new(scratch: &Scratch, more: &[&str]) -> Self {
        let prefix = scratch.path("prefix");
        let output = install(&[&["--prefix", text(&prefix)], more].concat());
        assert!(output.status.success(), "{}", said(&output));
        Self(prefix)
    }

    /// A tool that looks for what is installed here, as the page's second line has it.
    fn tool(&self, program: &str) -> Command {
        let lib = self.0.join("lib");
        let mut command = Command::new(program);
        command.env("PKG_CONFIG_PATH", lib.join("pkgconfig")).env("LD_LIBRARY_PATH", lib);
        command
    }

    /// Runs a line of the page where its paths mean what they say.
    fn run_line(&self, line: &str, directory: &Path) {
        // A shell shows a missing pkg-config as flags that are not there.
        run_tool(Command::new("pkg-config").arg("--version"), "pkg-config");
        let mut shell = self.tool("sh");
        let output = run_tool(shell.args(["-ec", line]).current_dir(directory), "dash");
        assert!(output.status.success(), "{line}: {}", said(&output));
    }

    /// Lets a program cancel a session, and asks the sandbox what became of it.
    fn assert_cancels(&self, program: &Path, expected: &str) {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).expect("a new session can be paid");
        let mut command = self.tool(text(program));
        let command = command.env("FLEX_API_KEY", KEY).env("FLEX_BASE_URL", sandbox.url());
        let output = run_tool(command.arg(&id), "");
        let shown = said(&output);
        assert!(output.status.success() && shown.contains(expected), "{shown}");
        assert!(!shown.contains(KEY), "the API key is shown");
        let truth = sandbox.ground_truth(&id).expect("the sandbox knows its sessions");
        assert_eq!((truth.hold, truth.cancels_applied.len()), (Hold::Released, 1), "{shown}");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The page's lines for a shell that begin with `start`, of those that build from the source;
/// `tests/first_minute` runs the others.
fn lines_of_the_page(start: &str) -> Vec<&'static str> {
    let (_, source) = PAGE.split_once("\n## Build requirements\n").expect("a heading");
    let blocks = source.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).filter(|line| line.starts_with(start)).collect()
}

fn only_line_of_the_page(start: &str) -> &'static str {
    match lines_of_the_page(start)[..] {
        [line] => line,
        ref lines => panic!("{start}: {lines:?}"),
    }
}

/// What `readelf` says a program needs.
fn needed(program: &Path) -> Vec<String> {
    let output = run_tool(Command::new("readelf").args(["-d", "-W"]).arg(program), "binutils");
    assert!(output.status.success(), "{}", said(&output));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let entries = shown.lines().filter(|line| line.contains("(NEEDED)"));
    entries.filter_map(|line| line.split(['[', ']']).nth(1)).map(str::to_owned).collect()
}

fn needs_the_library(program: &Path) -> bool {
    let needed = needed(program);
    assert!(needed.iter().any(|name| name == "libc.so.6"), "{needed:?}");
    needed.iter().any(|name| name.starts_with("libflexcancel"))
}

/// Every file and link below a directory, by its path from there.
fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("its type").is_dir() {
                open.push(entry.path());
            } else {
                let path = entry.path();
                found.insert(text(path.strip_prefix(directory).expect("below")).to_owned());
            }
        }
    }
    found
}

fn expected(is_static: bool) -> BTreeSet<String> {
    let abi = flexcancel::ffi::FLEXCANCEL_ABI_VERSION;
    let mut expected: BTreeSet<String> = files(&Path::new(ROOT).join("include"))
        .into_iter()
        .map(|header| format!("include/{header}"))
        .collect();
    expected.insert(format!("lib/libflexcancel.so.{abi}"));
    for name in ["libflexcancel.so", "pkgconfig/flexcancel.pc"] {
        expected.insert(format!("lib/{name}"));
    }
    for name in ["Config", "ConfigVersion"] {
        expected.insert(format!("lib/cmake/flexcancel/flexcancel{name}.cmake"));
    }
    if is_static {
        expected.insert("lib/libflexcancel.a".to_owned());
        expected.insert("lib/pkgconfig/flexcancel-static.pc".to_owned());
    }
    expected
}

#[test]
fn given_a_prefix_that_was_moved_when_the_pages_lines_compile_the_tills_then_they_cancel() {
    let scratch = Scratch::new("install_c");
    let output = install(&["--prefix", "/opt/flex", "--destdir", text(&scratch.path("stage"))]);
    assert!(output.status.success(), "{}", said(&output));
    let staged = expected(false).iter().map(|it| format!("opt/flex/{it}")).collect();
    assert_eq!(files(&scratch.path("stage")), staged, "and nothing else");
    let prefix = Prefix(scratch.path("moved"));
    fs::rename(scratch.path("stage/opt/flex"), &prefix.0).expect("the prefix moves");
    let version =
        run_tool(prefix.tool("pkg-config").args(["--modversion", "flexcancel"]), "pkg-config");
    assert_eq!(String::from_utf8_lossy(&version.stdout).trim(), flexcancel::VERSION);
    for start in ["cc ", "c++ "] {
        let till = scratch.path("cancel");
        let line = only_line_of_the_page(start);
        let line = line.replace("target/cancel", text(&till));
        prefix.run_line(&line, Path::new(ROOT));
        assert!(needs_the_library(&till), "{line}");
        prefix.assert_cancels(&till, "VOIDED");
    }
}

#[test]
fn given_the_static_library_when_c_is_linked_with_it_then_it_cancels_without_the_shared_one() {
    let scratch = Scratch::new("install_static");
    let prefix = Prefix::new(&scratch, &["--static"]);
    assert_eq!(files(&prefix.0), expected(true));
    let till = scratch.path("cancel");
    let line = only_line_of_the_page("cc ").replace("target/cancel", text(&till));
    let line = line.replace("--libs flexcancel", "--libs flexcancel-static");
    for line in [line.clone(), format!("{line} -static-libgcc")] {
        prefix.run_line(&line, Path::new(ROOT));
        assert!(!needs_the_library(&till), "{line}");
        prefix.assert_cancels(&till, "VOIDED");
    }
    let libgcc = needed(&till).into_iter().find(|name| name.starts_with("libgcc"));
    assert_eq!(libgcc, None, "-static-libgcc");
    // The next version without a static library leaves none of the last version behind.
    fs::write(prefix.0.join("include/flexcancel/gone.hpp"), "").expect("a header of the last one");
    Prefix::new(&scratch, &[]);
    assert_eq!(files(&prefix.0), expected(false));
}

#[test]
fn the_static_library_defines_the_functions_of_the_header_and_no_other_name() {
    let scratch = Scratch::new("install_names");
    let prefix = Prefix::new(&scratch, &["--static"]);
    let archive = prefix.0.join("lib/libflexcancel.a");
    let names = |which: &str| -> BTreeSet<String> {
        let mut nm = Command::new("nm");
        let output = run_tool(nm.args(["-g", "-P", which]).arg(&archive), "binutils");
        assert!(output.status.success(), "{}", said(&output));
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let symbols = shown.lines().filter_map(|line| line.split_once(' '));
        symbols.map(|(name, _)| name.to_owned()).collect()
    };
    let exported = include_str!("exported-symbols.txt").lines().map(str::to_owned).collect();
    assert_eq!(names("--defined-only"), exported);
    let foreign = names("--undefined-only");
    assert!(foreign.contains("getaddrinfo"), "{foreign:?}");
    // Of a newer C library than there may be; nothing that is linked in refers to them.
    for name in ["pidfd_getpid", "pidfd_spawnp", "posix_spawn_file_actions_addchdir"] {
        assert!(!foreign.contains(name), "{name}");
    }
}

#[test]
fn given_another_static_library_in_rust_when_both_are_in_one_program_then_both_work() {
    let scratch = Scratch::new("install_both");
    let prefix = Prefix::new(&scratch, &["--static"]);
    let other = scratch.path("libother.a");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut rustc = Command::new(rustc);
    rustc.args(["--edition=2024", "--crate-type=staticlib", "tests/install/other.rs", "-o"]);
    let output = run_tool(rustc.arg(&other).current_dir(ROOT), "rustc");
    assert!(output.status.success(), "{}", said(&output));
    let (other, program) = (text(&other), scratch.path("both"));
    let flags = "$(pkg-config --cflags --libs flexcancel-static)";
    for libraries in [format!("{flags} {other}"), format!("{other} {flags}")] {
        let line = format!("cc tests/install/both.c -o {} {libraries}", text(&program));
        prefix.run_line(&line, Path::new(ROOT));
        let output = run_tool(&mut Command::new(&program), "");
        assert!(output.status.success(), "{line}: {}", said(&output));
    }
}

#[test]
fn given_cmake_when_it_finds_the_package_then_both_targets_cancel_and_other_versions_do_not_count()
{
    let scratch = Scratch::new("install_cmake");
    let prefix = Prefix::new(&scratch, &["--static"]);
    let build = scratch.path("build");
    let configure = |asked: &str| {
        let _ = fs::remove_dir_all(&build);
        let mut cmake = Command::new("cmake");
        cmake
            .args(["-S", "tests/install", "-B", text(&build)])
            .arg(format!("-DSOURCE={ROOT}/examples/cancel.cpp"))
            .arg(format!("-DASKED={asked}"))
            .arg(format!("-DCMAKE_PREFIX_PATH={}", text(&prefix.0)));
        run_tool(cmake.current_dir(ROOT), "cmake make")
    };
    let (series, _) = flexcancel::VERSION.rsplit_once('.').expect("a version");
    let line = format!("find_package(flexcancel {series} REQUIRED)");
    assert!(PAGE.contains(&line), "{line}");
    for asked in ["0.0", "0.99", "1.0", "99"] {
        let output = configure(asked);
        let is_refused = said(&output).contains("compatible with requested version");
        assert!(!output.status.success() && is_refused, "{asked}: {}", said(&output));
    }
    for asked in ["", flexcancel::VERSION, series] {
        let output = configure(asked);
        assert!(output.status.success(), "{asked}: {}", said(&output));
    }
    let output = run_tool(Command::new("cmake").arg("--build").arg(&build), "cmake make");
    assert!(output.status.success(), "{}", said(&output));
    for (name, needs) in [("till_flexcancel", true), ("till_static", false)] {
        let till = build.join(name);
        assert_eq!(needs_the_library(&till), needs, "{name}");
        prefix.assert_cancels(&till, "VOIDED");
    }
}

#[test]
fn given_a_dll_when_cmake_finds_the_package_then_each_compiler_gets_its_own_import_library() {
    let scratch = Scratch::new("install_windows");
    let out = scratch.path("out");
    fs::create_dir(&out).expect("a directory");
    for name in ["flexcancel.dll", "libflexcancel.dll.a", "flexcancel.lib"] {
        fs::write(out.join(name), name).expect("a stand-in");
    }
    let prefix = scratch.path("prefix");
    let mut install = Command::new(Path::new(ROOT).join("packaging/install"));
    install.args(["--prefix", text(&prefix), "--library"]).arg(out.join("flexcancel.dll"));
    let output = run_tool(&mut install, "bash");
    assert!(output.status.success(), "{}", said(&output));
    let is_linux_s = |name: &String| name.contains("libflexcancel.so");
    let mut wanted: BTreeSet<String> =
        expected(false).into_iter().filter(|name| !is_linux_s(name)).collect();
    wanted.extend(
        ["bin/flexcancel.dll", "lib/libflexcancel.dll.a", "lib/flexcancel.lib"].map(str::to_owned),
    );
    assert_eq!(files(&prefix), wanted);
    scratch.write(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.16)\nproject(till LANGUAGES NONE)\n\
         find_package(flexcancel REQUIRED)\n\
         foreach(property IN ITEMS IMPORTED_LOCATION IMPORTED_IMPLIB)\n\
         get_target_property(file flexcancel::flexcancel ${property})\n\
         message(STATUS \"${property}=${file}\")\nendforeach()\n",
    );
    for (is_msvc, import) in [("1", "flexcancel.lib"), ("0", "libflexcancel.dll.a")] {
        let build = scratch.path(&format!("build-{is_msvc}"));
        let mut cmake = Command::new("cmake");
        cmake.arg("-S").arg(scratch.path("")).arg("-B").arg(build);
        cmake.arg("-DCMAKE_SYSTEM_NAME=Windows").arg(format!("-DMSVC={is_msvc}"));
        cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", text(&prefix)));
        let output = run_tool(&mut cmake, "cmake make");
        for line in [
            format!("IMPORTED_LOCATION={}/bin/flexcancel.dll\n", text(&prefix)),
            format!("IMPORTED_IMPLIB={}/lib/{import}\n", text(&prefix)),
        ] {
            assert!(said(&output).contains(&line), "{line}: {}", said(&output));
        }
    }
}

#[test]
fn given_a_go_module_of_its_own_when_the_pages_lines_build_it_then_it_cancels() {
    let scratch = Scratch::new("install_go");
    let prefix = Prefix::new(&scratch, &["--static"]);
    // Go's build cache keeps pkg-config's answers for each directory that the binding was in.
    let binding = scratch.path("source/bindings/go");
    for file in files(&Path::new(ROOT).join("bindings/go")) {
        let copy = binding.join(&file);
        fs::create_dir_all(copy.parent().expect("a directory")).expect("a directory of the copy");
        fs::copy(Path::new(ROOT).join("bindings/go").join(file), copy).expect("a copy");
    }
    let source = scratch.path("source");
    scratch.write("till.go", include_str!("install/till.go"));
    run_tool(Command::new("go").arg("version"), "golang-go");
    // Nothing is fetched: the binding is here, and depends on nothing.
    // The page's own lines make the module.
    let setting = "export GOPROXY=off GOTOOLCHAIN=local GOWORK=off GOFLAGS= CGO_ENABLED=1";
    let run = |line: &str| {
        let line = format!("{setting} FLEXCANCEL='{}'\n{line}", source.display());
        prefix.run_line(&line, &scratch.path(""));
    };
    let till = scratch.path("till");
    lines_of_the_page("go mod ").into_iter().for_each(run);
    let builds = lines_of_the_page("go build");
    assert_eq!(builds.len(), 2, "{builds:?}");
    for line in builds {
        run(line);
        let is_static = line.contains("flexcancel_static");
        assert_eq!(needs_the_library(&till), !is_static, "{line}");
        prefix.assert_cancels(&till, "canceled <nil>");
    }
}

#[test]
fn the_readme_installs_by_the_lines_of_the_page() {
    let section = README.split_once("\n## Install\n").expect("its section").1;
    let block = section.split("```").nth(1).and_then(|block| block.strip_prefix("sh\n"));
    let lines: Vec<&str> =
        block.expect("its lines").lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    for line in lines {
        assert!(PAGE.lines().any(|it| it == line), "{line}");
    }
}

#[test]
fn given_arguments_that_make_no_sense_when_installed_then_they_are_named_and_nothing_is_written() {
    let scratch = Scratch::new("install_refused");
    let prefix = scratch.path("prefix");
    let prefix = text(&prefix);
    let no_library = format!("{ROOT}/Cargo.toml");
    let cases: [(&[&str], i32, &str); 8] = [
        (&[], 64, "--prefix: expected, as in --prefix /usr/local"),
        (&["--prefix"], 64, "--prefix: expected a path after it"),
        (&["--prefix", ""], 64, "--prefix: expected a path after it"),
        (&["--prefix", "usr"], 64, "--prefix: expected an absolute path, not usr"),
        (&["--prefix", prefix, "--shared"], 64, "--shared: expected --prefix, --static,"),
        (&["--prefix", prefix, "--archive", &no_library], 64, "together with --static"),
        (&["--prefix", prefix, "--library", "/nowhere"], 66, "--library: /nowhere is no file"),
        (&["--prefix", prefix, "--library", &no_library], 65, "expected the shared library"),
    ];
    for (arguments, exit_code, why) in cases {
        let output = install(arguments);
        assert_eq!(output.status.code(), Some(exit_code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(why), "{arguments:?}: {}", said(&output));
    }
    let mut command = Command::new(Path::new(ROOT).join("packaging/install"));
    let command = command.args(["--prefix", prefix, "--static", "--archive", &no_library]);
    let output = run_tool(command.arg("--library").arg(library()), "bash");
    assert!(!output.status.success(), "an archive that is none: {}", said(&output));
    let output = run_tool(command.env("OBJCOPY", "no-objcopy"), "bash");
    assert!(said(&output).contains("no-objcopy is missing: apt-get install binutils"));
    assert!(!Path::new(prefix).exists(), "{:?}", files(Path::new(prefix)));
    let output = install(&["--help"]);
    assert!(output.status.success() && said(&output).contains("usage: packaging/install"));
}
