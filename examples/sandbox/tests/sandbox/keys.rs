//! API keys, the two modes, and idempotency keys.

use flex_sandbox::{CreateParams, Dialect, Hold, KeyHandling, Keys, Mode, Options, Sandbox};

use crate::client::{Client, LIVE_KEY, TEST_KEY, bearer};

fn authorized(options: Options) -> (Sandbox, Client, String) {
    let sandbox = Sandbox::start(options).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client, id)
}

#[test]
fn without_a_valid_key_nothing_is_said_and_nothing_happens() {
    let (sandbox, mut client, id) = authorized(Options::default());
    for headers in [
        vec![],
        vec![("Authorization", "")],
        vec![("Authorization", "Bearer")],
        vec![("Authorization", "Bearer sk_test_x")],
        vec![("Authorization", "Basic fsk_test_x")],
        vec![("X-Api-Key", TEST_KEY)],
    ] {
        for (method, path) in [("POST", "/cancel"), ("GET", ""), ("GET", "/nonsense")] {
            let path = format!("/v1/checkout/sessions/{id}{path}");
            let reply = client.request(method, &path, &headers, "");
            assert_eq!(reply.error(), (401, "unauthorized".to_owned()), "{headers:?}");
        }
    }
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.cancels_received), (Hold::Held, 0));
    assert!(sandbox.requests().iter().all(|it| !it.authorized && it.mode.is_none()));
}

#[test]
fn once_keys_are_named_no_other_is_valid() {
    let keys = Keys::default().with(Mode::Test, "odd").with(Mode::Live, "fsk_test_live");
    let (sandbox, mut client, id) = authorized(Options { keys, ..Options::default() });
    let live = sandbox.create_in(Mode::Live, &CreateParams::default());
    let mut get = |id: &str, key: &str| {
        let headers = [("Authorization", bearer(key))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        client.request("GET", &format!("/v1/checkout/sessions/{id}"), &headers, "").status
    };
    assert_eq!((get(&id, "odd"), get(&live, "odd")), (200, 404));
    assert_eq!((get(&id, "fsk_test_live"), get(&live, "fsk_test_live")), (404, 200));
    assert_eq!((get(&id, TEST_KEY), get(&live, LIVE_KEY)), (401, 401));
    let modes: Vec<_> = sandbox.requests().iter().map(|it| it.mode).collect();
    let (test, live) = (Some(Mode::Test), Some(Mode::Live));
    assert_eq!(modes, [test, test, live, live, None, None]);
}

#[test]
fn objects_of_one_mode_are_invisible_to_the_other() {
    let (sandbox, mut client, test) = authorized(Options::default());
    let live = sandbox.create_in(Mode::Live, &CreateParams::default());
    sandbox.pay(&live).unwrap();
    for (id, own, other) in [(&test, TEST_KEY, LIVE_KEY), (&live, LIVE_KEY, TEST_KEY)] {
        let url = format!("/v1/checkout/sessions/{id}");
        let cancel = format!("{url}/cancel");
        let (own, other) = (bearer(own), bearer(other));
        for (method, path) in [("GET", &url), ("POST", &cancel)] {
            let reply = client.request(method, path, &[("Authorization", &other)], "");
            assert_eq!(reply.error(), (404, "checkout_session_not_found".to_owned()));
        }
        let truth = sandbox.ground_truth(id).unwrap();
        assert_eq!((truth.hold, truth.cancels_received), (Hold::Held, 0));
        let reply = client.request("POST", &cancel, &[("Authorization", &own)], "");
        assert_eq!(reply.session()["test_mode"], own == bearer(TEST_KEY));
    }
}

#[test]
fn no_key_is_kept_wherever_it_was_sent() {
    let keys = Keys::default().with(Mode::Test, "hunter-two");
    let (sandbox, mut client, id) = authorized(Options { keys, ..Options::default() });
    let target = format!("/v1/checkout/sessions/{id}?key=hunter-two&other={LIVE_KEY}");
    let headers = [
        ("Authorization", "Bearer hunter-two"),
        ("authorization", "Bearer some-key-of-another-form"),
        ("Proxy-Authorization", "Basic some-key-of-another-form"),
        ("X-Api-Key", TEST_KEY),
        ("X-Note", "hunter-two"),
    ];
    assert_eq!(client.request("GET", &target, &headers, "").status, 200);
    let listed = String::from_utf8(client.get("/__sandbox/requests").body).unwrap();
    let kept = format!("{:?}\n{listed}", sandbox.requests());
    for secret in ["hunter-two", "some-key", TEST_KEY, LIVE_KEY, "secret"] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
    let record = &sandbox.requests()[0];
    assert_eq!(record.header("authorization"), Some("[redacted]"));
    assert_eq!((record.authorized, record.mode), (true, Some(Mode::Test)));
}

#[test]
fn the_same_idempotency_key_gets_the_same_answer_and_has_one_effect() {
    let (sandbox, mut client, id) = authorized(Options::default());
    let cancel = format!("/v1/checkout/sessions/{id}/cancel");
    let first = client.post_once(&cancel, "key-1");
    let again = client.post_once(&format!("{cancel}?expand=payment_intent"), "key-1");
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
    assert_eq!(client.post_once(&cancel, "").status, 400);
    assert_eq!(client.post_once(&cancel, "key-2").status, 400);

    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.cancels_received, truth.replays), (4, 1));
    assert_eq!(truth.cancels_applied.len(), 1);
}

