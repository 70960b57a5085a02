//! The outbox in simulated worlds: whatever crashes, whatever the network does, no entry is lost,
//! none has a second key, none goes back from a final state, and what is told agrees with what
//! really happened.

#![cfg(feature = "outbox")]

mod simulator;

use simulator::{OutboxTally, Range, run_outbox, tally};

const SEEDS: u64 = 4_000;

fn runs(range: Range) -> OutboxTally {
    let add = |tally: &mut OutboxTally, seed| tally.add(seed, run_outbox(seed, range));
    tally(0..SEEDS, add, |_, _| {})
}

#[test]
fn in_every_classic_world_the_outbox_keeps_what_it_promises() {
    check(&runs(Range::Classic));
}

#[test]
fn in_every_simulated_world_the_outbox_keeps_what_it_promises() {
    check(&runs(Range::Wide));
}

fn check(tally: &OutboxTally) {
    println!("{tally}");
    assert_eq!(tally.seeds, SEEDS);
    assert!(tally.violations.is_empty(), "{tally}");
    assert!(tally.crashes > SEEDS / 4 && tally.restarts > SEEDS / 20, "{tally}");
    assert!(tally.claims.0 > SEEDS / 4 && tally.claims.1 > SEEDS / 10, "{tally}");
    assert_eq!(tally.states.len(), 4, "every final state occurs: {tally}");
}

#[test]
fn one_seed_replays_one_run_exactly() {
    for seed in 0..20 {
        let (first, second) = (run_outbox(seed, Range::Wide), run_outbox(seed, Range::Wide));
        assert_eq!((first.states, first.crashes), (second.states, second.crashes));
    }
}
