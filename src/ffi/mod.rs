//! The C ABI. `include/flexcancel.h` is made from this module by cbindgen.
//!
//! # Rules that hold for every function
//! - **Handles are never dereferenced.** A handle's value is a key into a table, with its type
//!   and a generation in it. NULL, garbage, a handle of the wrong type or one that was freed is
//!   answered with `invalid_handle`, and is never undefined behaviour.
//! - **Panics stay inside.** Each function catches them and answers `internal`.
//! - **Strings in** are NUL-terminated UTF-8, read up to a bound, and not kept.
//! - **Strings out** are borrowed from a result and live until it is freed, or are static.
//! - **Numbers, not C enums**, in signatures; no public struct; no varargs: new options are new
//!   JSON keys.
//! - **No thread-local error.** docs/GUIDE.md names the little global state that there is.
//!
//! Unsafe code is here and in the files for one system only. Each block says why it is sound.

#![allow(unsafe_code)]

mod abort;
mod arguments;
mod bulk;
mod client;
mod constants;
mod fork;
mod guard;
mod handle;
mod host;
mod log;
mod object;
mod operation;
mod outbox;
mod result;
mod text;
mod version;

pub use abort::*;
pub use bulk::*;
pub use client::*;
pub use constants::*;
pub use log::*;
pub use operation::*;
pub use outbox::*;
pub use result::*;
pub use version::*;
