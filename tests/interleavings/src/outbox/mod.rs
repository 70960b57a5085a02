#[path = "../../../../src/outbox/fork.rs"]
mod fork;
#[path = "../../../../src/outbox/fork_lock.rs"]
mod fork_lock;
mod opening;
mod operations;
mod store;

pub(crate) use fork_lock::{Exclusive as ForkLock, exclusive as lock_for_fork};
pub use opening::{begin, end, open_files};
pub use operations::Outbox;
