//! The main road: the Rust API against a stateful Flex, whose own word is compared.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flex_sandbox::{
    CaptureMethod, CreateParams, ErrorShape, Fault, Hold as TrueHold, How, Keys, Mode, Sandbox,
};
use flexcancel::{Abort, Client, Code, Config, Hold, Operation, Options, Outcome, Report};
use serde_json::{Value, json};

const KEY: &str = "fsk_test_hunter2";

fn sandbox() -> Sandbox {
    Sandbox::start(flex_sandbox::Options::default()).unwrap()
}

fn client_with(url: &str, more: Value) -> Client {
    let mut config = json!({ "api_key": KEY, "base_url": url, "timeout_ms": 5_000 });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap()
}

fn client(sandbox: &Sandbox) -> Client {
    client_with(&sandbox.url(), json!({}))
}

fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

fn cancel(client: &Client, id: &str) -> Report {
    client.cancel(id, &Options::default(), None)
}

fn effects(sandbox: &Sandbox, id: &str) -> usize {
    sandbox.ground_truth(id).unwrap().cancels_applied.len()
}

#[test]
fn a_held_session_is_canceled_and_the_hold_is_released() {
    let sandbox = sandbox();
    let id = held(&sandbox);
    let report = cancel(&client(&sandbox), &id);
    assert_eq!((report.outcome, report.code), (Outcome::Canceled, Code::Ok));
    assert_eq!(report.hold, Hold::Released);
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!(truth.hold, TrueHold::Released);
    assert_eq!(truth.cancels_received, 1);
    assert_eq!(truth.cancels_applied[0].idempotency_key, report.idempotency_key);
    assert_eq!(report.attempts.len(), 1);
    let applied_by = truth.cancels_applied[0].request;
    assert_eq!(report.attempts[0].request_id, Some(format!("req_{applied_by}")));
    assert_eq!(report.session().unwrap().unwrap().checkout_session_id.as_deref(), Some(&*id));
}

#[test]
fn what_is_sent_is_one_post_with_exactly_these_headers() {
    let sandbox = sandbox();
    let id = held(&sandbox);
    let mut options = Options::default();
    options.expand = vec!["payment_intent".to_owned(), "customer".to_owned()];
    options.idempotency_key = Some("till-7/4711".to_owned());
    // Its first use: a key alone means a repetition, which reads first.
    options.in_doubt = Some(false);
    client(&sandbox).cancel(&id, &options, None);
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 1);
    let sent = &requests[0];
    assert_eq!(sent.method, "POST");
    let query = "expand=payment_intent%2Ccustomer";
    assert_eq!(sent.target, format!("/v1/checkout/sessions/{id}/cancel?{query}"));
    assert!(sent.authorized);
    assert_eq!(sent.body_len, 0);
    let mut headers: Vec<_> = sent
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}").to_lowercase())
        .collect();
    headers.sort();
    assert_eq!(
        headers,
        [
            "accept-encoding: identity".to_owned(),
            "accept: application/json".to_owned(),
            "authorization: [redacted]".to_owned(),
            "cache-control: no-cache".to_owned(),
            "content-length: 0".to_owned(),
            format!("host: 127.0.0.1:{}", sandbox.port()),
            "idempotency-key: till-7/4711".to_owned(),
            concat!("user-agent: flexcancel/", env!("CARGO_PKG_VERSION")).to_owned(),
        ]
    );
}

#[test]
fn each_cancel_has_a_key_of_its_own() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let keys: Vec<String> =
        (0..3).map(|_| cancel(&client, &held(&sandbox)).idempotency_key.unwrap()).collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    for key in keys {
        assert_eq!((key.len(), key.as_bytes()[14]), (36, b'4'), "a UUID of version 4: {key}");
    }
}

#[test]
fn a_session_that_was_canceled_before_is_already_canceled() {
    let sandbox = sandbox();
    let (client, id) = (client(&sandbox), held(&sandbox));
    cancel(&client, &id);
    let report = cancel(&client, &id);
    assert_eq!((report.outcome, report.code), (Outcome::AlreadyCanceled, Code::Ok));
    assert_eq!(effects(&sandbox, &id), 1);
    let round_trips: Vec<_> = report
        .attempts
        .iter()
        .map(|attempt| (attempt.operation, attempt.http_status, attempt.code))
        .collect();
    let refused = (Operation::Cancel, Some(400), Code::Ok);
    assert_eq!(round_trips, [refused, (Operation::Retrieve, Some(200), Code::Ok)]);
    assert!(report.raw_session.is_some(), "what was read back is shown");
}

