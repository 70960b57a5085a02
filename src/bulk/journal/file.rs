//! The file of a journal.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use super::unwritable;
use crate::error::Error;
use crate::files;
use crate::outcome::Code;

/// What a journal is written to.
///
/// Not covered by the promise of stable versions: it exists for simulators.
pub trait JournalFile: Send {
    /// Reads from the beginning.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&mut self) -> io::Result<Box<dyn BufRead + '_>>;

    /// Writes at the end; maybe not to the disk.
    ///
    /// # Errors
    /// If it cannot be written. Some of the bytes may have been.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Has everything on the disk.
    ///
    /// # Errors
    /// If it may not be there.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts it to this length.
    ///
    /// # Errors
    /// If it cannot be cut.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
}

impl JournalFile for File {
    fn read(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        self.seek(SeekFrom::Start(0))?;
        Ok(Box::new(BufReader::new(self)))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        if self.metadata()?.len() > bytes {
            self.set_len(bytes)?;
        }
        self.seek(SeekFrom::Start(bytes)).map(|_| ())
    }
}

/// Opens a journal for one run alone, or makes a new one, which only this user may read.
pub(in crate::bulk) fn open(path: &Path) -> Result<Box<dyn JournalFile>, Error> {
    let with_path = |error: io::Error| {
        unwritable(&io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    };
    let file = files::open_or_create(path).map_err(with_path)?;
    match file.try_lock() {
        Ok(()) => Ok(Box::new(file)),
        Err(TryLockError::WouldBlock) => {
            Err(Error::in_field(Code::JournalBusy, "journal", "another run uses it"))
        }
        Err(TryLockError::Error(error)) => Err(unwritable(&error)),
    }
}
