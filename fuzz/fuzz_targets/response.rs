//! The bytes of responses through a whole cancel. No panic; the deadline is kept; a definite
//! outcome only if the responses contain its evidence.
#![no_main]

use std::sync::Arc;

use flexcancel::{Client, Code, Config, Options, Outcome};
use flexcancel_fuzz::{Received, Script, ScriptTransport, plain};
use libfuzzer_sys::fuzz_target;

const CONFIG: &str = r#"{"api_key":"fsk_test_1","timeout_ms":15000,"max_attempts":3}"#;
/// What a response must say somewhere before a till may be told that it is too late.
const TOO_LATE: [&str; 5] = ["captur", "succeeded", "expired", "complete", "cancel"];

fuzz_target!(|input: &[u8]| {
    let script = Arc::new(Script::new(input));
    let config = Config::from_json(CONFIG).expect("a configuration");
    let transport = ScriptTransport(Arc::clone(&script));
    let client = Client::with_transport(&config, Box::new(transport)).expect("a client");
    let report = client.cancel("fcs_1", &Options::default(), None);

    let json = report.to_json().expect("a report can be written");
    serde_json::from_str::<serde_json::Value>(&json).expect("a report is JSON");
    assert!(script.elapsed().as_millis() <= 15_000, "past the deadline: {json}");
    assert_ne!(report.code, Code::Internal, "{json}");
    assert!(!json.contains("fsk_test_1"), "the API key: {json}");
    let received = script.received();
    let says = |word: &str| received.iter().any(|it| plain(&it.body).contains(word));
    let is_confirmed = |it: &Received| it.is_cancel && (200..300).contains(&it.status);
    let is_refused = |it: &Received| it.is_cancel && !(200..300).contains(&it.status);
    let has_evidence = match report.outcome {
        Outcome::Canceled => received.iter().any(is_confirmed) || says("cancel"),
        Outcome::AlreadyCanceled => says("cancel"),
        Outcome::NotCancelable => TOO_LATE.iter().any(|word| says(word)),
        Outcome::NotApplied => script.requests() == 0 || received.iter().any(is_refused),
        _ => true,
    };
    assert!(has_evidence, "no evidence: {json}");
});
