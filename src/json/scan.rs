//! Where runs of bytes end, eight bytes at a time.

const ONES: u64 = u64::MAX / 255;

/// Where the first quote, backslash or control character is: eight bytes at a time while eight
/// are left, because texts are most of an answer.
#[inline(always)]
pub(super) fn plain_end(bytes: &[u8], start: usize) -> usize {
    // Marks the bytes below a bound; exact for the first one marked, which is all that counts.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound);
    let rest = bytes.get(start..).unwrap_or_default();
    let (words, tail) = rest.as_chunks();
    let mut at = start;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // Exchanges the quote with the blank, and leaves the control characters among themselves.
        let quote_or_control = below(word ^ (ONES * 2), u64::from(b' ') + 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let marked = (quote_or_control | backslash) & !word & (ONES * 0x80);
        if marked != 0 {
            return at + marked.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &&u8| **byte >= b' ' && **byte != b'"' && **byte != b'\\';
    at + tail.iter().take_while(is_plain).count()
}

/// Where the first byte is that is no space.
#[inline(always)]
pub(super) fn end_of_spaces(bytes: &[u8], start: usize) -> usize {
    let (words, tail) = bytes.get(start..).unwrap_or_default().as_chunks();
    let mut at = start;
    for word in words {
        let others = u64::from_le_bytes(*word) ^ (ONES * u64::from(b' '));
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + tail.iter().take_while(|byte| **byte == b' ').count()
}
