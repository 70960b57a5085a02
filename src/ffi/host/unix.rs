//! Linux and macOS.

/// Has the system call the handlers at each fork: before it, then in the parent and in the child.
/// False if there is no memory for it.
pub(in crate::ffi) fn call_at_forks(
    prepare: extern "C" fn(),
    in_parent: extern "C" fn(),
    in_child: extern "C" fn(),
) -> bool {
    // SAFETY: the functions are never unloaded (see `stay_loaded`; a static library goes with its
    // program), and none of them unwinds.
    unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) == 0 }
}

/// Keeps the library in the process when its host unloads it. On Linux the linker has marked it
/// (NODELETE).
#[cfg(target_os = "linux")]
pub(in crate::ffi) fn stay_loaded() {}

#[cfg(not(target_os = "linux"))]
pub(in crate::ffi) fn stay_loaded() {
    use std::mem::MaybeUninit;
    let mut found = MaybeUninit::<libc::Dl_info>::uninit();
    let own = stay_loaded as *const ();
    // SAFETY: the address is one of this library, and `found` is written before it is read. A
    // library is opened that is open already; its name is a C string that the system keeps.
    unsafe {
        if libc::dladdr(own.cast(), found.as_mut_ptr()) != 0 {
            let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            libc::dlopen(found.assume_init().dli_fname, flags);
        }
    }
}
