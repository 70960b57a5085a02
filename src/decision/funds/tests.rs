//! What of a session's money docs/OUTCOMES.md's table of states does not say.

use super::*;

/// The facts of a session with these fields.
fn facts(fields: &str) -> SessionFacts {
    let session = format!(r#"{{"checkout_session_id":"fcs_1",{fields}}}"#);
    SessionFacts::read("fcs_1", &session).unwrap()
}

/// A session with this payment intent and no other.
fn facts_of_intent(fields: &str) -> SessionFacts {
    facts(&format!(r#""payment_intents":[{{"payment_intent_id":"fpi_1",{fields}}}]"#))
}

#[test]
fn each_sign_of_a_capture_is_enough() {
    let none = r#""payment_intents":[]"#;
    for fields in [r#""amount_received":1"#, r#""captures":[{}]"#] {
        assert!(Funds::of(&facts(&format!("{none},{fields}"))).is_captured, "{fields}");
    }
    for intent in [r#""status":"succeeded""#, r#""status":"canceled","amount_received":1"#] {
        assert!(Funds::of(&facts_of_intent(intent)).is_captured, "{intent}");
    }
    assert!(!Funds::of(&facts(none)).is_captured);
    assert!(!Funds::of(&facts_of_intent(r#""status":"canceled""#)).is_captured);
}

#[test]
fn a_payment_intent_is_captured_whole_by_amounts_only_if_it_is_the_only_one() {
    let two = r#"["fpi_1","fpi_2"]"#;
    for (total, received, intents, is_whole) in [
        (5, 5, r#"["fpi_1"]"#, true),
        (5, 4, r#"["fpi_1"]"#, false),
        (5, 5, two, false),
        (0, 0, r#"["fpi_1"]"#, false),
        (0, 5, r#"["fpi_1"]"#, false),
    ] {
        let session = facts(&format!(
            r#""amount_total":{total},"amount_received":{received},"payment_intents":{intents}"#
        ));
        let shown = Funds::of(&session).is_captured_whole;
        assert_eq!(shown, is_whole, "{received} of {total}, {intents}");
    }
}

#[test]
fn a_payment_intent_that_received_money_is_neither_unpaid_nor_merely_canceled() {
    let unpaid = r#""status":"requires_payment_method""#;
    let canceled = r#""status":"canceled""#;
    for (intent, received, state) in [
        (unpaid, 0, FundsState::Open),
        (unpaid, 1, FundsState::Indeterminate),
        (canceled, 0, FundsState::Canceled),
        (canceled, 1, FundsState::CapturedInPart),
    ] {
        let session = facts(&format!(
            r#""status":"open",
               "payment_intents":[{{"payment_intent_id":"fpi_1",{intent},"amount_received":{received}}}]"#
        ));
        assert_eq!(Funds::of(&session).state, state, "{intent}, {received}");
    }
}

#[test]
fn a_release_is_shown_by_a_canceled_payment_intent_and_no_hold() {
    let canceled = r#"{"payment_intent_id":"fpi_1","status":"canceled"}"#;
    let held = r#"{"payment_intent_id":"fpi_2","status":"requires_capture"}"#;
    let shows = |fields: &str| Funds::of(&facts(fields)).shows_release();
    assert!(shows(&format!(r#""payment_intents":[{canceled}]"#)));
    assert!(!shows(&format!(r#""payment_intents":[{canceled},{held}]"#)));
    assert!(!shows(r#""status":"canceled","payment_intents":[]"#), "nothing was held");
    assert!(!shows(r#""payment_intents":[]"#));
}

#[test]
fn a_release_since_is_a_hold_that_became_a_part_with_no_more_captured() {
    let of = |state, received| Funds {
        state,
        amount_received: Amount::Of(received),
        ..Funds::of(&facts(r#""payment_intents":[]"#))
    };
    let (held, part) = (of(FundsState::Authorized, 4), of(FundsState::CapturedInPart, 4));
    assert!(part.shows_release_since(held));
    assert!(!of(FundsState::CapturedInPart, 5).shows_release_since(held), "more was captured");
    assert!(!part.shows_release_since(part), "nothing was held before");
    assert!(!held.shows_release_since(held), "it is held now");
    assert!(!of(FundsState::Captured, 4).shows_release_since(held), "all was captured");
}

#[test]
fn a_hold_and_what_may_be_one_contradict_a_release() {
    for (intent, contradicts) in [
        (r#""status":"requires_capture""#, true),
        (r#""status":"processing""#, true),
        (r#""status":"requires_payment_method","amount_received":1"#, true),
        (r#""status":"requires_payment_method""#, false),
        (r#""status":"canceled""#, false),
        (r#""status":"succeeded""#, false),
    ] {
        let session = facts_of_intent(intent);
        assert_eq!(Funds::contradicts_release(&session), contradicts, "{intent}");
    }
}
