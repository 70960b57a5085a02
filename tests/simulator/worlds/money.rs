//! Where the money is, and how it is written: items 11, 13, 14 and 18.

use flexcancel::Outcome;

use super::super::fault::{Answered, Effect};
use super::super::stage::{Stage, Step};
use super::super::world::Act;
use super::Case;
use super::scene::{
    ANSWER_LOST, HELD_AGAIN, LOST, PAID, SECOND, SOLD_AND_HELD, answer, cancel, scene, within,
};

/// The request is lost, and the session read back.
fn read_back(dialect: &str, past: &[Act]) -> Stage {
    let mut stage = scene(dialect, past, &[LOST]);
    let mut options = within(2 * SECOND);
    options.max_attempts = Some(1);
    stage.cancel(&options);
    stage
}

/// A cancel whose response is lost; the read-back is written as the dialect has it.
fn written(dialect: &str) -> Stage {
    cancel(scene(dialect, PAID, &[ANSWER_LOST]))
}

/// The request is lost, and every read-back is answered so.
fn read_back_as(dialect: &str, past: &[Act], answered: Answered) -> Stage {
    let shown = std::iter::repeat_n(answer(answered, Effect::None), 500);
    let script: Vec<_> = [LOST].into_iter().chain(shown).collect();
    let mut stage = scene(dialect, past, &script);
    let mut options = within(2 * SECOND);
    options.max_attempts = Some(1);
    stage.cancel(&options);
    stage
}

const CANCELED: &[Outcome] = &[Outcome::Canceled];

const fn case(item: u8, name: &'static str, play: fn() -> Stage) -> Case {
    Case { item, name, expected: &[], says: None, play }
}

const fn owing(name: &'static str, play: fn() -> Stage) -> Case {
    Case { item: 14, name, expected: CANCELED, says: None, play }
}

pub const CASES: &[Case] = &[
    case(11, "an amount received, and no intent shown", || {
        read_back("lists=absent", SOLD_AND_HELD)
    }),
    case(11, "an amount received, and the payment intent is null", || {
        read_back_as("", SOLD_AND_HELD, Answered::ShowsNoIntent)
    }),
    case(11, "succeeded beside partially captured, no amounts", || {
        let past = [Act::Pay, Act::Capture, Act::Reauthorize, Act::CapturePart];
        read_back("partial_capture=keeps_rest,notation=missing", &past)
    }),
    case(11, "an intent in processing beside an amount received", || {
        let shown = answer(Answered::ShowsIntent("processing"), Effect::None);
        let mut stage = scene("", SOLD_AND_HELD, &[shown]);
        stage.call(Step::Retrieve, &within(SECOND));
        stage
    }),
    case(11, "expired with bare ids, and the hold stands", || {
        read_back("link=alone,intents=bare_ids", &[Act::Pay, Act::Expire])
    }),
    case(11, "canceled with bare ids, and a new hold", || {
        read_back("reauth_status=left,intents=bare_ids", HELD_AGAIN)
    }),
    case(11, "canceled, and an intent in full that is authorized", || {
        let shown = answer(Answered::ShowsIntent("authorized"), Effect::None);
        cancel(scene("reauth_status=left", HELD_AGAIN, &[LOST, shown]))
    }),
    case(11, "canceled, and an intent in full that holds money", || {
        read_back("reauth_status=left", HELD_AGAIN)
    }),
    case(11, "open, and an intent in full that holds money", || {
        read_back("after_cancel=open,reauth_status=left", HELD_AGAIN)
    }),
    case(11, "open with bare ids, and the hold stands", || {
        read_back("after_cancel=open,reauth_status=left,intents=bare_ids", HELD_AGAIN)
    }),
    case(11, "open, and an intent that may be authorized", || {
        let shown = answer(Answered::ShowsIntent("authorized"), Effect::None);
        let mut stage = scene("after_cancel=open,reauth_status=left", HELD_AGAIN, &[shown]);
        stage.call(Step::Retrieve, &within(SECOND));
        stage
    }),
    case(13, "the rest of a session with an earlier sale", || {
        cancel(scene("", SOLD_AND_HELD, &[]))
    }),
    case(13, "the rest of a session with an earlier sale, and the response is lost", || {
        cancel(scene("", SOLD_AND_HELD, &[ANSWER_LOST]))
    }),
    Case {
        item: 13,
        name: "the rest of a session with an earlier sale, seen before the send",
        expected: CANCELED,
        says: None,
        play: || cancel(scene("", SOLD_AND_HELD, &[LOST, None, ANSWER_LOST])),
    },
    owing("amounts as strings", || written("notation=strings")),
    owing("amounts as decimals", || written("notation=decimals")),
    owing("amounts as money objects", || written("notation=money")),
    owing("amounts that are null", || written("notation=null")),
    owing("amounts that are missing", || written("notation=missing")),
    case(14, "amounts that cannot be read, after the effect", || {
        let shown = answer(Answered::ShowsNoAmounts, Effect::None);
        cancel(scene("", PAID, &[ANSWER_LOST, shown]))
    }),
    case(14, "amounts that cannot be read, and the hold stands", || {
        read_back_as("", PAID, Answered::ShowsNoAmounts)
    }),
    case(14, "amounts that are null, and the hold stands", || read_back("notation=null", PAID)),
    case(14, "an earlier sale with amounts that are null", || {
        read_back("notation=null", SOLD_AND_HELD)
    }),
    owing("lists as list objects", || written("lists=list_objects")),
    owing("ids in lower case", || written("id_case=lower")),
    owing("cancelled", || written("spelling=uk")),
    owing("expand is refused", || written("expand=refused")),
    owing("expand of the cancel is refused", || {
        let mut stage = scene("expand=refused", PAID, &[]);
        let mut options = within(5 * SECOND);
        options.expand = vec!["payment_intent".to_owned()];
        stage.cancel(&options);
        stage
    }),
    Case {
        item: 18,
        name: "words for people promise the bank's state",
        expected: CANCELED,
        says: Some("bank"),
        play: || cancel(scene("", PAID, &[])),
    },
];
