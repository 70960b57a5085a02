//! Every block of every page is run, or is marked as no code. A reader's lines for a shell are
//! followed here, page by page, against the sandbox; the other blocks belong to the tests of their
//! language.

#[path = "blocks/follow.rs"]
mod follow;
mod native;
#[path = "blocks/recipes.rs"]
mod recipes;
#[path = "blocks/samples.rs"]
mod samples;
#[path = "blocks/worklist.rs"]
mod worklist;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use native::{ROOT, run_tool, said};

/// What shows that a page's blocks in one language do what they say, block by block.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// This test: it follows the page's lines, or compiles its sample.
    Here,
    /// Another test, and the words by which it names the page or the sample.
    Test(&'static str, &'static str),
    /// Lines that stand in another page, too, which is followed.
    Lines(&'static str),
    /// Lines of those who build the library: their commands are there; they run for long, or are
    /// steps of .ci/run.
    Commands,
}
use By::{Commands, Here, Lines, Test};

const TILLS: By = Test("tests/documents.rs", "../README.md");
const LIBRARY: By = Test("tests/documents.rs", "../docs/BULK.md");
const INSTALL: By = Test("tests/install.rs", "../docs/INSTALL.md");
const MINUTE: By = Test("tests/first_minute", "docs/INSTALL.md");
const BINDING: By = Test("bindings/python/tests/test_readme.py", "BINDING / \"README.md\"");
const CANCEL: By = Test("tests/till.rs", "compile(&scratch, \"cancel\"");
const OUTBOX: By = Test("tests/till/shift.rs", "compile(&scratch, \"outbox\"");

/// Blocks in other languages are no code.
const LANGUAGES: [&str; 7] = ["sh", "c", "cpp", "go", "python", "rust", "rust,ignore"];
const NO_CODE: [&str; 6] = ["text", "mermaid", "json", "cmake", "toml", "ini"];

const BLOCKS: &[(&str, &str, &[By])] = &[
    ("CONTRIBUTING.md", "sh", &[Commands; 2]),
    ("README.md", "sh", &[Commands, Lines("docs/INSTALL.md")]),
    ("README.md", "c", &[TILLS]),
    ("README.md", "cpp", &[TILLS]),
    ("README.md", "go", &[TILLS]),
    ("README.md", "python", &[Test("bindings/python/tests/test_readme.py", "ROOT_README")]),
    ("README.md", "rust", &[TILLS]),
    ("bindings/go/README.md", "go", &[Here, Here, Test("tests/go.rs", "../bindings/go/README.md")]),
    ("bindings/go/README.md", "sh", &[Lines("docs/INSTALL.md")]),
    ("bindings/python/README.md", "python", &[BINDING; 5]),
    ("bindings/python/README.md", "sh", &[Lines("docs/INSTALL.md"), Here]),
    ("bindings/python/examples/kiosk/README.md", "sh", &[Here]),
    ("docs/BULK.md", "cpp", &[Test("tests/cpp.rs", "../docs/BULK.md")]),
    ("docs/BULK.md", "go", &[Test("tests/go.rs", "../docs/BULK.md"), Here]),
    ("docs/BULK.md", "python", &[Test("bindings/python/tests/test_readme.py", "docs/BULK.md")]),
    ("docs/BULK.md", "rust", &[LIBRARY]),
    ("docs/BULK.md", "sh", &[Here, Here]),
    (
        "docs/COMMAND_LINE.md",
        "sh",
        &[
            Here,
            Here,
            Here,
            Here,
            Test("bindings/python/tests/test_cli_completion.py", "\"completion\""),
        ],
    ),
    ("docs/FLEET.md", "sh", &[Here]),
    ("docs/GUIDE.md", "sh", &[Here; 4]),
    (
        "docs/INSTALL.md",
        "sh",
        &[
            MINUTE, MINUTE, MINUTE, MINUTE, MINUTE, MINUTE, Commands, Commands, INSTALL, INSTALL,
            INSTALL, INSTALL, Here,
        ],
    ),
    ("docs/OUTBOX.md", "c", &[Here]),
    ("docs/OUTBOX.md", "cpp", &[Here; 2]),
    ("docs/OUTBOX.md", "go", &[Here]),
    ("docs/OUTBOX.md", "python", &[Test("bindings/python/tests/test_readme.py", "docs/OUTBOX.md")]),
    ("docs/OUTBOX.md", "sh", &[Here; 2]),
    ("docs/PERFORMANCE.md", "sh", &[Commands]),
    ("docs/RESULT.md", "c", &[Test("tests/cpp.rs", "../docs/RESULT.md")]),
    ("docs/RESULT.md", "cpp", &[Test("tests/cpp.rs", "../docs/RESULT.md")]),
    ("docs/PLATFORMS.md", "sh", &[Commands; 2]),
    ("docs/RELEASING.md", "sh", &[Commands]),
    (
        "docs/TESTING.md",
        "python",
        &[Test("bindings/python/tests/test_testing.py", "docs/TESTING.md")],
    ),
    (
        "docs/TESTING.md",
        "sh",
        &[
            Commands,
            Here,
            Here,
            Here,
            Here,
            Here,
            Here,
            Test("tests/containers.rs", "sandbox.Containerfile"),
        ],
    ),
    ("docs/site/start/c.md", "c", &[CANCEL, OUTBOX, Test("tests/bulk_abi.rs", "examples/bulk.c")]),
    ("docs/site/start/c.md", "sh", &[Here; 3]),
    ("docs/site/start/cpp.md", "cpp", &[CANCEL, OUTBOX]),
    ("docs/site/start/cpp.md", "sh", &[Here; 4]),
    (
        "docs/site/start/go.md",
        "go",
        &[Test("tests/go.rs", "\"examples/go\""), Test("tests/go.rs", "\"./backoffice\"")],
    ),
    ("docs/site/start/go.md", "sh", &[Here; 2]),
    (
        "docs/site/start/python.md",
        "python",
        &[
            Test("bindings/python/tests/test_cli.py", "examples/cancel.py"),
            Test("bindings/python/tests/test_kiosk.py", "examples/kiosk/kiosk.py"),
        ],
    ),
    ("docs/site/start/python.md", "sh", &[Here; 2]),
    ("docs/site/start/rust.md", "rust,ignore", &[Test(".ci/run", "--example quickstart")]),
    ("docs/site/start/rust.md", "sh", &[Commands]),
    ("examples/go/backoffice/README.md", "sh", &[Here]),
    ("examples/plugin/README.md", "sh", &[Here]),
    ("examples/sandbox/python/README.md", "sh", &[Here]),
    ("examples/void_button/README.md", "sh", &[Here]),
    ("tests/vectors/README.md", "sh", &[Commands]),
];

