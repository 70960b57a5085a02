//! Who owns a file of Windows, and who may change it.

use std::ffi::c_void;
use std::fs::File;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::{io, ptr};

use windows_sys::Win32::Foundation::{
    ERROR_SUCCESS, GENERIC_ALL, GENERIC_WRITE, INVALID_HANDLE_VALUE, LocalFree,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo,
    SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, EqualSid, GetAce,
    GetTokenInformation, INHERIT_ONLY_ACE, IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSID,
    SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser, WinBuiltinAdministratorsSid,
    WinCreatorOwnerRightsSid, WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_GENERIC_WRITE,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::{checked, wide};

/// The types of entries in an access list that this project knows (winnt.h).
const ALLOWED: u8 = 0;
const DENIED: u8 = 1;
const ALLOWED_CALLBACK: u8 = 9;

/// What a file's security says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) is_owned_by_user: bool,
    /// By them, or by the system itself.
    pub(super) is_owned_by_administrators: bool,
    /// True if somebody else has one of the rights that were asked about.
    pub(super) others_may: bool,
}

/// Memory that the system has allocated.
struct Local(*mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: the system has allocated it for this caller, who frees it once.
        unsafe { LocalFree(self.0) };
    }
}

/// The user of this process.
struct User {
    /// A `TOKEN_USER`, and behind it the number that it points to. Boxed: it must not move.
    token: Box<[u64; 16]>,
}

impl User {
    fn of_process() -> io::Result<Self> {
        let mut handle = ptr::null_mut();
        // SAFETY: `handle` is a valid place, and is owned from here on.
        let token = unsafe {
            checked(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut handle))?;
            OwnedHandle::from_raw_handle(handle)
        };
        let mut user = Self { token: Box::new([0; 16]) };
        let (place, size) = (user.token.as_mut_ptr().cast(), size_of_val(&*user.token) as u32);
        let mut length = 0;
        // SAFETY: the token is open, and the place has the size that is given.
        checked(unsafe {
            GetTokenInformation(token.as_raw_handle(), TokenUser, place, size, &mut length)
        })?;
        Ok(user)
    }

    fn sid(&self) -> PSID {
        let user = self.token.as_ptr().cast::<TOKEN_USER>();
        // SAFETY: `of_process` has had the system write a TOKEN_USER there.
        unsafe { (*user).User.Sid }
    }
}

/// Who owns an open file, and whether others have one of the `rights`.
pub(super) fn of(file: &File, rights: u32) -> io::Result<Access> {
    let user = User::of_process()?;
    let (mut owner, mut list): (PSID, *mut ACL) = (ptr::null_mut(), ptr::null_mut());
    let mut descriptor = ptr::null_mut();
    // SAFETY: the handle is open, and the places are of the types that the function writes.
    let status = unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &mut owner,
            ptr::null_mut(),
            &mut list,
            ptr::null_mut(),
            &mut descriptor,
        )
    };
    if status != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(status as i32));
    }
    // `owner` and `list` point into it.
    let _descriptor = Local(descriptor);
    Ok(Access {
        is_owned_by_user: is(owner, user.sid()),
        is_owned_by_administrators: are_administrators(owner),
        others_may: others_may(list, user.sid(), rights)?,
    })
}

fn is(one: PSID, other: PSID) -> bool {
    // SAFETY: both are valid, and nothing is written.
    !one.is_null() && unsafe { EqualSid(one, other) } != 0
}

fn are_administrators(sid: PSID) -> bool {
    // SAFETY: the number is valid, and nothing is written.
    let is_known = |kind| unsafe { IsWellKnownSid(sid, kind) } != 0;
    !sid.is_null() && (is_known(WinBuiltinAdministratorsSid) || is_known(WinLocalSystemSid))
}

/// Entries that deny something are passed over: they can only take away.
fn others_may(list: *mut ACL, user: PSID, rights: u32) -> io::Result<bool> {
    if list.is_null() {
        // Without a list everybody may do everything.
        return Ok(true);
    }
    // SAFETY: the system has given a valid list.
    let count = u32::from(unsafe { (*list).AceCount });
    for index in 0..count {
        let mut entry = ptr::null_mut();
        // SAFETY: the list has that many entries, and each begins with a header.
        let header = unsafe {
            checked(GetAce(list, index, &mut entry))?;
            *entry.cast::<ACE_HEADER>()
        };
        if header.AceType == DENIED || u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 {
            continue;
        }
        if !matches!(header.AceType, ALLOWED | ALLOWED_CALLBACK) {
            return Ok(true);
        }
        let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
        // SAFETY: an entry of these types is such a structure, and the number begins at its end.
        let (mask, sid) = unsafe { ((*entry).Mask, (&raw mut (*entry).SidStart).cast()) };
        let changes = mask & (rights | GENERIC_ALL | GENERIC_WRITE) != 0;
        if changes && !is(sid, user) && !are_administrators(sid) && !is_owner_itself(sid) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// True if the entry is about whoever owns the file.
fn is_owner_itself(sid: PSID) -> bool {
    // SAFETY: the number is valid, and nothing is written.
    unsafe { IsWellKnownSid(sid, WinCreatorOwnerRightsSid) != 0 }
}

/// Makes an empty file that this user owns, and that only he, the system and its administrators
/// may use.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    let user = User::of_process()?;
    let mut text = ptr::null_mut();
    // SAFETY: the number is valid, and `text` is a valid place.
    checked(unsafe { ConvertSidToStringSidW(user.sid(), &mut text) })?;
    let _text = Local(text.cast());
    // SAFETY: the function has written a NUL-terminated text there.
    let sid = unsafe { text_at(text) };
    let rules = format!("O:{sid}D:P(A;;FA;;;{sid})(A;;FA;;;SY)(A;;FA;;;BA)");
    let rules: Vec<u16> = rules.encode_utf16().chain([0]).collect();
    let mut descriptor = ptr::null_mut();
    // SAFETY: the text is NUL-terminated, and `descriptor` is a valid place.
    checked(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            rules.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            ptr::null_mut(),
        )
    })?;
    let descriptor = Local(descriptor);
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    };
    let (path, none) = (wide(path), ptr::null_mut());
    // SAFETY: path and attributes live until the call returns; the handle is owned from here on.
    unsafe {
        let handle = CreateFileW(
            path.as_ptr(),
            FILE_GENERIC_WRITE,
            0,
            &attributes,
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            none,
        );
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        drop(OwnedHandle::from_raw_handle(handle));
    }
    Ok(())
}

/// # Safety
/// The text is NUL-terminated.
unsafe fn text_at(text: *const u16) -> String {
    let mut length = 0;
    // SAFETY: nothing is read behind the NUL.
    let units = unsafe {
        while *text.add(length) != 0 {
            length += 1;
        }
        std::slice::from_raw_parts(text, length)
    };
    String::from_utf16_lossy(units)
}
