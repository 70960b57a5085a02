//! `include/flexcancel.hpp`: compilers take it without a word, it has all that flexcancel.h has,
//! and its classes keep what they promise. `FLEXCANCEL_VALGRIND=1` runs the programs under
//! valgrind as well.

#[path = "cpp/memory.rs"]
mod memory;
mod native;
#[path = "cpp/temporaries.rs"]
mod temporaries;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use flex_sandbox::{CreateParams, Hold, Options, Sandbox, Scripted, Then};
use flexcancel::outbox::{
    CLAIM_KEYS, FLUSH_KEYS, LIST_KEYS, OPEN_KEYS, OUTBOX_CANCEL_KEYS, SETTLEMENT_KEYS,
};
use native::{HEADER, Program, ROOT, Scratch, Under, library, run_tool, said};

/// Compilers, each with the package that brings it.
const COMPILERS: [(&str, &str); 2] = [("g++", "g++"), ("clang++", "clang g++")];
const STANDARDS: [&str; 3] = ["-std=c++17", "-std=c++20", "-std=c++2b"];
/// Both ways in which tills are built.
const DIALECTS: [&[&str]; 2] = [&[], &["-fno-exceptions", "-fno-rtti"]];

/// The C++ headers: the one that programs include, and its parts.
fn headers() -> Vec<(PathBuf, String)> {
    let include = Path::new(ROOT).join("include");
    let parts = fs::read_dir(include.join("flexcancel")).expect("include/flexcancel");
    let mut paths = vec![include.join("flexcancel.hpp")];
    paths.extend(parts.map(|entry| entry.expect("a header").path()));
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).expect("a header"));
    paths.into_iter().map(read).collect()
}

fn start() -> Sandbox {
    Sandbox::start(Options::default()).expect("a sandbox")
}

fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).expect("a new session can be paid");
    id
}

/// The hold, and how many cancels took effect.
fn ground_truth(sandbox: &Sandbox, id: &str) -> (Hold, usize) {
    let truth = sandbox.ground_truth(id).expect("the sandbox knows its sessions");
    (truth.hold, truth.cancels_applied.len())
}

/// The test programs say nothing, unless something is wrong.
fn assert_content(output: &Output) {
    let is_silent = output.stdout.is_empty() && output.stderr.is_empty();
    assert!(output.status.success() && is_silent, "{}", said(output));
}

/// Alone at the beginning of two translation units, twice in each, and used in both.
const UNITS: [(&str, &str); 2] = [
    (
        "one.cpp",
        "#include <flexcancel.hpp>\n#include <flexcancel.hpp>\nint other();\n\
         int main() {\n    const auto created = flexcancel::Client::create(\"\");\n\
         \x20   return created || !created.error || other();\n}\n",
    ),
    (
        "other.cpp",
        // <iomanip> has functions that an unqualified call with a std::string finds, too.
        "#include <iomanip>\n#include <flexcancel.hpp>\nint other();\nint other() {\n\
         \x20   const flexcancel::Client none;\n\
         \x20   const auto options = flexcancel::Options().max_attempts(1).expand({\"customer\"});\n\
         \x20   const auto result = none.cancel(\"x\", options);\n\
         \x20   const auto opened = flexcancel::Outbox::open(none, flexcancel::OutboxOptions());\n\
         \x20   const char *const ids[] = {\"x\"};\n\
         \x20   const auto done = [](std::uint64_t, const flexcancel::Result &) {};\n\
         \x20   const auto run = none.cancel_many(ids, flexcancel::BulkOptions(), done);\n\
         \x20   return result.code() != flexcancel::Code::invalid_handle || opened ||\n\
         \x20          run.code() != flexcancel::Code::invalid_handle;\n}\n",
    ),
];

