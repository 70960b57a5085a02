//! The outbox: cancels that survive a power cut.
//!
//! A cancel that is handed to the outbox is on the disk before its first byte is sent, is
//! delivered later if it cannot be now, and is listed until a person has seen what could not be
//! delivered. There is no thread: the host decides when to [flush](Outbox::flush).
//! docs/OUTBOX.md says what it promises and what it does not.

#[cfg(not(feature = "outbox"))]
mod absent;
#[cfg(feature = "outbox")]
mod clock;
#[cfg(feature = "outbox")]
#[cfg(test)]
mod cost_tests;
#[cfg(feature = "outbox")]
mod delivery;
#[cfg(feature = "outbox")]
mod entries;
#[cfg(feature = "outbox")]
#[cfg(test)]
mod exhaustive;
#[cfg(feature = "outbox")]
mod file;
#[cfg(feature = "outbox")]
mod fork;
#[cfg(feature = "outbox")]
mod fork_lock;
#[cfg(feature = "outbox")]
mod handover;
#[cfg(feature = "outbox")]
mod opening;
#[cfg(feature = "outbox")]
mod operations;
mod options;
#[cfg(feature = "outbox")]
mod purge;
#[cfg(feature = "outbox")]
mod queries;
#[cfg(feature = "outbox")]
mod reports;
#[cfg(feature = "outbox")]
mod review;
#[cfg(feature = "outbox")]
mod row;
#[cfg(feature = "outbox")]
mod schema;
mod settlement;
#[cfg(feature = "outbox")]
mod statement;
#[cfg(feature = "outbox")]
mod store;
#[cfg(feature = "outbox")]
mod transition;

#[cfg(not(feature = "outbox"))]
pub use absent::Outbox;
#[cfg(not(feature = "outbox"))]
pub(crate) use absent::{ForkLock, lock_for_fork};
#[cfg(feature = "outbox")]
pub use clock::{Clock, Timestamps};
#[cfg(feature = "outbox")]
pub(crate) use fork_lock::{Exclusive as ForkLock, exclusive as lock_for_fork};
#[cfg(feature = "outbox")]
pub use operations::Outbox;
pub use options::{
    CLAIM_KEYS, ClaimOptions, ENQUEUE_KEYS, EntryOptions, FLUSH_KEYS, FlushOptions, LIST_KEYS,
    ListFilter, OPEN_KEYS, OUTBOX_CANCEL_KEYS, OpenOptions,
};
pub use settlement::{SETTLEMENT_KEYS, Settlement};
