//! The architecture's rules: unsafe code is in one module and in the files for one system only, those
//! files alone tell systems apart, and a module uses only its own
//! layer and the layers above it in the table in src/lib.rs. So layers have no cycles.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

const LIB: &str = include_str!("../src/lib.rs");

/// The module for unsafe code.
const UNSAFE_MODULE: &str = "ffi";

/// The only other files with unsafe code: what the system offers there has no safe interface.
const UNSAFE_FILES: [&str; 6] = [
    "outbox/clock/macos.rs",
    "outbox/clock/windows.rs",
    "outbox/file/windows/access.rs",
    "outbox/file/windows/mod.rs",
    "transport/roots/windows.rs",
    "transport/socket/windows.rs",
];

/// The names of files and folders that are for one system.
const SYSTEMS: [&str; 4] = ["linux", "macos", "unix", "windows"];

/// One source file.
struct Source {
    /// Its path below src/.
    path: PathBuf,
    /// Its words.
    words: Vec<String>,
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

impl Source {
    fn may_be_unsafe(&self) -> bool {
        let is_listed = UNSAFE_FILES.iter().any(|file| self.path == Path::new(file));
        self.module() == UNSAFE_MODULE || is_listed
    }

    /// True if it is for one system.
    fn is_of_one_system(&self) -> bool {
        let parts = self.path.iter().filter_map(|part| part.to_str());
        parts.into_iter().any(|part| SYSTEMS.contains(&part.strip_suffix(".rs").unwrap_or(part)))
    }

    /// True if it picks the file for the system.
    fn picks_system(&self) -> bool {
        self.words.windows(3).any(|words| words == ["mod", "system", ";"])
    }

    /// True if what it compiles to depends on the system.
    fn tells_systems_apart(&self) -> bool {
        let tells = |words: &str| {
            let mut words = words.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| {
                ["unix", "windows", "target_os", "target_vendor", "target_family"].contains(&word)
            })
        };
        let is_cfg = |attribute: &&String| attribute.replace(' ', "").starts_with("[cfg");
        let mut macros = self.words.iter().enumerate().filter(|(_, word)| *word == "cfg");
        self.attributes.iter().filter(is_cfg).any(|attribute| tells(attribute))
            || macros.any(|(at, _)| self.words[at..].iter().take(4).any(|word| tells(word)))
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
                let (words, attributes) = words_of(&text);
                let path = path.strip_prefix(&root).expect("a path below src").to_owned();
                sources.push(Source { path, words, attributes });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.iter().any(|source| source.module() == UNSAFE_MODULE), "src is read");
    sources
}

/// The words of Rust, and its attributes. Comments are no words; those of documentation are
/// attributes, and a literal is one word.
fn words_of(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut words, mut attributes) = (Vec::new(), Vec::new());
    let tokens = text.parse().expect("a source file is Rust");
    add_words(tokens, &mut words, &mut attributes);
    (words, attributes)
}

fn add_words(tokens: TokenStream, words: &mut Vec<String>, attributes: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                // An inner attribute has a `!` before its bracket.
                let _ = tokens.next_if(|next| matches!(next, TokenTree::Punct(_)));
                attributes.extend(tokens.next().map(|attribute| attribute.to_string()));
            }
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => {
                words.push("::".to_owned());
                tokens.next();
            }
            TokenTree::Group(group) => {
                let [open, close] = match group.delimiter() {
                    Delimiter::Brace => ["{", "}"],
                    Delimiter::Bracket => ["[", "]"],
                    Delimiter::Parenthesis => ["(", ")"],
                    Delimiter::None => ["", ""],
                };
                words.push(open.to_owned());
                add_words(group.stream(), words, attributes);
                words.push(close.to_owned());
            }
            other => words.push(other.to_string()),
        }
    }
}

