//! Strings from C.

use std::ffi::c_char;

/// A string that cannot be read; says why, as the end of a sentence that names it.
pub(super) type Unreadable = String;

/// Reads a NUL-terminated UTF-8 string of at most `max` bytes; NULL is `None`.
///
/// # Safety
/// Unless NULL, `text` points to a NUL-terminated string, or to at least `max + 1` readable
/// bytes, which nobody changes until this returns.
pub(super) unsafe fn read<'a>(
    text: *const c_char,
    max: usize,
) -> Result<Option<&'a str>, Unreadable> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller vouches for readable bytes up to the NUL or up to `max + 1`, and
    // strnlen looks no further than the first of the two.
    let length = unsafe { libc::strnlen(text, max + 1) };
    if length > max {
        return Err(format!("expected at most {max} bytes"));
    }
    // SAFETY: strnlen has just found these bytes readable, and the caller keeps them unchanged.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    std::str::from_utf8(bytes).map(Some).map_err(|_| "expected UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_read_up_to_their_bound() {
        let read = |text: &'static std::ffi::CStr, max| unsafe { super::read(text.as_ptr(), max) };
        assert_eq!(read(c"abc", 3), Ok(Some("abc")));
        assert_eq!(read(c"", 0), Ok(Some("")));
        assert_eq!(read(c"abcd", 3), Err("expected at most 3 bytes".to_owned()));
        assert_eq!(read(c"\xff", 3), Err("expected UTF-8".to_owned()));
        assert_eq!(unsafe { super::read(std::ptr::null(), 3) }, Ok(None));
    }
}
