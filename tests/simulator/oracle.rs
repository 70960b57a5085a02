//! What a till was told, held against what really happened. Nothing here is taken from a report
//! but its claims.

use std::time::Duration;

use flexcancel::{Code, Hold, Outcome};

use super::holds::{Cause, End, Hold as TrueHold};
use super::stage::{Asked, Step, Told};
use super::world::{Send, World};

/// A claim that is not so, or something that must not be done.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What is wrong, always in the same words.
    pub rule: &'static str,
    /// The step at which it was claimed or done.
    pub step: usize,
}

/// How old a reading of the money may be that is told as the hold.
const RECENT: Duration = Duration::from_secs(2);

/// Everything that is wrong with what a till was told of a session.
pub fn violations(world: &World, told: &[Told]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (step, one) in told.iter().enumerate() {
        let wrong =
            [wrong_outcome(world, one), wrong_hold(world, one), wrong_words(world, told, step)];
        found.extend(wrong.into_iter().flatten().map(|rule| Violation { rule, step }));
    }
    found
}

/// What is said of money that may have been captured before the cancel was asked for.
pub const HEDGED: &str = "captured, now or earlier";
/// What a retrieve says of a hold while a cancel may be under way.
const ON_ITS_WAY: &str = "still on its way";

fn was_canceled(world: &World, told: &Told) -> bool {
    let (started, ended) = told.span;
    is_voided(world, asked(world, told), ended)
        || is_voided(world, told.asked.at, ended)
        // What was captured in the very millisecond of the asking counts as older.
        || is_voided(world, told.asked.at + Duration::from_millis(1), ended)
        // Nobody can tell captures from before the asking from later ones; and a replica may show
        // it as it was before the call.
        || (is_lost(world, told.asked, ended)
            && is_freed(world, started.saturating_sub(world.lag), ended))
        || was_released_by_key(world, told)
}

fn wrong_outcome(world: &World, told: &Told) -> Option<&'static str> {
    let (started, ended) = told.span;
    let asked = asked(world, told);
    let has_effect = had_effect(world, told);
    let is_doubled = was_doubled(world, told.key.as_deref().unwrap_or_default(), told.sends.end);
    match told.report.outcome {
        Outcome::Canceled if !was_canceled(world, told) => {
            Some("canceled, and the hold was not released")
        }
        Outcome::AlreadyCanceled if !was_voided(world, asked, started, ended) => {
            Some("already canceled, and the hold was not released")
        }
        Outcome::AlreadyCanceled if has_effect && !is_doubled => {
            Some("already canceled, by this very cancel")
        }
        Outcome::NotCancelable if !is_without_hold(world, started, ended) => {
            Some("too late, and the hold stands")
        }
        Outcome::NotCancelable if released_itself(world, told) && !is_doubled => {
            let is_hedged = captured(world, asked) > 0 && told.report.message.contains(HEDGED);
            (!is_hedged).then_some("too late, and this very cancel released it")
        }
        Outcome::NotApplied if has_effect && !is_doubled => {
            Some("not applied, and this very cancel took effect")
        }
        Outcome::NotApplied if told.in_doubt => Some("not applied, though in doubt"),
        _ => None,
    }
}

/// At a moment of this time nothing was held, and a hold had been released in it.
fn is_freed(world: &World, from: Duration, ended: Duration) -> bool {
    moments(world, from, ended).into_iter().any(|at| {
        let is_seen = |hold: &TrueHold| {
            let is_in = |end: &End| (from..=at).contains(&end.at);
            hold.was_released() && hold.end.as_ref().is_some_and(is_in)
        };
        !is_held(world, at) && world.holds.all().iter().any(is_seen)
    })
}

/// An earlier request of this cancel released a hold, and nothing was captured since.
fn was_released_by_key(world: &World, told: &Told) -> bool {
    let key = told.key.as_deref().unwrap_or_default();
    let ended = told.span.1;
    let is_so = |end: &End| end.at <= ended && captured(world, end.at) == captured(world, ended);
    let mut ends = world.holds.released_with(key).filter_map(|hold| hold.end.as_ref());
    ends.any(is_so) && world.holds.standing(ended, told.asked.at).next().is_none()
}

