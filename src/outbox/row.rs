//! A row of the file: an entry as the database has it.

use rusqlite::{Result, Row};

use super::clock::Timestamps;
use super::transition::{Record, Target};
use crate::outcome::{Code, Outcome};
use crate::report::{OutboxEntry, OutboxState};

/// The columns, in the order in which [`record`] reads them.
pub(super) const COLUMNS: &str = "id, session_id, idempotency_key, expand, mode, base_url, state, created_ms, \
    not_after_ms, next_try_ms, attempts, unclear, last_outcome, last_code, last_message, ended_ms, \
    acknowledged_ms, born_boot, born_up_ms, lease, lease_boot, lease_until_ms, \
    coalesce(asked_at_ms, created_ms), asked_again_ms, asked_again_key";

/// A start of the machine as the file has it.
pub(super) fn boot_name(now: Timestamps) -> String {
    format!("{:032x}", now.boot)
}

/// Reads a row.
pub(super) fn record(row: &Row<'_>) -> Result<Record> {
    let text = |index: usize| row.get::<_, String>(index);
    let optional = |index: usize| row.get::<_, Option<String>>(index);
    let number = |index: usize| row.get::<_, i64>(index);
    let of_boot = |name: &str| u128::from_str_radix(name, 16).unwrap_or_default();
    let wrong = |index: usize, what: &str| {
        let error = format!("expected {what}");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
    };
    let outcome = optional(12)?;
    let code = optional(13)?;
    Ok(Record {
        entry: OutboxEntry {
            id: number(0)?,
            session_id: text(1)?,
            idempotency_key: text(2)?,
            expand: serde_json::from_str(&text(3)?).map_err(|_| wrong(3, "a list of names"))?,
            mode: Target::mode_of_name(&text(4)?),
            base_url: text(5)?,
            state: OutboxState::from_name(&text(6)?).ok_or_else(|| wrong(6, "a state"))?,
            created_ms: number(7)?,
            asked_at_ms: number(22)?,
            not_after_ms: number(8)?,
            next_try_ms: row.get(9)?,
            attempts: row.get(10)?,
            unclear: row.get(11)?,
            in_delivery: false,
            last_outcome: outcome.and_then(|name| Outcome::from_name(&name)),
            last_code: code.and_then(|name| Code::from_name(&name)),
            last_message: row.get(14)?,
            ended_ms: row.get(15)?,
            acknowledged_ms: row.get(16)?,
            lease: None,
            in_doubt: None,
        },
        born_boot: of_boot(&text(17)?),
        born_up_ms: number(18)?,
        asked_again_ms: row.get(23)?,
        asked_again_key: row.get(24)?,
        lease: match (optional(19)?, optional(20)?, row.get::<_, Option<i64>>(21)?) {
            (Some(token), Some(boot), Some(until_ms)) => Some((token, of_boot(&boot), until_ms)),
            _ => None,
        },
    })
}
