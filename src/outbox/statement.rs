//! SQL statements, each of which is read once for each connection.

#[cfg(test)]
use rusqlite::StatementStatus;
use rusqlite::{Connection, Params, Result, Row, Statement};

#[cfg(test)]
use super::cost_tests::STEPS;

/// Changes rows, and tells how many.
pub(super) fn execute(db: &Connection, sql: &str, values: impl Params) -> Result<usize> {
    with(db, sql, |statement| statement.execute(values))
}

/// Reads one row.
pub(super) fn one<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<T> {
    with(db, sql, |statement| statement.query_row(values, read))
}

/// Reads all rows.
pub(super) fn all<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    with(db, sql, |statement| statement.query_map(values, read)?.collect())
}

fn with<T>(
    db: &Connection,
    sql: &str,
    run: impl FnOnce(&mut Statement<'_>) -> Result<T>,
) -> Result<T> {
    let mut statement = db.prepare_cached(sql)?;
    let result = run(&mut statement);
    #[cfg(test)]
    STEPS.set(STEPS.get() + i64::from(statement.reset_status(StatementStatus::VmStep)));
    result
}
