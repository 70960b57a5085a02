//! The model by itself, in a time of the test's making.

use std::time::Duration;

use flex_sandbox::{
    AfterCancel, ApiRequest, Canceler, CreateParams, Dialect, Effects, GroundTruth, Hold,
    KeyHandling, Mode, Model, SESSION_LIFETIME, SecondCancel, Settings, Status,
};

const LATE: Duration = Duration::from_millis(100);

fn model(dialect: Dialect) -> Model {
    Model::new(Settings { dialect, late: LATE, ..Settings::default() })
}

fn late() -> Model {
    model(Dialect { effects: Effects::Late, ..Dialect::default() })
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn by(request: u64) -> Canceler {
    Canceler { request, idempotency_key: None }
}

fn authorized(model: &mut Model) -> String {
    let id = model.create(Mode::Test, CreateParams::default(), ms(0));
    model.pay(&id, ms(0)).unwrap();
    id
}

fn post<'a>(path: &'a str, key: &'a str) -> ApiRequest<'a> {
    ApiRequest {
        number: 1,
        method: "POST",
        path,
        query: "",
        mode: Some(Mode::Test),
        idempotency_key: Some(key),
        body: b"",
    }
}

#[test]
fn a_late_cancel_takes_effect_when_it_is_due_and_not_before() {
    let mut model = late();
    let id = authorized(&mut model);
    model.cancel(&id, by(7), ms(10)).unwrap();
    model.advance(ms(109));
    assert_eq!(model.ground_truth(&id).unwrap().hold, Hold::Held);
    model.advance(ms(110));
    let truth = model.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.status), (Hold::Released, Status::Canceled));
    assert_eq!((truth.cancels_applied[0].request, truth.cancels_applied[0].at_ms), (7, 110));
    assert_eq!((truth.cancels_received, truth.cancels_pending), (1, 0));
}

#[test]
fn an_effect_is_dated_when_it_was_due_however_late_anyone_looks() {
    let mut model = late();
    let id = authorized(&mut model);
    model.cancel(&id, by(1), ms(0)).unwrap();
    model.advance(ms(5000));
    assert_eq!(model.ground_truth(&id).unwrap().cancels_applied[0].at_ms, 100);
}

#[test]
fn nothing_comes_between_an_acknowledged_cancel_and_its_effect() {
    let mut model = late();
    let (paid, open) =
        (authorized(&mut model), { model.create(Mode::Test, CreateParams::default(), ms(0)) });
    for id in [&paid, &open] {
        model.cancel(id, by(1), ms(0)).unwrap();
        assert_eq!(model.pay(id, ms(1)).unwrap_err().code, "checkout_session_canceled");
        assert_eq!(model.capture(id, None, ms(1)).unwrap_err().code, "checkout_session_canceled");
        assert_eq!(model.expire(id, ms(1)).unwrap_err().code, "checkout_session_canceled");
    }
    model.advance(ms(200));
    assert_eq!(model.ground_truth(&paid).unwrap().hold, Hold::Released);
    assert_eq!(model.ground_truth(&open).unwrap().hold, Hold::None);
    assert_eq!(model.ground_truth(&open).unwrap().status, Status::Canceled);
}

#[test]
fn a_late_cancel_releases_what_it_was_acknowledged_for_and_no_newer_hold() {
    let mut model = late();
    let id = authorized(&mut model);
    model.cancel(&id, by(1), ms(0)).unwrap();
    model.reauth(&id, Some(300), ms(50)).unwrap();
    model.advance(ms(100));
    let truth = model.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.status), (Hold::Held, Status::Complete));
    let capturable: Vec<u64> = truth.intents.iter().map(|it| it.amount_capturable).collect();
    assert_eq!(capturable, [0, 300]);

    model.cancel(&id, by(2), ms(200)).unwrap();
    model.advance(ms(300));
    assert_eq!(model.ground_truth(&id).unwrap().hold, Hold::Released);
}

#[test]
fn a_newer_hold_that_lapses_leaves_the_cancel_that_is_on_its_way() {
    let mut model = late();
    let id = authorized(&mut model);
    model.cancel(&id, by(1), ms(0)).unwrap();
    model.reauth(&id, None, ms(10)).unwrap();
    model.expire(&id, ms(20)).unwrap();
    let truth = model.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.status), (Hold::Held, Status::Complete));
    assert_eq!(truth.intents[1].amount_capturable, 0);
    model.advance(ms(100));
    let truth = model.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.status), (Hold::Released, Status::Canceled));
}

#[test]
fn an_unpaid_session_expires_by_itself_and_a_paid_one_does_not() {
    let mut model = model(Dialect::default());
    let open = model.create(Mode::Test, CreateParams::default(), ms(0));
    let paid = authorized(&mut model);
    model.advance(SESSION_LIFETIME - ms(1));
    assert_eq!(model.ground_truth(&open).unwrap().status, Status::Open);
    model.advance(SESSION_LIFETIME);
    assert_eq!(model.ground_truth(&open).unwrap().status, Status::Expired);
    assert_eq!(model.ground_truth(&paid).unwrap().hold, Hold::Held);
    let refusal = model.pay(&open, SESSION_LIFETIME).unwrap_err();
    assert_eq!(refusal.code, "checkout_session_expired");
}

