//! The architecture's rules: unsafe code is in one module only, and a module uses only its own
//! layer and the layers above it in the table in src/lib.rs. So layers have no cycles.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

const LIB: &str = include_str!("../src/lib.rs");

/// The only place for unsafe code.
const UNSAFE_MODULE: &str = "ffi";

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
fn unsafe_code_is_in_ffi_only() {
    for source in sources().iter().filter(|source| source.module() != UNSAFE_MODULE) {
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
