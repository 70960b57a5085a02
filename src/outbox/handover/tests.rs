use std::sync::Arc;

use super::*;
use crate::client::Client;
use crate::config::Config;
use crate::outbox::EntryOptions;
use crate::outbox::clock::SystemClock;
use crate::report::OutboxEntry;

const CONFIG: &str = r#"{"api_key":"no-key","base_url":"http://127.0.0.1:1"}"#;

/// An outbox with one entry that is handed over.
fn handed_over(name: &str) -> (Outbox, OutboxEntry) {
    let client = Arc::new(Client::new(&Config::from_json(CONFIG).unwrap()).unwrap());
    let clock = Box::new(SystemClock::new().unwrap());
    let outbox = Outbox::open_in_memory(client, name, clock).unwrap();
    outbox.enqueue("fcs_1", &EntryOptions::default());
    let claim = outbox.claim(&ClaimOptions::default()).outbox.unwrap().entries.remove(0);
    (outbox, claim)
}

fn voided(claim: &OutboxEntry) -> Settlement {
    let (lease, key) = (claim.lease.clone().unwrap(), claim.idempotency_key.clone());
    Settlement::new(lease, key, Outcome::Canceled, Code::Ok)
}

#[test]
fn the_result_of_another_cancel_settles_nothing() {
    let (outbox, claim) = handed_over("another key");
    let other = Settlement { idempotency_key: "other".to_owned(), ..voided(&claim) };
    let status = outbox.settle(claim.id, &other);
    assert_eq!((status.code, status.outbox.unwrap().entry), (Code::InvalidArgument, None));
    assert_eq!(outbox.settle(claim.id, &voided(&claim)).code, Code::Ok);
}

#[test]
fn a_result_under_another_lease_waits_until_nobody_delivers_the_entry() {
    let (outbox, claim) = handed_over("another lease");
    let other = Settlement { lease: "0".repeat(32), ..voided(&claim) };
    let status = outbox.settle(claim.id, &other);
    let entry = status.outbox.unwrap().entry.unwrap();
    assert_eq!((status.code, entry.state), (Code::OutboxBusy, OutboxState::Pending));
    assert!(entry.in_delivery && entry.last_outcome.is_none());
    let end = |db: &Connection| db.execute("UPDATE entry SET lease_until_ms = 0", []);
    assert_eq!(outbox.store.write(end).unwrap(), 1);
    let ended = outbox.settle(claim.id, &other).outbox.unwrap().entry.unwrap();
    assert_eq!((ended.state, ended.attempts, ended.unclear), (OutboxState::Delivered, 2, 2));
}