#[test]
fn time_never_runs_backwards() {
    let mut model = late();
    let id = authorized(&mut model);
    model.advance(ms(1000));
    model.cancel(&id, by(1), ms(0)).unwrap();
    model.advance(ms(1099));
    assert_eq!(model.ground_truth(&id).unwrap().hold, Hold::Held);
    model.advance(ms(1100));
    assert_eq!(model.ground_truth(&id).unwrap().hold, Hold::Released);
}

#[test]
fn an_idempotency_key_is_known_for_a_day() {
    let mut model = model(Dialect::default());
    let id = authorized(&mut model);
    let path = format!("/v1/checkout/sessions/{id}/cancel");
    let first = model.handle(&post(&path, "key"), ms(0));
    let day = Duration::from_secs(24 * 3600);
    let again = model.handle(&post(&path, "key"), day - ms(1));
    assert_eq!((again.status, again.replayed), (200, true));
    assert_eq!(again.body, first.body);
    let after = model.handle(&post(&path, "key"), day);
    assert_eq!((after.status, after.replayed), (400, false));
    // It is a new key now, with a new response.
    assert_eq!(model.handle(&post(&path, "key"), day + ms(1)).body, after.body);
    assert_eq!(model.ground_truth(&id).unwrap().replays, 2);
}

#[test]
fn the_same_calls_give_the_same_answers_and_another_seed_other_ids() {
    let run = |seed| {
        let mut model = Model::new(Settings { seed, ..Settings::default() });
        let id = authorized(&mut model);
        let path = format!("/v1/checkout/sessions/{id}/cancel");
        (model.handle(&post(&path, "key"), ms(1)), model.ground_truth(&id))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Whatever happens in whatever order, in every dialect: money is conserved, the hold agrees with
/// the intents, a cancel that was acknowledged ends in its effect, and nothing panics.
#[test]
fn random_histories_keep_the_books_in_every_dialect() {
    let mut state = 1u64;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    for dialect in Dialect::classic() {
        for _ in 0..40 {
            let mut model = model(dialect);
            let id = model.create(Mode::Test, CreateParams::default(), ms(0));
            let (mut now, mut acknowledged) = (0, 0usize);
            for step in 0..30 {
                now += draw(120);
                let now = ms(now);
                model.advance(now);
                let before = model.ground_truth(&id).unwrap();
                let mut cancel = None;
                match draw(7) {
                    0 => drop(model.pay(&id, now)),
                    1 => drop(model.capture(&id, Some(draw(5200)), now)),
                    2 => drop(model.refund(&id, Some(draw(3000)), now)),
                    3 => drop(model.reauth(&id, Some(draw(900) + 1), now)),
                    4 if draw(3) == 0 => drop(model.expire(&id, now)),
                    _ => cancel = Some(model.cancel(&id, by(step), now).is_ok()),
                }
                let after = model.ground_truth(&id).unwrap();
                let new = cancels(&after) - cancels(&before);
                match cancel {
                    None => assert_eq!(new, 0, "{dialect}"),
                    Some(false) => {
                        assert_eq!(new, 0, "{dialect}");
                        assert!(!can_be_canceled(&before), "{dialect}: {before:?}");
                    }
                    Some(true) => {
                        let again = dialect.second_cancel == SecondCancel::OkAgain;
                        assert!(new == 1 || new == 0 && again, "{dialect}: {before:?}");
                        assert!(new == 1 || !can_be_canceled(&before), "{dialect}: {before:?}");
                    }
                }
                acknowledged += new;
                check_books(&after);
            }
            model.advance(ms(now) + LATE);
            let truth = model.ground_truth(&id).unwrap();
            assert_eq!(truth.cancels_applied.len(), acknowledged, "{dialect}");
            assert_eq!(truth.cancels_pending, 0);
            check_books(&truth);
        }
    }
}

/// The cancels that were acknowledged.
fn cancels(truth: &GroundTruth) -> usize {
    truth.cancels_applied.len() + usize::try_from(truth.cancels_pending).unwrap()
}

/// Surely so: unpaid or held, and no other cancel is on its way.
fn can_be_canceled(truth: &GroundTruth) -> bool {
    let idle = truth.cancels_pending == 0;
    idle && (truth.status == Status::Open || truth.hold == Hold::Held)
}

fn check_books(truth: &GroundTruth) {
    let received: u64 = truth.intents.iter().map(|it| it.amount_received).sum();
    assert_eq!(received, truth.amount_captured);
    assert!(truth.amount_refunded <= truth.amount_captured);
    let held = truth.intents.iter().any(|it| it.amount_capturable > 0);
    assert!(!held || truth.hold == Hold::Held);
    for intent in &truth.intents {
        assert!(intent.amount_received + intent.amount_capturable <= intent.amount);
    }
    if truth.status == Status::Canceled {
        assert!(!held && truth.amount_captured == 0);
    }
}

#[test]
fn the_key_is_ignored_where_the_dialect_says_so() {
    let mut model = model(Dialect {
        key: KeyHandling::Ignored,
        after_cancel: AfterCancel::Open,
        ..Dialect::default()
    });
    let id = authorized(&mut model);
    let path = format!("/v1/checkout/sessions/{id}/cancel");
    assert_eq!(model.handle(&post(&path, "key"), ms(0)).status, 200);
    let second = model.handle(&post(&path, "key"), ms(0));
    assert_eq!((second.status, second.replayed), (400, false));
}