#[test]
fn canceled_in_flexs_words_is_not_voided_where_money_was_taken_as_well() {
    let sandbox = sandbox();
    let (client, id) = (client(&sandbox), held(&sandbox));
    sandbox.capture(&id, None).unwrap();
    let body = r#"{"error":{"code":"checkout_session_canceled"}}"#.to_owned();
    sandbox.inject(Fault::Status { status: 400, headers: Vec::new(), body }, 1);
    let report = cancel(&client, &id);
    assert_eq!((report.outcome, report.hold), (Outcome::NotCancelable, Hold::Captured));
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, TrueHold::Captured);
}

#[test]
fn what_is_captured_or_expired_is_not_cancelable() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let captured = held(&sandbox);
    sandbox.capture(&captured, None).unwrap();
    let automatic = sandbox.create(&CreateParams {
        capture_method: CaptureMethod::Automatic,
        ..CreateParams::default()
    });
    sandbox.pay(&automatic).unwrap();
    let expired = sandbox.create(&CreateParams::default());
    sandbox.expire(&expired).unwrap();
    for id in [captured, automatic, expired] {
        let report = cancel(&client, &id);
        assert_eq!((report.outcome, report.code), (Outcome::NotCancelable, Code::NotCancelable));
        assert_eq!(effects(&sandbox, &id), 0);
        assert_ne!(sandbox.ground_truth(&id).unwrap().hold, TrueHold::Held);
    }
}

#[test]
fn refusals_are_not_applied_and_say_why() {
    let keys = Keys::default().with(Mode::Test, KEY).with(Mode::Live, "fsk_live_1");
    let options = flex_sandbox::Options { keys, ..flex_sandbox::Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let id = held(&sandbox);
    let unknown = cancel(&client(&sandbox), "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T");
    assert_eq!((unknown.outcome, unknown.code), (Outcome::NotApplied, Code::NotFound));
    let live = client_with(&sandbox.url(), json!({ "api_key": "fsk_live_1" }));
    let other_mode = cancel(&live, &id);
    assert_eq!((other_mode.outcome, other_mode.code), (Outcome::NotApplied, Code::NotFound));
    let stranger = client_with(&sandbox.url(), json!({ "api_key": "fsk_test_stranger" }));
    let unauthorized = cancel(&stranger, &id);
    assert_eq!(
        (unauthorized.outcome, unauthorized.code, unauthorized.http_status),
        (Outcome::NotApplied, Code::Unauthorized, Some(401))
    );
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, TrueHold::Held);
}

#[test]
fn errors_are_read_in_every_shape() {
    for (shape, code) in [
        (ErrorShape::Code, Some("checkout_session_not_found")),
        (ErrorShape::Type, Some("checkout_session_not_found")),
        (ErrorShape::DetailList, Some("checkout_session_not_found")),
        (ErrorShape::DetailText, Some("checkout_session_not_found")),
        (ErrorShape::Message, None),
        (ErrorShape::Html, None),
        (ErrorShape::Empty, None),
    ] {
        let options =
            flex_sandbox::Options { error_shape: shape, ..flex_sandbox::Options::default() };
        let sandbox = Sandbox::start(options).unwrap();
        let report = cancel(&client(&sandbox), "fcs_nowhere");
        // Without an error code of Flex's a 404 may be anybody's.
        let expected = if code.is_some() { Outcome::NotApplied } else { Outcome::Unknown };
        assert_eq!((report.outcome, report.code), (expected, Code::NotFound), "{shape:?}");
        assert_eq!(report.provider_error.unwrap().code.as_deref(), code, "{shape:?}");
    }
}

#[test]
fn a_retrieve_shows_where_the_money_is_and_changes_nothing() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let id = held(&sandbox);
    let look = || {
        let report = client.retrieve(&id, &Options::default(), None);
        (report.outcome, report.hold)
    };
    assert_eq!(look(), (Outcome::NotApplied, Hold::Held));
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, TrueHold::Held);
    cancel(&client, &id);
    assert_eq!(look(), (Outcome::AlreadyCanceled, Hold::Released));
    let captured = held(&sandbox);
    sandbox.capture(&captured, None).unwrap();
    let report = client.retrieve(&captured, &Options::default(), None);
    assert_eq!((report.outcome, report.hold), (Outcome::NotCancelable, Hold::Captured));
    assert_eq!(report.idempotency_key, None);
}

