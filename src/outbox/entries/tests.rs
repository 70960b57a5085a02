use std::sync::Arc;

use super::*;
use crate::client::Client;
use crate::config::Config;
use crate::outbox::Outbox;
use crate::outbox::clock::{Clock, SystemClock};
use crate::outbox::transition;
use crate::outcome::Outcome;

const CONFIG: &str = r#"{"api_key":"fsk_test_hunter2","base_url":"http://127.0.0.1:1"}"#;

fn draft(key: &str, in_doubt: bool) -> Draft {
    Draft {
        target: Target { mode: None, base_url: "http://127.0.0.1:1".to_owned() },
        session_id: "fcs_1".to_owned(),
        idempotency_key: key.to_owned(),
        expand: Vec::new(),
        deliver_within_ms: 60_000,
        asked_at_ms: 0,
        is_asked_now: true,
        in_doubt,
        is_first: Arc::default(),
    }
}

/// How an entry ends whose try Flex refuses, if another cancel of its session is handed over during
/// the try.
fn refused_after(name: &str, handed_over: Option<Draft>) -> (OutboxState, Option<Outcome>) {
    let client = Arc::new(Client::new(&Config::from_json(CONFIG).unwrap()).unwrap());
    let clock = SystemClock::new().unwrap();
    let now = clock.now();
    let outbox = Outbox::open_in_memory(client, name, Box::new(clock)).unwrap();
    let lease = Lease { token: "a".to_owned(), until_ms: now.awake_ms + 60_000 };
    let entry = outbox.store.write(move |db| {
        let kept = enqueue(db, &draft("first", false), now)?;
        let claimed = claim(db, kept.entry.id, &lease, now)?.unwrap();
        if let Some(draft) = handed_over {
            enqueue(db, &draft, now)?;
        }
        let before = claimed.unclear_before();
        let result =
            transition::after_call(before, Outcome::NotApplied, Code::Rejected, true, "refused");
        Ok(finish(db, kept.entry.id, &lease.token, &result, None, now)?.entry.unwrap().entry)
    });
    let entry = entry.unwrap();
    (entry.state, entry.last_outcome)
}

#[test]
fn a_refusal_says_nothing_of_a_cancel_that_was_handed_over_meanwhile() {
    let alone = refused_after("refused alone", None);
    assert_eq!(alone, (OutboxState::Refused, Some(Outcome::NotApplied)));
    let beside = refused_after("refused beside", Some(draft("second", true)));
    assert_eq!(beside, (OutboxState::NeedsAttention, Some(Outcome::Unknown)));
}
