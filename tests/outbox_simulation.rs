//! The outbox in simulated worlds: whatever crashes, whatever the network does, no entry is lost,
//! none has a second key, none goes back from a final state, and what is told agrees with what
//! really happened.

mod simulator;

use std::collections::BTreeMap;
use std::thread;

use simulator::{OutboxRun, run_outbox};

const SEEDS: u64 = 4_000;

#[test]
fn in_every_simulated_world_the_outbox_keeps_what_it_promises() {
    let threads = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let runs: Vec<(u64, OutboxRun)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let seeds = (worker..SEEDS).step_by(usize::try_from(threads).unwrap());
                scope.spawn(move || seeds.map(|seed| (seed, run_outbox(seed))).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let broken: Vec<_> = runs.iter().filter(|(_, run)| !run.violations.is_empty()).collect();
    let first: Vec<_> = broken.iter().take(3).map(|(seed, run)| (seed, &run.violations)).collect();
    assert_eq!(broken.len(), 0, "{first:#?}");
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for state in runs.iter().flat_map(|(_, run)| &run.states) {
        *states.entry(state.name()).or_default() += 1;
    }
    let crashes: u64 = runs.iter().map(|(_, run)| run.crashes).sum();
    println!("{SEEDS} worlds, {crashes} crashes, entries: {states:?}");
    assert!(crashes > SEEDS / 4, "{crashes} crashes");
    assert_eq!(states.len(), 4, "every final state occurs: {states:?}");
}

#[test]
fn one_seed_replays_one_run_exactly() {
    for seed in 0..20 {
        let (first, second) = (run_outbox(seed), run_outbox(seed));
        assert_eq!((first.states, first.crashes), (second.states, second.crashes));
    }
}
