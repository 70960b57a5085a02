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

fn program(line: &str) -> String {
    format!(
        "#include <flexcancel.hpp>\nusing namespace flexcancel;\n\
         using namespace std::chrono_literals;\n\
         void use(const Client &client, const Result &result);\n\
         void use(const Client &client, const Result &result) {{\n\
         static_cast<void>(client);\nstatic_cast<void>(result);\n{line}\n\
         static_cast<void>(json);\n}}\n"
    )
}

/// What each compiler says of a line, in each dialect; nothing where it compiles.
fn complaints(scratch: &Scratch, line: &str) -> Vec<String> {
    let source = scratch.write("line.cpp", &program(line));
    let mut complaints = Vec::new();
    for (compiler, package) in COMPILERS {
        for dialect in DIALECTS {
            let mut command = Command::new(compiler);
            command.args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]).args(dialect);
            command.arg("-fsyntax-only").arg("-I").arg(Path::new(ROOT).join("include"));
            let output = run_tool(command.arg(&source), package);
            let text = if output.status.success() { String::new() } else { said(&output) };
            complaints.push(text);
        }
    }
    complaints
}

#[test]
fn given_what_would_dangle_or_is_null_when_compiled_then_it_is_a_deleted_function() {
    let scratch = Scratch::new("cpp_dangling");
    for line in DANGLING.into_iter().chain(NULL) {
        for said in complaints(&scratch, line) {
            assert!(said.contains("deleted"), "{line}: {said}");
        }
    }
    for line in REFUSED {
        for said in complaints(&scratch, line) {
            assert!(said.contains("error: "), "{line}: {said}");
        }
    }
}

#[test]
fn given_json_with_an_owner_when_compiled_then_nothing_is_complained_of() {
    let scratch = Scratch::new("cpp_owned");
    for line in OWNED {
        for said in complaints(&scratch, line) {
            assert_eq!(said, "", "{line}");
        }
    }
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
