//! docs/OUTBOX.md has what becomes of an entry as a table; the two are the same.

use super::*;

const DOCUMENT: &str = include_str!("../../../docs/OUTBOX.md");

/// Outcome, codes, unclear before, state, and what the result says.
fn rows() -> Vec<[&'static str; 5]> {
    let table = DOCUMENT.split("| outcome | code | unclear before |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        cells.try_into().unwrap()
    })
    .collect()
}

fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// True if the row is about this case; a row for "any other" code is about it if none names it.
fn is_about(row: &[&str; 5], outcome: Outcome, code: Code, unclear: bool) -> (bool, bool) {
    let is_outcome = ticked(row[0]) == [outcome.name()];
    let is_unclear = matches!((row[2], unclear), ("either", _) | ("yes", true) | ("no", false));
    let is_named = ticked(row[1]).contains(&code.name()) || row[1] == "any";
    (is_outcome && is_unclear && is_named, is_outcome && is_unclear && row[1].contains("any other"))
}

#[test]
fn what_becomes_of_an_entry_is_what_the_document_says() {
    let rows = rows();
    assert!(rows.len() >= 10, "{rows:?}");
    for &outcome in Outcome::ALL {
        for &code in Code::ALL {
            for unclear in [false, true] {
                let about = |row: &&[&str; 5]| is_about(row, outcome, code, unclear);
                let named = rows.iter().find(|row| about(row).0);
                let other = rows.iter().find(|row| about(row).1);
                let row = named.or(other).unwrap_or_else(|| panic!("{outcome}/{code}: no row"));
                let result = after_call(u32::from(unclear), outcome, code, true, "");
                let found = (result.state.name(), result.outcome.name());
                assert_eq!(
                    (ticked(row[3])[0], ticked(row[4])[0]),
                    found,
                    "{outcome}/{code}, unclear before: {unclear}"
                );
            }
        }
    }
}

#[test]
fn what_is_said_of_an_entry_is_never_bolder_than_what_its_tries_allow() {
    for &outcome in Outcome::ALL {
        for &code in Code::ALL {
            for before in [0, 1, 7] {
                let result = after_call(before, outcome, code, true, "");
                let is_not_applied = result.outcome == Outcome::NotApplied;
                let may_have_effect = before > 0 || !result.state.is_final();
                assert!(!is_not_applied || !may_have_effect, "{outcome}/{code} after {before}");
                assert_eq!(result.is_clear, outcome == Outcome::NotApplied);
                assert!(after_call(before, outcome, code, false, "").is_clear);
                let is_surely_not_done =
                    matches!(result.state, OutboxState::Refused | OutboxState::Expired);
                assert!(before == 0 || !is_surely_not_done, "{outcome}/{code} after {before}");
            }
        }
    }
}

fn record(attempts: u32, unclear: u32) -> Record {
    let now = Timestamps::new(1_000_000, 50_000, 50_000, 7);
    Record {
        entry: OutboxEntry {
            id: 1,
            session_id: "fcs_1".to_owned(),
            idempotency_key: "key".to_owned(),
            expand: Vec::new(),
            mode: None,
            base_url: String::new(),
            state: OutboxState::Pending,
            created_ms: now.wall_ms,
            asked_at_ms: now.wall_ms,
            not_after_ms: i64::MAX,
            next_try_ms: Some(now.wall_ms),
            attempts,
            unclear,
            in_delivery: true,
            last_outcome: None,
            last_code: None,
            last_message: None,
            ended_ms: None,
            acknowledged_ms: None,
            lease: None,
            in_doubt: None,
        },
        born_boot: now.boot,
        born_up_ms: now.up_ms,
        asked_again_ms: None,
        asked_again_key: None,
        lease: None,
    }
}

#[test]
fn only_a_first_try_that_is_young_by_both_clocks_is_fresh() {
    let now = |wall_ms, up_ms, boot| Timestamps::new(1_000_000 + wall_ms, 0, 50_000 + up_ms, boot);
    let first = record(1, 1);
    for (now, is_fresh) in [
        (now(0, 0, 7), true),
        (now(599_999, 599_999, 7), true),
        (now(600_000, 599_999, 7), false),
        (now(599_999, 600_000, 7), false),
        (now(3_600_000, 1_000, 7), false),
        (now(-1, 1_000, 7), false),
        (now(1_000, -1, 7), false),
        (now(1_000, 1_000, 8), false),
        (now(i64::MAX - 1_000_000, i64::MIN + 50_000, 7), false),
    ] {
        assert_eq!(first.is_fresh(now), is_fresh, "{now:?}");
    }
    assert!(!record(2, 1).is_fresh(now(0, 0, 7)), "a second try");
    assert!(!record(1, 2).is_fresh(now(0, 0, 7)), "in doubt from before");
}

