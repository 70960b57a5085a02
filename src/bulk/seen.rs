//! The sessions that a run has had of late, so that one that comes twice is sent once.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::outcome::{Code, Hold, Outcome};

/// So many are remembered: the memory of a run does not grow with its input.
const CAPACITY: usize = 10_000;

/// Two independent hashes of a session's id, keyed anew for each run. That two ids of a run share
/// both is less likely than that the machine takes one for the other.
type Fingerprint = (u64, u64);

/// They are kept as fingerprints, because strings that live for so long would scatter the memory
/// of the process.
pub(super) struct Seen {
    keys: (RandomState, RandomState),
    sessions: HashMap<Fingerprint, First>,
    in_order: VecDeque<Fingerprint>,
}

/// The first item with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    pub(super) number: u64,
    /// How it has ended.
    pub(super) end: Option<(Outcome, Code, Hold)>,
}

impl Seen {
    pub(super) fn new() -> Self {
        let keys = (RandomState::new(), RandomState::new());
        Self {
            keys,
            // Twice as many: a map that is more than half full makes a larger one when it finds no
            // place left between those that were removed.
            sessions: HashMap::with_capacity(2 * CAPACITY),
            in_order: VecDeque::with_capacity(CAPACITY),
        }
    }

    /// The first item with this session; `None` if this is the first, which is remembered.
    pub(super) fn first(&mut self, session_id: &str, number: u64) -> Option<First> {
        let session = self.fingerprint(session_id);
        if let Some(first) = self.sessions.get(&session) {
            return Some(*first);
        }
        if self.in_order.len() == CAPACITY
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        self.sessions.insert(session, First { number, end: None });
        self.in_order.push_back(session);
        None
    }

    pub(super) fn note(&mut self, session_id: &str, end: (Outcome, Code, Hold)) {
        let session = self.fingerprint(session_id);
        if let Some(first) = self.sessions.get_mut(&session) {
            first.end = Some(end);
        }
    }

    fn fingerprint(&self, session_id: &str) -> Fingerprint {
        (self.keys.0.hash_one(session_id), self.keys.1.hash_one(session_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_remembered_with_its_end_until_too_many_came_after_it() {
        let mut seen = Seen::new();
        assert_eq!(seen.first("a", 0), None);
        assert_eq!(seen.first("a", 1), Some(First { number: 0, end: None }));
        let end = (Outcome::Canceled, Code::Ok, Hold::Released);
        seen.note("a", end);
        assert_eq!(seen.first("a", 2), Some(First { number: 0, end: Some(end) }));
        for number in 3..3 + CAPACITY as u64 {
            assert_eq!(seen.first(&number.to_string(), number), None);
        }
        assert_eq!(seen.first("a", 99_999), None);
        assert_eq!(seen.sessions.len(), CAPACITY);
    }
}
