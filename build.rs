//! Makes `flexcancel.h` from `src/ffi` into the build directory, and names the shared library.
//! The committed `include/flexcancel.h` is compared with it by a test; a build changes no source.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src/ffi");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=Cargo.toml");
    link_arguments()?;
    let header = PathBuf::from(variable("OUT_DIR")?).join("flexcancel.h");
    fs::write(&header, make_header(Path::new(&variable("CARGO_MANIFEST_DIR")?))?)?;
    println!("cargo:rustc-env=FLEXCANCEL_GENERATED_HEADER={}", header.display());
    Ok(())
}

/// Plain cargo sets no SONAME. `nodelete`, because thread-locals of std would otherwise outlive
/// the code of their destructors when a host unloads the library.
fn link_arguments() -> Result<(), io::Error> {
    if variable("CARGO_CFG_TARGET_OS")? == "linux" {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libflexcancel.so.0");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    Ok(())
}

fn make_header(root: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.header = Some(PREAMBLE.to_owned());
    config.after_includes = Some(macros()?);
    let mut builder = cbindgen::Builder::new().with_config(config);
    // In the order in which a C programmer meets them.
    const NOUNS: [&str; 8] =
        ["constants", "version", "abort", "result", "client", "log", "operation", "outbox"];
    for noun in NOUNS {
        builder = builder.with_src(root.join(format!("src/ffi/{noun}.rs")));
    }
    let mut bytes = Vec::new();
    builder.generate()?.write(&mut bytes);
    let header = String::from_utf8(bytes)?;
    Ok(with_calling_convention(&without_rust_sections(&header)))
}

const PREAMBLE: &str = "\
/*
 * flexcancel: releases the hold on a shopper's HSA/FSA card (Flex), and reports whether the hold
 * is released.
 *
 * Handles are never dereferenced. NULL, garbage, a handle of the wrong type and a freed handle
 * produce FLEXCANCEL_CODE_INVALID_HANDLE, never undefined behaviour. A string argument is
 * NUL-terminated UTF-8; the library keeps no pointer to it. A returned string is borrowed from a
 * result or static: no string needs to be freed. Every function is thread-safe. No function
 * installs a signal handler or prints. Environment variables are read only if the configuration
 * asks for it.
 *
 * Made by cbindgen from src/ffi; do not edit.
 */
";

fn macros() -> Result<String, io::Error> {
    let version = variable("CARGO_PKG_VERSION")?;
    let (major, minor, patch) = (
        variable("CARGO_PKG_VERSION_MAJOR")?,
        variable("CARGO_PKG_VERSION_MINOR")?,
        variable("CARGO_PKG_VERSION_PATCH")?,
    );
    Ok(format!(
        r#"
/* The version of this header. flexcancel_version() returns the version of the library. */
#define FLEXCANCEL_VERSION "{version}"
#define FLEXCANCEL_VERSION_MAJOR {major}
#define FLEXCANCEL_VERSION_MINOR {minor}
#define FLEXCANCEL_VERSION_PATCH {patch}

/* Only Linux is tested. On Windows, define FLEXCANCEL_STATIC to link the static library. */
#if defined(_WIN32)
#  define FLEXCANCEL_CALL __cdecl
#  if defined(FLEXCANCEL_STATIC)
#    define FLEXCANCEL_API
#  else
#    define FLEXCANCEL_API __declspec(dllimport)
#  endif
#else
#  define FLEXCANCEL_CALL
#  if defined(__GNUC__)
#    define FLEXCANCEL_API __attribute__((visibility("default")))
#  else
#    define FLEXCANCEL_API
#  endif
#endif"#
    ))
}

/// Rust's own "Safety" sections say in Rust's words what the text before them says for C.
fn without_rust_sections(header: &str) -> String {
    let mut kept = Vec::new();
    let mut in_section = false;
    for line in header.lines() {
        if line.trim() == "* # Safety" {
            in_section = true;
            while kept.last().is_some_and(|line: &&str| line.trim() == "*") {
                kept.pop();
            }
        }
        in_section &= line.trim() != "*/";
        if !in_section {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

/// cbindgen has no place for a calling convention between a type and a name.
fn with_calling_convention(header: &str) -> String {
    const TYPEDEF: &str = "typedef void (";
    const CONVENTION: &str = "FLEXCANCEL_CALL ";
    let mut lines: Vec<String> = Vec::new();
    let mut in_declaration = false;
    for line in header.lines() {
        let is_continued = lines.last().is_some_and(|last| last == "FLEXCANCEL_API");
        let name = if line.starts_with("FLEXCANCEL_API ") || is_continued {
            line.find('(').and_then(|parenthesis| line[..parenthesis].rfind("flexcancel_"))
        } else {
            line.starts_with(TYPEDEF).then(|| TYPEDEF.len())
        };
        lines.push(match name {
            Some(at) => format!("{}{CONVENTION}{}", &line[..at], &line[at..]),
            // The rest of a declaration stays aligned with its beginning.
            None if in_declaration => format!("{}{line}", " ".repeat(CONVENTION.len())),
            None => line.to_owned(),
        });
        in_declaration = (name.is_some() || in_declaration) && !line.ends_with(';');
    }
    lines.join("\n") + "\n"
}

fn variable(name: &str) -> Result<String, io::Error> {
    env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}")))
}
