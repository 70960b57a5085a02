//! What each further axis of a dialect does to sessions and their money: the worlds that a
//! client's author would not think of.

use flex_sandbox::{Acknowledgement, Canceler, Dialect, GroundTruth, Hold, IntentStatus, Status};
use serde_json::json;

use crate::world::{LATE, World, code, ms};

#[test]
fn a_best_effort_cancel_is_accepted_and_releases_what_is_still_held_when_it_is_due() {
    let mut world = World::new("acknowledgement=best_effort");
    let (status, body) = world.cancel(10);
    assert_eq!((status, &body["checkout_session"]["status"]), (202, &json!("complete")));
    assert!(world.model.holds_money(&world.id), "its acknowledgement does not bind");
    world.model.reauth(&world.id, Some(300), ms(50)).unwrap();
    world.model.advance(ms(109));
    assert_eq!(world.capturable(), [4999, 300]);
    world.model.advance(ms(110));
    assert_eq!(world.capturable(), [0, 300], "the newer hold is not covered");
    let truth = world.ground_truth();
    assert_eq!(truth.cancels_applied[0].released, [truth.intents[0].id.clone()]);
    assert_eq!((truth.cancels_applied[0].at_ms, truth.cancels_pending), (110, 0));
}

#[test]
fn a_best_effort_cancel_that_comes_after_a_capture_or_a_payment_has_no_effect() {
    let mut captured = World::new("acknowledgement=best_effort");
    assert_eq!(captured.cancel(0).0, 202);
    captured.model.capture(&captured.id, None, ms(50)).unwrap();
    let mut paid = World::unpaid("acknowledgement=best_effort", ms(0));
    assert_eq!(paid.cancel(0).0, 202);
    paid.model.pay(&paid.id, ms(50)).unwrap();
    let mut unpaid = World::unpaid("acknowledgement=best_effort", ms(0));
    assert_eq!(unpaid.cancel(0).0, 202);
    for (world, hold, applied) in [
        (&mut captured, Hold::Captured, 0),
        (&mut paid, Hold::Held, 0),
        (&mut unpaid, Hold::None, 1),
    ] {
        world.model.advance(ms(1000));
        let truth = world.ground_truth();
        assert_eq!((truth.hold, truth.cancels_applied.len()), (hold, applied));
        assert_eq!(truth.cancels_pending, 0);
    }
    assert_eq!(unpaid.ground_truth().status, Status::Canceled);
}

#[test]
fn of_two_best_effort_cancels_one_has_an_effect() {
    let mut world = World::new("acknowledgement=best_effort");
    assert_eq!((world.cancel(0).0, world.cancel(10).0), (202, 202));
    assert_eq!(world.ground_truth().cancels_pending, 2);
    world.model.advance(ms(1000));
    assert_eq!(
        (world.ground_truth().cancels_applied.len(), world.ground_truth().hold),
        (1, Hold::Released)
    );
    assert_eq!(code(&world.cancel(1000)), (400, "checkout_session_canceled"));
}

#[test]
fn a_best_effort_cancel_of_one_hold_is_no_cancel_of_the_next_one_in_the_same_intent() {
    let mut world = World::new("acknowledgement=best_effort,reauth=same_intent");
    assert_eq!(world.cancel(0).0, 202);
    world.model.expire(&world.id, ms(10)).unwrap();
    world.model.reauth(&world.id, None, ms(20)).unwrap();
    world.model.advance(ms(1000));
    assert_eq!(
        (world.ground_truth().hold, world.ground_truth().cancels_applied.len()),
        (Hold::Held, 0)
    );
}

