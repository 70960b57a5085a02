//! What the session has been through before the first ask, and what others do meanwhile.

use std::time::Duration;

use flex_sandbox::{
    CaptureMethod, CreateParams, Dialect, Link, Lists, Mode, Model, ReauthStatus, Settings,
};

use super::random::Random;
use super::world::{Act, Event, World};

/// So many of the pasts are those of the classic worlds.
const CLASSIC_PASTS: usize = 12;

/// The pasts that a session may have.
const PASTS: [&[Act]; 18] = [
    &[Act::Pay],
    &[Act::Pay],
    &[Act::Pay],
    &[Act::Pay],
    &[],
    &[Act::Pay, Act::Cancel],
    &[Act::Pay, Act::Capture],
    &[Act::Pay, Act::CapturePart],
    &[Act::Pay, Act::Expire],
    &[Act::Pay, Act::Cancel, Act::Reauthorize],
    &[Act::Pay, Act::Capture, Act::Reauthorize],
    &[Act::Cancel],
    // Several holds, parts of them, links that expired.
    &[Act::Pay, Act::Reauthorize],
    &[Act::Pay, Act::Reauthorize, Act::Capture],
    &[Act::Pay, Act::CapturePart, Act::Reauthorize],
    &[Act::Pay, Act::Expire, Act::Reauthorize],
    &[Act::Pay, Act::Capture, Act::Refund],
    &[Act::Pay, Act::Capture, Act::Reauthorize, Act::Cancel],
];

const ACTS: [Act; 7] = [
    Act::Pay,
    Act::Capture,
    Act::CapturePart,
    Act::Cancel,
    Act::Reauthorize,
    Act::Expire,
    Act::Refund,
];

/// How long ago the past was: longer than any effect is late.
const PAST: Duration = Duration::from_secs(60);

/// How long ago all of it was, so that what was cached in it has an old `Date`.
const SINCE: Duration = Duration::from_secs(900);

/// A world in which the till is about to begin. The wide ones have more pasts.
pub fn world(seed: u64, settings: Settings, is_wide: bool) -> World {
    let mut random = Random::new(seed);
    let automatic = random.chance(10);
    let capture_method = if automatic { CaptureMethod::Automatic } else { CaptureMethod::Manual };
    let past = *random.pick(if is_wide { &PASTS } else { &PASTS[..CLASSIC_PASTS] });
    let mut world = with_past(random, settings, capture_method, past, None);
    if world.random.chance(30) {
        for _ in 0..=world.random.below(3) {
            let act = *world.random.pick(&ACTS);
            let after = world.random.millis(3_000);
            world.schedule(after, Event::Acts(act));
        }
    }
    world
}

/// A world with this past. `cache_after`: after so many of its acts a cache keeps the session; by
/// default, any number.
pub fn with_past(
    mut random: Random,
    settings: Settings,
    capture_method: CaptureMethod,
    past: &[Act],
    cache_after: Option<usize>,
) -> World {
    let (dialect, lag, late) = (settings.dialect, settings.lag, settings.late);
    let mut model = Model::new(settings);
    let params = CreateParams { capture_method, ..CreateParams::default() };
    let session = model.create(Mode::Test, params, Duration::ZERO);
    let drawn = usize::try_from(random.below(past.len() as u64 + 1)).unwrap();
    let cache_after = cache_after.unwrap_or(drawn);
    let mut world = World::new(random, model, dialect, session);
    (world.lag, world.late) = (lag, late);
    for (index, act) in past.iter().enumerate() {
        if index == cache_after {
            world.fill_cache();
        }
        world.schedule(Duration::ZERO, Event::Acts(*act));
        world.advance(world.now() + PAST);
    }
    if world.cached.is_none() {
        world.fill_cache();
    }
    world.advance(world.now() + SINCE);
    world.reauthorized = false;
    world
}

/// A dialect that differs from the kindest one along few axes, or along all of them.
pub fn wide_dialect(random: &mut Random) -> Dialect {
    let mut dialect = Dialect::default();
    let axes = Dialect::AXES;
    let count = match random.below(10) {
        0..=1 => 0,
        2..=6 => 1 + random.below(3),
        _ => 4 + random.below(8),
    };
    for _ in 0..count {
        let (axis, values) = random.pick(axes);
        dialect.set(axis, random.pick::<&str>(values)).unwrap();
    }
    // A status that is not so, and nothing beside it that tells: no client can see that.
    if dialect.reauth_status == ReauthStatus::Left || dialect.link == Link::Alone {
        dialect.lists = Lists::default();
    }
    dialect
}
