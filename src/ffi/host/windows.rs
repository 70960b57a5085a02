//! Windows.

use std::ptr;

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

/// Windows has no forks: the handlers are never called.
pub(in crate::ffi) fn call_at_forks(
    _prepare: extern "C" fn(),
    _in_parent: extern "C" fn(),
    _in_child: extern "C" fn(),
) -> bool {
    true
}

/// Keeps the library in the process when its host unloads it: the thread of a look-up may still
/// run in it, and thread-locals have destructors in it.
pub(in crate::ffi) fn stay_loaded() {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let own = stay_loaded as *const u16;
    let mut module = ptr::null_mut();
    // SAFETY: with FROM_ADDRESS the second argument is any address within the library.
    unsafe { GetModuleHandleExW(flags, own, &mut module) };
}
