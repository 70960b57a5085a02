//! Bulk runs in simulated worlds: whatever is killed, aborted or left, whatever the network and the
//! disk do, no item is lost or sent twice, and what is told agrees with what really happened.

#![cfg(feature = "outbox")]

mod simulator;

use simulator::{BulkTally, run_bulk, tally};

const SEEDS: u64 = 20_000;

#[test]
fn in_every_simulated_world_a_bulk_run_keeps_what_it_promises() {
    let add = |tally: &mut BulkTally, seed| tally.add(seed, run_bulk(seed));
    let tally = tally(0..SEEDS, add, |_, _| {});
    println!("{tally}");
    assert_eq!(tally.seeds, SEEDS);
    assert!(tally.violations.is_empty(), "{tally}");
    assert!(tally.kills > SEEDS / 4 && tally.from_journal > SEEDS, "{tally}");
    assert_eq!(tally.outcomes.len(), 5, "every outcome occurs: {tally}");
    for end in ["ok", "aborted", "connect", "journal_io", "max_unknown", "unauthorized"] {
        assert!(tally.ends.contains_key(end), "no run ended so: {end}");
    }
}

#[test]
fn one_seed_replays_one_story_exactly() {
    for seed in 0..50 {
        let (first, second) = (run_bulk(seed), run_bulk(seed));
        assert_eq!((first.kills, first.requests), (second.kills, second.requests));
        assert_eq!((first.ends, first.outcomes), (second.ends, second.outcomes));
    }
}
