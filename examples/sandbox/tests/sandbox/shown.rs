//! What each further axis of a dialect changes about responses.

use flex_sandbox::{ApiRequest, ApiResponse, Hold, Mode};
use serde_json::{Value, json};

use crate::world::{ALL, World, code, ms};

#[test]
fn amounts_are_written_in_each_of_the_ways_there_are() {
    for (notation, held, nothing) in [
        ("integers", "4999", "0"),
        ("strings", "\"4999\"", "\"0\""),
        ("decimals", "4999.0", "0.0"),
        ("money", r#"{"amount":4999,"currency":"usd"}"#, r#"{"amount":0,"currency":"usd"}"#),
        ("null", "null", "null"),
    ] {
        let mut world = World::new(&format!("notation={notation}"));
        let body = world.ask("GET", "", ALL, 0).body;
        let body = String::from_utf8(body).unwrap();
        for part in [
            format!(r#""amount":{held},"amount_capturable":{held},"amount_received":{nothing},"#),
            format!(r#""amount_total":4999,"amount_subtotal":4999,"amount_received":{nothing},"#),
        ] {
            assert!(body.contains(&part), "{notation}: {part} in {body}");
        }
    }
    let session = World::new("notation=missing").read(0);
    assert_eq!(session.get("amount_received"), None);
    let intent = session["payment_intents"][0].as_object().unwrap();
    assert!(!intent.contains_key("amount_received") && !intent.contains_key("amount_capturable"));
    assert_eq!(intent["amount"], 4999);
}

#[test]
fn lists_are_arrays_or_objects_or_are_absent() {
    let mut world = World::new("lists=list_objects");
    world.model.capture(&world.id, None, ms(0)).unwrap();
    let session = world.read(0);
    for (name, length) in [("payment_intents", 1), ("captures", 1), ("refunds", 0)] {
        let list = &session[name];
        assert_eq!((&list["object"], &list["has_more"]), (&json!("list"), &json!(false)), "{name}");
        assert_eq!(list["data"].as_array().unwrap().len(), length, "{name}");
    }
    let session = World::new("lists=absent").read(0);
    assert_eq!((session.get("payment_intents"), session.get("payment_intent")), (None, None));
    assert_eq!(session["captures"], json!([]));
}

#[test]
fn the_age_of_an_intent_is_told_in_full_or_in_part_or_not_at_all() {
    for (times, tells_by_id, fields) in [
        ("full", true, vec!["created_at"]),
        ("created", false, vec!["created_at"]),
        ("updated", true, vec!["authorized_at", "created_at", "updated_at"]),
        ("none", false, vec![]),
        ("charges", false, vec![]),
        ("authorizations", false, vec![]),
        ("completed", false, vec![]),
    ] {
        let mut world = World::new(&format!("times={times}"));
        let session = world.read(0);
        let intent = session["payment_intent"].as_object().unwrap();
        let shown: Vec<&str> =
            intent.keys().map(String::as_str).filter(|name| name.ends_with("_at")).collect();
        assert_eq!(shown, fields, "{times}");
        for id in [&intent["payment_intent_id"], &session["checkout_session_id"]] {
            let id = id.as_str().unwrap();
            assert_eq!(id.len(), 30, "{times}");
            assert_eq!(&id[4..14] == "01KDVDNA00", tells_by_id, "{times}: {id}");
        }
    }
}

#[test]
fn when_a_hold_was_made_may_be_told_beside_its_intent() {
    let held = |times: &str| {
        let mut world = World::new(&format!("reauth=same_intent,times={times}"));
        assert_eq!(world.cancel(5_000).0, 200);
        world.model.reauth(&world.id, Some(700), ms(9_000)).unwrap();
        world.read(9_000)
    };
    let again = "2026-01-01T00:00:09Z";
    let session = held("charges");
    let charges = json!([{"amount": 700, "created_at": again}]);
    assert_eq!(session["payment_intent"]["charges"], charges);
    let session = held("authorizations");
    let authorizations = json!([{"amount": 700, "authorized_at": again}]);
    assert_eq!(session["payment_intents"][0]["authorizations"], authorizations);
    let session = held("completed");
    assert_eq!(session["completed_at"], session["created_at"], "a re-authorization is none");

    let mut unpaid = World::unpaid("intent_birth=session,times=completed", ms(0));
    assert_eq!(unpaid.read(0).get("completed_at"), None);
    unpaid.model.pay(&unpaid.id, ms(60_000)).unwrap();
    let session = unpaid.read(60_000);
    let completed = session["created_at"].as_u64().unwrap() + 60;
    assert_eq!(session["completed_at"], completed);
}

#[test]
fn canceled_may_have_two_ells() {
    let mut world = World::new("spelling=uk");
    assert_eq!(world.cancel(0).1["checkout_session"]["status"], "cancelled");
    assert_eq!(world.read(0)["payment_intent"]["status"], "cancelled");
    assert_eq!(code(&world.cancel(0)).1, "checkout_session_canceled", "codes stay as they are");
}

#[test]
fn ids_may_be_shown_in_lower_case_and_found_in_either() {
    let mut world = World::new("id_case=lower");
    let (id, intent) = (world.id.clone(), world.ground_truth().intents[0].id.clone());
    let session = world.read(0);
    assert_eq!(session["checkout_session_id"], id.to_ascii_lowercase());
    assert_eq!(session["payment_intent"]["payment_intent_id"], intent.to_ascii_lowercase());
    world.id = id.to_ascii_lowercase();
    assert_eq!(world.cancel(0).0, 200);
    assert_eq!(world.ground_truth(), world.model.ground_truth(&id).unwrap());

    let mut exact = World::new("");
    exact.id = exact.id.to_ascii_lowercase();
    assert_eq!(exact.cancel(0).0, 404);
}

#[test]
fn a_request_with_an_expand_may_be_refused_without_effect() {
    let mut world = World::new("expand=refused");
    let refused = world.ask("POST", "/cancel", "expand=payment_intent", 0);
    let body: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!((refused.status, &body["error"]["code"]), (400, &json!("invalid_request")));
    assert_eq!(world.ask("GET", "", "a=b&expand=customer", 0).status, 400);
    assert_eq!(world.ground_truth().hold, Hold::Held);
    assert_eq!(world.ask("POST", "/cancel", "expand=&other=x", 0).status, 200);
}

#[test]
fn a_replayed_answer_may_say_so() {
    for (value, headers) in
        [("marked", vec![("Idempotent-Replayed", "true".to_owned())]), ("unmarked", vec![])]
    {
        let mut world = World::new(&format!("replay_header={value}"));
        let path = format!("/v1/checkout/sessions/{}/cancel", world.id);
        let request = ApiRequest {
            number: 1,
            method: "POST",
            path: &path,
            query: "",
            mode: Some(Mode::Test),
            idempotency_key: Some("key"),
            body: b"",
        };
        assert_eq!(world.model.handle(&request, ms(0)).headers, []);
        for _ in 0..2 {
            assert_eq!(world.model.handle(&request, ms(0)).headers, headers, "{value}");
        }
    }
}

#[test]
fn an_intent_may_be_processing_until_its_cancel_takes_effect() {
    for dialect in ["effects=late", "acknowledgement=best_effort"] {
        let mut world = World::new(&format!("progress=processing,{dialect}"));
        assert_eq!(world.read(0)["payment_intent"]["status"], "requires_capture");
        world.cancel(0);
        let intent = world.read(99)["payment_intent"].clone();
        assert_eq!(
            (&intent["status"], &intent["amount_capturable"]),
            (&json!("processing"), &json!(4999))
        );
        assert_eq!(world.read(100)["payment_intent"]["status"], "canceled");
        let mut plain = World::new(dialect);
        plain.cancel(0);
        assert_eq!(plain.read(99)["payment_intent"]["status"], "requires_capture");
    }
}

#[test]
fn retrievals_may_lag_behind_and_cancels_do_not() {
    let mut world = World::unpaid("", ms(500));
    assert_eq!(world.read(0)["status"], "open", "it is shown as it was created");
    world.model.pay(&world.id, ms(1000)).unwrap();
    let answer = world.cancel(1200).1;
    assert_eq!(answer["checkout_session"]["status"], "canceled");
    for (at, status) in
        [(1201, "open"), (1499, "open"), (1500, "complete"), (1699, "complete"), (1700, "canceled")]
    {
        assert_eq!(world.read(at)["status"], status, "{at}");
    }
    world.model.reauth(&world.id, None, ms(9000)).unwrap();
    assert_eq!(world.read(9499)["status"], "canceled");
    assert_eq!(world.read(9500)["status"], "complete");
}

#[test]
fn a_cached_retrieval_shows_the_session_before_its_latest_change() {
    let mut world = World::new("");
    assert_eq!(world.cancel(5).0, 200);
    let path = format!("/v1/checkout/sessions/{}", world.id);
    let mut request = ApiRequest {
        number: 1,
        method: "GET",
        path: &path,
        query: "",
        mode: Some(Mode::Test),
        idempotency_key: None,
        body: b"",
    };
    let status = |response: ApiResponse| {
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        body["checkout_session"]["status"].clone()
    };
    assert_eq!(status(world.model.handle_cached(&request, ms(6))), "complete");
    assert_eq!(status(world.model.handle(&request, ms(6))), "canceled");
    request.mode = Some(Mode::Live);
    assert_eq!(world.model.handle_cached(&request, ms(6)).status, 404);
}
