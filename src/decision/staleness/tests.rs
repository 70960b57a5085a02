use super::*;

/// 2026-11-23T12:00:00Z
const NOON_MS: i64 = 1_795_435_200_000;

/// An id as Flex makes them, of this moment.
fn id_of(ms: i64) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |place: u32| char::from(DIGITS[(ms >> (5 * place) & 31) as usize]);
    let time: String = (0..10).rev().map(digit).collect();
    format!("fpi_{time}0123456789ABCDEF")
}

fn held(intents: &str) -> HoldAge {
    held_in("fcs_1", 1, intents)
}

fn asked_at(ms: i64) -> AskedAt {
    AskedAt::new(ms, ms, 0, None)
}

fn held_in(session_id: &str, created_at: i64, intents: &str) -> HoldAge {
    let session = format!(
        r#"{{"checkout_session_id":"{session_id}","created_at":{created_at},"status":"complete",
            "payment_intents":[{intents}]}}"#
    );
    ages(&session, asked_at(NOON_MS)).hold
}

fn intent(status: &str, created_at: &str) -> String {
    format!(r#"{{"payment_intent_id":"fpi_1","status":"{status}","created_at":"{created_at}"}}"#)
}

#[test]
fn a_hold_is_older_only_if_it_is_however_late_its_time_is_read() {
    for (created_at, expected) in [
        ("2026-11-23T11:59:59Z", HoldAge::Older),
        ("2026-11-23T11:59:59.999Z", HoldAge::Older),
        ("2026-11-23 11:59:59+00:00", HoldAge::Older),
        ("2026-11-23T12:00:00.000Z", HoldAge::Older),
        ("2026-11-23T12:00:00.0Z", HoldAge::Unknown),
        ("2026-11-23T12:00:00Z", HoldAge::Unknown),
        ("2026-11-23T12:00:01Z", HoldAge::Newer),
        ("2027-01-01T00:00:00Z", HoldAge::Newer),
        ("2024-02-29T00:00:00Z", HoldAge::Older),
        ("2026-11-23T12:59:59+01:00", HoldAge::Older),
        ("2026-11-23T07:00:01-05:00", HoldAge::Newer),
        ("2026-11-23T12:00Z", HoldAge::Unknown),
        ("20261123T115959Z", HoldAge::Unknown),
        ("2026-11-23T11:59:59+99:00", HoldAge::Unknown),
        ("-000001-11-23T11:59:59Z", HoldAge::Unknown),
        ("1969-12-31T23:59:59Z", HoldAge::Unknown),
        ("2026-11-23T11:59:59", HoldAge::Unknown),
        ("2026-13-23T11:59:59Z", HoldAge::Unknown),
        ("2026-11-23T11:59:59.9x9Z", HoldAge::Unknown),
        ("yesterday", HoldAge::Unknown),
        ("", HoldAge::Unknown),
    ] {
        assert_eq!(held(&intent("requires_capture", created_at)), expected, "{created_at}");
    }
}

#[test]
fn one_hold_that_is_newer_or_tells_nothing_is_enough_to_stop() {
    let older = intent("requires_capture", "2026-11-23T11:00:00Z");
    let newer = intent("requires_capture", "2026-11-23T13:00:00Z");
    let silent = r#"{"payment_intent_id":"fpi_2","status":"requires_capture"}"#;
    assert_eq!(held(&older), HoldAge::Older);
    assert_eq!(held(&format!("{older},{newer}")), HoldAge::Newer);
    assert_eq!(held(&format!("{older},{silent}")), HoldAge::Unknown);
    assert_eq!(held(&format!(r#"{older},"fpi_3""#)), HoldAge::Unknown);
    assert_eq!(held(&format!(r#"{older},"fpi_1""#)), HoldAge::Older, "the same one, by its id");
    assert_eq!(held(""), HoldAge::Older, "none at all");
}

#[test]
fn what_is_over_does_not_count_unless_it_still_holds_something() {
    let older = intent("requires_capture", "2026-11-23T11:00:00Z");
    let ended = intent("canceled", "2026-11-23T13:00:00Z");
    assert_eq!(held(&format!("{older},{ended}")), HoldAge::Older);
    let holds = ended.replace("\"status\"", "\"amount_capturable\":1,\"status\"");
    assert_eq!(held(&format!("{older},{holds}")), HoldAge::Newer);
    for (capturable, age) in [
        (r#""0""#, HoldAge::Older),
        (r#"{"amount":0,"currency":"usd"}"#, HoldAge::Older),
        (r#""0.01""#, HoldAge::Newer),
        (r#"{"amount":1,"currency":"usd"}"#, HoldAge::Newer),
        ("[]", HoldAge::Newer),
    ] {
        let shown = format!("\"amount_capturable\":{capturable},\"status\"");
        let beside = ended.replace("\"status\"", &shown);
        assert_eq!(held(&format!("{older},{beside}")), age, "{capturable}");
    }
}

#[test]
fn ids_tell_the_time_where_the_sessions_own_id_does() {
    let (session, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let older = format!("\"{}\"", id_of(NOON_MS - 1));
    let newer = format!("\"{}\"", id_of(NOON_MS + 1));
    assert_eq!(held_in(&session, seconds, &older), HoldAge::Older);
    assert_eq!(held_in(&session, seconds, &newer), HoldAge::Newer);
    assert_eq!(held_in(&session, seconds - 3_600, &older), HoldAge::Unknown, "it does not");
    assert_eq!(held_in("fcs_1", seconds, &older), HoldAge::Unknown, "it carries none");
    let noon = Some(Span { first_ms: NOON_MS, last_ms: NOON_MS });
    assert_eq!(time_of_id(&id_of(NOON_MS)), noon);
    assert_eq!(time_of_id(&id_of(NOON_MS).to_lowercase()), noon);
    assert_eq!(time_of_id("fpi_0123456789ABCDEFGHIJKLMNOP"), None, "no ULID has an I");
    assert_eq!(time_of_id("fpi_81DXF6DT000000000000000000"), None, "more than 128 bits");
    assert_eq!(time_of_id("fpi_"), None);
}

#[test]
fn where_field_and_id_both_tell_the_later_counts() {
    let (session, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let id = id_of(NOON_MS + 60_000);
    let object = intent("requires_capture", "2026-11-23T11:00:00Z").replace("fpi_1", &id);
    assert_eq!(held_in(&session, seconds, &object), HoldAge::Newer);
}

#[test]
fn an_id_tells_the_moment_within_the_second_that_the_field_leaves_open() {
    let (session, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let made_at = |ms| {
        let object = intent("requires_capture", "2026-11-23T12:00:00Z");
        held_in(&session, seconds, &object.replace("fpi_1", &id_of(ms)))
    };
    assert_eq!(made_at(NOON_MS), HoldAge::Older);
    assert_eq!(made_at(NOON_MS + 1), HoldAge::Newer);
    assert_eq!(made_at(NOON_MS - 1), HoldAge::Unknown, "they disagree: the later counts");
}

#[test]
fn one_time_that_is_newer_is_enough_and_none_is_older_without_when_it_was_made() {
    let session = |intents: &str, rest: &str| {
        let json = format!(r#"{{"payment_intents":{intents}{rest}}}"#);
        ages(&json, AskedAt::new(NOON_MS, NOON_MS, 0, None)).hold
    };
    let (older, newer) = ("2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z");
    for (time, age) in [(older, HoldAge::Unknown), (newer, HoldAge::Newer)] {
        for member in [
            format!(r#""charges":[{{"created_at":"{time}"}}]"#),
            format!(r#""authorizations":[{{"authorized_at":"{time}"}}]"#),
            format!(r#""updated_at":"{time}""#),
            format!(r#""updated_at":"{time}","created_at":"yesterday""#),
        ] {
            let intent = format!(r#"[{{"status":"requires_capture",{member}}}]"#);
            assert_eq!(session(&intent, ""), age, "{member}");
        }
        let completed = format!(r#","completed_at":"{time}""#);
        for intents in [r#"[{"status":"requires_capture"}]"#, r#"["fpi_1"]"#, "null"] {
            assert_eq!(session(intents, &completed), age, "{intents}");
        }
        assert_eq!(session("[]", &completed), HoldAge::Older, "there is none");
    }
}

#[test]
fn a_time_that_cannot_be_read_may_be_any() {
    let made = r#""status":"requires_capture","created_at":"2026-11-23T11:00:00Z""#;
    for rest in [
        r#""updated_at":"yesterday""#,
        r#""updated_at":"2026-11-23T10:00:00""#,
        r#""authorized_at":-1"#,
        r#""authorized_at":1.5e300"#,
        r#""charges":[{"created_at":[]}]"#,
        r#""latest_charge":{"created_at":true}"#,
    ] {
        let intent = format!(r#"{{"payment_intent_id":"fpi_1",{made},{rest}}}"#);
        assert_eq!(held(&intent), HoldAge::Unknown, "{rest}");
    }
    let null = format!(r#"{{"payment_intent_id":"fpi_1",{made},"updated_at":null}}"#);
    assert_eq!(held(&null), HoldAge::Older);
}

#[test]
fn the_latest_of_all_times_of_a_hold_counts() {
    let made = r#""status":"requires_capture","created_at":"2026-11-23T11:00:00Z""#;
    let with = |rest: &str| held(&format!(r#"{{"payment_intent_id":"fpi_1",{made}{rest}}}"#));
    assert_eq!(with(""), HoldAge::Older);
    for rest in [
        r#","updated_at":"2026-11-23T13:00:00Z""#,
        r#","authorized_at":1795438800"#,
        r#","charges":[{"created_at":"2026-11-23T13:00:00Z"}]"#,
        r#","charges":{"object":"list","data":[{"created":1795438800}]}"#,
        r#","latest_charge":{"created_at":"2026-11-23T13:00:00Z"}"#,
        r#","authorizations":[{"authorized_at":"2026-11-23T13:00:00Z"}]"#,
    ] {
        assert_eq!(with(rest), HoldAge::Newer, "{rest}");
    }
    assert_eq!(with(r#","updated_at":"2026-11-23T11:30:00Z""#), HoldAge::Older);
    assert_eq!(with(r#","expires_at":"2027-11-23T13:00:00Z""#), HoldAge::Older);
}

#[test]
fn the_sessions_completion_counts_if_it_is_given() {
    let session = |completed: &str| {
        format!(
            r#"{{"checkout_session_id":"fcs_1","completed_at":"{completed}","payment_intents":[{}]}}"#,
            intent("requires_capture", "2026-11-23T11:00:00Z")
        )
    };
    let age = |completed| ages(&session(completed), asked_at(NOON_MS)).hold;
    assert_eq!(age("2026-11-23T11:30:00Z"), HoldAge::Older);
    assert_eq!(age("2026-11-23T12:30:00Z"), HoldAge::Newer);
}

#[test]
fn a_sale_on_a_newer_hold_is_told_by_its_authorization_and_not_by_its_capture() {
    let sale = |rest: &str| {
        held(&format!(
            r#"{{"payment_intent_id":"fpi_1","status":"succeeded","amount_capturable":0,
               "created_at":"2026-11-23T11:00:00Z"{rest}}}"#
        ))
    };
    assert_eq!(sale(r#","updated_at":"2026-11-23T13:00:00Z""#), HoldAge::Older);
    assert_eq!(sale(r#","authorized_at":"2026-11-23T13:00:00Z""#), HoldAge::Newer);
}

#[test]
fn a_session_that_hides_its_payment_intents_tells_no_age() {
    let age = |json: &str| ages(json, asked_at(NOON_MS)).hold;
    assert_eq!(age(r#"{"checkout_session_id":"fcs_1"}"#), HoldAge::Unknown);
    assert_eq!(age(r#"{"payment_intent":null}"#), HoldAge::Older);
    assert_eq!(age(r#"{"payment_intents":{"object":"list","data":[]}}"#), HoldAge::Older);
}

#[test]
fn flexs_clock_says_when_the_cancel_was_asked_for_if_ours_is_wrong() {
    let span = |asked_at: AskedAt| (asked_at.earliest_ms - NOON_MS, asked_at.latest_ms - NOON_MS);
    let asked = |now_ms, age_ms, date_ms| {
        span(AskedAt::new(NOON_MS, NOON_MS + now_ms, age_ms, Some(NOON_MS + date_ms)))
    };
    assert_eq!(asked(10_000, 10_000, 10_000), (0, 0), "the same clock");
    assert_eq!(asked(10_000, 10_000, 8_000), (0, 0), "as good as the same");
    assert_eq!(asked(10_000, 10_000, 70_000), (60_000, 60_999), "ours is behind");
    assert_eq!(asked(10_000, 10_000, -50_000), (-60_000, -59_001), "ours is ahead");
    assert_eq!(asked(3_600_000, 10_000, 3_700_000), (100_000, 100_999), "a pause counts");
    assert_eq!(asked(-50_000, 10_000, -50_000), (-60_000, -59_001), "ours was put back");
    assert_eq!(asked(-1_000_000, 100, 25_000), (0, 0), "put back since: either may be right");
    assert_eq!(span(AskedAt::new(NOON_MS, 0, 0, None)), (0, 0), "no date");
    let extreme = AskedAt::new(i64::MAX, i64::MIN, i64::MAX, Some(i64::MIN));
    assert!(extreme.earliest_ms <= extreme.latest_ms);
}

#[test]
fn captures_are_older_only_if_all_of_them_tell_so() {
    let older = |captures: &str| {
        let session = format!(r#"{{"checkout_session_id":"fcs_1","captures":{captures}}}"#);
        ages(&session, asked_at(NOON_MS)).captures_are_older
    };
    let made =
        |time: &str| format!(r#"{{"capture_id":"fcap_1","created_at":"2026-11-23T{time}Z"}}"#);
    assert!(older(&format!("[{}]", made("11:59:59"))));
    assert!(older(&format!(r#"{{"object":"list","data":[{}]}}"#, made("11:00:00"))));
    assert!(!older(&format!("[{},{}]", made("11:00:00"), made("12:00:01"))));
    assert!(!older(&format!("[{}]", made("12:00:00"))), "any moment of that second");
    assert!(!older(&format!("[{},\"fcap_2\"]", made("11:00:00"))));
    assert!(!older(&format!(r#"{{"data":[{}],"has_more":true}}"#, made("11:00:00"))));
    for none in ["[]", "null", "7", "\"fcap_1\""] {
        assert!(!older(none), "{none}");
    }
    let (id, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let capture = id_of(NOON_MS - 1).replace("fpi_", "fcap_");
    let session = format!(
        r#"{{"checkout_session_id":"{id}","created_at":{seconds},"captures":["{capture}"]}}"#
    );
    assert!(ages(&session, asked_at(NOON_MS)).captures_are_older);
}

#[test]
fn the_first_second_of_1970_is_no_time() {
    for none in [serde_json::json!(0), serde_json::json!("1970-01-01T00:00:00Z")] {
        assert!(span(&none).is_none(), "{none}");
    }
    for time in [serde_json::json!(1), serde_json::json!("1970-01-01T00:00:01Z")] {
        assert_eq!(span(&time).map(|span| span.first_ms), Some(1_000), "{time}");
    }
}