#[test]
fn a_connection_is_used_again_and_one_the_server_closed_costs_no_attempt() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    for _ in 0..3 {
        assert_eq!(cancel(&client, &held(&sandbox)).outcome, Outcome::Canceled);
    }
    assert_eq!(sandbox.connections(), 1);
    sandbox.close_connections();
    let id = held(&sandbox);
    let report = cancel(&client, &id);
    assert_eq!((report.outcome, report.attempts.len()), (Outcome::Canceled, 1));
    assert_eq!(sandbox.ground_truth(&id).unwrap().cancels_received, 1);
    assert_eq!(sandbox.connections(), 2);
}

#[test]
fn a_client_that_keeps_no_connections_opens_one_for_each_call() {
    let sandbox = sandbox();
    let client = client_with(&sandbox.url(), json!({ "max_idle_ms": 0 }));
    for _ in 0..3 {
        cancel(&client, &held(&sandbox));
    }
    assert_eq!(sandbox.connections(), 3);
}

#[test]
fn over_tls_the_named_authority_is_trusted_and_no_other() {
    let options = flex_sandbox::Options { tls: true, ..flex_sandbox::Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let name = format!("flexcancel-ca-{}.pem", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, sandbox.ca_pem().unwrap()).unwrap();
    let client = client_with(&sandbox.url(), json!({ "ca_file": file }));
    for _ in 0..2 {
        let id = held(&sandbox);
        assert_eq!(cancel(&client, &id).outcome, Outcome::Canceled);
        assert_eq!(effects(&sandbox, &id), 1);
    }
    assert_eq!(sandbox.connections(), 1);
    std::fs::remove_file(&file).unwrap();
    let id = held(&sandbox);
    for trust in ["bundled", "system"] {
        let report = cancel(&client_with(&sandbox.url(), json!({ "trust": trust })), &id);
        assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Tls), "{trust}");
        assert_eq!(report.attempts.len(), 1);
    }
    assert_eq!(sandbox.ground_truth(&id).unwrap().cancels_received, 0);
}

#[test]
fn a_ca_file_that_cannot_be_used_is_a_configuration_error() {
    let name = format!("flexcancel-bad-ca-{}.pem", std::process::id());
    let file = std::env::temp_dir().join(name);
    let unusable = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for content in ["", "no PEM at all", unusable] {
        std::fs::write(&file, content).unwrap();
        let json = json!({ "api_key": KEY, "ca_file": file }).to_string();
        let problem = Client::new(&Config::from_json(&json).unwrap()).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("ca_file"), "{content:?}: {problem}");
    }
    std::fs::remove_file(&file).unwrap();
    let json = json!({ "api_key": KEY, "ca_file": "/nonexistent.pem" }).to_string();
    let problem = Client::new(&Config::from_json(&json).unwrap()).unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("ca_file"));
}

#[test]
fn an_abort_before_the_call_sends_nothing_and_is_sticky() {
    let sandbox = sandbox();
    let (client, id) = (client(&sandbox), held(&sandbox));
    let abort = Abort::new();
    abort.trigger();
    for _ in 0..2 {
        let report = client.cancel(&id, &Options::default(), Some(&abort));
        assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Aborted));
    }
    assert_eq!(sandbox.requests().len(), 0);
    assert_eq!(cancel(&client, &id).outcome, Outcome::Canceled);
}

#[test]
fn bad_arguments_send_nothing_and_name_the_field() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    for id in ["", "../x", "a/b", "a?b", "%2f", &"x".repeat(256), KEY] {
        let report = cancel(&client, id);
        assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::InvalidSessionId));
        assert_eq!(report.session_id, None);
        assert!(report.message.starts_with("session_id: expected"), "{}", report.message);
    }
    let mut options = Options::default();
    options.idempotency_key = Some("a b".to_owned());
    let report = client.cancel("fcs_1", &options, None);
    assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::InvalidArgument));
    assert_eq!(report.session_id.as_deref(), Some("fcs_1"));
    options.idempotency_key = Some("k".to_owned());
    let report = client.retrieve("fcs_1", &options, None);
    assert_eq!(report.code, Code::InvalidArgument);
    assert!(report.message.starts_with("idempotency_key: expected"), "{}", report.message);
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn the_api_key_in_the_wrong_place_is_refused_and_not_repeated() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let mut options = Options::default();
    options.idempotency_key = Some(format!("till-{KEY}"));
    let report = client.cancel("fcs_1", &options, None);
    assert!(report.message.starts_with("idempotency_key: expected"), "{}", report.message);
    assert!(!report.to_json().unwrap().contains("hunter2"));
    assert_eq!(sandbox.connections(), 0);
}

