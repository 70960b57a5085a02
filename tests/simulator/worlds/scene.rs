//! How a scene is set.

use std::time::Duration;

use flex_sandbox::{CaptureMethod, Settings};
use flexcancel::{Code, Options};

use super::super::actors::with_past;
use super::super::fault::{Answered, Effect, Fault};
use super::super::random::Random;
use super::super::stage::{Stage, with_limits};
use super::super::world::{Act, Event, Luck};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);

pub const PAID: &[Act] = &[Act::Pay];
/// A sale, and a new hold for the next one.
pub const SOLD_AND_HELD: &[Act] = &[Act::Pay, Act::Capture, Act::Reauthorize];
pub const HELD_AGAIN: &[Act] = &[Act::Pay, Act::Cancel, Act::Reauthorize];

/// The faults of one round trip after the other; no fault where there is none.
pub type Script<'a> = &'a [Option<Fault>];

pub const LOST: Option<Fault> = Some(Fault::RequestLost);
pub const ANSWER_LOST: Option<Fault> = Some(Fault::AnswerLost);
pub const LATE: Option<Fault> = Some(Fault::Late);
const DEAD: Option<Fault> = Some(Fault::CannotConnect(Code::Connect));

pub const fn answer(answered: Answered, effect: Effect) -> Option<Fault> {
    Some(Fault::Answer(answered, effect))
}

pub const fn status(status: u16, body: &'static str, effect: Effect) -> Option<Fault> {
    answer(Answered::Status(status, body), effect)
}

/// A till in front of a session with this past, whose first round trips go as in the script.
pub fn scene(dialect: &str, past: &[Act], script: Script<'_>) -> Stage {
    scene_with(dialect, past, script, |settings| settings)
}

pub fn scene_with(
    dialect: &str,
    past: &[Act],
    script: Script<'_>,
    change: impl FnOnce(Settings) -> Settings,
) -> Stage {
    let settings = Settings { dialect: dialect.parse().unwrap(), ..Settings::default() };
    let cached = past.len().saturating_sub(1);
    let random = Random::new(12);
    let world = with_past(random, change(settings), CaptureMethod::Manual, past, Some(cached));
    let stage = Stage::new(world);
    follow(&stage, script);
    stage
}

/// The next round trips go as in the script.
pub fn follow(stage: &Stage, script: Script<'_>) {
    stage.world().luck = Luck::Scripted(script.iter().copied().collect());
}

/// From here on there is no network, after the round trips of the script.
pub fn go_dead_after(stage: &Stage, script: Script<'_>) {
    let dead = std::iter::repeat_n(DEAD, 500);
    stage.world().luck = Luck::Scripted(script.iter().copied().chain(dead).collect());
}

pub fn repair(stage: &Stage) {
    follow(stage, &[]);
}

/// Others act after this time.
pub fn later(stage: &Stage, after: Duration, act: Act) {
    stage.world().schedule(after, Event::Acts(act));
}

pub fn within(timeout: Duration) -> Options {
    with_limits(Options::default(), timeout, 3)
}

/// A cancel within five seconds.
pub fn cancel(mut stage: Stage) -> Stage {
    stage.cancel(&within(5 * SECOND));
    stage
}

/// A cancel that took effect, and of which the till knows nothing.
pub fn unknown_but_done(dialect: &str) -> Stage {
    let stage = scene(dialect, PAID, &[]);
    go_dead_after(&stage, &[ANSWER_LOST]);
    let stage = cancel(stage);
    repair(&stage);
    stage.pass(MINUTE);
    stage
}

/// The same, and the session has a new hold since.
pub fn unknown_and_held_again(dialect: &str) -> Stage {
    let stage = unknown_but_done(dialect);
    stage.act(Act::Reauthorize);
    stage.pass(5 * MINUTE);
    stage
}
