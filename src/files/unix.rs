//! Files of Linux and macOS.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

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

/// Opens whatever it is for reading, without waiting for another side.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let descriptor = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?;
    Ok(File::from(above_standard_streams(descriptor)?))
}

/// Opens a file for reading and writing, without waiting for another side; says whether it is new.
pub(super) fn open_or_create(path: &Path) -> io::Result<(File, bool)> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let open = |flags| retry_on_intr(|| rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR));
    let (descriptor, is_new) = match open(flags) {
        Err(Errno::NOENT) => (open(flags | OFlags::CREATE | OFlags::EXCL)?, true),
        other => (other?, false),
    };
    Ok((File::from(above_standard_streams(descriptor)?), is_new))
}

/// Has the directory's entry of a new file on the disk.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
