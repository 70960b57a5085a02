//! Handles: keys into one table, so that no pointer from a host is ever followed.
//!
//! A key holds, from the lowest bit: a 1 (so that it is no aligned pointer, and a host that
//! follows it crashes at once), the object's kind, the slot's index, the slot's generation. A
//! slot's generation grows each time it is freed; a slot whose generations are used up is never
//! used again, so a stale key never comes back to life.

use std::collections::VecDeque;

use super::fork;
use super::object::ResultObject;
use crate::abort::Abort;
use crate::client::Client;
use crate::outbox::Outbox;
use crate::sync::{Arc, Lazy, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "outbox")]
pub(super) type SharedOutbox = Arc<Outbox>;
/// There can be none, which the compiler knows: what would be done with one is not compiled.
#[cfg(not(feature = "outbox"))]
pub(super) type SharedOutbox = Outbox;

/// What a handle stands for. Cloning shares it: a call in flight keeps its objects alive.
#[derive(Clone)]
pub(super) enum Object {
    Client(Arc<Client>),
    Abort(Abort),
    Result(Arc<ResultObject>),
    Outbox(SharedOutbox),
    /// One of this kind that a forked child could not make again, and why.
    Lost(Kind, Arc<str>),
}

impl Object {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Client(_) => Kind::Client,
            Self::Abort(_) => Kind::Abort,
            Self::Result(_) => Kind::Result,
            Self::Outbox(_) => Kind::Outbox,
            Self::Lost(kind, _) => *kind,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Client = 1,
    Abort = 2,
    Result = 3,
    Outbox = 4,
}

const KIND_BITS: u32 = 3;
const INDEX_BITS: u32 = if usize::BITS == 64 { 28 } else { 14 };
const GENERATION_BITS: u32 = usize::BITS - INDEX_BITS - KIND_BITS - 1;
const MAX_INDEX: usize = (1 << INDEX_BITS) - 1;
const MAX_GENERATION: usize = (1 << GENERATION_BITS) - 1;

/// The handles of this process.
pub(super) static HANDLES: Lazy<Table> = Lazy::new(|| Table::new(MAX_INDEX));

/// A table of objects by key.
pub(super) struct Table {
    max_index: usize,
    slots: Mutex<Slots>,
}

#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// First in, first out: a freed slot rests as long as possible.
    free: VecDeque<usize>,
    /// True in a forked child as long as these are the parent's objects.
    is_inherited: bool,
}

struct Slot {
    generation: usize,
    object: Option<Object>,
}

impl Slot {
    /// The key's kind is compared with the object's own: a key with another kind in it is a
    /// forgery, even where index and generation are right.
    fn is_for(&self, key: usize, kind: Kind) -> bool {
        self.generation == generation_of(key)
            && self.object.as_ref().is_some_and(|object| object.kind() == kind)
    }
}

impl Slots {
    /// In a forked child: these are the parent's objects. Whoever takes the lock next makes new
    /// ones.
    pub(super) fn inherit(&mut self) {
        self.is_inherited = true;
    }
}

impl Table {
    fn new(max_index: usize) -> Self {
        Self { max_index, slots: Mutex::default() }
    }

    /// Takes an object in and gives its key; `None` if every key is in use.
    pub(super) fn insert(&self, object: Object) -> Option<usize> {
        let kind = object.kind();
        let mut slots = self.lock();
        let index = match slots.free.pop_front() {
            Some(index) => index,
            None if slots.slots.len() > self.max_index => return None,
            None => {
                slots.slots.push(Slot { generation: 1, object: None });
                slots.slots.len() - 1
            }
        };
        let slot = slots.slots.get_mut(index)?;
        slot.object = Some(object);
        Some(key(kind, index, slot.generation))
    }

    /// The object with this key, if the key is of this kind and alive.
    pub(super) fn get(&self, key: usize, kind: Kind) -> Option<Object> {
        let index = index_of(key, kind)?;
        let slots = self.lock();
        let slot = slots.slots.get(index)?;
        if slot.is_for(key, kind) { slot.object.clone() } else { None }
    }

