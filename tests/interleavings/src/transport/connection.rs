//! What stands in for the library's `connection`: a name, and the process that opened it.

use crate::sync::process;

#[derive(Debug)]
pub struct Connection {
    pub name: u32,
    pub opened_by: u32,
}

impl Connection {
    pub fn open(name: u32) -> Self {
        Self { name, opened_by: process::id() }
    }

    pub fn is_reusable(&mut self) -> bool {
        true
    }
}
