//! A connection opened ahead of time: the next call finds it, and nothing else is ever sent.

#[path = "stalls/mod.rs"]
mod stalls;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flex_sandbox::{CreateParams, Sandbox};
use flexcancel::{Abort, Client, Code, Config, Error, Options, Outcome};
use serde_json::{Value, json};

fn sandbox(tls: bool) -> Sandbox {
    Sandbox::start(flex_sandbox::Options { tls, ..flex_sandbox::Options::default() }).unwrap()
}

fn client_with(sandbox: &Sandbox, more: Value) -> Client {
    let mut config = json!({ "api_key": "fsk_test_hunter2", "base_url": sandbox.url() });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let ca_file = sandbox.ca_pem().map(|pem| {
        let name = format!("warm-up-{}.pem", sandbox.port());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, pem).unwrap();
        path
    });
    if let Some(path) = &ca_file {
        config["ca_file"] = json!(path);
    }
    let client = Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap();
    // It is read when the client is made.
    if let Some(path) = ca_file {
        fs::remove_file(path).unwrap();
    }
    client
}

fn warm_up(client: &Client) -> Result<(), Error> {
    client.warm_up(&Options::default(), None)
}

fn assert_canceled(sandbox: &Sandbox, client: &Client) {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let report = client.cancel(&id, &Options::default(), None);
    assert_eq!((report.outcome, report.attempts.len()), (Outcome::Canceled, 1), "{report:?}");
}

#[test]
fn given_a_warm_up_when_canceled_then_on_the_connection_that_waited() {
    for tls in [false, true] {
        let sandbox = sandbox(tls);
        let client = client_with(&sandbox, json!({}));
        assert_eq!(warm_up(&client), Ok(()));
        assert!(sandbox.requests().is_empty(), "nothing is sent");
        for _ in 0..3 {
            assert_canceled(&sandbox, &client);
        }
        let on: Vec<u64> = sandbox.requests().iter().map(|request| request.connection).collect();
        assert_eq!((on, sandbox.connections()), (vec![1, 1, 1], 1), "TLS: {tls}");
    }
}

#[test]
fn given_several_warm_ups_then_each_opens_a_connection() {
    let sandbox = sandbox(false);
    let client = client_with(&sandbox, json!({}));
    for _ in 0..3 {
        assert_eq!(warm_up(&client), Ok(()));
    }
    assert_canceled(&sandbox, &client);
    assert_eq!(sandbox.requests()[0].connection, 3, "the one opened last");
}

#[test]
fn given_a_warm_connection_that_the_server_closed_when_canceled_then_by_another_in_one_attempt() {
    for tls in [false, true] {
        let sandbox = sandbox(tls);
        let client = client_with(&sandbox, json!({}));
        assert_eq!(warm_up(&client), Ok(()));
        sandbox.close_connections();
        assert_canceled(&sandbox, &client);
        assert_eq!(sandbox.requests().len(), 1);
    }
}

#[test]
fn given_nobody_who_answers_when_warmed_up_then_the_code_says_why_and_the_time_is_kept() {
    let refused = sandbox(false);
    let client = client_with(&refused, json!({}));
    refused.close_port();
    assert_eq!(warm_up(&client).unwrap_err().code, Code::Connect);

    let (address, _tells) = stalls::server(stalls::accepts_and_stalls);
    let client = stalls::client("https", address, Duration::from_secs(30));
    let started = Instant::now();
    let options = Options::from_json(r#"{"timeout_ms":100}"#).unwrap();
    let error = client.warm_up(&options, None).unwrap_err();
    assert_eq!(error.code, Code::Timeout);
    assert_eq!(error.message, "the time ran out in the TLS handshake");
    let took = started.elapsed();
    assert!((Duration::from_millis(100)..Duration::from_secs(10)).contains(&took), "{took:?}");
}

#[test]
fn given_an_abort_when_warmed_up_then_it_ends_and_nothing_waits() {
    let (address, tells) = stalls::server(stalls::accepts_and_stalls);
    let client = stalls::client("https", address, Duration::from_secs(60));
    let abort = Abort::new();
    let aborter = std::thread::spawn({
        let abort = abort.clone();
        move || {
            tells.recv().unwrap();
            abort.trigger();
        }
    });
    let started = Instant::now();
    let warmed = client.warm_up(&Options::default(), Some(&abort));
    aborter.join().unwrap();
    assert_eq!(warmed.unwrap_err().code, Code::Aborted);
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn given_what_a_warm_up_has_no_use_for_then_it_is_refused_by_name_and_nothing_is_opened() {
    let sandbox = sandbox(false);
    let client = client_with(&sandbox, json!({}));
    for (field, json) in [
        ("expand", r#"{"expand":["customer"]}"#),
        ("idempotency_key", r#"{"idempotency_key":"k"}"#),
        ("max_attempts", r#"{"max_attempts":2}"#),
    ] {
        let error = client.warm_up(&Options::from_json(json).unwrap(), None).unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
        assert!(error.message.starts_with(&format!("{field}: expected")), "{error}");
    }
    let keeps_none = client_with(&sandbox, json!({ "max_idle_ms": 0 }));
    let error = warm_up(&keeps_none).unwrap_err();
    assert_eq!(error.code, Code::InvalidConfig);
    assert!(error.message.starts_with("max_idle_ms: expected"), "{error}");
    assert_eq!(sandbox.connections(), 0);
}
