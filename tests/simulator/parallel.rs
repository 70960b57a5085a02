//! Many seeds on all processors.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that threads make apart and then put together.
pub trait Sum: Default + Send {
    fn merge(&mut self, other: Self);
    /// How many runs there were, and how many broke a promise.
    fn so_far(&self) -> (u64, usize);
}

const BATCH: u64 = 500;

/// Counts what comes of each seed. After each batch `progress` is told the numbers so far.
pub fn tally<T: Sum>(
    seeds: Range<u64>,
    add: impl Fn(&mut T, u64) + Sync,
    progress: impl Fn(u64, usize) + Sync,
) -> T {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, sum) = (AtomicU64::new(seeds.start), Mutex::new(T::default()));
    let work = || {
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= seeds.end {
                return;
            }
            let mut tally = T::default();
            (from..(from + BATCH).min(seeds.end)).for_each(|seed| add(&mut tally, seed));
            let mut sum = sum.lock().expect("no thread panics while it holds the lock");
            sum.merge(tally);
            let (done, violations) = sum.so_far();
            progress(done, violations);
        }
    };
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    sum.into_inner().expect("no thread panicked")
}