/// The modules of the first level that a file names: `crate::x`, `crate::{x, y}`, and `super`s
/// that lead up to the root.
fn used(source: &Source) -> BTreeSet<&str> {
    let words: Vec<&str> = source.words.iter().map(String::as_str).collect();
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

/// The layers in the order of the table in src/lib.rs.
fn layers() -> Vec<Vec<&'static str>> {
    let rows = LIB.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter(|row| row.starts_with('`'))
        .map(|row| {
            let files = row.split('|').next().unwrap_or_default();
            files.split('`').skip(1).step_by(2).collect()
        })
        .collect()
}

#[test]
fn each_module_is_in_one_layer() {
    let layers = layers();
    let mut listed: Vec<&str> = layers.into_iter().flatten().collect();
    listed.sort_unstable();
    let sources = sources();
    let modules: BTreeSet<&str> =
        sources.iter().map(Source::module).filter(|module| *module != "lib").collect();
    assert_eq!(listed, modules.into_iter().collect::<Vec<_>>(), "the table in src/lib.rs");
}

#[test]
fn a_module_uses_only_its_own_layer_and_the_layers_above_it() {
    let layers = layers();
    let layer_of = |module: &str| layers.iter().position(|layer| layer.contains(&module));
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "lib") {
        let own = layer_of(source.module());
        for used in used(source) {
            let layer = layer_of(used);
            // What is no module is a re-export of the root, which is in no layer.
            if layer.is_none() || own.is_none() || layer > own {
                wrong.push(format!("src/{}: crate::{used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these use a layer below, or none: {wrong:#?}");
}

#[test]
fn unsafe_code_is_in_ffi_and_in_files_for_one_system_only() {
    for source in sources().iter().filter(|source| !source.may_be_unsafe()) {
        let path = source.path.display();
        assert!(!source.words.iter().any(|word| word == "unsafe"), "src/{path} has unsafe code");
        let allows = |attribute: &&String| {
            !attribute.starts_with("[doc")
                && attribute.contains("unsafe")
                && attribute.replace(' ', "") != "[deny(unsafe_code)]"
        };
        let allowing = source.attributes.iter().find(allows);
        assert_eq!(allowing, None, "src/{path} has an attribute that allows unsafe code");
    }
    assert!(LIB.contains("#![deny(unsafe_code)]"));
}

#[test]
fn systems_are_told_apart_in_their_own_files_only() {
    let sources = sources();
    let telling: Vec<&Source> =
        sources.iter().filter(|source| source.tells_systems_apart()).collect();
    assert!(telling.iter().any(|source| source.picks_system()), "no file picks a system");
    let wrong: Vec<_> = telling
        .iter()
        .filter(|source| !source.picks_system() && !source.is_of_one_system())
        .map(|source| &source.path)
        .collect();
    assert!(wrong.is_empty(), "these tell systems apart: {wrong:?}");
    for file in UNSAFE_FILES {
        let listed = sources.iter().find(|source| source.path == Path::new(file));
        assert!(listed.is_some_and(Source::is_of_one_system), "{file} is no file for one system");
    }
}

#[test]
fn what_a_file_uses_is_found_however_it_is_written() {
    let used_in = |path: &str, text: &str| {
        let (words, attributes) = words_of(text);
        let source = Source { path: path.into(), words, attributes };
        used(&source).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let text =
        "use crate::{a::{x, y}, b as c, d}; use crate::e; fn f() -> crate :: g::H { super::i }
        // use crate::comment;
        const S: &str = \"crate::literal\"; #[cfg(crate::attribute)] fn f<'a>() {}";
    assert_eq!(used_in("top.rs", text), ["a", "b", "d", "e", "g", "i"]);
    assert_eq!(used_in("top/mod.rs", "use super::a;"), ["a"]);
    assert_eq!(used_in("top/inner.rs", "use super::a; use super::super::b;"), ["b"]);
    let nested =
        "use super::a; mod tests { use super::*; fn f() { super::super::b() } } use super::c;";
    assert_eq!(used_in("top.rs", nested), ["a", "b", "c"]);
    assert_eq!(used_in("top.rs", "use super::*;"), ["*"]);
}
