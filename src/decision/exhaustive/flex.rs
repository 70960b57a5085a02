//! Flex in the model: what it does with a cancel, and what it answers.

use super::dialect::{CapturedElsewhere, Dialect, Effect, Key, Second, Several};
use super::message::{Body, Message, Sight};
use super::money::{Due, Money, Status};

/// What came of one request to cancel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) money: Money,
    pub(super) response: Message,
    /// The first response to the key, if Flex keeps it.
    pub(super) stored: Option<Message>,
}

/// Executes a request to cancel.
pub(super) fn serve(money: Money, stored: Option<Message>, dialect: Dialect) -> Served {
    match (stored, dialect.key) {
        (Some(first), Key::ReplaysMarked | Key::Replays) => {
            let is_replayed = dialect.key == Key::ReplaysMarked;
            let response = Message { is_replayed, ..first };
            Served { money, response, stored }
        }
        _ => {
            let (money, response) = execute(money, dialect);
            let stored = (dialect.key != Key::Ignored).then_some(response);
            Served { money, response, stored }
        }
    }
}

fn execute(money: Money, dialect: Dialect) -> (Money, Message) {
    let shows = |money: Money| Message::session(200, Sight::new(money, dialect));
    match money.status {
        Status::Canceled => return (money, second(money, dialect)),
        Status::Expired => return (money, Message::code(400, "checkout_session_expired")),
        Status::Open | Status::Complete => {}
    }
    let processed = Message::code(400, "checkout_session_already_processed");
    let is_refused = dialect.captured == CapturedElsewhere::Refuses || !money.has_hold();
    if money.has_capture() && is_refused {
        return (money, processed);
    }
    let holds = money.intents.iter().filter(|intent| intent.is_held()).count();
    if holds > 1 && dialect.several != Several::All {
        let mut money = money;
        if let Some(first) = money.intents.iter_mut().find(|intent| intent.is_held()) {
            *first = first.released();
        }
        let status = if dialect.several == Several::FirstThen409 { 409 } else { 400 };
        return (money.sorted(), Message::new(status, Body::Detail("Could not be voided")));
    }
    match dialect.effect {
        _ if holds == 0 => (money.voided(), shows(money.voided())),
        Effect::AtOnce => (money.voided(), shows(money.voided())),
        Effect::LateButSurely => (due(money, Due::Surely), shows(money)),
        Effect::BestEffort | Effect::InProgress => {
            (due(money, Due::Perhaps), Message { status: 202, ..shows(money) })
        }
    }
}

fn due(mut money: Money, due: Due) -> Money {
    for intent in money.intents.iter_mut().filter(|intent| intent.is_held()) {
        if intent.due != Due::Surely {
            intent.due = due;
        }
    }
    money.sorted()
}

/// Lets what was acknowledged take effect.
pub(super) fn settle(mut money: Money) -> Money {
    for intent in money.intents.iter_mut().filter(|intent| intent.due != Due::Nothing) {
        *intent = intent.released();
    }
    if !money.has_hold() {
        money.status = Status::Canceled;
    }
    money.sorted()
}

fn second(money: Money, dialect: Dialect) -> Message {
    match dialect.second {
        Second::Session => Message::session(200, Sight::new(money, dialect)),
        Second::Code400 => Message::code(400, "checkout_session_canceled"),
        Second::Code409 => Message::code(409, "checkout_session_canceled"),
        Second::NotFoundCode => Message::code(404, "checkout_session_not_found"),
        Second::Gone => Message::new(410, Body::Detail("Gone away")),
        Second::Prose => Message::new(400, Body::Detail("Checkout session is already canceled")),
        Second::AlreadyProcessed => Message::code(400, "checkout_session_already_processed"),
    }
}

/// The holds that are gone, or will surely be, between two states of a session: older than the
/// asking, and newer.
pub(super) fn released(before: Money, after: Money) -> (bool, bool) {
    let count = |money: Money, is_newer: bool| {
        let is_left = |intent: &&super::money::Intent| {
            intent.is_held() && intent.due != Due::Surely && intent.is_newer == is_newer
        };
        money.intents.iter().filter(is_left).count()
    };
    let is_less = |is_newer| count(after, is_newer) < count(before, is_newer);
    (is_less(false), is_less(true))
}
