//! Idempotency keys: one for each cancel, and no other cancel's.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;
use siphasher::sip128::{Hasher128, SipHasher24};

/// Makes the keys of one client.
///
/// A key is a keyed hash of 128 bits over what is one cancel's alone: its session, its time, its
/// process, and its number among this client's. The hash's own key is random, and drawn from the
/// system for the first cancel only. A state alone, as a generator of random numbers has it, would
/// repeat keys where memory exists twice: in a forked child, or on a machine restored from an image.
#[derive(Default)]
pub(crate) struct IdempotencyKeys {
    /// Nobody waits for it: who forks while another thread draws would leave the child waiting.
    begun: OnceBox<Begun>,
    made: AtomicU64,
}

/// What stands since the first cancel.
struct Begun {
    keyed: SipHasher24,
    at: Instant,
}

impl IdempotencyKeys {
    /// The key of a cancel that begins now in this process: a UUID (version 4). Asks for a random
    /// number at the first cancel only.
    pub(crate) fn next<E>(
        &self,
        session_id: &str,
        now: Instant,
        process: u32,
        random: impl FnOnce() -> Result<u128, E>,
    ) -> Result<String, E> {
        let begun = self.begun.get_or_try_init(|| {
            let keyed = SipHasher24::new_with_key(&random()?.to_be_bytes());
            Ok(Box::new(Begun { keyed, at: now }))
        })?;
        let after = now.saturating_duration_since(begun.at);
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Ok(key(begun.keyed, session_id, after, process, number))
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
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn given_the_same_memory_twice_when_anything_about_a_cancel_differs_then_its_key_does() {
        let begun = Instant::now();
        // Each is the memory of a client whose first cancel was the same.
        let second = |random, session_id, after_ns, process| {
            let keys = IdempotencyKeys::default();
            let next = |session_id, at| keys.next(session_id, at, process, || Ok::<_, ()>(random));
            let first = next("fcs_0", begun).unwrap();
            [first, next(session_id, begun + Duration::from_nanos(after_ns)).unwrap()]
        };
        let [first, usual] = second(7, "fcs_1", 3, 10);
        assert_eq!([&first, &usual], second(7, "fcs_1", 3, 10).each_ref());
        let different = [
            first,
            usual,
            second(7, "fcs_2", 3, 10)[1].clone(),
            second(7, "fcs_1", 4, 10)[1].clone(),
            second(7, "fcs_1", 3, 11)[1].clone(),
            second(8, "fcs_1", 3, 10)[1].clone(),
            // The number alone: a cancel of the same session at the same instant.
            second(7, "fcs_0", 0, 10)[1].clone(),
        ];
        let distinct: HashSet<_> = different.iter().collect();
        assert_eq!(distinct.len(), different.len(), "{different:?}");
    }

    #[test]
    fn a_key_has_128_bits_of_the_hash_and_not_64_of_them_twice() {
        let keyed = SipHasher24::new_with_key(&[7; 16]);
        let text = key(keyed, "fcs_1", Duration::ZERO, 10, 0).replace('-', "");
        let halves = [&text[..16], &text[16..]].map(|half| u64::from_str_radix(half, 16).unwrap());
        // Without the bits that are the same in every UUID of version 4.
        let [high, low] = halves.map(|half| half & !(0xf << 12) & !(0x3 << 62));
        assert_ne!(high, low, "{text}");
    }

    #[test]
    fn the_system_is_asked_for_a_random_number_once_and_again_only_if_it_had_none() {
        let keys = IdempotencyKeys::default();
        let asked = Cell::new(0);
        let now = Instant::now();
        let next = |answer: Result<u128, &'static str>| {
            keys.next("fcs_1", now, 10, || {
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
    fn nobody_waits_for_another_thread_s_random_number() {
        let (keys, now) = (IdempotencyKeys::default(), Instant::now());
        let (draws, goes_on) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            let slow = scope.spawn(|| {
                keys.next("fcs_1", now, 10, || {
                    draws.wait();
                    goes_on.wait();
                    Ok::<_, ()>(1)
                })
            });
            draws.wait();
            // As a child does that was forked just now: there is no other thread to wait for.
            let first = keys.next("fcs_1", now, 10, || Ok::<_, ()>(2)).unwrap();
            goes_on.wait();
            assert_ne!(slow.join().unwrap().unwrap(), first);
        });
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
