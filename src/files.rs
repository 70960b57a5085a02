//! Files that this library opens, and their descriptors.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The first descriptor that is no standard stream.
const FIRST_FREE: i32 = 3;

/// The descriptor, or a copy of it if it is 0, 1 or 2. In a process that has closed these, a new
/// descriptor becomes the standard output, and what the host prints would go into it.
pub(crate) fn above_standard_streams(descriptor: OwnedFd) -> Result<OwnedFd, Errno> {
    if descriptor.as_raw_fd() >= FIRST_FREE {
        return Ok(descriptor);
    }
    rustix::io::fcntl_dupfd_cloexec(&descriptor, FIRST_FREE)
}

/// Opens a regular file for reading. Anything else is an error: a named pipe would block, and a
/// device may never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let descriptor = rustix::fs::open(path, flags, Mode::empty())?;
    let file = File::from(above_standard_streams(descriptor)?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
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