/// How long an acknowledged release may not be seen.
fn late(world: &World) -> Duration {
    let axes = world.dialect.axes();
    let is_late = axes.contains(&("effects", "late"));
    if is_late { Duration::from_secs(30) } else { Duration::ZERO }
}

/// By then the till's clock had been put back since the asking: nobody could tell how long ago
/// that was.
pub fn is_lost(world: &World, asked: Asked, by: Duration) -> bool {
    world.clock.was_behind(asked.ahead_ms, asked.at, by)
}

/// A request of this cancel took effect, or will: one that was sent by the end of the step.
fn had_effect(world: &World, told: &Told) -> bool {
    let key = told.key.as_deref().unwrap_or_default();
    world.effects_of(key).any(|number| is_sent_by(world, told, number))
}

/// The same, and it released a hold.
fn released_itself(world: &World, told: &Told) -> bool {
    let key = told.key.as_deref().unwrap_or_default();
    let is_sent = |end: &End| send_of(world, end).is_some_and(|(send, _)| send < told.sends.end);
    // A request that was on its way when a newer hold was made cannot be called back.
    let is_old = |hold: &&TrueHold| hold.made <= asked(world, told);
    let mut released = world.holds.released_with(key).filter(is_old);
    released.any(|hold| hold.end.as_ref().is_some_and(is_sent) && !world.holds.is_reused(hold))
}

fn is_sent_by(world: &World, told: &Told, number: u64) -> bool {
    world.handled.get(&number).is_some_and(|send| *send < told.sends.end)
}

/// When the cancel was asked for; earlier by what a replica may lag, because nobody can see a hold
/// that is newer than that.
fn asked(world: &World, told: &Told) -> Duration {
    told.asked.at.saturating_sub(world.lag)
}

fn wrong_hold(world: &World, told: &Told) -> Option<&'static str> {
    let (started, ended) = told.span;
    // No client can tell: docs/OUTCOMES.md, "What Flex would have to do to make us wrong".
    let is_doubled = was_doubled(world, told.key.as_deref().unwrap_or_default(), told.sends.end);
    let mut old = world.holds.standing(ended, asked(world, told));
    match told.report.hold {
        Hold::Held => {
            let unseen = world.lag + world.late;
            let from = started.min(ended.saturating_sub(RECENT)).saturating_sub(unseen);
            let was_held = world.moments(from, ended).any(|moment| moment.held);
            if !was_held {
                Some("hold=held, and there was none")
            } else if !is_held(world, ended)
                && !is_doubled
                && was_ended_by_a_later_send(world, told)
            {
                Some("hold=held, after its own later send released it")
            } else {
                None
            }
        }
        Hold::Released if old.next().is_some() => Some("hold=released, and it stands"),
        Hold::None if old.next().is_some() => Some("hold=none, and one stands"),
        Hold::Captured if old.next().is_some() => Some("hold=captured, and one stands"),
        Hold::Captured if captured(world, ended) == 0 => {
            Some("hold=captured, and nothing was captured")
        }
        _ => None,
    }
}

/// "Can still be canceled" of a cancel that is on its way.
fn wrong_words(world: &World, told: &[Told], step: usize) -> Option<&'static str> {
    let one = &told[step];
    let is_open = one.report.outcome == Outcome::NotApplied && one.report.code == Code::Ok;
    if one.step != Step::Retrieve || !is_open || one.report.advice.contains(ON_ITS_WAY) {
        return None;
    }
    let mut keys = told[..step]
        .iter()
        .filter(|earlier| earlier.report.outcome == Outcome::Unknown)
        .filter_map(|earlier| earlier.key.as_deref());
    let is_late = |end: &End| end.at > one.span.1;
    keys.any(|key| {
        world.holds.released_with(key).any(|hold| hold.end.as_ref().is_some_and(is_late))
    })
    .then_some("can still be canceled, while the cancel before is on its way")
}

