//! Refusals in every combination of error code, shape of the body, and status.

use std::borrow::Cow;
use std::sync::LazyLock;

use flex_sandbox::{ErrorShape, Refusal};

use super::fault::{Answered, Effect, Fault, Named};
use super::random::Random;

const STATUSES: [u16; 8] = [400, 401, 403, 404, 409, 410, 422, 429];

/// The error codes that Flex documents. With one of them a request is refused without effect.
const DOCUMENTED: [&str; 8] = [
    "checkout_session_already_processed",
    "checkout_session_canceled",
    "checkout_session_expired",
    "checkout_session_not_found",
    "idempotency_key_required",
    "invalid_request",
    "manual_capture_not_supported",
    "not_found",
];

/// Error codes that speak of locks, of progress or of Flex's own trouble.
const UNSETTLED: [&str; 8] = [
    "concurrent_request",
    "idempotency_in_progress",
    "internal_error",
    "lock_timeout",
    "payment_intent_unexpected_state",
    "payment_processing",
    "resource_locked",
    "temporarily_unavailable",
];

/// The shapes in which Flex is known to write an error code.
const WITH_CODE: [ErrorShape; 6] = [
    ErrorShape::Code,
    ErrorShape::Type,
    ErrorShape::DetailList,
    ErrorShape::DetailText,
    ErrorShape::CodeUpper,
    ErrorShape::TypeFirst,
];

/// Whether a refusal may come after the effect.
const EFFECTS: [Effect; 3] = [Effect::None, Effect::Before, Effect::Later];

/// Refusals that have a status, a kind of code and an effect in common.
struct Group {
    name: &'static str,
    refusals: Vec<Fault>,
}

/// One refusal: a group is drawn first, so that no kind is rare.
pub fn draw(random: &mut Random) -> Named {
    let group = random.pick(&GROUPS);
    (group.name, *random.pick(&group.refusals))
}

/// The names of all groups.
pub fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|group| group.name)
}

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let without_code = || ErrorShape::ALL.iter().filter(|shape| !WITH_CODE.contains(shape));
    let mut groups = Vec::new();
    for status in STATUSES {
        groups.push(group(status, "a documented code", Effect::None, &DOCUMENTED, &WITH_CODE));
        // A 401 always comes before the effect.
        let effects = if status == 401 { &EFFECTS[..1] } else { &EFFECTS };
        for effect in effects {
            groups.push(group(status, "a code of progress", *effect, &UNSETTLED, &WITH_CODE));
            let shapes: Vec<_> = without_code().copied().collect();
            groups.push(group(status, "no code", *effect, &["invalid_request"], &shapes));
        }
    }
    groups
});

fn group(
    status: u16,
    kind: &str,
    effect: Effect,
    codes: &[&'static str],
    shapes: &[ErrorShape],
) -> Group {
    let when = match effect {
        Effect::None => "without effect",
        Effect::Before => "after the effect",
        Effect::Later => "and a late effect",
    };
    let name = format!("drawn {status} with {kind} {when}").leak();
    let pairs = codes.iter().flat_map(|code| shapes.iter().map(move |shape| (*code, *shape)));
    let refusals = pairs.map(|(code, shape)| {
        let body = body(status, code, shape);
        let answered = if code == "checkout_session_canceled" {
            Answered::SaysCanceled(status, body)
        } else {
            Answered::Status(status, body)
        };
        Fault::Answer(answered, effect)
    });
    Group { name, refusals: refusals.collect() }
}

fn body(status: u16, code: &'static str, shape: ErrorShape) -> &'static str {
    let message = Cow::Borrowed("The request was refused.");
    let refusal = Refusal { status, code, message, shape: None };
    let (_, body) = shape.render(&refusal);
    String::from_utf8(body).unwrap().leak()
}
