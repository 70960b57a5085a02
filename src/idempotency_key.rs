//! Idempotency keys: one for each cancel, and no other cancel's.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::process;

/// Makes the keys of one client.
///
/// A key is a keyed hash of 128 bits over what is one cancel's alone: its session, its time, its
/// process, and its number among this client's. The hash's own key is random, and drawn from the
/// system for the first cancel only. A state alone, as a generator of random numbers has it, would
/// repeat keys where memory exists twice: in a forked child, or on a machine restored from an image.
#[derive(Default)]
pub(crate) struct IdempotencyKeys {
    begun: OnceCell<Begun>,
    made: AtomicU64,
}

/// What stands since the first cancel.
struct Begun {
    keyed: SipHasher24,
    at: Instant,
}

impl IdempotencyKeys {
    /// The key of a cancel that begins now: a UUID (version 4). Asks for a random number once.
    pub(crate) fn next<E>(
        &self,
        session_id: &str,
        now: Instant,
        random: impl FnOnce() -> Result<u128, E>,
    ) -> Result<String, E> {
        let begun = self.begun.get_or_try_init(|| {
            random().map(|number| Begun {
                keyed: SipHasher24::new_with_key(&number.to_be_bytes()),
                at: now,
            })
        })?;
        let after = now.saturating_duration_since(begun.at);
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Ok(key(begun.keyed, session_id, after, process::id(), number))
    }
}

fn key(mut hash: SipHasher24, session: &str, after: Duration, process: u32, number: u64) -> String {
    (session, after, process, number).hash(&mut hash);
    uuid(hash.finish128().as_u128())
}

/// A UUID (version 4) of these bits, but for the six that say so.
fn uuid(bits: u128) -> String {
    let versioned = (bits & !(0xf << 76)) | (0x4 << 76);
    let uuid = (versioned & !(0x3 << 62)) | (0x2 << 62);
    let mut text = String::with_capacity(36);
    for (index, byte) in uuid.to_be_bytes().into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn given_the_same_memory_twice_when_anything_about_a_cancel_differs_then_its_key_does() {
        let secret = SipHasher24::new_with_key(&[7; 16]);
        let after = Duration::from_secs(3);
        let keys = [
            key(secret, "fcs_1", after, 10, 0),
            key(secret, "fcs_2", after, 10, 0),
            key(secret, "fcs_1", after + Duration::from_nanos(1), 10, 0),
            key(secret, "fcs_1", after, 11, 0),
            key(secret, "fcs_1", after, 10, 1),
            key(SipHasher24::new_with_key(&[8; 16]), "fcs_1", after, 10, 0),
        ];
        assert_eq!(HashSet::from(keys.clone()).len(), keys.len(), "{keys:?}");
        // Each half must differ: a hash of 64 bits, written twice, would pass above.
        let halves: HashSet<_> = keys.iter().flat_map(|key| [&key[..18], &key[19..]]).collect();
        assert_eq!(halves.len(), 2 * keys.len(), "{keys:?}");
    }

    #[test]
    fn the_system_is_asked_for_a_random_number_once_and_again_only_if_it_had_none() {
        let keys = IdempotencyKeys::default();
        let asked = Cell::new(0);
        let now = Instant::now();
        let next = |answer: Result<u128, &'static str>| {
            keys.next("fcs_1", now, || {
                asked.set(asked.get() + 1);
                answer
            })
        };
        assert_eq!(next(Err("none")), Err("none"));
        let first = next(Ok(1)).unwrap();
        let second = next(Ok(2)).unwrap();
        assert_ne!(first, second);
        assert_eq!(asked.get(), 2);
    }

    #[test]
    fn a_key_is_a_uuid_of_version_4() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(
            uuid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            "01234567-89ab-4def-8123-456789abcdef"
        );
    }
}
