//! What the outbox says of its entries, held against what really happened.

use std::time::Duration;

use flexcancel::{Code, OutboxEntry, OutboxState, Outcome};

use super::holds::Hold;
use super::newer::shows_age;
use super::oracle::{
    HEDGED, Violation, captured, is_lost, is_voided, send_of, was_doubled, was_voided,
};
use super::stage::{Asked, Step, Told};
use super::world::{Send, World};

/// Everything that is wrong with the entries of a till's outbox, at the end of its story.
pub fn violations(world: &World, told: &[Told], entries: &[OutboxEntry]) -> Vec<Violation> {
    let rules = entries.iter().filter_map(|entry| {
        let key = entry.idempotency_key.as_str();
        let step = told.iter().rposition(|told| told.key.as_deref() == Some(key))?;
        let (send_count, ended) = end_of(world, told, entry);
        let was_in_doubt = told.iter().any(|told| {
            told.key.as_deref() == Some(key)
                && told.in_doubt
                && told.sends.start < send_count
                && is_in_doubt(world, told, key, send_count)
        });
        let asked = asked_for(told, entry)?;
        let is_early = told.last()?.span.1 < asked.at + WEEK;
        if entry.state == OutboxState::Expired && entry.attempts == 0 && is_early {
            return Some(Violation { rule: "the entry expired early, and was never tried", step });
        }
        if is_tied(world, told, entries, entry) {
            return Some(Violation { rule: "a new ask was tied to a stale entry", step });
        }
        let had_sale = captured(world, asked.at) > 0;
        let rule = wrong_state(
            world,
            entry,
            asked.at.saturating_sub(world.lag),
            send_count,
            was_in_doubt,
            had_sale,
        )
        .or_else(|| wrong_about_the_hold(world, entry, asked, ended))?;
        Some(Violation { rule, step })
    });
    rules.chain(denied(world, told)).collect()
}

/// What a till only believes in doubt is not, if it neither handed it over nor sent it, or if each
/// request was refused.
fn is_in_doubt(world: &World, told: &Told, key: &str, send_count: usize) -> bool {
    let is_open = |send: &Send| send.key == key && !send.is_refused;
    matches!(told.step, Step::Enqueue | Step::HandOver)
        || world.sends.iter().take(send_count).any(is_open)
}

/// What is told of an entry whose cancel may have reached Flex before: that nothing was done.
fn denied(world: &World, told: &[Told]) -> impl Iterator<Item = Violation> {
    told.iter().enumerate().filter_map(|(step, one)| {
        let view = one.report.outbox.as_ref()?;
        let was_in_doubt = |entry: &OutboxEntry| {
            let key = entry.idempotency_key.as_str();
            let of_key = told[..=step].iter().filter(|told| told.key.as_deref() == Some(key));
            let mut in_doubt = of_key.filter(|told| told.is_key_in_doubt());
            in_doubt.any(|told| is_in_doubt(world, told, key, one.sends.end))
        };
        let is_denied = |entry: &OutboxEntry| {
            entry.last_outcome == Some(Outcome::NotApplied) && was_in_doubt(entry)
        };
        let mut entries = view.entry.iter().chain(&view.entries);
        let rule = "the entry is told as not applied, though in doubt";
        entries.any(is_denied).then_some(Violation { rule, step })
    })
}

/// When the cancel was asked for that the entry was made of. A till that died while it asked was
/// told of no entry, and the file has it all the same.
fn asked_for(told: &[Told], entry: &OutboxEntry) -> Option<Asked> {
    let is_of_key = |told: &&Told| told.key.as_deref() == Some(&entry.idempotency_key);
    let made = told.iter().filter(is_of_key).find(|told| {
        let view = told.report.outbox.as_ref();
        view.is_some_and(|view| view.entry.as_ref().is_none_or(|made| made.id == entry.id))
    });
    made.or_else(|| told.iter().find(is_of_key)).map(|told| told.asked)
}

/// How many cancels the till had sent by the end of the step in which the entry ended, and when
/// that was. What it sends later under the same key is no try of the entry.
fn end_of(world: &World, told: &[Told], entry: &OutboxEntry) -> (usize, Duration) {
    let is_it = |other: &OutboxEntry| other.id == entry.id && other.state.is_final();
    let shows_end = |told: &&Told| {
        told.report.outbox.as_ref().is_some_and(|view| {
            view.entry.as_ref().is_some_and(is_it) || view.entries.iter().any(is_it)
        })
    };
    let end = told.iter().find(shows_end);
    end.map_or((usize::MAX, world.now()), |told| (told.sends.end, told.span.1))
}