#[test]
fn given_any_compiler_and_standard_when_two_units_use_it_then_nothing_is_complained_of() {
    let scratch = Scratch::new("cpp_units");
    let units = UNITS.map(|(name, text)| scratch.write(name, text));
    let program = scratch.path("units");
    std::os::unix::fs::symlink(library(), scratch.path("libflexcancel.so.0")).expect("a link");
    for (compiler, package) in COMPILERS {
        for standard in STANDARDS {
            for dialect in DIALECTS {
                let mut command = Command::new(compiler);
                command
                    .arg(standard)
                    .args(dialect)
                    .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"])
                    .args(["-Wshadow", "-Wconversion", "-Wsign-conversion", "-Wold-style-cast"])
                    .arg("-I")
                    .arg(Path::new(ROOT).join("include"))
                    .args(&units)
                    .arg(scratch.path("libflexcancel.so.0"))
                    .arg(format!("-Wl,-rpath,{}", scratch.path("").display()))
                    .arg("-o")
                    .arg(&program);
                let what = format!("{compiler} {standard} {dialect:?} (from {package})");
                let output = run_tool(&mut command, package);
                let is_silent = output.stderr.is_empty() && output.stdout.is_empty();
                assert!(output.status.success() && is_silent, "{what}: {}", said(&output));
                let output = run_tool(&mut Command::new(&program), "");
                assert!(output.status.success(), "{what}: {}", said(&output));
            }
        }
    }
}

#[test]
fn each_part_of_the_header_compiles_alone() {
    for (path, _) in headers() {
        let mut command = Command::new("g++");
        command
            .args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"])
            .args(["-x", "c++", "-include"])
            .arg(&path)
            .arg("/dev/null");
        let output = run_tool(&mut command, "g++");
        assert_content(&output);
    }
}

#[test]
fn whatever_flexcancel_h_has_flexcancel_hpp_has_too() {
    let text: String = headers().into_iter().map(|(_, text)| text).collect();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = text.split(|c| !is_part(c)).collect();
    let calls = HEADER.lines().filter(|line| !line.trim_start().starts_with(['*', '/', '#']));
    let functions: BTreeSet<&str> = calls
        .filter_map(|line| line.split_once("FLEXCANCEL_CALL flexcancel_"))
        .map(|(_, rest)| rest.split('(').next().unwrap_or_default())
        .collect();
    assert!(functions.contains("client_cancel") && functions.len() >= 15, "{functions:?}");
    for function in functions {
        assert!(words.contains(&*format!("flexcancel_{function}")), "flexcancel_{function}");
    }
    for kind in ["FLEXCANCEL_OUTCOME_", "FLEXCANCEL_CODE_", "FLEXCANCEL_LEVEL_"] {
        let defined = HEADER.lines().filter_map(|line| line.strip_prefix("#define "));
        let names: Vec<_> =
            defined.filter_map(|it| it.strip_prefix(kind)?.split(' ').next()).collect();
        assert!(names.len() >= 3, "{kind}: {names:?}");
        for name in names {
            let enumerator = format!("    {} = {kind}{name},\n", name.to_lowercase());
            assert!(text.contains(&enumerator), "expected {enumerator}");
        }
    }
}

#[test]
fn config_and_options_have_exactly_the_keys_there_are() {
    let text: String = headers().into_iter().map(|(_, text)| text).collect();
    for (class, keys) in [
        ("Config", flexcancel::CONFIG_KEYS),
        ("Options", flexcancel::OPTION_KEYS),
        ("BulkOptions", flexcancel::BULK_KEYS),
        ("OutboxOptions", OPEN_KEYS),
        ("EntryOptions", OUTBOX_CANCEL_KEYS),
        ("FlushOptions", FLUSH_KEYS),
        ("ClaimOptions", CLAIM_KEYS),
        ("Settlement", SETTLEMENT_KEYS),
        ("ListFilter", LIST_KEYS),
    ] {
        let head = format!("\nclass {class} : public detail::JsonObject<{class}> {{\n");
        let (_, body) = text.split_once(&head).unwrap_or_else(|| panic!("{class}"));
        let body = body.split("\n};\n").next().unwrap_or_default();
        // A setter is `return KIND("key", …`.
        let set: BTreeSet<&str> = body
            .split("return ")
            .skip(1)
            .filter_map(|rest| rest.split_once("(\"").filter(|(kind, _)| !kind.contains('(')))
            .filter_map(|(_, rest)| rest.split('"').next())
            .collect();
        assert_eq!(set, keys.iter().copied().collect(), "{class}");
    }
}

