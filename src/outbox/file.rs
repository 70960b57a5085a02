//! The outbox's file: where it is, that it is safe to use, and how a damaged one is set aside.
//!
//! Nothing here opens the file itself: to close any descriptor of it would drop the locks that
//! SQLite holds on it for the whole process.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::Error;
use crate::files::above_standard_streams;
use crate::outcome::Code;

/// What SQLite adds to the file's name for the files beside it.
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Only this user reads and writes it.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Which file it is, whatever its name is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

/// A place for the file, in a directory that is held.
#[derive(Debug)]
pub(super) struct Place {
    directory: OwnedFd,
    name: OsString,
    /// Without any link in it.
    pub(super) path: PathBuf,
}

impl Place {
    /// Finds the place and checks that nobody else can change what is there.
    pub(super) fn find(path: &Path) -> Result<Self, Error> {
        let io = |why: &dyn std::fmt::Display| {
            Error::new(Code::OutboxIo, format!("{}: {why}", path.display()))
        };
        let ends_in_name = !path.as_os_str().as_bytes().ends_with(b"/");
        let name = path.file_name().filter(|_| ends_in_name);
        let name = name.ok_or_else(|| io(&"expected the path of a file"))?.to_owned();
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = parent.canonicalize().map_err(|error| io(&error))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = fs::openat(CWD, &parent, flags, Mode::empty())
            .and_then(above_standard_streams)
            .map_err(|error| io(&error))?;
        let stat = fs::fstat(&directory).map_err(|error| io(&error))?;
        let place = Self { directory, path: parent.join(&name), name };
        place.check_directory(&stat)?;
        Ok(place)
    }

    /// Makes the file if it is not there, for this user alone; checks it and those beside it.
    pub(super) fn prepare(&self) -> Result<Identity, Error> {
        // Made without being opened, and never in place of something else.
        match fs::mknodat(&self.directory, &self.name, FileType::RegularFile, PRIVATE, 0) {
            Ok(()) => fs::fsync(&self.directory).map_err(|error| self.io(&error))?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(self.io(&error)),
        }
        self.check()?.ok_or_else(|| self.io(&Errno::NOENT))
    }

    /// Checks the file and those beside it; `None` if it is not there.
    pub(super) fn check(&self) -> Result<Option<Identity>, Error> {
        let mut identity = None;
        for suffix in SUFFIXES {
            let name = self.name_with(suffix);
            let Some(stat) = self.stat(&name)? else { continue };
            self.check_file(&name, &stat)?;
            if suffix.is_empty() {
                identity = Some(Identity::of(&stat));
            }
        }
        Ok(identity)
    }

    /// True if this file still stands in its place.
    pub(super) fn holds(&self, identity: Identity) -> Result<bool, Error> {
        Ok(self.stat(&self.name)?.is_some_and(|stat| Identity::of(&stat) == identity))
    }

    /// Gives the damaged file and those beside it another name, and tells which. Nothing is
    /// ever overwritten, and a file that somebody has put there since is left alone.
    pub(super) fn set_aside(&self, damaged: Identity, now_ms: i64) -> Result<String, Error> {
        // So that no two processes do it at once; ends with the call.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let lock = fs::openat(&self.directory, ".", flags, Mode::empty())
            .and_then(above_standard_streams)
            .map_err(|error| self.io(&error))?;
        fs::flock(&lock, FlockOperation::LockExclusive).map_err(|error| self.io(&error))?;
        if !self.holds(damaged)? {
            return Ok("another process has set it aside".to_owned());
        }
        let aside = self.free_name(now_ms)?;
        for suffix in SUFFIXES {
            let (from, to) = (self.name_with(suffix), joined(&aside, suffix));
            match fs::renameat(&self.directory, &from, &self.directory, &to) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(self.io(&error)),
            }
        }
        fs::fsync(&self.directory).map_err(|error| self.io(&error))?;
        Ok(format!("it was set aside as {}", self.path.with_file_name(&aside).display()))
    }

    fn free_name(&self, now_ms: i64) -> Result<OsString, Error> {
        let mut name = self.name_with(&format!(".damaged-{now_ms}"));
        while self.stat(&name)?.is_some() {
            name.push("x");
        }
        Ok(name)
    }

    fn name_with(&self, suffix: &str) -> OsString {
        joined(&self.name, suffix)
    }

    fn stat(&self, name: &OsStr) -> Result<Option<Stat>, Error> {
        match fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Without a name: deleted, just as it was looked at.
            Ok(stat) if stat.st_nlink == 0 => Ok(None),
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.io(&error)),
        }
    }

    fn check_file(&self, name: &OsStr, stat: &Stat) -> Result<(), Error> {
        let found = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => "found a symbolic link",
            FileType::RegularFile if stat.st_uid != geteuid().as_raw() => {
                "found a file of another user"
            }
            FileType::RegularFile if stat.st_nlink != 1 => "found a file with several names",
            FileType::RegularFile if is_writable_by_others(stat) => {
                "found a file that others may write: chmod 600"
            }
            FileType::RegularFile => return Ok(()),
            _ => "found something else",
        };
        let path = self.path.with_file_name(name);
        let message = format!("{}: expected this user's own regular file; {found}", path.display());
        Err(Error::new(Code::OutboxUnsafe, message))
    }

    /// Whoever may rename in the directory may put another file there.
    fn check_directory(&self, stat: &Stat) -> Result<(), Error> {
        let is_sticky = Mode::from_raw_mode(stat.st_mode).contains(Mode::SVTX);
        let problem = if ![0, geteuid().as_raw()].contains(&stat.st_uid) {
            "belongs to another user"
        } else if is_writable_by_others(stat) && !is_sticky {
            "may be written by others"
        } else {
            return Ok(());
        };
        let message = format!("{}: its directory {problem}", self.path.display());
        Err(Error::new(Code::OutboxUnsafe, message))
    }

    fn io(&self, error: &Errno) -> Error {
        let code = match *error {
            Errno::NOSPC | Errno::DQUOT => Code::OutboxFull,
            _ => Code::OutboxIo,
        };
        Error::new(code, format!("{}: {error}", self.path.display()))
    }
}

impl Identity {
    fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

fn is_writable_by_others(stat: &Stat) -> bool {
    Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH)
}

fn joined(name: &OsStr, suffix: &str) -> OsString {
    let mut joined = name.to_owned();
    joined.push(suffix);
    joined
}
