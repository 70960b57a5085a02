use super::*;
use crate::json::RawJson;
use crate::wire::Operation;

/// 2026-11-23T12:00:00Z
const NOON_MS: i64 = 1_795_435_200_000;

/// An id as Flex makes them, of this moment.
fn id_of(ms: i64) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |place: u32| char::from(DIGITS[(ms >> (5 * place) & 31) as usize]);
    let time: String = (0..10).rev().map(digit).collect();
    format!("fpi_{time}0123456789ABCDEF")
}

fn report(outcome: Outcome, hold: Hold, code: Code, session: &str) -> Report {
    let mut report = Report::refused(Operation::Retrieve, code, String::new());
    (report.outcome, report.hold) = (outcome, hold);
    report.raw_session = Some(RawJson::of_object(session));
    report
}

fn held(intents: &str) -> Gate {
    held_in("fcs_1", 1, intents)
}

fn held_in(session_id: &str, created_at: i64, intents: &str) -> Gate {
    let session = format!(
        r#"{{"checkout_session_id":"{session_id}","created_at":{created_at},"status":"complete",
            "payment_intents":[{intents}]}}"#
    );
    gate(&report(Outcome::NotApplied, Hold::Held, Code::Ok, &session), NOON_MS)
}

fn intent(status: &str, created_at: &str) -> String {
    format!(r#"{{"payment_intent_id":"fpi_1","status":"{status}","created_at":"{created_at}"}}"#)
}

#[test]
fn what_needs_no_payment_intent_is_told_by_the_outcome() {
    let told = |outcome, hold, code| gate(&report(outcome, hold, code, "{}"), NOON_MS);
    let (ok, none) = (Code::Ok, Hold::None);
    assert_eq!(told(Outcome::AlreadyCanceled, Hold::Released, ok), Gate::Released);
    assert_eq!(told(Outcome::NotCancelable, Hold::Captured, ok), Gate::TooLate);
    assert_eq!(told(Outcome::NotApplied, none, ok), Gate::Go);
    assert_eq!(told(Outcome::Unknown, Hold::Unknown, Code::Dns), Gate::Unread(Code::Dns));
    assert_eq!(told(Outcome::NotApplied, none, Code::Aborted), Gate::Unread(Code::Aborted));
    assert_eq!(told(Outcome::Unknown, Hold::Unknown, ok), Gate::Unproven);
}

#[test]
fn a_hold_must_be_older_than_the_entry_however_late_its_time_is_read() {
    for (created_at, expected) in [
        ("2026-11-23T11:59:59Z", Gate::Go),
        ("2026-11-23T11:59:59.999Z", Gate::Go),
        ("2026-11-23 11:59:59+00:00", Gate::Go),
        ("2026-11-23T12:00:00.000Z", Gate::Go),
        ("2026-11-23T12:00:00.0Z", Gate::Newer),
        ("2026-11-23T12:00:00Z", Gate::Newer),
        ("2026-11-23T12:00:01Z", Gate::Newer),
        ("2027-01-01T00:00:00Z", Gate::Newer),
        ("2024-02-29T00:00:00Z", Gate::Go),
        ("2026-11-23T11:59:59+01:00", Gate::Unproven),
        ("2026-11-23T11:59:59", Gate::Unproven),
        ("2026-13-23T11:59:59Z", Gate::Unproven),
        ("2026-11-23T11:59:59.9x9Z", Gate::Unproven),
        ("yesterday", Gate::Unproven),
        ("", Gate::Unproven),
    ] {
        assert_eq!(held(&intent("requires_capture", created_at)), expected, "{created_at}");
    }
}

#[test]
fn one_hold_that_is_newer_or_tells_nothing_is_enough_to_stop() {
    let older = intent("requires_capture", "2026-11-23T11:00:00Z");
    let newer = intent("requires_capture", "2026-11-23T13:00:00Z");
    let silent = r#"{"payment_intent_id":"fpi_2","status":"requires_capture"}"#;
    assert_eq!(held(&older), Gate::Go);
    assert_eq!(held(&format!("{older},{newer}")), Gate::Newer);
    assert_eq!(held(&format!("{older},{silent}")), Gate::Unproven);
    assert_eq!(held(&format!(r#"{older},"fpi_3""#)), Gate::Unproven);
    assert_eq!(held(&format!(r#"{older},"fpi_1""#)), Gate::Go, "the same one, by its id");
    assert_eq!(held(""), Gate::Unproven);
}

#[test]
fn what_is_over_does_not_count_unless_it_still_holds_something() {
    let older = intent("requires_capture", "2026-11-23T11:00:00Z");
    let ended = intent("canceled", "2026-11-23T13:00:00Z");
    assert_eq!(held(&format!("{older},{ended}")), Gate::Go);
    let holds = ended.replace("\"status\"", "\"amount_capturable\":1,\"status\"");
    assert_eq!(held(&format!("{older},{holds}")), Gate::Newer);
}

#[test]
fn ids_tell_the_time_where_the_sessions_own_id_does() {
    let (session, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let older = format!("\"{}\"", id_of(NOON_MS - 1));
    let newer = format!("\"{}\"", id_of(NOON_MS + 1));
    assert_eq!(held_in(&session, seconds, &older), Gate::Go);
    assert_eq!(held_in(&session, seconds, &newer), Gate::Newer);
    assert_eq!(held_in(&session, seconds - 3_600, &older), Gate::Unproven, "it does not");
    assert_eq!(held_in("fcs_1", seconds, &older), Gate::Unproven, "it carries none");
    assert_eq!(time_of_id(&id_of(NOON_MS)), Some(NOON_MS));
    assert_eq!(time_of_id(&id_of(NOON_MS).to_lowercase()), Some(NOON_MS));
    assert_eq!(time_of_id("fpi_0123456789ABCDEFGHIJKLMNOP"), None, "no ULID has an I");
}

#[test]
fn where_field_and_id_both_tell_the_later_counts() {
    let (session, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let id = id_of(NOON_MS + 60_000);
    let object = intent("requires_capture", "2026-11-23T11:00:00Z").replace("fpi_1", &id);
    assert_eq!(held_in(&session, seconds, &object), Gate::Newer);
}

#[test]
fn an_id_tells_the_moment_within_the_second_that_the_field_leaves_open() {
    let (session, seconds) = (id_of(NOON_MS - 3_600_000), NOON_MS / 1000 - 3_600);
    let made_at = |ms| {
        let object = intent("requires_capture", "2026-11-23T12:00:00Z");
        held_in(&session, seconds, &object.replace("fpi_1", &id_of(ms)))
    };
    assert_eq!(made_at(NOON_MS), Gate::Go);
    assert_eq!(made_at(NOON_MS + 1), Gate::Newer);
    assert_eq!(made_at(NOON_MS - 1), Gate::Newer, "they disagree: the later counts");
}
