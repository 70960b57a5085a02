//! The real client in simulated worlds: whatever happens, a definite outcome agrees with what
//! really happened.

mod simulator;

use simulator::{CLASSIC, Range, Tally, WIDE, fault_names, run, tally, worlds};

const SEEDS: u64 = 100_000;

fn stories(range: Range) -> Tally {
    let add = |tally: &mut Tally, seed| tally.add(seed, run(seed, range));
    tally(0..SEEDS, add, |_, _| {})
}

#[test]
fn in_every_classic_world_a_definite_outcome_agrees_with_the_truth() {
    let tally = stories(Range::Classic);
    println!("{tally}");
    assert_eq!(tally.seeds, SEEDS);
    assert!(tally.violations.is_empty(), "{tally}");
    assert!(tally.decided_in_kindest > 0, "{tally}");
    assert!(tally.unknown_though_decided.is_empty(), "{:?}", tally.unknown_though_decided);
    assert_eq!(tally.outcomes.len(), 5, "every outcome occurs: {tally}");
    for fault in fault_names(CLASSIC) {
        assert!(tally.faults.contains_key(fault), "never injected: {fault}");
    }
}

#[test]
fn in_every_story_what_the_till_is_told_agrees_with_the_truth() {
    let tally = stories(Range::Wide);
    println!("{tally}");
    assert_eq!(tally.seeds, SEEDS);
    for fault in fault_names(WIDE) {
        assert!(tally.faults.contains_key(fault), "never injected: {fault}");
    }
    assert!(tally.violations.is_empty(), "{tally}");
}

#[test]
fn in_no_world_of_the_list_is_the_till_told_wrongly() {
    let wrong: Vec<_> = worlds().into_iter().filter(|row| !row.wrong.is_empty()).collect();
    let lines: Vec<_> = wrong.iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn one_seed_replays_one_story_exactly() {
    for seed in 0..200 {
        let (first, second) = (run(seed, Range::Wide), run(seed, Range::Wide));
        let told = |story: &simulator::Story| -> Vec<String> {
            story.told.iter().map(|told| serde_json::to_string(&told.report).unwrap()).collect()
        };
        assert_eq!(told(&first), told(&second));
        assert_eq!(first.world.faults, second.world.faults);
    }
}
