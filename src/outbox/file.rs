//! The outbox's file: where it is, that it is safe to use, and how a damaged one is set aside.
//!
//! Nothing here opens the file itself unless it is damaged: to close any descriptor of it would
//! drop the locks that SQLite holds on it for the whole process.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat, StatxAttributes,
    StatxFlags,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::Error;
use crate::files::above_standard_streams;
use crate::outcome::Code;

/// What SQLite adds to the file's name for the files beside it.
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Where the header of an SQLite file has the application's mark.
const MARK_AT: u64 = 68;

/// Only this user reads and writes it.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Which file it is, whatever its name is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

/// What the promise rests on: the directory of the path, the file, its log, and what its locks are
/// in. Each must stay where it is as long as the outbox is open.
pub(super) type Files = [Identity; 4];

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

    /// Begins a new file beside the place, for this user alone.
    pub(super) fn begin(&self) -> Result<NewFile<'_>, Error> {
        for suffix in &SUFFIXES[1..] {
            let name = self.name_with(suffix);
            // What is left of a lost file would be taken for a part of the new one.
            if self.stat(&name)?.is_some_and(|stat| stat.st_size > 0) {
                let (path, name) = (self.path.display(), Path::new(&name).display());
                let message = format!("{path}: the file is gone, but not {name}: move both back");
                return Err(Error::new(Code::OutboxIo, message));
            }
        }
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| self.io(&Errno::AGAIN))?;
        let name = self.name_with(&format!(".new-{:016x}", u64::from_ne_bytes(random)));
        // Made without being opened, and never in place of something else.
        fs::mknodat(&self.directory, &name, FileType::RegularFile, PRIVATE, 0)
            .map_err(|error| self.io(&error))?;
        let new = NewFile { place: self, path: self.path.with_file_name(&name), name };
        // A umask may have taken this user's own rights.
        fs::chmodat(&self.directory, &new.name, PRIVATE, AtFlags::empty())
            .map_err(|error| self.io(&error))?;
        Ok(new)
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

    /// The files that the promise rests on; `None` if one of them is not there.
    pub(super) fn files(&self) -> Result<Option<Files>, Error> {
        let parent = self.path.parent().unwrap_or(&self.path);
        let directory = match fs::stat(parent) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(self.io(&error)),
        };
        let mut files = [Identity::of(&directory); 4];
        for (file, suffix) in files[1..].iter_mut().zip(["", "-wal", "-shm"]) {
            let Some(stat) = self.stat(&self.name_with(suffix))? else { return Ok(None) };
            *file = Identity::of(&stat);
        }
        Ok(Some(files))
    }

    /// True if this file still stands in its place.
    pub(super) fn holds(&self, identity: Identity) -> Result<bool, Error> {
        Ok(self.stat(&self.name)?.is_some_and(|stat| Identity::of(&stat) == identity))
    }

    /// True if something is mounted on the file. Those beside it would lie elsewhere, and be lost
    /// without it.
    fn is_mounted(&self, name: &OsStr) -> bool {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        // A system that does not tell has no such file, or is too old to know.
        fs::statx(&self.directory, name, flags, StatxFlags::empty())
            .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    /// Gives the damaged file and those beside it another name, and tells which; `None` if it does
    /// not bear the mark, and stays. Nothing is ever overwritten. A file that was put
    /// there later is not touched.
    pub(super) fn set_aside(
        &self,
        damaged: Identity,
        mark: u32,
        now_ms: i64,
    ) -> Result<Option<String>, Error> {
        // So that no two processes do it at once; ends with the call.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let lock = fs::openat(&self.directory, ".", flags, Mode::empty())
            .and_then(above_standard_streams)
            .map_err(|error| self.io(&error))?;
        fs::flock(&lock, FlockOperation::LockExclusive).map_err(|error| self.io(&error))?;
        if !self.holds(damaged)? {
            return Ok(Some("another process has set it aside".to_owned()));
        }
        if !self.bears(mark)? {
            return Ok(None);
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
        Ok(Some(format!("it was set aside as {}", self.path.with_file_name(&aside).display())))
    }

    /// True if the mark is where the header of an SQLite file has it, whatever else is damaged.
    fn bears(&self, mark: u32) -> Result<bool, Error> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut found = [0; 4];
        let read = fs::openat(&self.directory, &self.name, flags, Mode::empty())
            .and_then(|file| rustix::io::pread(&file, &mut found, MARK_AT));
        let read = read.map_err(|error| self.io(&error))?;
        Ok(read == found.len() && u32::from_be_bytes(found) == mark)
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
            FileType::RegularFile if self.is_mounted(name) => {
                "found a file that is mounted by itself: mount its directory"
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

/// A file that is not in its place as yet. It is removed unless it is put there.
pub(super) struct NewFile<'a> {
    place: &'a Place,
    name: OsString,
    pub(super) path: PathBuf,
}

impl NewFile<'_> {
    /// Gives the file its name, unless somebody else has made one meanwhile: then that one stays.
    pub(super) fn put(self) -> Result<(), Error> {
        let (directory, name) = (&self.place.directory, &self.place.name);
        let renamed =
            fs::renameat_with(directory, &self.name, directory, name, RenameFlags::NOREPLACE);
        let put = match renamed {
            // Not every file system can do that.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(directory, &self.name, directory, name, AtFlags::empty())
            }
            renamed => renamed,
        };
        match put {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(()),
            Err(error) => return Err(self.place.io(&error)),
        }
        fs::fsync(directory).map_err(|error| self.place.io(&error))
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        // It has its own name by now, or is of no use; if it stays, it harms nobody.
        let _ = fs::unlinkat(&self.place.directory, &self.name, AtFlags::empty());
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
