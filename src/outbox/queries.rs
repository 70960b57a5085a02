//! Lists and counts entries, and changes none: each function is one statement.

use rusqlite::{Connection, Result, ToSql, named_params, params_from_iter};

use super::clock::Timestamps;
use super::entries::{IS_DUE, IS_FREE, IS_OF_MODE};
use super::options::{DEFAULT_MAX, ListFilter};
use super::row::{COLUMNS, boot_name, record};
use super::statement::{all, one};
use super::transition::{LATEST_TRY_MS, Record, Target};
use crate::report::{OutboxCounts, OutboxState};

/// What the index of the entries that are still to be done has.
const IS_OPEN: &str = "acknowledged_ms IS NULL AND state <> 'delivered'";

/// The entries that the filter lets through.
pub(super) fn list(db: &Connection, filter: &ListFilter) -> Result<Vec<Record>> {
    let mut sql = format!("SELECT {COLUMNS} FROM entry WHERE id > ?");
    let after = filter.after.unwrap_or(0);
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(after)];
    if !filter.states.is_empty() {
        // In the text, so that SQLite sees which index serves.
        let names: Vec<_> = filter.states.iter().map(|s| format!("'{}'", s.name())).collect();
        sql += &format!(" AND state IN ({})", names.join(", "));
    }
    if let Some(session_id) = &filter.session_id {
        sql += " AND session_id = ?";
        values.push(Box::new(session_id.clone()));
    }
    let is_of = |state| filter.states.iter().all(|wanted| *wanted == state);
    match filter.acknowledged {
        Some(true) => sql += " AND acknowledged_ms IS NOT NULL",
        Some(false) => sql += " AND acknowledged_ms IS NULL",
        // What is pending is not acknowledged.
        None if !filter.states.is_empty() && is_of(OutboxState::Pending) => {
            sql += " AND acknowledged_ms IS NULL";
        }
        None => {}
    }
    if !filter.states.is_empty() && !filter.states.contains(&OutboxState::Delivered) {
        sql += " AND state <> 'delivered'";
    }
    sql += " ORDER BY id LIMIT ?";
    values.push(Box::new(filter.max.unwrap_or(DEFAULT_MAX)));
    all(db, &sql, params_from_iter(values), record)
}

/// How many entries there are.
pub(super) fn counts(db: &Connection, target: &Target, now: Timestamps) -> Result<OutboxCounts> {
    let mut counts = pending_counts(db, target, now)?;
    let tally = all(db, "SELECT state, acknowledged, entries FROM tally", [], |row| {
        let state = OutboxState::from_name(row.get_ref(0)?.as_str()?);
        Ok((state, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?.unsigned_abs()))
    })?;
    for (state, is_acknowledged, entries) in tally {
        let (count, is_for_person) = match state {
            Some(OutboxState::Pending) => (&mut counts.pending, false),
            Some(OutboxState::Delivered) => (&mut counts.delivered, false),
            Some(OutboxState::Refused) => (&mut counts.refused, true),
            Some(OutboxState::Expired) => (&mut counts.expired, true),
            Some(OutboxState::NeedsAttention) => (&mut counts.needs_attention, true),
            None => continue,
        };
        *count = count.saturating_add(entries);
        if is_for_person && !is_acknowledged {
            counts.worklist = counts.worklist.saturating_add(entries);
        }
    }
    Ok(counts)
}

/// What is counted of the pending entries.
fn pending_counts(db: &Connection, target: &Target, now: Timestamps) -> Result<OutboxCounts> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE base_url = :base_url AND {IS_OF_MODE} \
             AND {IS_DUE} AND {IS_FREE}), \
         count(*) FILTER (WHERE base_url <> :base_url OR NOT {IS_OF_MODE}), \
         min(created_ms) FROM entry WHERE state = 'pending' AND {IS_OPEN}"
    );
    let values = named_params! {
        ":base_url": target.base_url, ":mode": target.mode_name(),
        ":wall": now.wall_ms, ":latest": LATEST_TRY_MS,
        ":boot": boot_name(now), ":awake": now.awake_ms,
    };
    one(db, &sql, values, |row| {
        let count = |index: usize| -> Result<u64> { Ok(row.get::<_, i64>(index)?.unsigned_abs()) };
        Ok(OutboxCounts {
            due: count(0)?,
            foreign: count(1)?,
            oldest_pending_ms: row.get(2)?,
            ..OutboxCounts::default()
        })
    })
}