#[test]
fn each_function_says_what_it_does() {
    for (path, text) in headers() {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let of_users = lines.iter().position(|line| *line == "namespace detail {").is_none();
        for (at, line) in lines.iter().enumerate().filter(|_| of_users) {
            if line.starts_with("[[nodiscard]]") || line.starts_with("explicit ") {
                let is_skipped =
                    |line: &str| line.starts_with('#') || line.starts_with("template ");
                let before = lines[..at].iter().rev().find(|line| !is_skipped(line));
                let is_documented = before.is_some_and(|line| line.ends_with("*/"));
                assert!(is_documented, "{}: {line}", path.display());
            }
        }
    }
}

/// Compiles a program of tests/cpp in every way that matters to it.
fn each_way(name: &str, work: impl Fn(&Program, Under)) {
    let scratch = Scratch::new(&format!("cpp_{name}"));
    scratch.with_check();
    let ways: [(&str, &[&str]); 3] = [
        ("g++", &["-std=c++17"]),
        ("clang++", &["-std=c++20"]),
        ("g++", &["-std=c++20", "-fno-exceptions", "-fno-rtti"]),
    ];
    for (compiler, arguments) in ways {
        let mut compiler = Command::new(compiler);
        let source = format!("tests/cpp/{name}.cpp");
        let program = scratch.compile_by(compiler.args(arguments), &source, "g++ clang");
        Under::each().into_iter().for_each(|under| work(&program, under));
    }
}

#[test]
fn given_files_with_and_without_exceptions_when_linked_in_any_order_then_neither_meets_the_other() {
    let scratch = Scratch::new("cpp_mixed");
    let files: [(&str, &[&str]); 2] =
        [("mixed", &["-O2"]), ("mixed_without", &["-O2", "-fno-exceptions", "-fno-rtti"])];
    for ((first, of_first), (last, of_last)) in [(files[0], files[1]), (files[1], files[0])] {
        let object = scratch.path("first.o");
        let mut compiler = Command::new("g++");
        compiler.current_dir(ROOT).args(["-std=c++17", "-Iinclude", "-c"]).args(of_first);
        compiler.arg(format!("tests/cpp/{first}.cpp")).arg("-o").arg(&object);
        assert_content(&run_tool(&mut compiler, "g++"));
        let mut compiler = Command::new("g++");
        compiler.arg("-std=c++17").args(of_last).arg(&object);
        let program = scratch.compile_by(&mut compiler, &format!("tests/cpp/{last}.cpp"), "g++");
        for under in Under::each() {
            let sandbox = start();
            let ids = [held(&sandbox), held(&sandbox)];
            let config = format!(r#"{{"api_key":"fsk_test_1","base_url":"{}"}}"#, sandbox.url());
            let output = run_tool(program.command(under).arg(&config).args(&ids), "");
            assert_content(&output);
            assert_eq!(ground_truth(&sandbox, &ids[0]), (Hold::Released, 1));
        }
    }
}

#[test]
fn given_the_classes_when_used_in_every_way_then_they_keep_what_they_promise() {
    each_way("client", |program, under| {
        let sandbox = start();
        let ids: Vec<String> = (0..6).map(|_| held(&sandbox)).collect();
        let mut command = program.command(under);
        assert_content(&run_tool(command.arg(sandbox.url()).args(&ids), ""));
        assert_eq!(
            ground_truth(&sandbox, &ids[0]),
            (Hold::Held, 0),
            "only refused calls were about it"
        );
        for id in &ids[1..] {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1), "{id}");
        }
    });
}

