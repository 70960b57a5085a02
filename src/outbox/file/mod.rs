//! The outbox's file: where it is, that it is safe to use, and how a damaged one is quarantined.
//!
//! Nothing here opens the file itself unless it is damaged: to close any descriptor of it would
//! drop the locks that SQLite holds on it for the whole process.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows/mod.rs")]
mod system;

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, is_separator};

use self::system::{Directory, Found};
use crate::error::Error;
use crate::outcome::Code;

/// What SQLite adds to the file's name for the files beside it.
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Where the header of an SQLite file has the application's mark.
const MARK_AT: u64 = 68;

/// Which file it is, whatever its name is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    volume: u64,
    number: u128,
}

/// Which of the outbox's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Main,
    /// One that SQLite has made beside it.
    Beside,
}

/// What the promise rests on: the directory of the path, the file, its log, and what its locks are
/// in. Each must stay where it is as long as the outbox is open.
pub(super) type Files = [Identity; 4];

/// Where the file is: a name in a directory that is held open.
#[derive(Debug)]
pub(super) struct FileLocation {
    directory: Directory,
    name: OsString,
    /// Without any link in it.
    pub(super) path: PathBuf,
}

impl FileLocation {
    /// Finds the location and checks that nobody else can change what is there.
    pub(super) fn find(path: &Path) -> Result<Self, Error> {
        let io = |why: &dyn std::fmt::Display| {
            Error::new(Code::OutboxIo, format!("{}: {why}", path.display()))
        };
        let last = path.as_os_str().as_encoded_bytes().last();
        let ends_in_name = !last.is_some_and(|last| is_separator(char::from(*last)));
        let name = path.file_name().filter(|_| ends_in_name);
        let name = name.ok_or_else(|| io(&"expected the path of a file"))?.to_owned();
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = parent.canonicalize().map_err(|error| io(&error))?;
        let directory = Directory::open(&parent).map_err(|error| io(&error))?;
        let problem = directory.problem().map_err(|error| io(&error))?;
        let path = parent.join(&name);
        match problem {
            None => Ok(Self { directory, path, name }),
            Some(problem) => {
                let message = format!("{}: its directory {problem}", path.display());
                Err(Error::new(Code::OutboxUnsafe, message))
            }
        }
    }

    /// Begins a new file beside it, for this user alone.
    pub(super) fn begin(&self) -> Result<NewFile<'_>, Error> {
        if self.left_behind()?.is_some() {
            // Another process may have made the file since it was looked for, or be about to
            // quarantine it: it has the lock until all of them have their new names.
            let _lock = self.directory.lock(&self.name).map_err(|error| self.io(&error))?;
            // In this order: what is beside the file is made after it.
            if let Some(name) = self.left_behind()?
                && self.look(&self.name)?.is_none()
            {
                let (path, name) = (self.path.display(), Path::new(&name).display());
                let message = format!("{path}: the file is gone, but not {name}: move both back");
                return Err(Error::new(Code::OutboxIo, message));
            }
        }
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| self.io(&ErrorKind::WouldBlock.into()))?;
        let name = self.name_with(&format!(".new-{:016x}", u64::from_ne_bytes(random)));
        let path = self.path.with_file_name(&name);
        self.directory.create(&name).map_err(|error| self.io(&error))?;
        Ok(NewFile { location: self, name, path })
    }

    /// A file beside it with anything in it. If the file itself is gone, this would be taken for a
    /// part of a new one.
    #[inline(never)]
    fn left_behind(&self) -> Result<Option<OsString>, Error> {
        for suffix in &SUFFIXES[1..] {
            let name = self.name_with(suffix);
            if self.look(&name)?.is_some_and(|found| !found.is_empty()) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Checks the file and those beside it; `None` if it is not there.
    pub(super) fn check(&self) -> Result<Option<Identity>, Error> {
        let mut identity = None;
        for suffix in SUFFIXES {
            let name = self.name_with(suffix);
            let Some(found) = self.look(&name)? else { continue };
            let part = if suffix.is_empty() { Part::Main } else { Part::Beside };
            self.check_file(&name, &found, part)?;
            if part == Part::Main {
                identity = Some(found.identity());
            }
        }
        Ok(identity)
    }

    /// The files that the promise rests on; `None` if one of them is not there.
    pub(super) fn files(&self) -> Result<Option<Files>, Error> {
        let parent = self.path.parent().unwrap_or(&self.path);
        let directory = system::identity_of_directory(parent).map_err(|error| self.io(&error))?;
        let Some(directory) = directory else { return Ok(None) };
        let mut files = [directory; 4];
        for (file, suffix) in files[1..].iter_mut().zip(["", "-wal", "-shm"]) {
            let Some(found) = self.look(&self.name_with(suffix))? else { return Ok(None) };
            *file = found.identity();
        }
        Ok(Some(files))
    }

    /// True if this file is still there.
    pub(super) fn holds(&self, identity: Identity) -> Result<bool, Error> {
        Ok(self.look(&self.name)?.is_some_and(|found| found.identity() == identity))
    }

    /// Gives the damaged file and those beside it another name, and tells which; `None` if it does
    /// not bear the mark, and stays. Nothing is ever overwritten. A file that was put
    /// there later is not touched.
    pub(super) fn quarantine(
        &self,
        damaged: Identity,
        mark: u32,
        now_ms: i64,
    ) -> Result<Option<String>, Error> {
        // So that no two processes do it at once; ends with the call.
        let _lock = self.directory.lock(&self.name).map_err(|error| self.io(&error))?;
        if !self.holds(damaged)? {
            return Ok(Some("another process has quarantined it".to_owned()));
        }
        if !self.bears(mark)? {
            return Ok(None);
        }
        let quarantined = self.free_name(now_ms)?;
        for suffix in SUFFIXES {
            let (from, to) = (self.name_with(suffix), joined(&quarantined, suffix));
            match self.directory.rename(&from, &to) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.io(&error)),
                _ => {}
            }
        }
        self.directory.sync().map_err(|error| self.io(&error))?;
        Ok(Some(format!(
            "it was quarantined as {}",
            self.path.with_file_name(&quarantined).display()
        )))
    }

    /// True if the mark is where the header of an SQLite file has it, whatever else is damaged.
    fn bears(&self, mark: u32) -> Result<bool, Error> {
        let mut found = [0; 4];
        let read = self.directory.read_at(&self.name, &mut found, MARK_AT);
        let read = read.map_err(|error| self.io(&error))?;
        Ok(read == found.len() && u32::from_be_bytes(found) == mark)
    }

    fn free_name(&self, now_ms: i64) -> Result<OsString, Error> {
        let mut name = self.name_with(&format!(".damaged-{now_ms}"));
        while self.look(&name)?.is_some() {
            name.push("x");
        }
        Ok(name)
    }

    fn name_with(&self, suffix: &str) -> OsString {
        joined(&self.name, suffix)
    }

    fn look(&self, name: &OsStr) -> Result<Option<Found>, Error> {
        self.directory.look(name).map_err(|error| self.io(&error))
    }

    fn check_file(&self, name: &OsStr, found: &Found, part: Part) -> Result<(), Error> {
        let problem = self.directory.problem_of(name, found, part);
        let Some(problem) = problem.map_err(|error| self.io(&error))? else { return Ok(()) };
        let path = self.path.with_file_name(name);
        let message =
            format!("{}: expected this user's own regular file; {problem}", path.display());
        Err(Error::new(Code::OutboxUnsafe, message))
    }

    fn io(&self, error: &io::Error) -> Error {
        let code = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Code::OutboxFull,
            _ => Code::OutboxIo,
        };
        Error::new(code, format!("{}: {error}", self.path.display()))
    }
}

