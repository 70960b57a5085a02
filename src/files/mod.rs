//! Files that this library opens, and their descriptors.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(unix)]
pub(crate) use system::above_standard_streams;

/// Opens a regular file for reading. Anything else is an error: a named pipe would block, and a
/// device may never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let file = system::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Opens a regular file for reading and writing, or makes one that only this user may read. A new
/// one is there after a power cut, too.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    let (file, is_new) = system::open_or_create(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if is_new {
        system::sync_directory_of(path)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_opened() {
        assert!(open_regular(Path::new("Cargo.toml")).is_ok());
        for path in ["/dev/zero", "/", "src", "/nonexistent"] {
            assert!(open_regular(Path::new(path)).is_err(), "{path}");
        }
    }
}
