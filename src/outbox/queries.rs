//! What is asked about entries, and changes none: each function is one statement.

use rusqlite::{Connection, Result, ToSql, named_params, params_from_iter};

use super::clock::Moment;
use super::decide::{LATEST_TRY_MS, Record, Target};
use super::options::{DEFAULT_MAX, ListFilter};
use super::rows::{COLUMNS, IS_DUE, IS_FREE, IS_OF_MODE, boot_name, one, record};
use crate::report::OutboxCounts;

/// The entries that the filter lets through.
pub(super) fn list(db: &Connection, filter: &ListFilter) -> Result<Vec<Record>> {
    let mut sql = format!("SELECT {COLUMNS} FROM entry WHERE id > ?");
    let after = filter.after.unwrap_or(0);
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(after)];
    if !filter.states.is_empty() {
        let marks = vec!["?"; filter.states.len()].join(", ");
        sql += &format!(" AND state IN ({marks})");
        values.extend(filter.states.iter().map(|state| Box::new(state.name()) as Box<dyn ToSql>));
    }
    if let Some(session_id) = &filter.session_id {
        sql += " AND session_id = ?";
        values.push(Box::new(session_id.clone()));
    }
    match filter.acknowledged {
        Some(true) => sql += " AND acknowledged_ms IS NOT NULL",
        Some(false) => sql += " AND acknowledged_ms IS NULL",
        None => {}
    }
    sql += " ORDER BY id LIMIT ?";
    values.push(Box::new(filter.max.unwrap_or(DEFAULT_MAX)));
    let mut statement = db.prepare_cached(&sql)?;
    statement.query_map(params_from_iter(values), record)?.collect()
}

/// How many entries there are.
pub(super) fn counts(db: &Connection, target: &Target, now: Moment) -> Result<OutboxCounts> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE state = 'pending'), \
         count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'refused'), \
         count(*) FILTER (WHERE state = 'expired'), \
         count(*) FILTER (WHERE state = 'needs_attention'), \
         count(*) FILTER (WHERE state IN ('refused', 'expired', 'needs_attention') \
             AND acknowledged_ms IS NULL), \
         count(*) FILTER (WHERE state = 'pending' AND base_url = :base_url AND {IS_OF_MODE} \
             AND {IS_DUE} AND {IS_FREE}), \
         count(*) FILTER (WHERE state = 'pending' AND (base_url <> :base_url OR NOT {IS_OF_MODE})), \
         min(created_ms) FILTER (WHERE state = 'pending') FROM entry"
    );
    let values = named_params! {
        ":base_url": target.base_url, ":mode": target.mode_name(),
        ":wall": now.wall_ms, ":latest": LATEST_TRY_MS,
        ":boot": boot_name(now), ":awake": now.awake_ms,
    };
    one(db, &sql, values, |row| {
        let count = |index: usize| -> Result<u64> { Ok(row.get::<_, i64>(index)?.unsigned_abs()) };
        Ok(OutboxCounts {
            pending: count(0)?,
            delivered: count(1)?,
            refused: count(2)?,
            expired: count(3)?,
            needs_attention: count(4)?,
            worklist: count(5)?,
            due: count(6)?,
            foreign: count(7)?,
            oldest_pending_ms: row.get(8)?,
        })
    })
}
