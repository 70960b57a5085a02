//! Every state of a session × cancel, over HTTP.

use flex_sandbox::{
    CaptureMethod, CreateParams, GroundTruth, Hold, IntentStatus, Options, Sandbox, Status,
};

use crate::client::Client;

fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client)
}

fn authorized(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

fn ground_truth(sandbox: &Sandbox, id: &str) -> GroundTruth {
    sandbox.ground_truth(id).expect("the session exists")
}

fn owned(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Cancels a session that cannot be canceled, and sees that nothing but the count changes.
fn refused(sandbox: &Sandbox, client: &mut Client, id: &str) -> (u16, String) {
    let before = ground_truth(sandbox, id);
    let error = client.cancel(id).error();
    let expected = GroundTruth { cancels_received: before.cancels_received + 1, ..before };
    assert_eq!(ground_truth(sandbox, id), expected);
    error
}

#[test]
fn an_authorized_session_is_canceled_and_its_hold_released() {
    let (sandbox, mut client) = start();
    let id = authorized(&sandbox);
    assert_eq!(ground_truth(&sandbox, &id).hold, Hold::Held);

    let reply = client.post_once(&format!("/v1/checkout/sessions/{id}/cancel"), "key-1");
    assert_eq!(reply.session()["status"], "canceled");
    assert_eq!(reply.header("x-request-id"), Some("req_1"));

    let truth = ground_truth(&sandbox, &id);
    assert_eq!((truth.hold, truth.status), (Hold::Released, Status::Canceled));
    assert_eq!(truth.intents[0].status, IntentStatus::Canceled);
    assert_eq!((truth.intents[0].amount, truth.intents[0].amount_capturable), (4999, 0));
    assert_eq!(truth.amount_captured, 0);
    assert_eq!((truth.cancels_received, truth.cancels_pending), (1, 0));
    assert_eq!(truth.cancels_applied.len(), 1);
    assert_eq!(truth.cancels_applied[0].request, 1);
    assert_eq!(truth.cancels_applied[0].idempotency_key.as_deref(), Some("key-1"));
}

#[test]
fn an_open_session_is_canceled_without_there_being_a_hold() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    assert_eq!(client.cancel(&id).session()["status"], "canceled");
    let canceled = ground_truth(&sandbox, &id);
    assert_eq!((canceled.hold, canceled.status), (Hold::None, Status::Canceled));
    assert_eq!(canceled.cancels_applied.len(), 1);
    assert_eq!(sandbox.pay(&id).unwrap_err().code, "checkout_session_canceled");
    assert_eq!(ground_truth(&sandbox, &id), canceled);
}

#[test]
fn a_captured_session_is_not_canceled() {
    let (sandbox, mut client) = start();
    let whole = authorized(&sandbox);
    sandbox.capture(&whole, None).unwrap();
    let part = authorized(&sandbox);
    sandbox.capture(&part, Some(1000)).unwrap();
    let params =
        CreateParams { capture_method: CaptureMethod::Automatic, ..CreateParams::default() };
    let automatic = sandbox.create(&params);
    sandbox.pay(&automatic).unwrap();
    let refunded = authorized(&sandbox);
    sandbox.capture(&refunded, None).unwrap();
    sandbox.refund(&refunded, None).unwrap();

    for (id, captured) in [(whole, 4999), (part, 1000), (automatic, 4999), (refunded, 4999)] {
        let error = refused(&sandbox, &mut client, &id);
        assert_eq!(error, owned(400, "checkout_session_already_processed"));
        let truth = ground_truth(&sandbox, &id);
        assert_eq!((truth.hold, truth.amount_captured), (Hold::Captured, captured));
        assert_eq!(truth.intents[0].amount_capturable, 0, "the rest is released");
    }
}

#[test]
fn an_expired_session_is_not_canceled() {
    let (sandbox, mut client) = start();
    let unpaid = sandbox.create(&CreateParams::default());
    let lapsed = authorized(&sandbox);
    for (id, hold) in [(unpaid, Hold::None), (lapsed, Hold::Released)] {
        sandbox.expire(&id).unwrap();
        let error = refused(&sandbox, &mut client, &id);
        assert_eq!(error, owned(400, "checkout_session_expired"));
        assert_eq!(ground_truth(&sandbox, &id).hold, hold);
        assert_eq!(ground_truth(&sandbox, &id).status, Status::Expired);
    }
}

#[test]
fn a_canceled_session_is_not_canceled_again() {
    let (sandbox, mut client) = start();
    let id = authorized(&sandbox);
    client.cancel(&id);
    let error = refused(&sandbox, &mut client, &id);
    assert_eq!(error, owned(400, "checkout_session_canceled"));
    assert_eq!(sandbox.capture(&id, None).unwrap_err().code, "checkout_session_canceled");
}

#[test]
fn an_unknown_session_is_not_found() {
    let (sandbox, mut client) = start();
    let id = authorized(&sandbox);
    for unknown in ["fcs_0", &id.to_lowercase(), &format!("{id}0"), "%2e%2e", "obj_x"] {
        let error = client.cancel(unknown).error();
        assert_eq!(error, owned(404, "checkout_session_not_found"), "{unknown}");
    }
    assert_eq!(ground_truth(&sandbox, &id).cancels_received, 0);
}

#[test]
fn a_new_hold_after_a_cancel_is_held_until_it_is_canceled_too() {
    let (sandbox, mut client) = start();
    let id = authorized(&sandbox);
    client.cancel(&id);
    sandbox.reauth(&id, Some(700)).unwrap();
    let held = ground_truth(&sandbox, &id);
    assert_eq!((held.hold, held.status), (Hold::Held, Status::Complete));
    assert_eq!(held.intents[1].amount_capturable, 700);

    assert_eq!(client.cancel(&id).status, 200);
    let released = ground_truth(&sandbox, &id);
    assert_eq!((released.hold, released.status), (Hold::Released, Status::Canceled));
    assert_eq!(released.cancels_applied.len(), 2);
}

#[test]
fn canceling_a_second_hold_leaves_what_was_captured() {
    let (sandbox, mut client) = start();
    let id = authorized(&sandbox);
    sandbox.capture(&id, Some(1000)).unwrap();
    sandbox.reauth(&id, None).unwrap();
    assert_eq!(ground_truth(&sandbox, &id).hold, Hold::Held);

    let session = client.cancel(&id).session();
    assert_eq!(
        (&session["status"], &session["amount_received"]),
        (&"complete".into(), &1000.into())
    );
    let truth = ground_truth(&sandbox, &id);
    assert_eq!((truth.hold, truth.status), (Hold::Captured, Status::Complete));
    assert_eq!(truth.intents[0].status, IntentStatus::Succeeded);
    assert_eq!(truth.intents[1].status, IntentStatus::Canceled);
}

#[test]
fn somebody_else_cancels_as_a_client_does_but_by_no_request() {
    let (sandbox, mut client) = start();
    let id = authorized(&sandbox);
    sandbox.cancel(&id).unwrap();
    let truth = ground_truth(&sandbox, &id);
    assert_eq!((truth.hold, truth.cancels_applied.len()), (Hold::Released, 1));
    assert_eq!(truth.cancels_applied[0].idempotency_key, None);
    assert_eq!(sandbox.requests(), []);
    assert_eq!(client.cancel(&id).error(), owned(400, "checkout_session_canceled"));
    assert_eq!(sandbox.cancel("fcs_0").unwrap_err().status, 404);
}
