//! Files of Windows.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens whatever it is for reading. The standard streams are no numbers that a file could get.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file for reading and writing; says whether it is new. It is as readable as its directory.
pub(super) fn open_or_create(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok((options.create_new(true).open(path)?, true))
        }
        other => Ok((other?, false)),
    }
}

/// A new file's entry is on the disk with the file.
pub(super) fn sync_directory_of(_: &Path) -> io::Result<()> {
    Ok(())
}
