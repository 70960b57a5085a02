//! Repeats, hand-overs and looks after an `unknown`: items 8 to 10, 12 and 17.

use flexcancel::Outcome;

use super::super::fault::{Answered, Effect, FAILED, HTML, UNAUTHORIZED};
use super::super::stage::{Stage, Step};
use super::super::world::Act;
use super::Case;
use super::scene::{
    ANSWER_LOST, HOUR, LATE, LOST, MINUTE, PAID, SECOND, Script, answer, cancel, follow,
    go_dead_after, later, repair, scene, status, unknown_and_held_again, unknown_but_done, within,
};

/// The cancel of a call that ended unknown, though it was done, is repeated.
fn repeated(script: Script<'_>) -> Stage {
    let mut stage = unknown_but_done("");
    follow(&stage, script);
    stage.repeat(2 * SECOND, 1);
    stage
}

/// The same is handed over to the outbox, which delivers it.
fn handed_over(stage: Stage, script: Script<'_>) -> Stage {
    let mut stage = stage;
    stage.hand_over(Step::Enqueue, 5 * SECOND);
    follow(&stage, script);
    stage.flush();
    stage
}

/// A cancel that never left, and its repetition after a new hold.
fn repeated_after_a_new_hold(dialect: &str, past: &[Act], meanwhile: &[Act]) -> Stage {
    let mut stage = scene(dialect, past, &[]);
    go_dead_after(&stage, &[]);
    stage.cancel(&within(2 * SECOND));
    repair(&stage);
    stage.pass(10 * SECOND);
    meanwhile.iter().for_each(|act| stage.act(*act));
    stage.pass(2 * SECOND);
    stage.repeat(5 * SECOND, 3);
    stage
}

const fn case(item: u8, name: &'static str, play: fn() -> Stage) -> Case {
    Case { item, name, expected: &[], says: None, play }
}

const CANCELED: &[Outcome] = &[Outcome::Canceled];
const NOT_APPLIED: &[Outcome] = &[Outcome::NotApplied];

