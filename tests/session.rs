//! The typed view of a checkout session: nothing documented is missed, nothing unknown is lost.

use std::collections::BTreeSet;

use flexcancel::session::{
    CaptureMethod, CheckoutSession, Expandable, OpenObject, PaymentIntentStatus, SessionMode,
    SessionStatus,
};
use serde_json::{Map, Value, json};

/// The page's short example: lists and optional objects empty.
const EXAMPLE: &str = include_str!("data/response-example.json");
/// The page's full example: every list and object filled.
const EXPANDED: &str = include_str!("data/response-expanded.json");

type Checked = Result<(), serde_json::Error>;

fn session_of(value: &Value) -> Result<CheckoutSession, serde_json::Error> {
    CheckoutSession::from_json(&value.to_string())
}

/// The message a text is refused with; empty, which no test expects, if it is not refused.
fn refusal(json: &str) -> String {
    CheckoutSession::from_json(json).err().map(|error| error.to_string()).unwrap_or_default()
}

fn assert_refused(json: &str, path_and_reason: &str) {
    let message = refusal(json);
    assert!(message.starts_with(path_and_reason), "{json}\n  was answered with: {message:?}");
}

fn assert_unchanged(value: &Value) -> Checked {
    assert_eq!(serde_json::to_value(session_of(value)?)?, *value);
    Ok(())
}

/// The fields of the page's fullest example.
fn documented() -> Result<Map<String, Value>, serde_json::Error> {
    let response: Value = serde_json::from_str(EXPANDED)?;
    Ok(response["checkout_session"].as_object().cloned().unwrap_or_default())
}

#[test]
fn both_official_examples_are_written_back_as_they_were_read() -> Checked {
    for text in [EXAMPLE, EXPANDED] {
        let session = CheckoutSession::from_response(text)?;
        let response: Value = serde_json::from_str(text)?;
        assert_eq!(serde_json::to_value(&session)?, response["checkout_session"]);
        assert_eq!(session_of(&response["checkout_session"])?, session);
    }
    Ok(())
}

#[test]
fn the_struct_has_the_47_documented_fields_and_no_other() -> Checked {
    let documented = documented()?;
    let documented: BTreeSet<&str> = documented.keys().map(String::as_str).collect();
    assert_eq!(documented.len(), 47);

    let empty = format!("{:#?}", CheckoutSession::default());
    let own: BTreeSet<&str> =
        empty.lines().filter_map(|line| line.trim().strip_suffix(": None,")).collect();
    assert_eq!(own, documented);
    Ok(())
}

#[test]
fn every_documented_field_is_typed_at_every_level() -> Checked {
    let session = CheckoutSession::from_response(EXPANDED)?;
    let text = session.custom_text.clone().unwrap_or_default();
    let total = session.total_details.clone().unwrap_or_default();
    let platform = session.platform_fees.clone().unwrap_or_default();
    let options = session.payment_method_options.clone().unwrap_or_default();
    let action = session.next_action.clone().unwrap_or_default();

    let mut kept = vec![
        ("session", Some(session.other)),
        ("defaults", session.defaults.map(|it| it.other)),
        ("shipping_options", session.shipping_options.map(|it| it.other)),
        ("shipping_details", session.shipping_details.map(|it| it.other)),
        ("custom_text", Some(text.other)),
        ("custom_text.after_submit", text.after_submit.map(|it| it.other)),
        ("custom_text.shipping_address", text.shipping_address.map(|it| it.other)),
        ("custom_text.submit", text.submit.map(|it| it.other)),
        ("custom_text.terms", text.terms_of_service_acceptance.map(|it| it.other)),
        ("custom_text.payment", text.payment.map(|it| it.other)),
        ("subscription_data", session.subscription_data.map(|it| it.other)),
        ("tax_rate", session.tax_rate.map(|it| it.other)),
        ("total_details", Some(total.other)),
        ("total_details.breakdown", total.breakdown.map(|it| it.other)),
        ("payment_method_options", Some(options.other)),
        ("payment_method_options.card", options.card.map(|it| it.other)),
        ("next_action", Some(action.other)),
        ("next_action.collect", action.collect_letter_of_medical_necessity.map(|it| it.other)),
        ("platform_fees", Some(platform.other)),
        ("platform_fees.letter_fee", platform.letter_fee.map(|it| it.other)),
    ];
    let fees = session.fees.unwrap_or_default();
    assert_eq!(fees.len(), 1);
    kept.extend(fees.into_iter().map(|fee| ("fees[0]", Some(fee.other))));
    for (path, other) in kept {
        assert_eq!(other, Some(Map::new()), "{path}");
    }
    Ok(())
}