    /// Ends the key. The object is given back, to be dropped where no lock is held.
    pub(super) fn remove(&self, key: usize, kind: Kind) -> Option<Object> {
        let index = index_of(key, kind)?;
        let mut slots = self.lock();
        let slot = slots.slots.get_mut(index)?;
        if !slot.is_for(key, kind) {
            return None;
        }
        let object = slot.object.take()?;
        if slot.generation < MAX_GENERATION {
            slot.generation += 1;
            slots.free.push_back(index);
        }
        Some(object)
    }

    /// Held for a few instructions, never over a drop; over I/O only where a forked child makes
    /// its objects.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        let mut slots = self.hold();
        while slots.is_inherited {
            slots.is_inherited = false;
            let inherited = fork::renew(slots.slots.iter_mut().filter_map(|s| s.object.as_mut()));
            drop(slots);
            drop(inherited);
            slots = self.hold();
        }
        slots
    }

    /// The table as it is, also in a child that has not made its objects yet.
    pub(super) fn hold(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn key(kind: Kind, index: usize, generation: usize) -> usize {
    1 | (kind as usize) << 1 | index << (1 + KIND_BITS) | generation << (1 + KIND_BITS + INDEX_BITS)
}

fn index_of(key: usize, kind: Kind) -> Option<usize> {
    let tag = key & ((1 << (1 + KIND_BITS)) - 1);
    (tag == 1 | (kind as usize) << 1).then_some((key >> (1 + KIND_BITS)) & MAX_INDEX)
}

const fn generation_of(key: usize) -> usize {
    key >> (1 + KIND_BITS + INDEX_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abort() -> Object {
        Object::Abort(Abort::new())
    }

    #[test]
    fn a_key_finds_its_object_until_it_is_removed() {
        let table = Table::new(9);
        let key = table.insert(abort()).unwrap();
        assert!(table.get(key, Kind::Abort).is_some());
        assert!(table.remove(key, Kind::Abort).is_some());
        assert!(table.get(key, Kind::Abort).is_none());
        assert!(table.remove(key, Kind::Abort).is_none());
    }

    #[test]
    fn a_key_of_another_kind_or_another_value_finds_nothing() {
        let table = Table::new(9);
        let key = table.insert(abort()).unwrap();
        assert!(table.get(key, Kind::Client).is_none());
        assert!(table.remove(key, Kind::Result).is_none());
        for bit in 0..usize::BITS {
            assert!(table.get(key ^ (1 << bit), Kind::Abort).is_none(), "bit {bit}");
        }
        for kind in [Kind::Client, Kind::Result, Kind::Outbox] {
            let forged = key & !(7 << 1) | (kind as usize) << 1;
            assert!(table.get(forged, kind).is_none());
            assert!(table.remove(forged, kind).is_none());
        }
        assert!(table.get(key, Kind::Abort).is_some());
        for garbage in [0, 1, usize::MAX, usize::MAX / 2] {
            assert!(table.get(garbage, Kind::Abort).is_none());
        }
    }

    #[test]
    fn a_stale_key_never_finds_the_slots_next_object() {
        let table = Table::new(0);
        let stale = table.insert(abort()).unwrap();
        table.remove(stale, Kind::Abort);
        let fresh = table.insert(abort()).unwrap();
        assert_ne!(stale, fresh);
        assert!(table.get(stale, Kind::Abort).is_none());
        assert!(table.get(fresh, Kind::Abort).is_some());
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_never_used_again() {
        let table = Table::new(0);
        let first = table.insert(abort()).unwrap();
        table.remove(first, Kind::Abort);
        table.lock().slots[0].generation = MAX_GENERATION;
        let last = table.insert(abort()).unwrap();
        assert!(table.remove(last, Kind::Abort).is_some());
        assert!(table.insert(abort()).is_none());
        assert!(table.get(last, Kind::Abort).is_none());
    }

    #[test]
    fn a_full_table_takes_nothing_more_until_a_key_is_freed() {
        let table = Table::new(1);
        let key = table.insert(abort()).unwrap();
        assert!(table.insert(abort()).is_some());
        assert!(table.insert(abort()).is_none());
        table.remove(key, Kind::Abort);
        assert!(table.insert(abort()).is_some());
    }
}
