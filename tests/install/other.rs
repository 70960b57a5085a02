//! A static library in Rust that is not flexcancel: it allocates, panics and catches.

use std::collections::HashMap;
use std::panic::{catch_unwind, resume_unwind};

#[unsafe(no_mangle)]
pub extern "C" fn other_length(number: i32) -> i32 {
    let length = || {
        if number < 0 {
            resume_unwind(Box::new("negative"));
        }
        HashMap::from([(number, number.to_string())])[&number].len() as i32
    };
    catch_unwind(length).unwrap_or(-1)
}