#[test]
fn a_second_cancel_is_answered_in_each_of_the_ways_there_are() {
    let message = "The checkout session is canceled.";
    for (value, status, body) in [
        (
            "not_found",
            404,
            json!({"error": {"code": "checkout_session_not_found",
            "message": "There is no checkout session with this id in this key's mode."}}),
        ),
        ("gone", 410, json!({"detail": "Gone"})),
        ("prose", 400, json!({"detail": "This checkout session was already canceled."})),
        (
            "upper_case",
            400,
            json!({"error": {"code": "CHECKOUT_SESSION_CANCELED", "message": message}}),
        ),
        (
            "type_first",
            400,
            json!({"error": {"type": "invalid_request_error",
            "code": "checkout_session_canceled", "message": message}}),
        ),
        (
            "processed",
            400,
            json!({"error": {"code": "checkout_session_already_processed",
            "message": "The checkout session is complete and its payment captured."}}),
        ),
    ] {
        let mut world = World::new(&format!("second_cancel={value}"));
        assert_eq!(world.cancel(0).0, 200);
        assert_eq!(world.cancel(0), (status, body), "{value}");
        assert_eq!(world.read(0)["status"], "canceled", "{value}: reads still work");
        assert_eq!(world.ground_truth().cancels_applied.len(), 1);
    }
}

#[test]
fn where_processed_means_paid_a_hold_beside_a_captured_intent_cannot_be_canceled() {
    for (paid, status, hold) in [("refuses", 400, Hold::Held), ("cancels", 200, Hold::Captured)] {
        let mut world = World::new(&format!("paid={paid}"));
        world.model.capture(&world.id, None, ms(0)).unwrap();
        world.model.reauth(&world.id, None, ms(0)).unwrap();
        let answer = world.cancel(1);
        assert_eq!((answer.0, world.ground_truth().hold), (status, hold), "{paid}");
        if status == 400 {
            assert_eq!(code(&answer).1, "checkout_session_already_processed");
        }
    }
}

#[test]
fn a_session_can_expire_while_its_hold_remains_and_then_refuses_a_cancel() {
    let mut world = World::new("link=alone");
    world.model.expire(&world.id, ms(1)).unwrap();
    assert_eq!(
        (world.ground_truth().status, world.ground_truth().hold),
        (Status::Expired, Hold::Held)
    );
    assert_eq!(code(&world.cancel(2)), (400, "checkout_session_expired"));
    assert!(world.model.holds_money(&world.id));
    world.model.reauth(&world.id, None, ms(3)).unwrap();
    assert_eq!(world.cancel(4).0, 200, "a new hold makes it cancelable again");
    assert_eq!(world.ground_truth().hold, Hold::Released);
}

#[test]
fn a_reauthorization_may_hold_in_the_intent_that_was_canceled() {
    let mut world = World::new("reauth=same_intent,times=updated");
    let first = world.ground_truth().intents[0].id.clone();
    world.model.advance(ms(5_000));
    assert_eq!(world.cancel(5_000).0, 200);
    world.model.reauth(&world.id, Some(700), ms(9_000)).unwrap();
    let truth = world.ground_truth();
    assert_eq!((truth.intents.len(), truth.intents[0].id.as_str()), (1, first.as_str()));
    assert_eq!(truth.intents[0].authorized_at_ms, Some(9_000));
    let intent = &world.read(9_000)["payment_intent"];
    for (field, expected) in [
        ("status", json!("requires_capture")),
        ("amount_capturable", json!(700)),
        ("amount_received", json!(0)),
        ("created_at", json!("2026-01-01T00:00:00Z")),
        ("updated_at", json!("2026-01-01T00:00:09Z")),
        ("authorized_at", json!("2026-01-01T00:00:09Z")),
    ] {
        assert_eq!(intent[field], expected, "{field}");
    }
    world.model.capture(&world.id, None, ms(9_000)).unwrap();
    world.model.reauth(&world.id, None, ms(9_000)).unwrap();
    assert_eq!(world.ground_truth().intents.len(), 2, "one that was captured is not used again");
}

