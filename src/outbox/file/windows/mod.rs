//! Files of Windows: by their paths in a directory that is held, which Windows does not let anybody
//! rename or remove meanwhile.

#![allow(unsafe_code)]

mod access;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, DELETE, FILE_APPEND_DATA, FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_REPARSE_POINT, FILE_DELETE_CHILD, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_ID_INFO, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA, FileIdInfo,
    GetFileInformationByHandle, GetFileInformationByHandleEx, MOVEFILE_WRITE_THROUGH, MoveFileExW,
    READ_CONTROL, WRITE_DAC, WRITE_OWNER,
};

use super::{Identity, Part};

/// What changes a file, takes it away, or gives the right to.
const CHANGES_FILE: u32 = FILE_WRITE_DATA | FILE_APPEND_DATA | DELETE | WRITE_DAC | WRITE_OWNER;

/// What takes another user's file away from a directory. To add one is harmless.
const CHANGES_DIRECTORY: u32 = FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER;

const EVERY_SHARE: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// A directory that is held.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    handle: File,
}

/// What a name stands for. To hold it keeps nobody from anything.
pub(super) struct Found {
    handle: File,
    information: BY_HANDLE_FILE_INFORMATION,
    identity: Identity,
}

/// Held by one process at a time.
pub(super) struct Lock(#[expect(dead_code, reason = "held")] File);

impl Found {
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn is_empty(&self) -> bool {
        self.information.nFileSizeHigh == 0 && self.information.nFileSizeLow == 0
    }

    fn has(&self, attribute: u32) -> bool {
        self.information.dwFileAttributes & attribute != 0
    }
}

/// The directory of this path; `None` if there is none.
pub(super) fn identity_of_directory(path: &Path) -> io::Result<Option<Identity>> {
    Ok(look_at(path)?.filter(|found| found.has(FILE_ATTRIBUTE_DIRECTORY)).map(|it| it.identity))
}

fn look_at(path: &Path) -> io::Result<Option<Found>> {
    let opened = File::options()
        .access_mode(FILE_READ_ATTRIBUTES | READ_CONTROL)
        .share_mode(EVERY_SHARE)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path);
    let handle = match opened {
        Ok(handle) => handle,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (information, identity) = (information_of(&handle)?, identity_of(&handle)?);
    // Without a name: deleted, just as it was looked at.
    let has_name = information.nNumberOfLinks > 0;
    Ok(has_name.then_some(Found { handle, information, identity }))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn information_of(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the place is of the type that the function writes.
    let is_read = unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut information) };
    checked(is_read).map(|()| information)
}

fn identity_of(file: &File) -> io::Result<Identity> {
    let mut id = FILE_ID_INFO::default();
    let size = size_of::<FILE_ID_INFO>() as u32;
    let place = (&raw mut id).cast();
    // SAFETY: the handle is open, and the place is of the type and size that the class asks for.
    let is_read =
        unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), FileIdInfo, place, size) };
    checked(is_read).map(|()| Identity {
        volume: id.VolumeSerialNumber,
        number: u128::from_le_bytes(id.FileId.Identifier),
    })
}

impl Directory {
    /// Opens the directory of a path without links.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let handle = File::options()
            .access_mode(FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | READ_CONTROL)
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
            .open(path)?;
        Ok(Self { path: path.to_owned(), handle })
    }

    /// Why somebody else may change what is in it.
    pub(super) fn problem(&self) -> io::Result<Option<&'static str>> {
        let access = access::of(&self.handle, CHANGES_DIRECTORY)?;
        Ok(if !access.is_owned_by_user && !access.is_owned_by_administrators {
            Some("belongs to another user")
        } else if access.others_may {
            Some("may be changed by others")
        } else {
            None
        })
    }

    /// What the name stands for, without following a link; `None` if it is not there.
    pub(super) fn look(&self, name: &OsStr) -> io::Result<Option<Found>> {
        look_at(&self.path_of(name)?)
    }

    /// Why a file is not this user's own regular file. Those that SQLite makes belong to the
    /// administrators where a user is one of them.
    pub(super) fn problem_of(
        &self,
        _name: &OsStr,
        found: &Found,
        part: Part,
    ) -> io::Result<Option<&'static str>> {
        if found.has(FILE_ATTRIBUTE_REPARSE_POINT) {
            return Ok(Some("found a symbolic link or another reparse point"));
        }
        if found.has(FILE_ATTRIBUTE_DIRECTORY) {
            return Ok(Some("found something else"));
        }
        let access = access::of(&found.handle, CHANGES_FILE)?;
        let is_own =
            access.is_owned_by_user || (part == Part::Beside && access.is_owned_by_administrators);
        Ok(if !is_own {
            Some("found a file of another user")
        } else if found.information.nNumberOfLinks != 1 {
            Some("found a file with several names")
        } else if access.others_may {
            Some("found a file that others may write: take the right from them")
        } else {
            None
        })
    }

    /// Makes an empty file for this user alone (and the system and its administrators, who can
    /// give themselves any right), never in place of something else.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<()> {
        access::create_private(&self.path_of(name)?)
    }

    /// Gives a file a name that nothing has. An error of the kind `AlreadyExists` says that
    /// something has it.
    pub(super) fn put(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.rename(from, to)
    }

    /// Renames a file, never in place of something else. It is refused while somebody has the file
    /// open who does not share that.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let (from, to) = (wide(&self.path_of(from)?), wide(&self.path_of(to)?));
        // SAFETY: both are NUL-terminated and live until the call returns.
        let is_moved = unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) };
        checked(is_moved)
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path_of(name)?)
    }

    /// Reads from a file, without following a link.
    pub(super) fn read_at(&self, name: &OsStr, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        File::options()
            .read(true)
            .share_mode(EVERY_SHARE)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
            .open(self.path_of(name)?)?
            .seek_read(buffer, at)
    }

    /// Nothing: a program cannot flush a directory there. NTFS writes changes of names to its log
    /// in their order, before what comes later.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until no other process has the lock for this file's name. Ends with the value. The
    /// empty file that it is on stays: to remove it would race with the next one.
    pub(super) fn lock(&self, name: &OsStr) -> io::Result<Lock> {
        let mut name = name.to_owned();
        name.push(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
            .open(self.path_of(&name)?)?;
        file.lock()?;
        Ok(Lock(file))
    }

    /// A colon would lead to a second stream of another file.
    fn path_of(&self, name: &OsStr) -> io::Result<PathBuf> {
        if name.encode_wide().any(|unit| unit == u16::from(b':')) {
            return Err(io::Error::new(ErrorKind::InvalidFilename, "the name has a colon in it"));
        }
        Ok(self.path.join(name))
    }
}

fn wide(path: &Path) -> Vec<u16> {
    let path: OsString = path.into();
    path.encode_wide().chain([0]).collect()
}

fn checked(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
