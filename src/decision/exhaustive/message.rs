//! What goes over the wire in the model, and what the real code makes of it.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Value, json};
use ureq::http::StatusCode;

use super::dialect::{AfterCancel, Dialect, Shown, Times};
use super::money::{Due, Intent, IntentState, Money, Status};
use crate::api::{self, Response, SessionId};
use crate::config::Mode;
use crate::decision::{
    Asked, AskedAt, Observation, Received, RoundTripResult, ages, read_result, send_result,
};
use crate::secret::Secret;

/// When the cancel was asked for: 2026-01-01T00:00:00Z.
const ASKED_AT_MS: i64 = 1_767_225_600_000;
const ID: &str = "fcs_model";

/// One response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) status: u16,
    pub(super) body: Body,
    pub(super) is_stored: bool,
    pub(super) is_replayed: bool,
    pub(super) has_retry_after: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Body {
    Session(Sight),
    /// The session beside an `errors` member.
    SessionWithErrors(Sight),
    /// The session, with one more intent that is `processing`.
    SessionInProgress(Sight),
    /// The session with a status that is not documented, and nothing that tells of money.
    SessionUndocumented,
    /// The session with a capture and no amount received, and nothing else that tells of money.
    SessionListsCapture,
    /// An error of Flex's, with its code.
    Code(&'static str),
    /// An error in words.
    Detail(&'static str),
    /// Not Flex's words at all.
    Html,
}

/// A session as a response shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sight {
    money: Money,
    pub(super) shown: Shown,
    after_cancel: AfterCancel,
    times: Times,
}

impl Sight {
    pub(super) fn new(money: Money, dialect: Dialect) -> Self {
        let Dialect { shown, after_cancel, times, .. } = dialect;
        Self { money: money.visible(dialect), shown, after_cancel, times }
    }

    /// True if it shows, with its time, a hold that is newer than the asking.
    pub(super) fn shows_newer_hold(&self) -> bool {
        self.has_newer_hold() && self.times == Times::Shown && self.shown != Shown::AsIds
    }

    /// True if it shows every intent, with its time.
    pub(super) fn shows_times(&self) -> bool {
        self.times == Times::Shown && self.shown == Shown::InFull
    }

    /// True if a newer hold was there, visible or not.
    pub(super) fn has_newer_hold(&self) -> bool {
        self.money.has_newer_hold()
    }

    fn json(&self) -> Value {
        let status = match (self.money.status, self.after_cancel) {
            (Status::Open, _) | (Status::Canceled, AfterCancel::Open) => "open",
            (Status::Complete, _) | (Status::Canceled, AfterCancel::Complete) => "complete",
            (Status::Expired, _) => "expired",
            (Status::Canceled, AfterCancel::Canceled) => "canceled",
            (Status::Canceled, AfterCancel::Undocumented) => "voided",
        };
        let intents = self.money.intents.iter().enumerate();
        let there = intents.filter(|(_, intent)| match intent.state {
            IntentState::Absent => false,
            IntentState::Captured => self.shown != Shown::WithoutCaptured,
            _ => true,
        });
        let shown = there.map(|(number, intent)| self.intent(number, intent));
        let received: i64 = self.money.intents.iter().map(|intent| amounts(intent).2).sum();
        json!({
            "checkout_session_id": ID,
            "status": status,
            "amount_total": 1000 * i64::from(self.money.parts),
            "amount_received": received,
            "captures": self.captures(),
            "payment_intents": shown.collect::<Vec<_>>(),
        })
    }

    /// Every capture; with its time, if times are shown.
    fn captures(&self) -> Vec<Value> {
        let captured = self.money.intents.iter().filter(|intent| intent.has_capture());
        let capture = |intent: &Intent| match self.times {
            Times::Shown => json!({ "created_at": time_s(intent.has_newer_capture) }),
            Times::Hidden => json!({}),
        };
        captured.map(capture).collect()
    }

    fn intent(&self, number: usize, intent: &Intent) -> Value {
        let id = format!("fpi_{number}");
        if self.shown == Shown::AsIds {
            return json!(id);
        }
        let (status, capturable, received) = amounts(intent);
        let mut shown = json!({
            "payment_intent_id": id,
            "status": status,
            "amount": 1000,
            "amount_capturable": capturable,
            "amount_received": received,
        });
        if intent.due != Due::Nothing {
            shown = json!({ "payment_intent_id": id, "status": "processing" });
        }
        if self.times == Times::Shown && intent.state != IntentState::Unpaid {
            shown["created_at"] = json!(time_s(intent.is_newer));
            shown["authorized_at"] = json!(time_s(intent.is_newer));
        }
        shown
    }
}

/// A time in seconds: after the asking, or before it.
const fn time_s(is_newer: bool) -> i64 {
    let after_s = if is_newer { 30 } else { -30 };
    ASKED_AT_MS / 1000 + after_s
}

/// An intent's status, and what of its 1000 is capturable and received.
fn amounts(intent: &Intent) -> (&'static str, i64, i64) {
    match intent.state {
        IntentState::Absent | IntentState::Unpaid => ("requires_payment_method", 0, 0),
        IntentState::Held => ("requires_capture", 1000, 0),
        IntentState::PartHeld => ("requires_capture", 600, 400),
        IntentState::Captured => ("succeeded", 0, 1000),
        IntentState::PartCaptured => ("succeeded", 0, 400),
        IntentState::Canceled => ("canceled", 0, 0),
    }
}

impl Message {
    pub(super) const fn new(status: u16, body: Body) -> Self {
        Self { status, body, is_stored: false, is_replayed: false, has_retry_after: false }
    }

    pub(super) const fn session(status: u16, sight: Sight) -> Self {
        Self::new(status, Body::Session(sight))
    }

    pub(super) const fn code(status: u16, code: &'static str) -> Self {
        Self::new(status, Body::Code(code))
    }

    fn body(&self) -> String {
        match self.body {
            Body::Session(sight) => json!({ "checkout_session": sight.json() }).to_string(),
            Body::SessionWithErrors(sight) => {
                let errors = json!([{ "code": "void_failed" }]);
                json!({ "checkout_session": sight.json(), "errors": errors }).to_string()
            }
            Body::SessionInProgress(sight) => {
                let mut session = sight.json();
                let more = json!({ "payment_intent_id": "fpi_9", "status": "processing" });
                if let Some(intents) = session["payment_intents"].as_array_mut() {
                    intents.push(more);
                }
                json!({ "checkout_session": session }).to_string()
            }
            Body::SessionUndocumented => {
                let session = json!({ "checkout_session_id": ID, "status": "void_failed" });
                json!({ "checkout_session": session }).to_string()
            }
            Body::SessionListsCapture => {
                let captures = json!([{ "capture_id": "fcap_0" }]);
                let mut session = json!({ "checkout_session_id": ID, "status": "complete" });
                session["amount_received"] = json!(0);
                session["captures"] = captures;
                json!({ "checkout_session": session }).to_string()
            }
            Body::Code(code) => json!({ "error": { "code": code } }).to_string(),
            Body::Detail(words) => json!({ "detail": words }).to_string(),
            Body::Html => "<html>blocked</html>".to_owned(),
        }
    }

    fn response(&self) -> Received {
        let id = SessionId::parse(ID).unwrap();
        let status = StatusCode::from_u16(self.status).unwrap();
        let secret = Secret::new("fsk_test_model".to_owned());
        let reply = api::read(
            &id,
            Response { status, body: self.body().into_bytes(), ..Response::default() },
            &secret,
        );
        let Self { is_stored, is_replayed, has_retry_after, .. } = *self;
        Received { status, reply, is_stored, is_replayed, has_retry_after }
    }
}

/// What the real code makes of a response: to a cancel, or to a read-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Heard {
    pub(super) message: Message,
    pub(super) is_cancel: bool,
    pub(super) is_first: bool,
    pub(super) is_expanded: bool,
}

thread_local! {
    /// The same responses come again and again; each is parsed once.
    static HEARD: RefCell<HashMap<Heard, Observation>> = RefCell::new(HashMap::new());
}

impl Heard {
    pub(super) fn observation(self) -> Observation {
        if let Some(known) = HEARD.with_borrow(|known| known.get(&self).copied()) {
            return known;
        }
        let Self { message, is_cancel, is_first, is_expanded } = self;
        let asked = Asked { mode: None::<Mode>, is_first, is_expanded };
        let round_trip = RoundTripResult::Answered(message.response());
        let observation = if is_cancel {
            Observation::Cancel(send_result(asked, &round_trip))
        } else {
            let asked_at = AskedAt::new(ASKED_AT_MS, ASKED_AT_MS, 0, None);
            let age = |session: &str| ages(session, asked_at);
            Observation::ReadBack(read_result(asked, &round_trip, age))
        };
        HEARD.with_borrow_mut(|known| known.insert(self, observation));
        observation
    }
}
