//! What the session has been through before the call, and what others do meanwhile.

use std::time::Duration;

use flex_sandbox::{CaptureMethod, CreateParams, Dialect, Mode, Model, Settings};

use super::random::Random;
use super::world::{Act, Event, World};

/// The pasts that a session may have.
const PASTS: [&[Act]; 12] = [
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

/// A world in which the call is about to begin.
pub fn world(seed: u64, dialect: Dialect) -> World {
    let mut random = Random::new(seed);
    let settings = Settings { dialect, seed, ..Settings::default() };
    let mut model = Model::new(settings);
    let automatic = random.chance(10);
    let capture_method = if automatic { CaptureMethod::Automatic } else { CaptureMethod::Manual };
    let params = CreateParams { capture_method, ..CreateParams::default() };
    let session = model.create(Mode::Test, params, Duration::ZERO);
    let past = *random.pick(&PASTS);
    let mut world = World::new(random, model, session);
    for act in past {
        world.schedule(Duration::ZERO, Event::Acts(*act));
        world.advance(world.now() + PAST);
    }
    world.advance(PAST * 5);
    world.reauthorized = false;
    if world.random.chance(30) {
        for _ in 0..=world.random.below(3) {
            let act = *world.random.pick(&ACTS);
            let after = world.random.millis(3_000);
            world.schedule(after, Event::Acts(act));
        }
    }
    world
}
