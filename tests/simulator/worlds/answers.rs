//! What confirms, and what refuses: items 1 to 7.

use flexcancel::Outcome;

use super::super::fault::{
    Answered, Effect, FAILED, FIELD_REQUIRED, FORBIDDEN, Fault, HTML, LOCK_TIMEOUT, NOT_FOUND,
};
use super::super::stage::Stage;
use super::super::world::Act;
use super::Case;
use super::scene::{
    HELD_AGAIN, HOUR, LOST, PAID, SECOND, SOLD_AND_HELD, answer, cancel, later, scene, scene_with,
    status, within,
};

const UNKNOWN: &[Outcome] = &[Outcome::Unknown];
const NOT_APPLIED: &[Outcome] = &[Outcome::NotApplied];
const ALREADY: &[Outcome] = &[Outcome::AlreadyCanceled];
/// Who voided it cannot be told from a response without a code.
const VOIDED: &[Outcome] = &[Outcome::Canceled, Outcome::AlreadyCanceled];

/// A cancel of a paid session, whose first response is this.
fn answered(answered: Answered) -> Stage {
    cancel(scene("", PAID, &[answer(answered, Effect::None)]))
}

/// A cancel of a paid session that takes effect, and whose first response is this refusal.
fn refused(code: u16, body: &'static str) -> Stage {
    cancel(scene("", PAID, &[status(code, body, Effect::Before)]))
}

/// A second cancel, which the dialect answers in words of its own.
fn second(dialect: &str) -> Stage {
    cancel(scene(dialect, &[Act::Pay, Act::Cancel], &[]))
}

/// A cancel that is refused like this, and so is every request after it.
fn refused_throughout(code: u16, body: &'static str, effect: Effect) -> Stage {
    let reads = std::iter::repeat_n(status(code, body, Effect::None), 500);
    let script: Vec<_> = [status(code, body, effect)].into_iter().chain(reads).collect();
    cancel(scene("", PAID, &script))
}

const fn case(item: u8, name: &'static str, play: fn() -> Stage) -> Case {
    Case { item, name, expected: &[], says: None, play }
}

const fn owing(name: &'static str, expected: &'static [Outcome], play: fn() -> Stage) -> Case {
    Case { item: 6, name, expected, says: None, play }
}

pub const CASES: &[Case] = &[
    case(1, "202 with the session unchanged", || answered(Answered::Unchanged(202))),
    case(1, "203 with the session unchanged", || answered(Answered::Unchanged(203))),
    case(1, "206 with the session unchanged", || answered(Answered::Unchanged(206))),
    case(1, "202, and captured before it takes effect", || {
        let late = |settings| flex_sandbox::Settings { late: HOUR, ..settings };
        let stage = scene_with("acknowledgement=best_effort", PAID, &[], late);
        later(&stage, SECOND, Act::Capture);
        cancel(stage)
    }),
    case(2, "200 with an intent in processing", || answered(Answered::ShowsIntent("processing"))),
    case(2, "200 with an authorized intent", || answered(Answered::ShowsIntent("authorized"))),
    case(2, "200 with requires_action", || answered(Answered::ShowsIntent("requires_action"))),
    case(2, "200 with an unlisted intent status", || answered(Answered::ShowsIntent("reviewing"))),
    case(2, "200 with an unlisted session status", || answered(Answered::ShowsStatus("canceling"))),
    case(2, "200 with errors beside the session", || answered(Answered::UnchangedWithErrors)),
    case(2, "200 with a capture listed", || answered(Answered::ShowsCapture)),
    case(3, "verify, and a 200 that was not meant", || {
        let unchanged = answer(Answered::Unchanged(200), Effect::None);
        let mut stage = scene("", PAID, &[unchanged]);
        let mut options = within(5 * SECOND);
        options.verify = Some(true);
        stage.cancel(&options);
        stage
    }),
    case(4, "a replayed 200 to a first send", || answered(Answered::Replayed)),
    case(4, "a cached 200 to the cancel, marked by Age", || answered(Answered::Cached)),
    case(4, "a cached 200 to the cancel, with an old Date", || {
        answered(Answered::CachedWithOldDate)
    }),
    case(4, "a cached read-back, marked by Age", || {
        cancel(scene("", HELD_AGAIN, &[LOST, Some(Fault::Cached)]))
    }),
    case(4, "a cached read-back with an old Date", || {
        cancel(scene("", HELD_AGAIN, &[LOST, Some(Fault::CachedWithOldDate)]))
    }),
    case(5, "403 in HTML after the effect", || refused(403, HTML)),
    case(5, "400 without a code after the effect", || refused(400, FAILED)),
    case(5, "422 of FastAPI after the effect", || refused(422, FIELD_REQUIRED)),
    case(5, "423 after the effect", || refused(423, "{}")),
    case(5, "424 after the effect", || refused(424, FAILED)),
    case(5, "425 after the effect", || refused(425, "")),
    case(5, "499 after the effect", || refused(499, "")),
    case(5, "429 lock_timeout after the effect", || {
        let mut stage = scene("", PAID, &[status(429, LOCK_TIMEOUT, Effect::Before)]);
        let mut options = within(5 * SECOND);
        options.max_attempts = Some(1);
        stage.cancel(&options);
        stage
    }),
    case(5, "403 in HTML and a late effect", || {
        cancel(scene("", PAID, &[status(403, HTML, Effect::Later)]))
    }),
    case(5, "the first intent voided, the second refused (400)", || {
        cancel(scene("several=first_only_then_error", &[Act::Pay, Act::Reauthorize], &[]))
    }),
    case(5, "the first intent voided, the second refused (409)", || {
        cancel(scene("several=first_only_then_conflict", &[Act::Pay, Act::Reauthorize], &[]))
    }),
    owing("second cancel: a sentence in detail", ALREADY, || second("second_cancel=prose")),
    owing("second cancel: 410", VOIDED, || second("second_cancel=gone")),
    owing("second cancel: 404", ALREADY, || second("second_cancel=not_found")),
    owing("second cancel: in capitals", ALREADY, || second("second_cancel=upper_case")),
    owing("second cancel: type before code", ALREADY, || second("second_cancel=type_first")),
    owing("second cancel: already processed", ALREADY, || second("second_cancel=processed")),
    owing("403 with a code, to the cancel and the read-back", NOT_APPLIED, || {
        refused_throughout(403, FORBIDDEN, Effect::None)
    }),
    owing("404 with a code, to the cancel and the read-back", NOT_APPLIED, || {
        refused_throughout(404, NOT_FOUND, Effect::None)
    }),
    owing("403 in HTML, to the cancel after the effect and the read-back", UNKNOWN, || {
        refused_throughout(403, HTML, Effect::Before)
    }),
    owing("404 in HTML, to the cancel after the effect and the read-back", UNKNOWN, || {
        refused_throughout(404, HTML, Effect::Before)
    }),
    owing("404 in HTML, to the cancel and the read-back, and a late effect", UNKNOWN, || {
        refused_throughout(404, HTML, Effect::Later)
    }),
    case(7, "already processed, and another intent is held", || {
        cancel(scene("paid=refuses", SOLD_AND_HELD, &[]))
    }),
    case(7, "already processed, and another intent is held, as bare ids", || {
        cancel(scene("paid=refuses,intents=bare_ids", SOLD_AND_HELD, &[]))
    }),
    case(7, "the link expired, the hold did not", || {
        cancel(scene("link=alone", &[Act::Pay, Act::Expire], &[]))
    }),
];