#[test]
fn waits_are_random_between_five_seconds_and_a_bound_that_doubles_up_to_an_hour() {
    for (attempts, max) in [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (1000, 3600)] {
        assert_eq!(wait_ms(attempts, 0, 0), 5_000, "after {attempts}");
        let longest = wait_ms(attempts, u64::MAX, 0);
        assert!((max * 1000 - 1..=max * 1000).contains(&longest), "{attempts}: {longest}");
    }
    assert_eq!(wait_ms(1, 0, 60_000), 60_000, "as Flex asks");
    assert_eq!(wait_ms(1, 0, i64::MAX), 3_600_000, "but an hour at most");
    assert_eq!(LATEST_TRY_MS, 3_601_000, "an hour, and a second for rounding");
}

#[test]
fn a_long_message_is_cut_where_a_character_ends() {
    let long = "ü".repeat(MAX_MESSAGE_BYTES);
    let message = after_call(0, Outcome::Unknown, Code::Timeout, true, &long).message;
    assert_eq!((message.len(), message.chars().all(|c| c == 'ü')), (MAX_MESSAGE_BYTES, true));
}

#[test]
fn a_wait_and_a_person_change_nothing_else_of_an_ending() {
    let result = after_call(0, Outcome::Unknown, Code::Timeout, true, "no response");
    assert_eq!((result.state, result.wait_ms), (OutboxState::Pending, 0));
    assert_eq!(result.clone().after(7), DeliveryResult { wait_ms: 7, ..result.clone() });
    let for_person = DeliveryResult { state: OutboxState::NeedsAttention, ..result.clone() };
    assert_eq!(result.for_person(), for_person);
}

#[test]
fn a_target_is_that_of_its_entry_and_its_mode_has_a_name_in_the_file() {
    for (name, mode) in [("test", Some(Mode::Test)), ("live", Some(Mode::Live)), ("", None)] {
        let shown = Target::mode_of_name(name);
        assert_eq!(shown, mode.map(|_| name));
        let base_url = "https://api.withflex.com".to_owned();
        let entry = OutboxEntry { mode: shown, base_url: base_url.clone(), ..record(1, 1).entry };
        let target = Target::of(&entry);
        assert_eq!(target, Target { mode, base_url });
        assert_eq!(target.mode_name(), name);
    }
    assert_eq!(Target::mode_of_name("Live"), None);
}

#[test]
fn an_entry_is_in_delivery_while_a_lease_of_this_start_of_the_machine_lasts() {
    let now = Timestamps::new(1_000_000, 50_000, 50_000, 7);
    let lease = |boot, until_ms| Some(("token".to_owned(), boot, until_ms));
    for (lease, in_delivery) in [
        (None, false),
        (lease(7, 50_001), true),
        (lease(7, 50_000), false),
        (lease(7, 49_999), false),
        (lease(8, 50_001), false),
    ] {
        let record = Record { lease: lease.clone(), ..record(1, 1) };
        assert_eq!(record.shown(now).in_delivery, in_delivery, "{lease:?}");
    }
}

#[test]
fn a_claim_is_told_with_its_lease_and_whether_the_session_must_be_read_first() {
    let now = Timestamps::new(1_000_000, 50_000, 50_000, 7);
    let lease = Some(("token".to_owned(), 7, 50_001));
    for (attempts, unclear, in_doubt) in [
        (0, 0, false),
        (1, 0, false),
        (1, 1, false),
        (2, 0, true),
        (2, 1, true),
        (1, 2, true),
        (3, 3, true),
    ] {
        let record = Record { lease: lease.clone(), ..record(attempts, unclear) };
        assert!(record.is_under("token") && !record.is_under("another"));
        let told = record.claimed(now);
        assert_eq!(told.lease.as_deref(), Some("token"));
        assert_eq!(told.in_doubt, Some(in_doubt), "{attempts} tries, {unclear} in doubt");
        assert!(told.in_delivery);
    }
    assert!(!record(1, 1).is_under("token"), "nobody has claimed it");
    assert_eq!(record(1, 1).claimed(now).lease, None);
}

#[test]
fn the_way_is_closed_by_trouble_that_the_next_entry_would_meet_too() {
    let pending = after_call(0, Outcome::NotApplied, Code::Connect, false, "no connection");
    assert!(stops_flush(&pending));
    assert!(
        !stops_flush(&DeliveryResult { is_clear: false, ..pending.clone() }),
        "one may have passed"
    );
    assert!(!stops_flush(&pending.clone().for_person()), "it is about this entry");
    assert!(
        !stops_flush(&DeliveryResult { code: Code::ServerError, ..pending }),
        "Flex was reached"
    );
}