/// A file that does not have its final name yet. It is removed unless it gets it.
pub(super) struct NewFile<'a> {
    location: &'a FileLocation,
    name: OsString,
    pub(super) path: PathBuf,
}

impl NewFile<'_> {
    /// Gives the file its name, unless somebody else has made one meanwhile: then that one stays.
    pub(super) fn put(self) -> Result<(), Error> {
        let FileLocation { directory, name, .. } = self.location;
        match directory.put(&self.name, name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(self.location.io(&error)),
            Ok(()) => {}
        }
        directory.sync().map_err(|error| self.location.io(&error))
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        // It has its own name by now, or is of no use; if it stays, it harms nobody.
        let _ = self.location.directory.remove(&self.name);
    }
}

fn joined(name: &OsStr, suffix: &str) -> OsString {
    let mut joined = name.to_owned();
    joined.push(suffix);
    joined
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Barrier;

    use super::*;

    /// A location in a new directory.
    fn location(name: &str) -> FileLocation {
        let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o700)).unwrap();
        FileLocation::find(&directory.join("outbox.db")).unwrap()
    }

    fn write(location: &FileLocation, suffix: &str) {
        std::fs::write(location.path.with_file_name(location.name_with(suffix)), "x").unwrap();
    }

    fn end(location: &FileLocation) {
        std::fs::remove_dir_all(location.path.parent().unwrap()).unwrap();
    }

    #[test]
    fn given_a_file_made_by_another_since_the_look_when_begun_then_that_one_stays() {
        let location = location("made-since");
        for suffix in ["", "-journal", "-wal"] {
            write(&location, suffix);
        }
        location.begin().unwrap().put().unwrap();
        assert_eq!(std::fs::read(&location.path).unwrap(), b"x");
        assert_eq!(std::fs::read_dir(location.path.parent().unwrap()).unwrap().count(), 3);
        end(&location);
    }

    #[test]
    fn given_a_file_that_another_quarantines_when_begun_then_it_waits_for_the_end_of_that() {
        let location = location("quarantined-now");
        for round in 0..100 {
            write(&location, "-wal");
            let lock = location.directory.lock(&location.name).unwrap();
            let both = Barrier::new(2);
            std::thread::scope(|scope| {
                let begun = scope.spawn(|| {
                    both.wait();
                    location.begin().map(drop)
                });
                both.wait();
                let quarantined = joined(&location.name, &format!(".damaged-{round}-wal"));
                location.directory.rename(&location.name_with("-wal"), &quarantined).unwrap();
                drop(lock);
                begun.join().unwrap().unwrap_or_else(|error| panic!("round {round}: {error}"));
            });
        }
        end(&location);
    }
}