/// A fenced block of a page.
struct Block {
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block does not end");
    blocks
}

/// Every page of the project, by its path.
fn pages() -> BTreeSet<String> {
    let listed =
        run_tool(Command::new("git").current_dir(ROOT).args(["ls-files", "--", "*.md"]), "git");
    assert!(listed.status.success(), "{}", said(&listed));
    let pages = String::from_utf8(listed.stdout).expect("UTF-8");
    pages.lines().map(str::to_owned).collect()
}

fn texts<'a>(page: &str, language: &str, found: &'a [Block]) -> Vec<&'a str> {
    let same = found.iter().filter(|block| block.language == language);
    let texts: Vec<&str> = same.map(|block| &*block.text).collect();
    assert!(!texts.is_empty(), "{page}: no block in {language}");
    texts
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Whether each line of a block stands in another page.
fn assert_lines(page: &str, block: &str, other: &str) {
    let lines = read(other);
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        assert!(lines.lines().any(|it| it == line), "{page}: {other} has no line {line}");
    }
}

/// Whether each line of a block has a command that is there.
fn assert_commands(page: &str, block: &str) {
    let manifest = read("Cargo.toml");
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        let command = line.split(" #").next().unwrap_or_default();
        let words = command.split_whitespace().skip_while(|word| word.contains('='));
        let words: Vec<&str> = words.collect();
        let after = |name: &str| words.iter().position(|it| *it == name).map(|at| words[at + 1]);
        match words[0] {
            "cargo" => {
                assert!(["build", "test", "run"].contains(&words[1]), "{page}: {line}");
                for kind in ["test", "example"] {
                    let Some(name) = after(&format!("--{kind}")) else { continue };
                    let named = format!("[[{kind}]]\nname = \"{name}\"\n");
                    let file = Path::new(ROOT).join(format!("{kind}s/{name}.rs"));
                    assert!(manifest.contains(&named) || file.exists(), "{page}: {line}");
                }
            }
            // Of the system.
            "apt-get" | "curl" | "export" => {}
            script => assert!(Path::new(ROOT).join(script).is_file(), "{page}: {line}"),
        }
    }
}

#[test]
fn every_block_of_every_page_is_run_or_is_no_code() {
    let rows: BTreeSet<(&str, &str)> = BLOCKS.iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(rows.len(), BLOCKS.len(), "one row for each page and language");
    let mut seen = 0;
    for page in pages() {
        let found = blocks(&page);
        let languages: BTreeSet<&str> = found.iter().map(|block| &*block.language).collect();
        for language in languages {
            let is_code = LANGUAGES.contains(&language);
            assert!(is_code || NO_CODE.contains(&language), "{page}: a block in \"{language}\"");
            if !is_code {
                continue;
            }
            let row = BLOCKS.iter().find(|row| (row.0, row.1) == (&page, language));
            let &(_, _, by) = row.unwrap_or_else(|| panic!("{page}: nothing runs its {language}"));
            let texts = texts(&page, language, &found);
            assert_eq!(texts.len(), by.len(), "{page}: its blocks in {language}");
            for (number, (text, by)) in texts.iter().zip(by).enumerate() {
                match by {
                    Test(file, named) => assert!(read(file).contains(named), "{file}: {named}"),
                    Lines(other) => assert_lines(&page, text, other),
                    Commands => assert_commands(&page, text),
                    Here if language == "sh" => {
                        assert!(follow::is_followed(&page, number), "{page}: {text}");
                    }
                    Here => assert!(samples::has(&page), "{page}: {text}"),
                }
            }
            seen += 1;
        }
    }
    assert_eq!(seen, rows.len(), "each row has its page");
}
