//! Every story up to a bound, not only random ones: `stateright` drives the real decision through
//! each interleaving of the till, the network, Flex and others. Symmetric states are merged.
//!
//! `cargo test --lib decision::exhaustive -- --nocapture` prints how many states there are;
//! `FLEXCANCEL_BOUND=large` before it checks more of them.

mod dialect;
mod fate;
mod flex;
mod kind;
mod message;
mod model;
mod money;
mod oracle;
mod state;
mod story;
mod told;

use std::collections::BTreeMap;
use std::time::Instant;

use stateright::{Checker, Model};

use self::dialect::Dialect;
use self::model::Stories;
use self::state::Bound;

/// A bound, and how many axes of the dialects are varied together.
type Pass = (Bound, usize);

const fn pass(numbers: [u8; 6], axes_together: usize) -> Pass {
    let [sends, reads, acts, reauthorizations, pauses, repeats] = numbers;
    (Bound { sends, reads, acts, reauthorizations, pauses, repeats }, axes_together)
}

const SMALL: [Pass; 4] = [
    pass([2, 2, 1, 0, 0, 0], 2),
    pass([2, 2, 0, 0, 0, 1], 2),
    pass([1, 2, 1, 1, 1, 0], 1),
    pass([2, 1, 0, 1, 0, 1], 2),
];
const LARGE: [Pass; 3] =
    [pass([2, 2, 1, 1, 0, 0], 3), pass([2, 2, 1, 1, 1, 1], 2), pass([3, 3, 2, 1, 0, 0], 1)];
const LEAST_STATES: usize = 2_000_000;

/// What the environment asks for: `large`, or one pass in numbers, such as `3,3,2,1,1,1,2`.
fn passes() -> Vec<Pass> {
    let named = std::env::var("FLEXCANCEL_BOUND").unwrap_or_default();
    let numbers: Vec<u8> = named.split(',').filter_map(|number| number.parse().ok()).collect();
    match (named.as_str(), numbers.as_slice()) {
        ("large", _) => LARGE.to_vec(),
        (_, &[sends, reads, acts, again, pauses, repeats, axes]) => {
            vec![pass([sends, reads, acts, again, pauses, repeats], usize::from(axes))]
        }
        ("", _) => SMALL.to_vec(),
        _ => panic!("FLEXCANCEL_BOUND: expected `large` or seven numbers, found {named}"),
    }
}

/// Runs a pass; returns the number of states, and the shortest story of each breach.
fn run((bound, axes_together): Pass, shortest: &mut BTreeMap<&'static str, String>) -> usize {
    let started = Instant::now();
    let dialects = Dialect::covering(axes_together);
    let (mut states, count) = (0, dialects.len());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for dialect in dialects {
        let stories = Stories::new(vec![dialect], bound);
        let checker = stories.checker().threads(threads).spawn_bfs().join();
        states += checker.unique_state_count();
        for (breach, path) in checker.discoveries() {
            let story = story::in_words(path);
            let known = shortest.entry(breach).or_insert_with(|| story.clone());
            if story.len() < known.len() {
                *known = story;
            }
        }
    }
    let Bound { sends, reads, acts, reauthorizations, pauses, repeats } = bound;
    println!(
        "| {sends} | {reads} | {acts} | {reauthorizations} | {pauses} | {repeats} | {count} | \
         {states} | {:.0} s |",
        started.elapsed().as_secs_f64(),
    );
    states
}

#[test]
fn in_every_story_up_to_the_bound_what_the_till_is_told_is_true() {
    println!(
        "| sends | read-backs | acts of others | re-authorizations | pauses | repeats \
         | dialects | states | time |\n|---|---|---|---|---|---|---|---|---|"
    );
    let mut shortest = BTreeMap::new();
    let mut states = 0;
    for pass in passes() {
        states += run(pass, &mut shortest);
        if !shortest.is_empty() {
            break;
        }
    }
    let stories: Vec<_> =
        shortest.iter().map(|(what, story)| format!("- {what}: {story}")).collect();
    assert!(stories.is_empty(), "false after {states} states\n{}", stories.join("\n"));
    if std::env::var_os("FLEXCANCEL_BOUND").is_none() {
        assert!(states >= LEAST_STATES, "only {states} states: the model has lost some");
    }
}
