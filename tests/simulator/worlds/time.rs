//! Clocks, sleep, pauses and long waits: items 15 and 16.

use flexcancel::{Code, Outcome};

use super::super::clock::Incident;
use super::super::fault::{Answered, Effect, Fault};
use super::super::stage::{Stage, Step};
use super::super::world::Act;
use super::Case;
use super::scene::{
    HOUR, MINUTE, PAID, SECOND, answer, cancel, follow, later, scene, status, within,
};

const RENEWED: [Act; 2] = [Act::Expire, Act::Reauthorize];

const fn case(item: u8, name: &'static str, play: fn() -> Stage) -> Case {
    Case { item, name, expected: &[], says: None, play }
}

/// The first send is in doubt, the read-back shows the hold; then this happens, and a new hold.
fn between(incident: Incident) -> Stage {
    let stage = scene("", PAID, &[status(503, "{}", Effect::None)]);
    stage.world().incidents = [Some((incident, RENEWED.to_vec()))].into();
    cancel(stage)
}

/// A deadline that passes while the machine sleeps.
const fn overslept(name: &'static str, play: fn() -> Stage) -> Case {
    Case { item: 15, name, expected: &[Outcome::Unknown], says: None, play }
}

/// An entry that nobody has tried; then this happens to the clock, and the outbox delivers.
fn untried(incidents: &[Incident], restarts: bool) -> Stage {
    let mut stage = scene("", PAID, &[]);
    stage.hand_over(Step::Enqueue, SECOND);
    for incident in incidents {
        stage.suffer(*incident, &[]);
    }
    if restarts {
        stage.restart();
    }
    stage.pass(MINUTE);
    stage.flush();
    stage
}

pub const CASES: &[Case] = &[
    case(15, "the VM is paused before the second send", || between(Incident::Pause(HOUR))),
    case(15, "the machine sleeps before the second send", || between(Incident::Sleep(HOUR))),
    overslept("the machine sleeps past the deadline, between two requests", || {
        let stage = scene("", PAID, &[status(503, "{}", Effect::None)]);
        stage.world().incidents = [Some((Incident::Sleep(HOUR), Vec::new()))].into();
        cancel(stage)
    }),
    overslept("the machine sleeps past the deadline, before the response", || {
        cancel(scene("", PAID, &[Some(Fault::Sleeps(HOUR))]))
    }),
    case(15, "a new hold while Retry-After is waited for", || {
        let slow = answer(Answered::RetryAfter(429, 90), Effect::None);
        let mut stage = scene("", PAID, &[slow]);
        later(&stage, 20 * SECOND, Act::Expire);
        later(&stage, 30 * SECOND, Act::Reauthorize);
        stage.cancel(&within(120 * SECOND));
        stage
    }),
    case(15, "a minute after the asking ends during the wait before the send", || {
        let refused = Some(Fault::CannotConnect(Code::Connect));
        let slow = answer(Answered::RetryAfter(503, 4), Effect::None);
        let mut stage = scene("lists=absent", PAID, &[refused, None, slow]);
        stage.world().incidents = [Some((Incident::Sleep(57 * SECOND), RENEWED.to_vec()))].into();
        stage.cancel(&within(120 * SECOND));
        stage
    }),
    case(15, "the same in the outbox, after the look", || {
        let mut stage = scene("", PAID, &[]);
        stage.hand_over(Step::Enqueue, SECOND);
        stage.pass(11 * MINUTE);
        follow(&stage, &[None, answer(Answered::RetryAfter(429, 30), Effect::None)]);
        later(&stage, 10 * SECOND, Act::Expire);
        later(&stage, 20 * SECOND, Act::Reauthorize);
        stage.hand_over(Step::HandOver, 120 * SECOND);
        stage
    }),
    case(16, "a VM is resumed, and its outbox delivers", || {
        let mut stage = scene("", PAID, &[]);
        stage.hand_over(Step::Enqueue, SECOND);
        stage.suffer(Incident::Pause(3 * HOUR), &RENEWED);
        stage.flush();
        stage
    }),
    case(16, "a new hold on the same intent", || {
        let mut stage = scene("reauth=same_intent,times=updated", PAID, &[]);
        stage.hand_over(Step::Enqueue, SECOND);
        stage.pass(11 * MINUTE);
        stage.act(Act::Cancel);
        stage.act(Act::Reauthorize);
        stage.pass(MINUTE);
        stage.flush();
        stage
    }),
    case(16, "an intent of the session's start, and a new hold", || {
        let mut stage = scene("intent_birth=session,times=updated", &[], &[]);
        stage.hand_over(Step::Enqueue, SECOND);
        stage.pass(11 * MINUTE);
        stage.act(Act::Pay);
        stage.pass(MINUTE);
        stage.flush();
        stage
    }),
    case(16, "the clock was reset to 2015, a restart sets it right", || {
        let mut stage = scene("", PAID, &[]);
        stage.suffer(Incident::Reset, &[]);
        stage.hand_over(Step::Enqueue, SECOND);
        stage.restart();
        stage.suffer(Incident::Correct, &[]);
        stage.pass(MINUTE);
        stage.flush();
        stage
    }),
    case(16, "the clock is put back, and an entry was never tried", || {
        untried(&[Incident::Back(30 * 24 * HOUR)], false)
    }),
    case(16, "the clock is put back and a restart, and an entry was never tried", || {
        untried(&[Incident::Back(30 * 24 * HOUR)], true)
    }),
    case(16, "the clock is reset to 2015, and an entry was never tried", || {
        untried(&[Incident::Reset], false)
    }),
    case(16, "the clock is reset to 2015 and set right, and an entry was never tried", || {
        untried(&[Incident::Reset, Incident::Correct], true)
    }),
    case(16, "an entry of a clock that was ahead, and was never tried", || {
        let mut stage = scene("", PAID, &[]);
        stage.suffer(Incident::Forward(30 * 24 * HOUR), &[]);
        stage.hand_over(Step::Enqueue, SECOND);
        stage.suffer(Incident::Correct, &[]);
        stage.restart();
        stage.pass(MINUTE);
        stage.flush();
        stage
    }),
];
