//! The id of this process, by which a forked child is told from its parent.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Memory that a fork leaves as zero in the child, if the system has such.
static KEPT: OnceLock<Option<&AtomicU32>> = OnceLock::new();

/// Has the id kept in memory that a fork wipes, which spares each call a system call.
pub(crate) fn keep_id(wiped_by_fork: impl FnOnce() -> Option<&'static AtomicU32>) {
    KEPT.get_or_init(wiped_by_fork);
}

/// The id of this process.
pub(crate) fn id() -> u32 {
    KEPT.get().copied().flatten().map_or_else(process::id, kept_or_asked)
}

fn kept_or_asked(kept: &AtomicU32) -> u32 {
    match kept.load(Ordering::Relaxed) {
        0 => {
            let id = process::id();
            kept.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_asked_for_once_and_again_when_it_was_wiped() {
        let kept = AtomicU32::new(0);
        assert_eq!(kept_or_asked(&kept), process::id());
        assert_eq!(kept.load(Ordering::Relaxed), process::id());
        kept.store(7, Ordering::Relaxed);
        assert_eq!(kept_or_asked(&kept), 7);
        kept.store(0, Ordering::Relaxed);
        assert_eq!(kept_or_asked(&kept), process::id());
    }
}
