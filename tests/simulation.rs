//! The real client in simulated worlds: whatever happens, a definite outcome agrees with what
//! really happened.

mod simulator;

use simulator::{Tally, run};

const SEEDS: u64 = 100_000;

#[test]
fn in_every_simulated_world_a_definite_outcome_agrees_with_the_truth() {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let tally = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for seed in (worker..SEEDS).step_by(usize::try_from(threads).unwrap()) {
                        tally.add(seed, run(seed));
                    }
                    tally
                })
            })
            .collect();
        let mut sum = Tally::default();
        workers.into_iter().for_each(|worker| sum.merge(worker.join().unwrap()));
        sum
    });
    println!("{tally}");
    assert_eq!(tally.seeds, SEEDS);
    assert!(tally.violations.is_empty(), "{tally}");
    assert!(tally.decided_in_kindest > 0, "{tally}");
    assert!(tally.unknown_though_decided.is_empty(), "{:?}", tally.unknown_though_decided);
    assert_eq!(tally.outcomes.len(), 5, "every outcome occurs: {tally}");
    for fault in simulator::fault_names() {
        assert!(tally.faults.contains_key(fault), "never injected: {fault}");
    }
}

#[test]
fn one_seed_replays_one_run_exactly() {
    for seed in 0..200 {
        let (first, second) = (run(seed), run(seed));
        assert_eq!(first.report.to_json().unwrap(), second.report.to_json().unwrap());
        assert_eq!(first.faults, second.faults);
    }
}
