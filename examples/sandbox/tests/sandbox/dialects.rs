//! What varies by dialect, over HTTP.

use std::time::Duration;

use flex_sandbox::{
    AfterCancel, CreateParams, Dialect, Effects, Hold, Intents, Options, Sandbox, SecondCancel,
    Status,
};

use crate::client::Client;

fn authorized(dialect: Dialect) -> (Sandbox, Client, String) {
    let late = Duration::from_secs(3600);
    let sandbox = Sandbox::start(Options { dialect, late, ..Options::default() }).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client, id)
}

#[test]
fn the_status_after_a_cancel_is_the_dialects_and_the_truth_is_not() {
    for &after_cancel in AfterCancel::ALL {
        let (sandbox, mut client, id) = authorized(Dialect { after_cancel, ..Dialect::default() });
        let canceled = client.cancel(&id).session();
        assert_eq!(canceled["status"], after_cancel.name());
        assert_eq!(client.get(&format!("/v1/checkout/sessions/{id}")).session(), canceled);
        let truth = sandbox.ground_truth(&id).unwrap();
        assert_eq!((truth.status, truth.hold), (Status::Canceled, Hold::Released));

        // However it looks, it stays canceled.
        let code = "checkout_session_canceled";
        assert_eq!(client.cancel(&id).error().1, code);
        let unpaid = sandbox.create(&CreateParams::default());
        assert_eq!(client.cancel(&unpaid).session()["status"], after_cancel.name());
        assert_eq!(sandbox.pay(&unpaid).unwrap_err().code, code);
    }
}

#[test]
fn a_second_cancel_is_answered_as_the_dialect_says_and_has_no_effect() {
    for (second_cancel, status) in [
        (SecondCancel::OkAgain, 200),
        (SecondCancel::BadRequest, 400),
        (SecondCancel::Conflict, 409),
    ] {
        for effects in [Effects::AtOnce, Effects::Late] {
            let dialect = Dialect { second_cancel, effects, ..Dialect::default() };
            let (sandbox, mut client, id) = authorized(dialect);
            assert_eq!(client.cancel(&id).status, 200);
            let before = sandbox.ground_truth(&id).unwrap();
            let second = client.cancel(&id);
            assert_eq!(second.status, status, "{dialect}");
            if status != 200 {
                assert_eq!(second.error().1, "checkout_session_canceled");
            }
            let truth = sandbox.ground_truth(&id).unwrap();
            assert_eq!(truth.cancels_received, 2);
            assert_eq!(truth.cancels_applied, before.cancels_applied);
            assert_eq!(truth.cancels_pending, before.cancels_pending);
        }
    }
}

#[test]
fn bare_ids_stay_bare_whatever_is_asked_for() {
    let dialect = Dialect { intents: Intents::BareIds, ..Dialect::default() };
    let (_sandbox, mut client, id) = authorized(dialect);
    let expand = "expand=payment_intent,payment_intents,customer";
    let session = client.get(&format!("/v1/checkout/sessions/{id}?{expand}")).session();
    assert!(session["payment_intent"].is_string());
    assert!(session["payment_intents"][0].is_string());
    assert!(session["customer"].is_object(), "only payment intents are bare");
}

#[test]
fn a_late_cancel_is_acknowledged_before_it_shows() {
    let dialect = Dialect { effects: Effects::Late, ..Dialect::default() };
    let (sandbox, mut client, id) = authorized(dialect);
    let cancel = format!("/v1/checkout/sessions/{id}/cancel?expand=payment_intent");
    let session = client.post(&cancel, "").session();
    assert_eq!(session["status"], "complete");
    assert_eq!(session["payment_intent"]["status"], "requires_capture");
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.cancels_pending), (Hold::Held, 1));
    assert_eq!(truth.cancels_applied, []);
    assert_eq!(sandbox.capture(&id, None).unwrap_err().code, "checkout_session_canceled");
}

#[test]
fn a_late_effect_comes_about_by_itself() {
    let dialect = Dialect { effects: Effects::Late, ..Dialect::default() };
    let late = Duration::from_millis(20);
    let sandbox = Sandbox::start(Options { dialect, late, ..Options::default() }).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    assert_eq!(Client::of(&sandbox).cancel(&id).status, 200);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while sandbox.ground_truth(&id).unwrap().hold == Hold::Held {
        assert!(std::time::Instant::now() < deadline, "the effect never came");
        std::thread::yield_now();
    }
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.status), (Hold::Released, Status::Canceled));
    assert_eq!((truth.cancels_pending, truth.cancels_applied.len()), (0, 1));
}