#[test]
fn refusals_are_replayed_too_whatever_happened_since() {
    let (sandbox, mut client, _) = authorized(Options::default());
    let id = sandbox.create(&CreateParams::default());
    let capture = format!("/v1/checkout/sessions/{id}/capture");
    let refused = client.post_once(&capture, "key-1");
    assert_eq!(refused.status, 400);
    sandbox.pay(&id).unwrap();
    assert_eq!(client.post_once(&capture, "key-1").body, refused.body);
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Held);
    assert_eq!(client.post_once(&capture, "key-2").status, 200);
}

#[test]
fn an_idempotency_key_belongs_to_one_path_and_one_mode() {
    let (sandbox, mut client, id) = authorized(Options::default());
    let other = sandbox.create(&CreateParams::default());
    let cancel = |id: &str| format!("/v1/checkout/sessions/{id}/cancel");
    assert_eq!(client.post_once(&cancel(&id), "key-1").status, 200);
    let reused = client.post_once(&cancel(&other), "key-1");
    assert_eq!(reused.error(), (400, "idempotency_key_reused".to_owned()));
    assert_eq!(sandbox.ground_truth(&other).unwrap().cancels_applied, []);

    let live = sandbox.create_in(Mode::Live, &CreateParams::default());
    let headers = [("Authorization", bearer(LIVE_KEY)), ("Idempotency-Key", "key-1".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(client.request("POST", &cancel(&live), &headers, "").status, 200);
    assert_eq!(sandbox.ground_truth(&live).unwrap().cancels_applied.len(), 1);
}

#[test]
fn an_empty_idempotency_key_is_none() {
    let (sandbox, mut client, id) = authorized(Options::default());
    let other = sandbox.create(&CreateParams::default());
    for id in [id, other] {
        let reply = client.post_once(&format!("/v1/checkout/sessions/{id}/cancel"), "");
        assert_eq!(reply.status, 200);
    }
}

#[test]
fn an_ignored_idempotency_key_does_nothing() {
    let dialect = Dialect { key: KeyHandling::Ignored, ..Dialect::default() };
    let (sandbox, mut client, id) = authorized(Options { dialect, ..Options::default() });
    let cancel = format!("/v1/checkout/sessions/{id}/cancel");
    assert_eq!(client.post_once(&cancel, "key-1").status, 200);
    let again = client.post_once(&cancel, "key-1");
    assert_eq!(again.error(), (400, "checkout_session_canceled".to_owned()));
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.cancels_received, truth.replays), (2, 0));
    assert_eq!(truth.cancels_applied[0].idempotency_key.as_deref(), Some("key-1"));
}
