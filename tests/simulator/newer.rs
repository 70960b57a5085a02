//! Holds that are newer than the cancel which released them.

use std::time::Duration;

use super::holds::Hold;
use super::oracle::{Violation, is_lost, send_of};
use super::stage::{Asked, Step, Told};
use super::world::{Read, Send, World};

/// A call that was asked for longer ago than this looks before it sends.
const FRESH: Duration = Duration::from_secs(60);
/// The same for an entry of the outbox.
const FRESH_ENTRY: Duration = Duration::from_secs(600);
/// What was read longer ago than this is no proof of what is held now.
const STALE: Duration = Duration::from_secs(10);

/// A send must not release a hold that is newer than the ask, if the look before it showed the
/// hold and its age; or if the send needed proof that there is no newer hold.
pub fn violations(world: &World, told: &[Told]) -> Vec<Violation> {
    let ended = world.holds.all().iter().filter_map(|hold| Some((hold, hold.end.as_ref()?)));
    ended
        .filter_map(|(hold, end)| {
            let (index, send) = send_of(world, end)?;
            let step = told.iter().position(|told| told.sends.contains(&index))?;
            let rule = rule(world, told, step, send, hold)?;
            Some(Violation { rule, step })
        })
        .collect()
}

fn rule(
    world: &World,
    told: &[Told],
    step: usize,
    send: &Send,
    hold: &Hold,
) -> Option<&'static str> {
    let mut of_key = told[..=step].iter().filter(|told| told.key.as_deref() == Some(&send.key));
    let mut asked = of_key.next()?.asked;
    // A repetition by the key alone is asked for anew; a till's outbox keeps the first asking.
    if let Some(last) = of_key.rfind(|told| told.step == Step::Repeat) {
        asked = last.asked;
    }
    // A clock that has been put back since the ask tells nobody how old the ask is.
    if hold.made <= asked.at + blur(world, asked, hold)
        || hold.made > send.at
        || is_lost(world, asked, send.at)
    {
        return None;
    }
    let started = told[step].span.0;
    let looks = || {
        let reads = world.reads.iter().rev();
        reads.filter(|read| read.ended > started && read.ended <= send.started)
    };
    let look = looks().next();
    let plain = looks().find(|look| look.is_plain && look.is_expanded);
    let was_seen = plain.is_some_and(|look| hold.made < look.shows);
    if was_seen && shows_age(world, hold) {
        return Some("a newer hold was seen, and released all the same");
    }
    // A new hold on an intent of before looks older, where only the intent's creation is shown.
    if look.is_some_and(|look| !hold.is_new_intent && shows_creation(world, look)) {
        return None;
    }
    let is_entry = matches!(told[step].step, Step::Flush | Step::HandOver);
    let fresh = if is_entry { FRESH_ENTRY } else { FRESH };
    let is_open = |other: &Send| other.key == send.key && other.at < started && !other.is_refused;
    let was_sent = world.sends.iter().any(is_open);
    let was_in_doubt =
        told[..=step].iter().any(|told| told.in_doubt && told.key.as_deref() == Some(&send.key));
    let needs_proof = was_sent || was_in_doubt || send.started > asked.at + fresh;
    let is_proven = look.is_some_and(|look| is_proof(world, look, hold, send));
    (needs_proof && !is_proven).then_some("a newer hold was released without a look")
}

/// What cannot be told apart: an id has whole milliseconds, a `created_at` or `updated_at` whole
/// seconds, and so has the `Date` by which a till's wrong clock is corrected; up to two seconds
/// count as the same clock.
fn blur(world: &World, asked: Asked, hold: &Hold) -> Duration {
    let axes = world.dialect.axes();
    let by_seconds = ["created", "charges", "authorizations", "completed"];
    let is_by_seconds = by_seconds.iter().any(|times| axes.contains(&("times", times)))
        || axes.contains(&("times", "updated")) && !hold.is_new_intent;
    let seconds = u64::from(is_by_seconds) + if asked.ahead_ms == 0 { 0 } else { 3 };
    Duration::from_secs(seconds) + Duration::from_millis(1)
}

/// The hold was made after the moment that the look shows, and that was just before the send. An
/// answer that waited for a machine to wake up is old.
fn is_proof(world: &World, look: &Read, hold: &Hold, send: &Send) -> bool {
    hold.made >= look.shows && send.started <= look.shows + world.lag + STALE
}

/// The session showed when its payment intents were made, and not when their holds were.
fn shows_creation(world: &World, look: &Read) -> bool {
    let axes = world.dialect.axes();
    let is = |axis: &str, value: &str| axes.contains(&(axis, value));
    let is_id_only = !look.is_expanded || is("intents", "bare_ids") || is("expand", "refused");
    is("times", "full") || is("times", "created") || is("times", "updated") && is_id_only
}

/// The session showed when the hold was made.
pub fn shows_age(world: &World, hold: &Hold) -> bool {
    let axes = world.dialect.axes();
    let is = |axis: &str, value: &str| axes.contains(&(axis, value));
    if is("intents", "bare_ids") || is("lists", "absent") || is("expand", "refused") {
        return false;
    }
    is("times", "updated")
        || is("times", "charges")
        || is("times", "authorizations")
        || is("times", "completed") && is_of_completion(world, hold)
        || hold.is_new_intent && (is("times", "full") || is("times", "created"))
}

/// The shopper's payment made it, which completed the session; no re-authorization did.
fn is_of_completion(world: &World, hold: &Hold) -> bool {
    world.holds.all().first().is_some_and(|first| first.made == hold.made)
}
