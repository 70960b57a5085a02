//! Files of Linux and macOS: by their names in a directory that is held.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::{Identity, Part};
use crate::files::above_standard_streams;

/// Only this user reads and writes it.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A directory that is held: what is done in it is done there, whatever its name is by now.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

/// What a name stands for.
pub(super) struct Found(Stat);

/// Held by one process at a time.
pub(super) struct Lock(#[expect(dead_code, reason = "held")] OwnedFd);

impl Found {
    pub(super) fn identity(&self) -> Identity {
        identity(&self.0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.st_size == 0
    }
}

/// The directory of this path; `None` if there is none.
pub(super) fn identity_of_directory(path: &Path) -> io::Result<Option<Identity>> {
    match fs::stat(path) {
        Ok(stat) => Ok(Some(identity(&stat))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Directory {
    /// Opens the directory of a path without links.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = retry_on_intr(|| fs::openat(CWD, path, flags, Mode::empty()));
        Ok(Self(descriptor.and_then(above_standard_streams)?))
    }

    /// Why somebody else may change what is in it: whoever may rename there may put another file
    /// into a place.
    pub(super) fn problem(&self) -> io::Result<Option<&'static str>> {
        let stat = fs::fstat(&self.0)?;
        let is_sticky = Mode::from_raw_mode(stat.st_mode).contains(Mode::SVTX);
        Ok(if ![0, geteuid().as_raw()].contains(&stat.st_uid) {
            Some("belongs to another user")
        } else if is_writable_by_others(&stat) && !is_sticky {
            Some("may be written by others")
        } else {
            None
        })
    }

    /// What the name stands for, without following a link; `None` if it is not there.
    pub(super) fn look(&self, name: &OsStr) -> io::Result<Option<Found>> {
        match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Without a name: deleted, just as it was looked at.
            Ok(stat) if stat.st_nlink == 0 => Ok(None),
            Ok(stat) => Ok(Some(Found(stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Why a file is not this user's own regular file.
    pub(super) fn problem_of(
        &self,
        name: &OsStr,
        Found(stat): &Found,
        _part: Part,
    ) -> io::Result<Option<&'static str>> {
        Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => "found a symbolic link",
            FileType::RegularFile if stat.st_uid != geteuid().as_raw() => {
                "found a file of another user"
            }
            FileType::RegularFile if stat.st_nlink != 1 => "found a file with several names",
            FileType::RegularFile if is_writable_by_others(stat) => {
                "found a file that others may write: chmod 600"
            }
            FileType::RegularFile if self.is_mounted(name) => {
                "found a file that is mounted by itself: mount its directory"
            }
            FileType::RegularFile => return Ok(None),
            _ => "found something else",
        }))
    }

    /// True if something is mounted on the file. Those beside it would lie elsewhere, and be lost
    /// without it.
    #[cfg(target_os = "linux")]
    fn is_mounted(&self, name: &OsStr) -> bool {
        use rustix::fs::{StatxAttributes, StatxFlags};
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        // A system that does not tell has no such file, or is too old to know.
        fs::statx(&self.0, name, flags, StatxFlags::empty())
            .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    /// Nothing can be mounted on a file.
    #[cfg(not(target_os = "linux"))]
    fn is_mounted(&self, _name: &OsStr) -> bool {
        false
    }

    /// Makes an empty file for this user alone, never in place of something else.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<()> {
        self.create_file(name)?;
        // A umask may have taken this user's own rights.
        let changed = fs::chmodat(&self.0, name, PRIVATE, AtFlags::empty());
        Ok(changed.inspect_err(|_| drop(self.remove(name)))?)
    }

    /// Without opening it.
    #[cfg(target_os = "linux")]
    fn create_file(&self, name: &OsStr) -> Result<(), Errno> {
        fs::mknodat(&self.0, name, FileType::RegularFile, PRIVATE, 0)
    }

    /// The system makes no file without opening it. SQLite has no lock on this one yet.
    #[cfg(not(target_os = "linux"))]
    fn create_file(&self, name: &OsStr) -> Result<(), Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        retry_on_intr(|| fs::openat(&self.0, name, flags, PRIVATE)).map(drop)
    }

    /// Gives a file a name that nothing has. An error of the kind `AlreadyExists` says that
    /// something has it.
    pub(super) fn put(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match fs::renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
            // Not every file system can do that. The name that it had goes with the caller.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                Ok(fs::linkat(&self.0, from, &self.0, to, AtFlags::empty())?)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Renames a file to a name that is known to be free.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Reads from a file, without following a link.
    pub(super) fn read_at(&self, name: &OsStr, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = retry_on_intr(|| fs::openat(&self.0, name, flags, Mode::empty()))?;
        Ok(retry_on_intr(|| rustix::io::pread(&file, &mut *buffer, at))?)
    }

    /// Has the names of the files on the disk.
    #[cfg(target_os = "linux")]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(retry_on_intr(|| fs::fsync(&self.0))?)
    }

    /// Has the names of the files on the disk, through the drive's cache.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(retry_on_intr(|| fs::fcntl_fullfsync(&self.0))?)
    }

    /// Waits until no other process has the lock for this file's name. Ends with the value.
    pub(super) fn lock(&self, _name: &OsStr) -> io::Result<Lock> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = retry_on_intr(|| fs::openat(&self.0, ".", flags, Mode::empty()));
        let directory = directory.and_then(above_standard_streams)?;
        retry_on_intr(|| fs::flock(&directory, FlockOperation::LockExclusive))?;
        Ok(Lock(directory))
    }
}

fn is_writable_by_others(stat: &Stat) -> bool {
    Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH)
}

#[allow(clippy::unnecessary_cast, reason = "the type differs by the system")]
fn identity(stat: &Stat) -> Identity {
    Identity { volume: stat.st_dev as u64, number: stat.st_ino.into() }
}
