//! The building's rules: unsafe code on the top floor only, and a module uses what stands on its
//! own floor or below, as the table in src/lib.rs says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LIB: &str = include_str!("../src/lib.rs");

/// The only place for unsafe code.
const UNSAFE_MODULE: &str = "ffi";

/// One source file.
struct Source {
    /// Its path below src/.
    path: PathBuf,
    /// Its text, without comments, attributes and the insides of literals.
    code: String,
    /// Its attributes.
    attributes: Vec<String>,
}

impl Source {
    /// The module of the first level that it belongs to; `lib` for the root.
    fn module(&self) -> &str {
        let first = self.path.iter().next().and_then(|part| part.to_str()).unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules its own path leads down from the root.
    fn depth(&self) -> usize {
        let is_mod = self.path.ends_with("mod.rs");
        self.path.components().count() - usize::from(is_mod)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let (code, attributes) = code_of(&text);
                let path = path.strip_prefix(&root).expect("a path below src").to_owned();
                sources.push(Source { path, code, attributes });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.iter().any(|source| source.module() == UNSAFE_MODULE), "src is read");
    sources
}

/// Splits Rust into what is code and the attributes; comments go, and literals are emptied.
fn code_of(text: &str) -> (String, Vec<String>) {
    let (mut code, mut attributes) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = comment_or_literal(rest, code.chars().next_back());
        if length > 0 {
            code.push(' ');
            rest = &rest[length..];
        } else if rest.starts_with("#[") || rest.starts_with("#![") {
            let length = attribute(rest);
            attributes.push(rest[..length].to_owned());
            code.push(' ');
            rest = &rest[length..];
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    (code, attributes)
}

/// The length of an attribute: to the bracket that closes its first one.
fn attribute(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while let Some(next) = text[at..].chars().next() {
        let skipped = comment_or_literal(&text[at..], text[..at].chars().next_back());
        match next {
            '[' => depth += 1,
            ']' if depth == 1 => return at + 1,
            ']' => depth -= 1,
            _ => {}
        }
        at += skipped.max(next.len_utf8());
    }
    text.len()
}

/// The length of the comment or literal that the text begins with; 0 if it begins with neither.
fn comment_or_literal(text: &str, before: Option<char>) -> usize {
    let until = |end: &str, from: usize| {
        text[from..].find(end).map_or(text.len(), |found| from + found + end.len())
    };
    if text.starts_with("//") {
        return until("\n", 2) - usize::from(text.contains('\n'));
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    // An `r` may be the end of a name, and a raw string begins where no name goes on.
    let goes_on = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let unprefixed = text.trim_start_matches(['b', 'c']);
    if let Some(raw) = unprefixed.strip_prefix('r').filter(|_| !goes_on) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let start = text.len() - raw.len() + hashes + 1;
            return until(&format!("\"{}", "#".repeat(hashes)), start);
        }
    }
    match text.chars().next() {
        Some('"') => quoted(text, '"'),
        // A lifetime has no second quote: 'a is one, 'a' and '\'' are characters.
        Some('\'') if text[1..].starts_with('\\') => quoted(text, '\''),
        Some('\'') => {
            let character = text[1..].chars().next().map_or(0, char::len_utf8);
            if text[1 + character..].starts_with('\'') { character + 2 } else { 0 }
        }
        _ => 0,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        let step = match &text[at..] {
            rest if rest.starts_with("/*") => {
                depth += 1;
                2
            }
            rest if rest.starts_with("*/") => {
                depth -= 1;
                2
            }
            rest => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The words of code, with the signs between them: names, `::`, and single characters.
fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match rest.find(|c: char| !is_of_name(c)) {
            _ if rest.starts_with("::") => 2,
            Some(0) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

/// The modules of the first level that a file names: `crate::x`, `crate::{x, y}`, and `super`s
/// that lead up to the root.
fn used(source: &Source) -> BTreeSet<&str> {
    let words = words(&source.code);
    let mut used = BTreeSet::new();
    // For each open brace, whether it is that of a module within the file.
    let mut braces = Vec::new();
    for at in 0..words.len() {
        match words[at] {
            "{" => braces.push(at >= 2 && words[at - 2] == "mod"),
            "}" => drop(braces.pop()),
            _ => {}
        }
        let depth = source.depth() + braces.iter().filter(|is_module| **is_module).count();
        // A path begins here, and does not go on.
        let begins = at == 0 || words[at - 1] != "::";
        for root in [vec!["crate", "::"], ["super", "::"].repeat(depth)] {
            if begins && words[at..].starts_with(&root) {
                used.extend(names_at(&words[at + root.len()..]));
            }
        }
    }
    used
}

/// The first names of a path, or of each path in braces.
fn names_at<'a>(words: &[&'a str]) -> Vec<&'a str> {
    if words.first() != Some(&"{") {
        return words.first().copied().into_iter().collect();
    }
    let (mut names, mut depth) = (Vec::new(), 0);
    for (at, word) in words.iter().enumerate() {
        match *word {
            "{" => depth += 1,
            "}" => depth -= 1,
            name if depth == 1 && matches!(words[at - 1], "{" | ",") => names.push(name),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// The floors as the table in src/lib.rs has them, the lowest first.
fn floors() -> Vec<Vec<&'static str>> {
    let rows = LIB.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit()))
        .map(|row| {
            let files = row.split('|').nth(1).unwrap_or_default();
            files.split('`').skip(1).step_by(2).collect()
        })
        .collect()
}

#[test]
fn each_module_stands_on_one_floor() {
    let floors = floors();
    let mut listed: Vec<&str> = floors.into_iter().flatten().collect();
    listed.sort_unstable();
    let sources = sources();
    let modules: BTreeSet<&str> =
        sources.iter().map(Source::module).filter(|module| *module != "lib").collect();
    assert_eq!(listed, modules.into_iter().collect::<Vec<_>>(), "the table in src/lib.rs");
}

#[test]
fn a_module_uses_its_own_floor_and_those_below() {
    let floors = floors();
    let floor_of = |module: &str| floors.iter().position(|floor| floor.contains(&module));
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "lib") {
        let own = floor_of(source.module());
        for used in used(source) {
            let floor = floor_of(used);
            // What is no module is a re-export of the root, which stands above all floors.
            if floor.is_none() || own.is_none() || floor > own {
                wrong.push(format!("src/{}: crate::{used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these look up, or past the floors: {wrong:#?}");
}

#[test]
fn unsafe_code_stands_in_ffi_only() {
    for source in sources().iter().filter(|source| source.module() != UNSAFE_MODULE) {
        let path = source.path.display();
        assert!(!words(&source.code).contains(&"unsafe"), "src/{path} has unsafe code");
        let allows = |attribute: &&String| {
            attribute.contains("unsafe") && !attribute.contains("deny(unsafe_code)")
        };
        let allowing = source.attributes.iter().find(allows);
        assert_eq!(allowing, None, "src/{path} has an attribute that allows unsafe code");
    }
    assert!(LIB.contains("#![deny(unsafe_code)]"));
}

#[test]
fn what_is_no_code_is_told_from_code() {
    let text = r###"
        #![deny(unsafe_code)] // unsafe
        /* unsafe /* nested */ unsafe */
        #[doc = "] unsafe"] fn f<'a>(x: &'a str) -> char { let s = "un\"safe unsafe"; '\'' }
        const R: &str = r#"unsafe " unsafe"#; const C: char = '"'; const B: &[u8] = b"unsafe";
        /// unsafe
        const FOR: u8 = b'\\'; fn g() { h(); } // end unsafe"###;
    let (code, attributes) = code_of(text);
    let expected = [
        "fn f < ' a > ( x : & ' a str ) - > char { let s = ; }",
        "const R : & str = ; const C : char = ; const B : & [ u8 ] = b ;",
        "const FOR : u8 = b ; fn g ( ) { h ( ) ; }",
    ];
    assert_eq!(words(&code).join(" "), expected.join(" "));
    assert_eq!(attributes, ["#![deny(unsafe_code)]", "#[doc = \"] unsafe\"]"]);
}

#[test]
fn what_a_file_uses_is_found_however_it_is_written() {
    let used_in = |path: &str, text: &str| {
        let (code, attributes) = code_of(text);
        let source = Source { path: path.into(), code, attributes };
        used(&source).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let text =
        "use crate::{a::{x, y}, b as c, d}; use crate::e; fn f() -> crate :: g::H { super::i }
        // use crate::comment;";
    assert_eq!(used_in("top.rs", text), ["a", "b", "d", "e", "g", "i"]);
    assert_eq!(used_in("top/mod.rs", "use super::a;"), ["a"]);
    assert_eq!(used_in("top/inner.rs", "use super::a; use super::super::b;"), ["b"]);
    let nested =
        "use super::a; mod tests { use super::*; fn f() { super::super::b() } } use super::c;";
    assert_eq!(used_in("top.rs", nested), ["a", "b", "c"]);
    assert_eq!(used_in("top.rs", "use super::*;"), ["*"]);
}