#[test]
fn a_reauthorization_may_leave_the_sessions_status_as_it_was() {
    let mut world = World::new("reauth_status=left");
    assert_eq!(world.cancel(0).0, 200);
    world.model.reauth(&world.id, None, ms(1)).unwrap();
    assert_eq!(
        (world.ground_truth().status, world.ground_truth().hold),
        (Status::Canceled, Hold::Held)
    );
    assert_eq!(world.read(1)["status"], "canceled");
    assert_eq!(world.cancel(2).0, 200);
    assert_eq!(
        (world.ground_truth().hold, world.ground_truth().cancels_applied.len()),
        (Hold::Released, 2)
    );
    world.model.reauth(&world.id, None, ms(3)).unwrap();
    world.model.capture(&world.id, None, ms(3)).unwrap();
    assert_eq!(code(&world.cancel(4)), (400, "checkout_session_already_processed"));
}

#[test]
fn a_partial_capture_may_keep_the_rest_which_can_be_captured_or_canceled() {
    let mut world = World::new("partial_capture=keeps_rest");
    world.model.capture(&world.id, Some(1000), ms(0)).unwrap();
    let intent = &world.read(0)["payment_intent"];
    assert_eq!(intent["status"], "partially_captured");
    assert_eq!(
        (&intent["amount_received"], &intent["amount_capturable"]),
        (&json!(1000), &json!(3999))
    );
    assert!(world.model.holds_money(&world.id));
    world.model.capture(&world.id, Some(500), ms(0)).unwrap();
    assert_eq!((world.capturable(), world.ground_truth().amount_captured), (vec![3499], 1500));
    assert!(world.model.capture(&world.id, Some(3500), ms(0)).is_err());
    assert_eq!(world.ground_truth().hold, Hold::Held);
    assert_eq!(world.cancel(1).0, 200);
    let truth = world.ground_truth();
    assert_eq!((truth.hold, truth.intents[0].status), (Hold::Captured, IntentStatus::Succeeded));
    assert_eq!((truth.releases[0].amount, truth.amount_captured), (3499, 1500));
    assert!(!world.model.holds_money(&world.id));
}

#[test]
fn a_cancel_may_release_one_of_several_holds_and_answer_an_error() {
    let conflict = (409, json!("payment_intent_unexpected_state"), json!(null));
    let error = (400, json!(null), json!("Could not cancel payment intent"));
    for (value, expected) in
        [("first_only_then_conflict", conflict), ("first_only_then_error", error)]
    {
        let mut world = World::new(&format!("several={value}"));
        world.model.reauth(&world.id, Some(200), ms(0)).unwrap();
        world.model.reauth(&world.id, Some(300), ms(0)).unwrap();
        for left in [[0, 200, 300], [0, 0, 300]] {
            let (status, body) = world.cancel(1);
            let answered = (status, body["error"]["code"].clone(), body["detail"].clone());
            assert_eq!(answered, expected, "{value}");
            assert_eq!(world.capturable(), left, "{value}");
        }
        assert_eq!(world.cancel(1).0, 200, "{value}: one alone is simply released");
        assert_eq!(world.ground_truth().status, Status::Canceled);
        assert_eq!(world.ground_truth().cancels_applied.len(), 3);
    }
}

#[test]
fn an_intent_may_be_older_than_its_payment() {
    let mut world = World::unpaid("intent_birth=session,times=updated", ms(0));
    let intent = world.read(0)["payment_intent"].clone();
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!((&intent["amount_capturable"], intent.get("authorized_at")), (&json!(0), None));
    assert_eq!(
        world.model.reauth(&world.id, None, ms(0)).unwrap_err().code,
        "checkout_session_not_paid"
    );
    assert_eq!(
        (world.ground_truth().hold, world.ground_truth().intents[0].authorized_at_ms),
        (Hold::None, None)
    );
    world.model.pay(&world.id, ms(60_000)).unwrap();
    let paid = world.read(60_000)["payment_intent"].clone();
    assert_eq!(paid["payment_intent_id"], intent["payment_intent_id"]);
    assert_eq!(
        (&paid["created_at"], &paid["status"]),
        (&intent["created_at"], &json!("requires_capture"))
    );
    assert_eq!(paid["authorized_at"], "2026-01-01T00:01:00Z");

    let mut unpaid = World::unpaid("intent_birth=session", ms(0));
    assert_eq!(unpaid.cancel(0).0, 200);
    let truth = unpaid.ground_truth();
    assert_eq!((truth.hold, truth.intents[0].status), (Hold::None, IntentStatus::Canceled));
    assert_eq!(truth.cancels_applied[0].released, Vec::<String>::new());
}

