use serde_json::value::RawValue;

use super::*;

/// A report in which every field has something to say, and to escape.
fn full() -> Report {
    let mut report = Report::without_attempts(
        Code::ServerError,
        "\"quoted\" \\ and\nbroken\u{1}, of some length",
    );
    report.session_id = Some("fcs_1".to_owned());
    report.idempotency_key = Some("k\"1".to_owned());
    report.repeat = Some(Repeat {
        idempotency_key: "k\"1".to_owned(),
        in_doubt: true,
        asked_at_ms: 1_764_105_107_000,
    });
    report.elapsed = Duration::from_micros(1_234_999);
    report.http_status = Some(503);
    report.retry_after = Some(Duration::from_secs(3));
    report.provider_error = Some(ProviderError {
        code: None,
        message: Some("é\t".to_owned()),
        body: "<html>\u{7f}".to_owned(),
        has_code_of_flex: false,
    });
    report.attempts = Phase::ALL
        .into_iter()
        .flat_map(|phase| {
            [Operation::Cancel, Operation::Retrieve]
                .map(|operation| Attempt::new(operation, "first try", phase))
        })
        .collect();
    report.attempts[3].request_id = Some("req \"1\"".to_owned());
    report.attempts[3].http_status = Some(200);
    let json = "{\"big\": 12345678901234567890.0100}";
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    report.raw_session = Some(raw.into());
    report
}

#[test]
fn a_report_is_written_in_one_line_with_the_session_as_it_came() {
    let refused = Refused { code: Code::InvalidArgument, message: String::new(), in_doubt: false };
    let empty = Report::refused(Operation::Retrieve, refused);
    for report in [full(), empty] {
        let json = report.to_json().unwrap();
        assert!(!json.contains(['\n', '\0']), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["message"], report.message.as_str());
        assert_eq!(value["attempts"].as_array().unwrap().len(), report.attempts.len());
        let session = report.raw_session.as_ref().map_or("null", RawJson::get);
        assert!(json.contains(&format!("\"checkout_session\":{session},")), "{json}");
    }
}

#[test]
fn equal_attempts_in_a_row_that_sent_nothing_are_one_in_the_json() {
    let attempt = |reason, phase, ms| {
        let mut attempt = Attempt::new(Operation::Cancel, reason, phase);
        attempt.started = Duration::from_millis(ms);
        attempt
    };
    let (first, again) = ("first attempt", "nothing was sent: try again");
    let mut report = full();
    report.attempts = vec![
        attempt(first, Phase::Connecting, 0),
        attempt(again, Phase::Connecting, 10),
        attempt(again, Phase::Connecting, 20),
        attempt(again, Phase::Connecting, 40),
        attempt(again, Phase::Resolving, 80),
        attempt(again, Phase::Waiting, 160),
        attempt(again, Phase::Waiting, 320),
    ];
    let value: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let shown: Vec<_> = value["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| {
            let number = |name: &str| attempt[name].as_u64().unwrap();
            (
                attempt["phase"].as_str().unwrap(),
                number("count"),
                number("first_ms"),
                number("last_ms"),
            )
        })
        .collect();
    let expected = [
        ("connecting", 1, 0, 0),
        ("connecting", 3, 10, 40),
        ("resolving", 1, 80, 80),
        ("waiting", 1, 160, 160),
        ("waiting", 1, 320, 320),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_status_says_nothing_of_any_cancel() {
    let of_outbox = Status::of_outbox(Code::OutboxFull, "full".to_owned(), OutboxView::default());
    for status in [of_outbox, Status::of_warm_up(Code::Ok, "a connection waits".to_owned())] {
        let value: serde_json::Value = serde_json::from_str(&status.to_json().unwrap()).unwrap();
        let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["advice", "code", "elapsed_ms", "message", "outbox", "retryable"];
        let mut sorted = names;
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
    }
}