#[test]
fn an_answer_that_is_lost_once_ends_canceled_with_two_sends_at_most_and_one_effect() {
    for how in [How::Fin, How::Rst] {
        let sandbox = sandbox();
        sandbox.inject(Fault::DropAnswer { how }, 1);
        let id = held(&sandbox);
        let report = cancel(&client(&sandbox), &id);
        assert_eq!((report.outcome, report.code), (Outcome::Canceled, Code::Ok));
        let truth = sandbox.ground_truth(&id).unwrap();
        assert_eq!((truth.hold, truth.cancels_applied.len()), (TrueHold::Released, 1));
        assert!(truth.cancels_received <= 2, "{}", truth.cancels_received);
        assert_eq!(report.attempts[0].code, Code::ConnectionLost);
    }
}

/// Serves one response to the first request, whatever it is.
fn serve_once(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        stream.write_all(&answer).unwrap();
        // Held open until the client is done with it.
        let _ = stream.read(&mut request);
    });
    url
}

#[test]
fn the_official_examples_come_through_byte_for_byte() {
    // The expanded one lists a capture, though nothing was received: it speaks against itself.
    for (example, expected) in [
        (include_str!("data/response-example.json"), (Outcome::Canceled, Code::Ok)),
        (include_str!("data/response-expanded.json"), (Outcome::Unknown, Code::Protocol)),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", example.len());
        let url = serve_once([head.as_bytes(), example.as_bytes()].concat());
        let config = json!({ "api_key": "fsk_live_hunter2", "timeout_ms": 500 });
        let client = client_with(&url, config);
        let report = cancel(&client, "obj_01EXAMPLE00000000000000000");
        assert_eq!((report.outcome, report.code), expected);
        let raw = report.raw_session.as_ref().unwrap().get();
        let from = example.find(": {").unwrap() + 2;
        assert_eq!(raw, example[from..].trim_end().strip_suffix('}').unwrap().trim_end());
        assert!(report.to_json().unwrap().contains(raw));
    }
}

#[test]
fn an_answer_of_the_other_mode_is_unknown() {
    let example = include_str!("data/response-example.json");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", example.len());
    let url = serve_once([head.as_bytes(), example.as_bytes()].concat());
    let client = client_with(&url, json!({ "timeout_ms": 300 }));
    let report = cancel(&client, "obj_01EXAMPLE00000000000000000");
    assert_eq!(report.outcome, Outcome::Unknown);
    assert_eq!(report.attempts[0].code, Code::ModeMismatch);
}

#[test]
fn events_tell_of_attempts_and_results_and_hold_no_key() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let events = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&events);
    client.set_observer(Some(Arc::new(move |event: &flexcancel::Event<'_>| {
        kept.lock().unwrap().push(serde_json::to_value(event).unwrap());
    })));
    let id = held(&sandbox);
    cancel(&client, &id);
    cancel(&client, KEY);
    client.set_observer(None);
    cancel(&client, &id);
    let events = events.lock().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["attempt", "result", "result"]);
    assert_eq!(events[0]["session_id"], json!(id));
    assert_eq!(events[0]["phase"], "complete");
    assert_eq!((&events[1]["level"], &events[1]["outcome"]), (&json!("info"), &json!("canceled")));
    assert_eq!(events[2]["code"], "invalid_session_id");
    assert!(!format!("{events:?}").contains("hunter2"));
}

#[test]
fn calls_on_one_client_run_side_by_side() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let ids: Vec<Vec<String>> = (0..8).map(|_| (0..25).map(|_| held(&sandbox)).collect()).collect();
    std::thread::scope(|scope| {
        for lane in &ids {
            let client = &client;
            scope.spawn(move || {
                for id in lane {
                    assert_eq!(cancel(client, id).outcome, Outcome::Canceled);
                }
            });
        }
    });
    assert!(ids.iter().flatten().all(|id| effects(&sandbox, id) == 1));
    assert!(sandbox.connections() <= 8);
}

#[test]
fn a_deadline_in_the_options_comes_before_the_clients() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client_with(&format!("http://{}", listener.local_addr().unwrap()), json!({}));
    let mut options = Options::default();
    options.timeout = Some(Duration::from_millis(200));
    let report = client.cancel("fcs_1", &options, None);
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Timeout));
    assert!(report.elapsed >= Duration::from_millis(150), "{:?}", report.elapsed);
    assert!(report.elapsed < Duration::from_secs(2), "{:?}", report.elapsed);
}