#[test]
fn the_truth_tells_which_holds_a_cancel_released_and_which_lapsed() {
    let mut world = World::new("");
    world.model.expire(&world.id, ms(10)).unwrap();
    world.model.reauth(&world.id, Some(300), ms(20)).unwrap();
    world.model.reauth(&world.id, Some(400), ms(30)).unwrap();
    let by = Canceler { request: 7, idempotency_key: Some("key".to_owned()) };
    world.model.cancel(&world.id, by, ms(40)).unwrap();
    let truth = world.ground_truth();
    let ids: Vec<&str> = truth.intents.iter().map(|intent| intent.id.as_str()).collect();
    let released = truth.released_with_key("key");
    let released: Vec<_> = released
        .map(|it| (it.intent.as_str(), it.authorized_at_ms, it.at_ms, it.request))
        .collect();
    assert_eq!(released, [(ids[1], 20, 40, Some(7)), (ids[2], 30, 40, Some(7))]);
    assert_eq!(truth.cancels_applied[0].released, ids[1..]);
    let lapsed = &truth.releases[0];
    assert_eq!((lapsed.intent.as_str(), lapsed.request, lapsed.at_ms), (ids[0], None, 10));
}

/// Whatever happens in whatever order, in dialects drawn from all there are: money is conserved,
/// the hold agrees with the intents, no cancel stays on its way, and nothing panics.
#[test]
fn random_histories_keep_the_books_in_dialects_of_all_kinds() {
    let mut state = 7u64;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..3000 {
        let dialect = Dialect::nth(draw(1 << 31) * draw(1 << 31));
        let mut world = World::unpaid(&dialect.to_string(), ms(draw(3) * 100));
        let id = world.id.clone();
        let (mut now, model) = (0, &mut world.model);
        for step in 0..25 {
            now += draw(80);
            let at = ms(now);
            let by = Canceler { request: step, idempotency_key: None };
            let before = model.ground_truth(&id).unwrap();
            let refused = match draw(7) {
                0 => model.pay(&id, at),
                1 => model.capture(&id, Some(draw(5200)), at),
                2 => model.refund(&id, Some(draw(3000)), at),
                3 => model.reauth(&id, Some(draw(900) + 1), at),
                4 if draw(3) == 0 => model.expire(&id, at),
                _ => model.cancel(&id, by, at),
            };
            let after = model.ground_truth(&id).unwrap();
            check(&after, dialect);
            if after.amount_captured > before.amount_captured {
                assert_eq!(refused, Ok(()), "{dialect}");
            }
        }
        model.advance(ms(now + LATE));
        let truth = model.ground_truth(&id).unwrap();
        assert_eq!(truth.cancels_pending, 0, "{dialect}");
        assert!(
            dialect.acknowledgement == Acknowledgement::BestEffort
                || truth.hold == Hold::Held
                || !model.holds_money(&id)
        );
        check(&truth, dialect);
    }
}

fn check(truth: &GroundTruth, dialect: Dialect) {
    let received: u64 = truth.intents.iter().map(|it| it.amount_received).sum();
    assert_eq!(received, truth.amount_captured, "{dialect}");
    assert!(truth.amount_refunded <= truth.amount_captured, "{dialect}");
    let held = truth.intents.iter().any(|it| it.amount_capturable > 0);
    assert_eq!(held, truth.hold == Hold::Held, "{dialect}");
    let released: usize = truth.cancels_applied.iter().map(|it| it.released.len()).sum();
    let by_cancel = truth.releases.iter().filter(|it| it.request.is_some()).count();
    assert_eq!(released, by_cancel, "{dialect}");
    for intent in &truth.intents {
        assert!(intent.amount_received + intent.amount_capturable <= intent.amount, "{dialect}");
    }
}