#[test]
fn given_a_call_that_is_blocked_when_an_abort_or_a_stop_token_says_so_then_it_ends() {
    each_way("abort", |program, under| {
        let sandbox = start();
        let id = held(&sandbox);
        let silence = Scripted { answer: Vec::new(), apply: false, then: Then::KeepOpen };
        sandbox.script(silence.clone());
        let mut command = program.command(under);
        let streams = command.arg(sandbox.url()).arg(&id).stdin(Stdio::piped());
        let streams = streams.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = streams.spawn().expect("the program runs");
        let mut told = running.stdin.take().expect("a pipe");
        for blocked in 1..=2 {
            let has_come = || sandbox.requests().len() >= blocked;
            let deadline = Instant::now() + Duration::from_secs(60);
            let mut is_running = || running.try_wait().expect("its state").is_none();
            while !has_come() && is_running() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            if blocked == 1 && has_come() {
                sandbox.script(silence.clone());
            }
            // Its own words say why it has ended early, if it has.
            let _ = told.write_all(b"!");
        }
        assert_content(&running.wait_with_output().expect("the program ends"));
        assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1), "by the last call");
    });
}

#[test]
fn given_an_outbox_when_flex_is_away_and_comes_back_then_it_keeps_and_delivers() {
    each_way("outbox", |program, under| {
        let sandbox = start();
        let ids: Vec<String> = (0..4).map(|_| held(&sandbox)).collect();
        sandbox.capture(&ids[3], None).expect("a held session can be captured");
        let scratch = Scratch::new("cpp_outbox_file");
        let run = |part: &str, timeout_ms: usize| {
            let mut command = program.command(under);
            command.args([part, &sandbox.url()]).arg(scratch.path("outbox.db"));
            command.arg(timeout_ms.to_string()).args(&ids);
            assert_content(&run_tool(&mut command, ""));
        };
        sandbox.close_port();
        run("outage", under.count(1_000, 5_000));
        assert_eq!(sandbox.requests(), []);
        sandbox.open_port();
        run("after", 60_000);
        for id in &ids[..3] {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1), "{id}");
        }
        assert_eq!(ground_truth(&sandbox, &ids[3]), (Hold::Captured, 0));
    });
}

#[test]
fn given_a_bulk_run_when_it_ends_in_any_way_then_each_session_is_canceled_once_by_the_journal() {
    each_way("bulk", |program, under| {
        let sandbox = start();
        let captured = held(&sandbox);
        sandbox.capture(&captured, None).expect("a held session can be captured");
        let ids: Vec<String> = (0..40).map(|_| held(&sandbox)).collect();
        let scratch = Scratch::new("cpp_bulk_journal");
        let mut command = program.command(under);
        command.arg(sandbox.url()).arg(scratch.path("night.jsonl")).arg(captured).args(&ids);
        assert_content(&run_tool(&mut command, ""));
        for id in &ids {
            assert_eq!(ground_truth(&sandbox, id), (Hold::Released, 1), "{id}");
        }
    });
}

/// The first example of a page in a language.
fn example<'a>(page: &'a str, language: &str) -> &'a str {
    let (_, rest) = page.split_once(&*format!("```{language}\n")).expect("an example");
    rest.split("\n```").next().unwrap_or_default()
}