/// How long an entry is delivered unless the till says otherwise.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The till asked anew, of a hold that was there by then, and the entry that it was told of is one
/// that was made before the hold, and turned out stale.
fn is_tied(world: &World, told: &[Told], entries: &[OutboxEntry], entry: &OutboxEntry) -> bool {
    if entry.state != OutboxState::NeedsAttention || entry.last_code != Some(Code::OutboxStale) {
        return false;
    }
    // A newer entry took the ask, or this one was made for it.
    let is_of_key = |other: &&OutboxEntry| other.idempotency_key == entry.idempotency_key;
    if entries.iter().any(|other| other.id > entry.id)
        || entries.iter().filter(is_of_key).any(|other| other.id < entry.id)
    {
        return false;
    }
    let mut asks = told.iter().filter(|told| {
        matches!(told.step, Step::Enqueue | Step::HandOver)
            && told.key.as_ref() == Some(&entry.idempotency_key)
    });
    let Some(first) = asks.next() else { return false };
    let holds = || world.holds.all().iter();
    asks.any(|again| {
        let at = again.asked.at;
        // A clock that was put back tells nobody which of the two is the older.
        !is_lost(world, again.asked, world.now())
            && !is_lost(world, first.asked, world.now())
            && holds().all(|hold| hold.made < at)
            && holds().any(|hold| hold.made > first.asked.at && shows_age(world, hold))
    })
}

/// One of so many first sends released a hold.
fn released_before(world: &World, key: &str, asked: Duration, send_count: usize) -> bool {
    let is_old = |hold: &&Hold| hold.made <= asked && !world.holds.is_reused(hold);
    world.holds.released_with(key).filter(is_old).any(|hold| {
        let end = hold.end.as_ref();
        end.and_then(|end| send_of(world, end)).is_some_and(|(send, _)| send < send_count)
    })
}

/// What a final state says of the hold that is not so.
fn wrong_about_the_hold(
    world: &World,
    entry: &OutboxEntry,
    asked: Asked,
    ended: Duration,
) -> Option<&'static str> {
    let asked_ats = [asked.at, asked.at.saturating_sub(world.lag)];
    match (entry.state, entry.last_outcome) {
        (OutboxState::Delivered, Some(Outcome::Canceled)) => {
            // What was captured in the very millisecond of the asking counts as older.
            let is_right = is_lost(world, asked, ended)
                || is_voided(world, asked.at + Duration::from_millis(1), ended)
                || asked_ats.iter().any(|at| is_voided(world, *at, ended));
            (!is_right).then_some("the entry is delivered, and the hold was not released")
        }
        (OutboxState::Delivered, Some(Outcome::AlreadyCanceled)) => {
            let is_right = asked_ats.iter().any(|at| was_voided(world, *at, asked.at, ended));
            (!is_right).then_some("the entry is told as already canceled, and the hold was not")
        }
        (_, Some(Outcome::NotCancelable)) => {
            let mut old = world.holds.standing(ended, asked_ats[1]);
            old.next().map(|_| "the entry is told as too late, and the hold stands")
        }
        _ => None,
    }
}

/// What a final state says that is not so.
fn wrong_state(
    world: &World,
    entry: &OutboxEntry,
    asked: Duration,
    send_count: usize,
    was_in_doubt: bool,
    had_sale: bool,
) -> Option<&'static str> {
    let key = entry.idempotency_key.as_str();
    let is_sent = |number: u64| world.handled.get(&number).is_some_and(|send| *send < send_count);
    let has_effect = world.effects_of(key).any(is_sent);
    let is_in_doubt = was_in_doubt || entry.unclear > 0;
    // No client can tell: docs/OUTCOMES.md, "What Flex would have to do to make us wrong".
    let is_doubled = was_doubled(world, key, send_count);
    match (entry.state, entry.last_outcome) {
        (OutboxState::Expired, _) if has_effect => Some("the entry is expired, and took effect"),
        (OutboxState::Expired, _) if is_in_doubt => Some("the entry is expired, though in doubt"),
        (OutboxState::Refused, Some(Outcome::NotApplied)) if has_effect && !is_doubled => {
            Some("the entry is refused, and took effect")
        }
        (OutboxState::Refused, Some(Outcome::NotApplied)) if is_in_doubt => {
            Some("the entry is refused, though in doubt")
        }
        (OutboxState::Refused, _)
            if !is_doubled && released_before(world, key, asked, send_count) =>
        {
            let message = entry.last_message.as_deref().unwrap_or_default();
            let is_hedged = had_sale && message.contains(HEDGED);
            (!is_hedged)
                .then_some("the entry is refused as too late, and it released the hold itself")
        }
        (_, Some(Outcome::NotApplied)) if entry.state.is_final() && has_effect && !is_doubled => {
            Some("the entry is told as not applied, and took effect")
        }
        (OutboxState::Delivered, Some(Outcome::AlreadyCanceled)) if has_effect && !is_doubled => {
            Some("the entry is told as already canceled, by itself")
        }
        _ => None,
    }
}
