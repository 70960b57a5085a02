//! JSON that is borrowed from temporary options does not compile. With an owner it does.

use std::process::Command;

use super::{COMPILERS, DIALECTS, Path, ROOT, Scratch, headers, run_tool, said};

/// Each would leave a string without its owner.
const DANGLING: [&str; 10] = [
    "std::string_view json = Options();",
    "std::string_view json = Options().timeout(5s);",
    "std::string_view json{EntryOptions().timeout(5s).verify(true)};",
    "std::string_view json; json = FlushOptions().max(1).now(true);",
    "auto json = Config().api_key(\"k\").json();",
    "auto json = ListFilter::worklist().max(1).json().data();",
    "std::string_view json = result.repeat();",
    "auto json = result.repeat().json();",
    "std::string_view json = Options(result.repeat()).timeout(5s);",
    "auto json = Result().json();",
];

/// The same with an owner.
const OWNED: [&str; 7] = [
    "std::string json = Options().timeout(5s);",
    "auto options = Options().timeout(5s); std::string_view json = options;",
    "const auto &options = Options().timeout(5s).verify(true); auto json = options.json();",
    "std::string json = result.repeat();",
    "auto repeat = result.repeat(); auto json = repeat.json();",
    "auto json = client.cancel(\"x\", Options(result.repeat()).timeout(5s).verify(true));",
    "auto json = client.cancel(\"x\", result.repeat());",
];

/// A reference to a temporary object, and an argument of a call that is kept for a later one.
const REFUSED: [&str; 2] = [
    "auto &json = Options().timeout(5s);",
    "detail::JsonArgument json = Options().timeout(5s); client.cancel(\"x\", json);",
];

/// A null pointer that is written as such is a mistake that a compiler can find.
const NULL: [&str; 4] = [
    "auto json = client.cancel(nullptr);",
    "auto json = client.cancel(\"x\", nullptr);",
    "auto json = Client::create(nullptr);",
    "auto json = Config().base_url(nullptr);",
];

const BEFORE: &str = "#include <flexcancel.hpp>\nusing namespace flexcancel;\n\
     using namespace std::chrono_literals;\n";

/// A program with a function for each line, in one line of its own behind those of `BEFORE`.
fn program(lines: &[&str]) -> String {
    let functions = lines.iter().enumerate().map(|(number, line)| {
        let head = format!("void use{number}(const Client &client, const Result &result)");
        let used = "static_cast<void>(client); static_cast<void>(result); static_cast<void>(json);";
        format!("{head}; {head} {{ {line} {used} }}\n")
    });
    BEFORE.to_owned() + &functions.collect::<String>()
}

/// What each compiler says of the lines, in each dialect: the errors that it finds in each of them.
fn errors(scratch: &Scratch, lines: &[&str]) -> Vec<Vec<String>> {
    let source = scratch.write("lines.cpp", &program(lines));
    let mut found = Vec::new();
    for (compiler, package) in COMPILERS {
        for dialect in DIALECTS {
            let mut command = Command::new(compiler);
            command.args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]).args(dialect);
            // All of them, and each in one line.
            let all = if compiler == "g++" { "-fmax-errors=0" } else { "-ferror-limit=0" };
            command.args([all, "-fsyntax-only", "-I"]).arg(Path::new(ROOT).join("include"));
            let output = run_tool(command.arg(&source), package);
            let text = said(&output);
            let of_line = |number: usize| {
                let place = format!("lines.cpp:{}:", BEFORE.lines().count() + 1 + number);
                let errors =
                    text.lines().filter(|it| it.contains(&place) && it.contains("error: "));
                errors.collect::<Vec<_>>().join("\n")
            };
            let errors: Vec<_> = (0..lines.len()).map(of_line).collect();
            let is_clean = errors.iter().all(String::is_empty);
            assert_eq!(output.status.success(), is_clean, "{compiler}: {text}");
            found.push(errors);
        }
    }
    found
}

fn assert_each(scratch: &Scratch, lines: &[&str], is_expected: impl Fn(&str) -> bool) {
    for errors in errors(scratch, lines) {
        for (line, error) in lines.iter().zip(errors) {
            assert!(is_expected(&error), "{line}: {error}");
        }
    }
}

#[test]
fn given_what_would_dangle_or_is_null_when_compiled_then_it_is_a_deleted_function() {
    let scratch = Scratch::new("cpp_dangling");
    assert_each(&scratch, &DANGLING, |error| error.contains("deleted"));
    assert_each(&scratch, &NULL, |error| error.contains("deleted"));
    assert_each(&scratch, &REFUSED, |error| !error.is_empty());
}

#[test]
fn given_json_with_an_owner_when_compiled_then_nothing_is_complained_of() {
    assert_each(&Scratch::new("cpp_owned"), &OWNED, str::is_empty);
}

/// A setter that returned a reference to a temporary object would let its JSON dangle.
#[test]
fn each_setter_is_there_for_an_object_and_for_a_temporary_one() {
    let mut setters = 0;
    for (path, text) in headers() {
        for class in text.split("\nclass ").skip(1) {
            let (head, body) = class.split_once(" {\n").unwrap_or_default();
            let Some((name, _)) = head.split_once(" : public detail::JsonObject<") else {
                continue;
            };
            let body = body.split("\n};\n").next().unwrap_or_default();
            for line in body.lines().map(str::trim) {
                let Some(setter) = line.strip_prefix(&*format!("{name} &")) else { continue };
                let signature =
                    setter.split_once(" & {").map_or(setter, |(signature, _)| signature);
                let twin = format!("\n    {name} {signature} && {{");
                assert!(body.contains(&twin), "{}: expected {twin}", path.display());
                setters += 1;
            }
        }
    }
    assert!(setters >= 60, "{setters}");
}