#[test]
fn the_example_of_a_bulk_run_does_what_its_page_says() {
    let scratch = Scratch::new("cpp_bulk_example");
    let text = example(include_str!("../docs/BULK.md"), "cpp");
    let source = scratch.write("example.cpp", text);
    let program = scratch.compile_cpp(source.to_str().expect("UTF-8"));
    let sandbox = start();
    let id = held(&sandbox);
    // The example's journal is in the directory of the test.
    let run = |ids: &str| {
        let input = fs::File::open(scratch.write("ids.txt", ids)).expect("the ids");
        let mut command = program.command(Under::Nothing);
        command.current_dir(scratch.path("")).stdin(input);
        command.env("FLEX_API_KEY", "fsk_test_1").env("FLEX_BASE_URL", sandbox.url());
        run_tool(&mut command, "")
    };
    for _ in 0..2 {
        let output = run(&format!("{id}\n\nfcs_nobody\n"));
        let expected = format!("0 canceled {id}\n1 not_applied fcs_nobody\n");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", said(&output));
        assert_eq!(output.status.code(), Some(1), "one is left: {}", said(&output));
    }
    assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1));
    fs::remove_file(scratch.path("night.jsonl")).expect("the journal");
    let all = run(&format!("{id}\n"));
    assert_eq!(all.status.code(), Some(0), "{}", said(&all));
    let other = run("fcs_other\n");
    assert!(said(&other).contains("resume it: "), "{}", said(&other));
    assert_eq!(other.status.code(), Some(75), "{}", said(&other));
    let mut keyless = program.command(Under::Nothing);
    let keyless = run_tool(keyless.env_remove("FLEX_API_KEY").stdin(Stdio::null()), "");
    assert!(said(&keyless).contains("nothing was sent: api_key_env: "), "{}", said(&keyless));
    assert_eq!(keyless.status.code(), Some(78), "{}", said(&keyless));
}

const RESULT_PAGE: &str = include_str!("../docs/RESULT.md");

#[test]
fn the_examples_of_a_log_tell_of_each_attempt_and_result() {
    let scratch = Scratch::new("cpp_log_example");
    let with_main = |name: &str, language: &str, main: &str| {
        let source = scratch.write(name, &format!("{}\n{main}", example(RESULT_PAGE, language)));
        source.to_str().expect("UTF-8").to_owned()
    };
    let in_cpp = scratch.compile_cpp(&with_main(
        "log_cpp.cpp",
        "cpp",
        "int main(int, char **argv) {\nconst auto created = \
         create(flexcancel::Config().api_key(\"fsk_test_1\").base_url(argv[1]));\n\
         return created.client.cancel(argv[2]).code() == flexcancel::Code::not_found ? 0 : 1;\n}\n",
    ));
    let in_c = scratch.compile(&with_main(
        "log_c.c",
        "c",
        "int main(int argc, char **argv) {\nchar config[256];\nflexcancel_client *client;\n\
         flexcancel_result *result;\nint code;\n(void)argc;\n\
         snprintf(config, sizeof config, \"{\\\"api_key\\\":\\\"fsk_test_1\\\",\
         \\\"base_url\\\":\\\"%s\\\"}\", argv[1]);\n\
         client = flexcancel_client_new(config, NULL);\n\
         if (log_to(client, stderr) != FLEXCANCEL_CODE_OK)\nreturn 2;\n\
         result = flexcancel_client_cancel(client, argv[2], NULL, NULL);\n\
         code = flexcancel_result_code(result);\nflexcancel_result_free(result);\n\
         flexcancel_client_free(client);\nreturn code == FLEXCANCEL_CODE_NOT_FOUND ? 0 : 1;\n}\n",
    ));
    for under in Under::each() {
        let sandbox = start();
        let lines_of = |program: &Program| {
            let output = run_tool(program.command(under).args([&sandbox.url(), "fcs_nobody"]), "");
            assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(text.lines().count(), 3, "two attempts and a result: {text}");
            text
        };
        let safe = lines_of(&in_cpp);
        let begins = ["attempt code=", "attempt code=", "result outcome=not_applied code="];
        for (line, begin) in safe.lines().zip(begins) {
            assert!(line.starts_with(&format!("{begin}not_found")), "{line}");
            assert!(line.contains(" session_id=fcs_nobody idempotency_key="), "{line}");
            assert_eq!(line.contains(" request_id=req_"), begin.starts_with("attempt"), "{line}");
            assert!(!line.contains("There is no checkout session"), "{line}");
        }
        let whole = lines_of(&in_c);
        assert!(whole.lines().all(|line| line.starts_with("{\"event\":\"")), "{whole}");
        assert!(whole.contains("There is no checkout session"), "Flex's words: {whole}");
    }
}
