//! Memory that a fork wipes: what stands in it was written by this very process.

use std::sync::atomic::AtomicU32;

/// A number that is zero until this process writes it, and zero again in each forked child, even
/// in one that was made without the C library. It lives as long as the process.
///
/// `None` where the system has no such memory: Linux has it since 4.14 (`MADV_WIPEONFORK`).
#[cfg(target_os = "linux")]
pub(super) fn wiped_by_fork() -> Option<&'static AtomicU32> {
    use std::ptr;

    const LENGTH: usize = size_of::<AtomicU32>();
    const NO_ADVICE: i32 = -1;

    // SAFETY: a new mapping, where the system chooses, touches no memory that is in use.
    let page = unsafe {
        libc::mmap(
            ptr::null_mut(),
            LENGTH,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return None;
    }
    // Some emulators take any advice, and follow none.
    // SAFETY: the page is ours, and neither advice changes what it holds in this process.
    let is_wiped = unsafe {
        libc::madvise(page, LENGTH, NO_ADVICE) != 0
            && libc::madvise(page, LENGTH, libc::MADV_WIPEONFORK) == 0
    };
    if !is_wiped {
        // SAFETY: the page is ours, and nobody else has been given it.
        unsafe { libc::munmap(page, LENGTH) };
        return None;
    }
    // SAFETY: the page is aligned, readable, writable, zero, shared with nobody who is not told
    // that it is atomic, and never unmapped.
    Some(unsafe { AtomicU32::from_ptr(page.cast()) })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn wiped_by_fork() -> Option<&'static AtomicU32> {
    None
}
