//! Removes the entries that nobody needs any more.

use rusqlite::{Connection, Result};

use super::clock::Timestamps;
use super::statement::execute;

/// The most entries that are removed in one transaction, so that others soon have their turn.
const MAX_REMOVED: usize = 500;

/// Removes some of the entries that ended so long ago. True if there may be more.
pub(super) fn purge(db: &Connection, keep_ms: i64, now: Timestamps) -> Result<bool> {
    let sql = format!(
        "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE ended_ms <= ?1 \
         AND (state = 'delivered' OR acknowledged_ms IS NOT NULL) \
         ORDER BY ended_ms LIMIT {MAX_REMOVED})"
    );
    let removed = execute(db, &sql, [now.wall_ms.saturating_sub(keep_ms)])?;
    Ok(removed == MAX_REMOVED)
}