#[test]
fn nested_values_stand_in_the_fields_named_after_them() -> Checked {
    let session = session_of(&json!({
        "amount_total": 5000, "created_at": 1_700_000_000, "expires_at": 1_700_003_600,
        "fees": [{"fee_id": "ffee_1", "amount": 300, "applied": false}],
        "total_details": {"amount_tax": -7, "breakdown": {"discounts": ["d", {"amount": 1}]}},
        "next_action": {"type": "collect_letter_of_medical_necessity"},
        "platform_fees": {"letter_fee": {"amount": 9, "type": "flat"}},
        "custom_text": {"submit": {"message": "Pay"}},
        "subscription_data": {"trial_end": "2025-01-01", "trial_period_days": 14},
        "shipping_options": {"shipping_amount": 499},
        "payment_method_options": {"card": {"anything": 1}},
        "metadata": {"order": "A-1"},
    }))?;
    assert_eq!(session.amount_total, Some(5000));
    assert_eq!(session.created_at, Some(1_700_000_000));
    assert_eq!(session.expires_at, Some(1_700_003_600));

    let fees = session.fees.unwrap_or_default();
    assert_eq!(fees[0].fee_id.as_deref(), Some("ffee_1"));
    assert_eq!((fees[0].amount, fees[0].applied), (Some(300), Some(false)));

    let total = session.total_details.unwrap_or_default();
    assert_eq!(total.amount_tax, Some(-7));
    let discounts = total.breakdown.and_then(|it| it.discounts);
    assert_eq!(discounts, Some(vec![json!("d"), json!({"amount": 1})]));

    let action = session.next_action.unwrap_or_default();
    assert_eq!(action.r#type.as_deref(), Some("collect_letter_of_medical_necessity"));
    let letter = session.platform_fees.and_then(|it| it.letter_fee).unwrap_or_default();
    assert_eq!((letter.amount, letter.r#type.as_deref()), (Some(9), Some("flat")));

    let submit = session.custom_text.and_then(|it| it.submit).unwrap_or_default();
    assert_eq!(submit.message.as_deref(), Some("Pay"));
    let subscription = session.subscription_data.unwrap_or_default();
    assert_eq!(subscription.trial_end.as_deref(), Some("2025-01-01"));
    assert_eq!(subscription.trial_period_days, Some(14));
    assert_eq!(session.shipping_options.and_then(|it| it.shipping_amount), Some(499));
    let card = session.payment_method_options.and_then(|it| it.card).unwrap_or_default();
    assert_eq!(card.other["anything"], 1);
    assert_eq!(session.metadata.unwrap_or_default()["order"], "A-1");
    Ok(())
}

#[test]
fn an_unknown_field_in_any_object_is_kept_and_written_back() -> Checked {
    fn add_to_every_object(value: &mut Value) -> usize {
        match value {
            Value::Array(items) => items.iter_mut().map(add_to_every_object).sum(),
            Value::Object(fields) => {
                let below: usize = fields.values_mut().map(add_to_every_object).sum();
                fields.insert("added_later".to_owned(), json!([null, {"deep": [1.5, "x"]}]));
                below + 1
            }
            _ => 0,
        }
    }

    let mut value = Value::Object(documented()?);
    value["payment_intent"] = json!({"payment_intent_id": "fpi_1", "nested": {}});
    assert_eq!(add_to_every_object(&mut value), 24);
    assert_unchanged(&value)?;

    let session = session_of(&value)?;
    assert_eq!(session.other.len(), 1);
    assert_eq!(session.other["added_later"][1]["deep"][0], 1.5);
    let tax_rate = session.tax_rate.unwrap_or_default();
    assert!(tax_rate.other.contains_key("added_later"));
    Ok(())
}

#[test]
fn documented_values_are_read_as_their_variants_and_written_back() -> Checked {
    for (text, status) in [
        ("open", SessionStatus::Open),
        ("complete", SessionStatus::Complete),
        ("expired", SessionStatus::Expired),
        ("canceled", SessionStatus::Canceled),
    ] {
        let value = json!({"status": text});
        assert_eq!(session_of(&value)?.status, Some(status.clone()));
        assert_eq!((status.as_str(), status.to_string().as_str()), (text, text));
        assert_unchanged(&value)?;
    }
    for (text, method) in
        [("automatic", CaptureMethod::Automatic), ("manual", CaptureMethod::Manual)]
    {
        let value = json!({"capture_method": text});
        assert_eq!(session_of(&value)?.capture_method, Some(method));
        assert_unchanged(&value)?;
    }
    for (text, mode) in [
        ("payment", SessionMode::Payment),
        ("subscription", SessionMode::Subscription),
        ("setup", SessionMode::Setup),
        ("off_session", SessionMode::OffSession),
        ("reimbursement", SessionMode::Reimbursement),
    ] {
        let value = json!({"mode": text});
        assert_eq!(session_of(&value)?.mode, Some(mode));
        assert_unchanged(&value)?;
    }
    for (text, status) in [
        ("requires_payment_method", PaymentIntentStatus::RequiresPaymentMethod),
        ("requires_action", PaymentIntentStatus::RequiresAction),
        ("processing", PaymentIntentStatus::Processing),
        ("requires_capture", PaymentIntentStatus::RequiresCapture),
        ("succeeded", PaymentIntentStatus::Succeeded),
        ("canceled", PaymentIntentStatus::Canceled),
    ] {
        let value = json!({"payment_intent": {"status": text}});
        let intent = session_of(&value)?.payment_intent;
        let read = intent.as_ref().and_then(|it| it.object()).and_then(|it| it.status.clone());
        assert_eq!(read, Some(status));
        assert_unchanged(&value)?;
    }
    Ok(())
}

#[test]
fn an_unknown_value_of_an_enum_is_kept_letter_by_letter() -> Checked {
    let value = json!({
        "status": "Open", "capture_method": "", "mode": "später",
        "payment_intents": [{"status": "requires_confirmation", "capture_method": "MANUAL"}],
    });
    assert_unchanged(&value)?;

    let session = session_of(&value)?;
    assert_eq!(session.status, Some(SessionStatus::Unknown("Open".to_owned())));
    assert_eq!(session.capture_method, Some(CaptureMethod::Unknown(String::new())));
    let mode = session.mode.unwrap_or(SessionMode::Payment);
    assert_eq!((mode.as_str(), mode.to_string().as_str()), ("später", "später"));
    let intents = session.payment_intents.unwrap_or_default();
    let status = intents[0].object().and_then(|intent| intent.status.clone());
    assert_eq!(status, Some(PaymentIntentStatus::from("requires_confirmation")));
    assert_eq!(status.as_ref().map(PaymentIntentStatus::as_str), Some("requires_confirmation"));
    Ok(())
}

#[test]
fn an_expandable_field_reads_as_id_object_null_or_absent() -> Checked {
    type Field = fn(&CheckoutSession) -> Option<&Expandable<OpenObject>>;
    let fields: [(&str, Field); 4] = [
        ("customer", |session| session.customer.as_ref()),
        ("invoice", |session| session.invoice.as_ref()),
        ("setup_intent", |session| session.setup_intent.as_ref()),
        ("subscription", |session| session.subscription.as_ref()),
    ];
    for (name, field) in fields {
        let by_id = json!({name: "obj_1"});
        let read = session_of(&by_id)?;
        assert_eq!(field(&read).and_then(|it| it.id()), Some("obj_1"), "{name}");
        assert_eq!(field(&read).and_then(|it| it.object()), None, "{name}");
        assert_unchanged(&by_id)?;

        let by_object = json!({name: {"some_id": "obj_1", "more": [1]}});
        let read = session_of(&by_object)?;
        let object = field(&read).and_then(|it| it.object());
        assert_eq!(object.map(|it| it.other["some_id"] == "obj_1"), Some(true), "{name}");
        assert_eq!(field(&read).and_then(|it| it.id()), None, "{name}: its id is not documented");
        assert_unchanged(&by_object)?;

        for nothing in [json!({name: null}), json!({})] {
            let read = session_of(&nothing)?;
            assert_eq!(read, CheckoutSession::default());
            assert_eq!(serde_json::to_string(&read)?, "{}");
        }
    }
    Ok(())
}

#[test]
fn a_list_of_expandables_may_mix_ids_and_objects() -> Checked {
    type Field = fn(&CheckoutSession) -> Option<&Vec<Expandable<OpenObject>>>;
    let fields: [(&str, Field); 3] = [
        ("captures", |session| session.captures.as_ref()),
        ("disputes", |session| session.disputes.as_ref()),
        ("refunds", |session| session.refunds.as_ref()),
    ];
    for (name, field) in fields {
        let value = json!({name: ["obj_1", {"amount": 5}]});
        let read = session_of(&value)?;
        let ids = field(&read).map(|list| list.iter().map(Expandable::id).collect::<Vec<_>>());
        assert_eq!(ids, Some(vec![Some("obj_1"), None]), "{name}");
        let second = field(&read).and_then(|list| list[1].object());
        assert_eq!(second.map(|it| it.other["amount"] == 5), Some(true), "{name}");
        assert_unchanged(&value)?;
    }
    Ok(())
}

#[test]
fn an_empty_list_and_an_absent_one_are_told_apart() -> Checked {
    assert_eq!(session_of(&json!({"captures": []}))?.captures, Some(Vec::new()));
    assert_eq!(session_of(&json!({}))?.captures, None);
    assert_unchanged(&json!({"captures": [], "fees": [], "payment_intents": []}))
}

#[test]
fn a_payment_intent_tells_its_id_whether_expanded_or_not() -> Checked {
    let value = json!({
        "payment_intent": {
            "payment_intent_id": "fpi_01A", "amount": 5000, "amount_capturable": 4000,
            "amount_received": 1000, "status": "requires_capture", "capture_method": "manual",
            "created_at": "2025-01-31T12:00:00Z", "test_mode": true, "charge": {"id": 1},
        },
        "payment_intents": ["fpi_01A", {"payment_intent_id": "fpi_01B"}, {}],
    });
    assert_unchanged(&value)?;

    let session = session_of(&value)?;
    assert_eq!(session.payment_intent.as_ref().and_then(Expandable::id), Some("fpi_01A"));
    let list = session.payment_intents.unwrap_or_default();
    let ids: Vec<_> = list.iter().map(Expandable::id).collect();
    assert_eq!(ids, [Some("fpi_01A"), Some("fpi_01B"), None]);

    let intent = session.payment_intent.as_ref().and_then(Expandable::object).cloned();
    let intent = intent.unwrap_or_default();
    assert_eq!(intent.amount, Some(5000));
    assert_eq!(intent.amount_capturable, Some(4000));
    assert_eq!(intent.amount_received, Some(1000));
    assert_eq!(intent.status, Some(PaymentIntentStatus::RequiresCapture));
    assert_eq!(intent.capture_method, Some(CaptureMethod::Manual));
    assert_eq!(intent.created_at.as_deref(), Some("2025-01-31T12:00:00Z"));
    assert_eq!(intent.test_mode, Some(true));
    assert_eq!(intent.other.len(), 1);
    assert_eq!(intent.other["charge"]["id"], 1);
    Ok(())
}

#[test]
fn null_and_absent_read_alike_for_every_documented_field() -> Checked {
    let nulls = documented()?.into_iter().map(|(name, _)| (name, Value::Null)).collect();
    let read = session_of(&Value::Object(nulls))?;
    assert_eq!(read, CheckoutSession::default());
    assert_eq!(serde_json::to_string(&read)?, "{}");
    Ok(())
}

#[test]
fn a_null_in_an_unknown_field_is_kept() -> Checked {
    assert_unchanged(&json!({"added_later": null, "tax_rate": {"added_later": null}}))
}

#[test]
fn an_amount_that_is_no_64_bit_integer_is_refused_by_its_name() {
    for number in ["1.5", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "1e40"] {
        for path in [
            "amount_total",
            "amount_subtotal",
            "amount_received",
            "amount_refunded",
            "amount_disputed",
        ] {
            let json = format!(r#"{{"{path}": {number}}}"#);
            assert_refused(&json, &format!("`{path}`: invalid "));
        }
        for (json, path) in [
            (r#"{"tax_rate": {"amount": N}}"#, "tax_rate.amount"),
            (r#"{"total_details": {"amount_fee": N}}"#, "total_details.amount_fee"),
            (r#"{"fees": [{}, {"amount": N}]}"#, "fees.amount"),
            (
                r#"{"platform_fees": {"letter_fee": {"amount": N}}}"#,
                "platform_fees.letter_fee.amount",
            ),
            (r#"{"payment_intent": {"amount": N}}"#, "payment_intent.amount"),
            (
                r#"{"payment_intents": [{"amount_capturable": N}]}"#,
                "payment_intents.amount_capturable",
            ),
        ] {
            assert_refused(&json.replace('N', number), &format!("`{path}`: invalid "));
        }
    }
}

#[test]
fn the_largest_and_smallest_amounts_are_kept_exactly() -> Checked {
    assert_unchanged(&json!({"amount_total": i64::MAX, "tax_rate": {"amount": i64::MIN}}))
}

#[test]
fn a_wrong_type_is_refused_by_the_name_of_its_field_and_its_place() {
    for (json, message) in [
        (
            r#"{"test_mode": "yes"}"#,
            "`test_mode`: invalid type: string \"yes\", expected a boolean",
        ),
        (r#"{"amount_total": "12"}"#, "`amount_total`: invalid type: string \"12\", expected i64"),
        (
            r#"{"status": 3}"#,
            "`status`: invalid type: integer `3`, expected a string (SessionStatus)",
        ),
        (r#"{"captures": "fcap_1"}"#, "`captures`: invalid type: string"),
        (
            r#"{"captures": [7]}"#,
            "`captures`: invalid type: integer `7`, expected an id (string) or",
        ),
        (r#"{"customer": true}"#, "`customer`: invalid type: boolean `true`, expected an id"),
        (r#"{"metadata": []}"#, "`metadata`: invalid type: sequence"),
        (r#"{"defaults": "x"}"#, "`defaults`: invalid type: string \"x\", expected an object (Def"),
        (
            r#"{"defaults": {"phone": 1}}"#,
            "`defaults.phone`: invalid type: integer `1`, expected a",
        ),
        (r#"{"custom_text": {"submit": {"message": 1}}}"#, "`custom_text.submit.message`: invalid"),
        (r#"{"next_action": {"type": 1}}"#, "`next_action.type`: invalid type: integer `1`"),
        (r#"{"payment_intent": {"created_at": 1}}"#, "`payment_intent.created_at`: invalid type"),
        ("[]", "invalid type: sequence, expected an object (CheckoutSession)"),
    ] {
        assert_refused(json, message);
    }
    let message = refusal("{\n  \"tax_rate\": {\"amount\": 1.5}\n}");
    assert!(message.ends_with(" at line 2 column 28"), "{message}");
}

#[test]
fn a_documented_field_given_twice_is_refused_by_its_name() {
    for (json, message) in [
        (r#"{"status": "open", "status": "canceled"}"#, "duplicate field `status`"),
        (r#"{"amount_total": null, "amount_total": 1}"#, "duplicate field `amount_total`"),
        (r#"{"tax_rate": {"amount": 1, "amount": 1}}"#, "`tax_rate`: duplicate field `amount`"),
        (r#"{"status": "open", "st\u0061tus": "open"}"#, "duplicate field `status`"),
    ] {
        assert_refused(json, message);
    }
}

#[test]
fn ids_keep_their_case_and_need_no_prefix() -> Checked {
    for id in ["fcs_01AbCdEfGhJkMnPqRsTvWxYz23", "FCS_01abc", "obj_01EXAMPLE00000000000000000"] {
        let value = json!({
            "checkout_session_id": id, "customer": id, "payment_intent": id, "captures": [id],
            "payment_intents": [{"payment_intent_id": id}], "invoice": id,
        });
        assert_unchanged(&value)?;
        let session = session_of(&value)?;
        assert_eq!(session.checkout_session_id.as_deref(), Some(id));
        assert_eq!(session.payment_intent.as_ref().and_then(Expandable::id), Some(id));
    }
    Ok(())
}

#[test]
fn numbers_in_unknown_fields_are_what_serde_json_keeps() -> Checked {
    let text = r#"{
        "big": 18446744073709551615, "small": -9223372036854775808, "decimal": 0.1,
        "beyond": 123456789012345678901234567890, "whole": 1.0, "exponent": 1e300,
        "tax_rate": {"rate": 8.625, "big": 18446744073709551615}
    }"#;
    let value: Value = serde_json::from_str(text)?;
    let session = CheckoutSession::from_json(text)?;
    assert_eq!(serde_json::to_value(&session)?, value);
    assert_eq!(session.other["big"].as_u64(), Some(u64::MAX));
    assert_eq!(session.other["small"].as_i64(), Some(i64::MIN));
    assert_eq!(session.other["whole"].to_string(), "1.0");
    assert_eq!(session.tax_rate.unwrap_or_default().other["rate"].as_f64(), Some(8.625));
    Ok(())
}

#[test]
fn escaped_names_and_strings_are_read_as_what_they_stand_for() -> Checked {
    let session = CheckoutSession::from_json(
        r#"{"st\u0061tus": "op\u0065n", "n\u00e9w": "\u20ac", "payment_intent": "a\u002fb"}"#,
    )?;
    assert_eq!(session.status, Some(SessionStatus::Open));
    assert_eq!(session.other["néw"], "€");
    assert_eq!(session.payment_intent.as_ref().and_then(Expandable::id), Some("a/b"));
    Ok(())
}

#[test]
fn a_session_is_read_from_a_value_as_well_as_from_text() -> Checked {
    let mut value = Value::Object(documented()?);
    value["payment_intent"] = json!({"payment_intent_id": "fpi_1"});
    let from_value: CheckoutSession = serde_json::from_value(value.clone())?;
    assert_eq!(from_value, session_of(&value)?);

    value["tax_rate"]["amount"] = json!(1.5);
    let error = serde_json::from_value::<CheckoutSession>(value).err();
    let message = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(message.starts_with("`tax_rate.amount`: invalid "), "{message}");
    Ok(())
}

#[test]
fn a_response_without_a_session_is_refused() {
    for (json, reason) in [
        ("{}", "missing field `checkout_session`"),
        (r#"{"checkout_session": null}"#, "invalid type: null, expected an object"),
        (r#"{"checkout_session": "fcs_1"}"#, "invalid type: string \"fcs_1\", expected an object"),
        (
            r#"{"checkout_session": {}, "checkout_session": {}}"#,
            "duplicate field `checkout_session`",
        ),
        (r#"{"checkout_session": {"amount_total": 0.5}}"#, "`amount_total`: invalid type"),
    ] {
        let error = CheckoutSession::from_response(json).err();
        let message = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(message.starts_with(reason), "{json}\n  was answered with: {message:?}");
    }
}

#[test]
fn what_stands_beside_the_session_in_a_response_is_ignored() -> Checked {
    let text = r#"{"request_id": "r", "checkout_session": {"status": "open"}, "more": [{}]}"#;
    let session = CheckoutSession::from_response(text)?;
    assert_eq!(serde_json::to_value(session)?, json!({"status": "open"}));
    Ok(())
}

#[test]
fn text_that_breaks_off_or_is_no_json_is_told_from_a_wrong_field() {
    let trimmed = EXPANDED.trim_end();
    for end in (0..trimmed.len()).filter(|end| trimmed.is_char_boundary(*end)) {
        let error = CheckoutSession::from_response(&trimmed[..end]).err();
        assert_eq!(error.map(|error| error.is_eof()), Some(true), "cut at byte {end}");
    }
    for broken in ["<html>", "{\"status\": open}", "{} {}", "{\"tax_rate\": {\"amount\": 01}}"] {
        let error = CheckoutSession::from_json(broken).err();
        assert_eq!(error.map(|error| error.is_syntax()), Some(true), "{broken}");
    }
    let wrong = CheckoutSession::from_json(r#"{"amount_total": "1"}"#).err();
    assert_eq!(wrong.map(|error| error.is_data()), Some(true));
}
