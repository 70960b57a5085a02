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

const SMALL: Bound =
    Bound { tries: 2, asks: 1, passages: 1, acts: 0, reauthorizations: 1, crashes: 1 };
const LARGE: Bound =
    Bound { tries: 3, asks: 1, passages: 1, acts: 1, reauthorizations: 1, crashes: 1 };
const LEAST_STATES: usize = 10_000;

#[test]
fn in_every_story_up_to_the_bound_what_the_outbox_says_is_true() {
    let is_large = std::env::var("FLEXCANCEL_BOUND").is_ok_and(|bound| bound == "large");
    let bound = if is_large { LARGE } else { SMALL };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let checker = Stories::new(bound).checker().threads(threads).spawn_bfs().join();
    let states = checker.unique_state_count();
    println!("{bound:?}: {states} states, {:.0} s", started.elapsed().as_secs_f64());
    let discoveries = checker.discoveries().into_iter();
    let stories: Vec<_> =
        discoveries.map(|(what, path)| format!("- {what}: {}", story::in_words(path))).collect();
    assert!(stories.is_empty(), "false after {states} states\n{}", stories.join("\n"));
    assert!(states >= LEAST_STATES, "only {states} states: the model has lost some");
}