/// At a moment of this time none of the holds was left that are not newer than its beginning, and
/// none had been captured since. Where there was none at its beginning: at that moment nothing
/// was held, and either nothing had ever been captured, or a hold had ended in this time.
pub fn is_voided(world: &World, asked: Duration, ended: Duration) -> bool {
    let before = captured(world, asked);
    let had_hold = world.holds.standing(asked, asked).next().is_some();
    // Nobody can see a capture that a replica does not show yet.
    let is_untaken = |at: Duration| {
        captured(world, at) == before || captured(world, at.saturating_sub(world.lag)) == before
    };
    moments(world, asked, ended).into_iter().any(|at| {
        if world.holds.standing(at, asked).next().is_some() {
            return false;
        }
        if had_hold {
            return is_untaken(at);
        }
        let ended_in = |end: &End| end.at + late(world) >= asked && end.at <= at;
        let mut holds = world.holds.all().iter();
        let has_ended = holds.any(|hold| hold.end.as_ref().is_some_and(ended_in));
        let taken = captured(world, at);
        !is_held(world, at) && (taken == 0 || has_ended && is_untaken(at))
    })
}

/// The same, or that was so before the call: the last hold had not been captured.
pub fn was_voided(world: &World, asked: Duration, started: Duration, ended: Duration) -> bool {
    if is_voided(world, asked, ended) {
        return true;
    }
    let past = world.holds.all().iter().filter(|hold| hold.made <= started);
    let last = past.max_by_key(|hold| hold.end.as_ref().map_or(Duration::MAX, |end| end.at));
    !is_held(world, started) && last.is_some_and(|hold| hold.was_released())
}

/// One of so many first sends, with this key, was executed twice and answered the second time.
pub fn was_doubled(world: &World, key: &str, send_count: usize) -> bool {
    world.sends.iter().take(send_count).any(|send| send.is_doubled && send.key == key)
}

fn was_ended_by_a_later_send(world: &World, told: &Told) -> bool {
    let key = told.key.as_deref().unwrap_or_default();
    let reads = world.reads.iter().rev();
    let last_read = reads.map(|read| read.ended).find(|at| *at <= told.span.1);
    let is_later = |(_, send): (usize, &Send)| last_read.is_none_or(|read| send.at >= read);
    world
        .holds
        .released_with(key)
        .filter_map(|hold| send_of(world, hold.end.as_ref()?))
        .filter(|(index, _)| *index < told.sends.end)
        .any(is_later)
}

/// The send that ended a hold.
pub fn send_of<'a>(world: &'a World, end: &End) -> Option<(usize, &'a Send)> {
    let Cause::Cancel { number, .. } = &end.by else { return None };
    let index = *world.handled.get(number)?;
    Some((index, world.sends.get(index)?))
}

fn is_without_hold(world: &World, started: Duration, ended: Duration) -> bool {
    moments(world, started.saturating_sub(world.lag), ended)
        .into_iter()
        .any(|at| !is_held(world, at))
}

fn is_held(world: &World, at: Duration) -> bool {
    world.holds.standing(at, at).next().is_some()
}

/// What had been captured by then.
pub fn captured(world: &World, at: Duration) -> u64 {
    let past = world.history.iter().take_while(|moment| moment.at <= at);
    past.last().map_or(0, |moment| moment.captured)
}

/// The moments of a span of time at which things may have been different from just before.
fn moments(world: &World, from: Duration, to: Duration) -> Vec<Duration> {
    let changes = world.holds.all().iter().flat_map(|hold| {
        [Some(hold.made), hold.end.as_ref().map(|end| end.at)].into_iter().flatten()
    });
    let changes = changes.chain(world.history.iter().map(|moment| moment.at));
    changes.filter(|at| (from..=to).contains(at)).chain([from, to]).collect()
}
