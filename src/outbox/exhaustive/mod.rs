//! Every story of an entry up to a bound: tries, crashes between any two steps, a second process,
//! sleep, power cuts, and clocks that are reset. The real statements run on a real table; the call
//! itself is whatever `decision::exhaustive` allows it to be.

mod model;
mod oracle;
mod state;
mod steps;
mod story;
mod table;

use std::time::Instant;

use stateright::{Checker, Model};

use self::model::Stories;
use self::state::Bound;

const fn pass(numbers: [u8; 8]) -> Bound {
    let [tries, asks, passages, acts, reauthorizations, crashes, claims, repeats] = numbers;
    Bound { tries, asks, passages, acts, reauthorizations, crashes, claims, repeats }
}

/// Setting a clock right that was reset takes two passages.
const SMALL: [Bound; 5] = [
    pass([2, 1, 1, 0, 1, 1, 0, 0]),
    pass([2, 0, 1, 1, 1, 1, 0, 0]),
    pass([2, 0, 2, 0, 1, 1, 0, 0]),
    pass([2, 0, 1, 1, 1, 0, 2, 1]),
    pass([3, 0, 2, 0, 0, 0, 2, 1]),
];
const LARGE: [Bound; 4] = [
    pass([3, 1, 1, 1, 1, 1, 0, 0]),
    pass([2, 1, 2, 0, 1, 0, 0, 0]),
    pass([3, 1, 1, 1, 1, 0, 2, 1]),
    pass([2, 1, 2, 0, 1, 1, 2, 1]),
];
const LEAST_STATES: usize = 200_000;

/// What the environment asks for: `large`, or one pass in numbers, such as `2,1,2,0,1,0,1,1`.
fn passes() -> Vec<Bound> {
    let named = std::env::var("FLEXCANCEL_BOUND").unwrap_or_default();
    let numbers: Vec<u8> = named.split(',').filter_map(|number| number.parse().ok()).collect();
    match (named.as_str(), <[u8; 8]>::try_from(numbers)) {
        ("large", _) => LARGE.to_vec(),
        (_, Ok(numbers)) => vec![pass(numbers)],
        _ => SMALL.to_vec(),
    }
}

/// Runs a pass; returns the number of states, and the story of each breach.
fn run(bound: Bound) -> (usize, Vec<String>) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let checker = Stories::new(bound).checker().threads(threads).spawn_bfs().join();
    let states = checker.unique_state_count();
    println!("{bound:?}: {states} states, {:.0} s", started.elapsed().as_secs_f64());
    let in_words = |(what, path)| format!("- {what}: {}", story::in_words(path));
    (states, checker.discoveries().into_iter().map(in_words).collect())
}

#[test]
fn in_every_story_up_to_the_bound_what_the_outbox_says_is_true() {
    let mut all_states = 0;
    for bound in passes() {
        let (states, stories) = run(bound);
        all_states += states;
        assert!(stories.is_empty(), "false after {all_states} states\n{}", stories.join("\n"));
    }
    if std::env::var_os("FLEXCANCEL_BOUND").is_none() {
        assert!(all_states >= LEAST_STATES, "only {all_states} states: the model has lost some");
    }
}