pub const CASES: &[Case] = &[
    case(8, "unknown, then a repeat without a network", || {
        let mut stage = unknown_but_done("");
        go_dead_after(&stage, &[]);
        stage.repeat(2 * SECOND, 3);
        stage
    }),
    case(8, "unknown, then a repeat and 401", || {
        repeated(&[status(401, UNAUTHORIZED, Effect::None); 3])
    }),
    case(8, "unknown, then a repeat and 429", || repeated(&[status(429, "{}", Effect::None); 3])),
    case(8, "unknown, then a repeat and 400", || repeated(&[status(400, FAILED, Effect::None); 3])),
    case(8, "unknown, then a repeat and 403 in HTML", || {
        repeated(&[status(403, HTML, Effect::None); 3])
    }),
    case(8, "unknown, then a repeat by the key alone, and 401", || {
        let mut stage = unknown_but_done("");
        follow(&stage, &[status(401, UNAUTHORIZED, Effect::None); 3]);
        stage.repeat_by_key(2 * SECOND, 1);
        stage
    }),
    Case {
        item: 8,
        name: "unknown, then a repeat that gets through",
        expected: CANCELED,
        says: None,
        play: || repeated(&[]),
    },
    case(8, "unknown, a new hold, then a repeat", || {
        let mut stage = unknown_and_held_again("key=ignored");
        stage.repeat(5 * SECOND, 3);
        stage
    }),
    case(8, "unknown, a new hold, then handed over to the outbox", || {
        handed_over(unknown_and_held_again("key=ignored"), &[])
    }),
    case(8, "unknown, then handed over to the outbox, and 400", || {
        handed_over(unknown_but_done(""), &[status(400, FAILED, Effect::None); 3])
    }),
    case(8, "unknown, then handed over to the outbox without a network", || {
        let mut stage = unknown_but_done("");
        stage.hand_over(Step::Enqueue, 5 * SECOND);
        go_dead_after(&stage, &[]);
        stage.flush();
        stage
    }),
    case(8, "unknown, then handed over to the outbox, and 401", || {
        handed_over(unknown_but_done(""), &[status(401, UNAUTHORIZED, Effect::None); 500])
    }),
    case(8, "unknown, then handed over to the outbox, and 429", || {
        let slow = answer(Answered::RetryAfter(429, 1), Effect::None);
        handed_over(unknown_but_done(""), &[slow; 500])
    }),
    Case {
        item: 8,
        name: "a key of the till's at its first use, without a network",
        expected: NOT_APPLIED,
        says: None,
        play: || {
            let mut stage = scene("", PAID, &[]);
            go_dead_after(&stage, &[]);
            let mut options = within(2 * SECOND);
            options.idempotency_key = Some("till-7/4711".to_owned());
            options.in_doubt = Some(false);
            stage.cancel(&options);
            stage
        },
    },
    case(8, "unknown, then handed over while a stale entry is pending", || {
        let mut stage = scene("", PAID, &[]);
        stage.hand_over(Step::Enqueue, 5 * SECOND);
        stage.pass(11 * MINUTE);
        stage.act(Act::Expire);
        stage.act(Act::Reauthorize);
        stage.pass(MINUTE);
        go_dead_after(&stage, &[ANSWER_LOST]);
        stage.cancel(&within(2 * SECOND));
        repair(&stage);
        stage.pass(MINUTE);
        stage.act(Act::Reauthorize);
        stage.pass(MINUTE);
        stage.hand_over(Step::HandOver, 5 * SECOND);
        stage
    }),
    case(9, "unknown, then a look while the request is late", || {
        let mut stage = scene("", PAID, &[]);
        go_dead_after(&stage, &[LATE]);
        stage.cancel(&within(2 * SECOND));
        repair(&stage);
        stage.call(Step::Retrieve, &within(SECOND));
        stage
    }),
    case(10, "a new hold is seen before the second send", || {
        let stage = scene("key=ignored", PAID, &[ANSWER_LOST]);
        later(&stage, SECOND / 40, Act::Reauthorize);
        cancel(stage)
    }),
    case(10, "a new hold, told by its charge alone", || {
        repeated_after_a_new_hold("times=charges", PAID, &[Act::Expire, Act::Reauthorize])
    }),
    case(10, "a new hold, told by its authorization alone", || {
        repeated_after_a_new_hold("times=authorizations", PAID, &[Act::Expire, Act::Reauthorize])
    }),
    case(10, "a new hold, told by the session's completion alone", || {
        repeated_after_a_new_hold("times=completed,intent_birth=session", &[], &[Act::Pay])
    }),
    case(12, "held when read, then released by the second send", || {
        let stage = scene("", PAID, &[]);
        go_dead_after(&stage, &[LOST, None, ANSWER_LOST]);
        cancel(stage)
    }),
    case(17, "an entry's own earlier try did it", || {
        let mut stage = scene("", PAID, &[]);
        stage.hand_over(Step::Enqueue, 5 * SECOND);
        go_dead_after(&stage, &[ANSWER_LOST]);
        stage.flush();
        repair(&stage);
        stage.pass(HOUR);
        stage.flush();
        stage
    }),
    case(17, "a new ask, and the entry before is stale", || {
        let mut stage = scene("", PAID, &[]);
        stage.hand_over(Step::Enqueue, 5 * SECOND);
        stage.pass(11 * MINUTE);
        stage.act(Act::Cancel);
        stage.act(Act::Reauthorize);
        stage.pass(MINUTE);
        stage.hand_over(Step::HandOver, 5 * SECOND);
        stage
    }),
    case(17, "an entry in doubt expires", || {
        let mut stage = unknown_but_done("");
        stage.hand_over(Step::Enqueue, 5 * SECOND);
        stage.pass(8 * 24 * HOUR);
        stage.flush();
        stage
    }),
];
