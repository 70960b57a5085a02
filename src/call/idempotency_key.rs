//! Idempotency keys: one for each cancel, and no other cancel's.

use uuid::Builder;

/// A new key, of a number that the system drew: a UUID (version 4).
///
/// The system is asked for each. A generator in memory would repeat keys where memory exists twice:
/// in a forked child, or on a machine that is restored from an image.
pub(crate) fn new(random: u128) -> String {
    Builder::from_random_bytes(random.to_be_bytes()).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_uuid_of_version_4_that_keeps_every_other_bit() {
        assert_eq!(new(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(new(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let text = "01234567-89ab-4def-8123-456789abcdef";
        assert_eq!(new(0x0123_4567_89ab_4def_8123_4567_89ab_cdef), text);
    }
}
