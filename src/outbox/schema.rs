//! The schema of the outbox's file, and its versions.
//!
//! The file itself holds to what must never happen: a final state that changes, a second key
//! for an entry, two pending entries for one session.

use rusqlite::Connection;

use crate::error::Error;
use crate::outcome::Code;

/// In the file's header, so that no other database is taken for an outbox: "FxOb".
pub(super) const MARK: u32 = 0x4678_4f62;

/// Each takes the schema from the version that is its index to the next.
const MIGRATIONS: [&str; 3] = [FIRST, ASKED, COUNTED];

/// When the cancel was asked for, and when it was asked for again; `NULL`: when it was made, never.
/// And the key with which a request may have reached Flex, if it was asked for again with such.
const ASKED: &str = "
ALTER TABLE entry ADD COLUMN asked_at_ms INTEGER;
ALTER TABLE entry ADD COLUMN asked_again_ms INTEGER;
ALTER TABLE entry ADD COLUMN asked_again_key TEXT;
";

/// What a question costs follows what is still to be done, not what has been done: the counts are
/// kept, and the entries that are pending, for a person, or to be forgotten each have an index.
const COUNTED: &str = "
CREATE TABLE tally (
    state TEXT NOT NULL,
    acknowledged INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (state, acknowledged)
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT state, acknowledged_ms IS NOT NULL, count(*) FROM entry GROUP BY 1, 2;
CREATE TRIGGER tally_insert AFTER INSERT ON entry BEGIN
    INSERT INTO tally VALUES (new.state, new.acknowledged_ms IS NOT NULL, 1)
        ON CONFLICT DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER tally_update AFTER UPDATE OF state, acknowledged_ms ON entry
    WHEN (new.state, new.acknowledged_ms IS NULL) IS NOT (old.state, old.acknowledged_ms IS NULL)
BEGIN
    UPDATE tally SET entries = entries - 1
        WHERE state = old.state AND acknowledged = (old.acknowledged_ms IS NOT NULL);
    INSERT INTO tally VALUES (new.state, new.acknowledged_ms IS NOT NULL, 1)
        ON CONFLICT DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER tally_delete AFTER DELETE ON entry BEGIN
    UPDATE tally SET entries = entries - 1
        WHERE state = old.state AND acknowledged = (old.acknowledged_ms IS NOT NULL);
END;
DROP INDEX entry_ended;
CREATE INDEX entry_open ON entry (state) WHERE acknowledged_ms IS NULL AND state <> 'delivered';
CREATE INDEX entry_done ON entry (ended_ms)
    WHERE state = 'delivered' OR acknowledged_ms IS NOT NULL;
DROP VIEW worklist;
CREATE VIEW worklist AS
    SELECT id, session_id, state, last_outcome, last_code, last_message, attempts,
        datetime(created_ms / 1000, 'unixepoch') AS created,
        datetime(ended_ms / 1000, 'unixepoch') AS ended
    FROM entry
    WHERE state IN ('refused', 'expired', 'needs_attention')
        AND acknowledged_ms IS NULL AND state <> 'delivered'
    ORDER BY id;
";

const FIRST: &str = "
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    expand TEXT NOT NULL,
    mode TEXT NOT NULL,
    base_url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('pending', 'delivered', 'refused', 'expired', 'needs_attention')),
    created_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    next_try_ms INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    unclear INTEGER NOT NULL DEFAULT 0,
    last_outcome TEXT,
    last_code TEXT,
    last_message TEXT,
    ended_ms INTEGER,
    acknowledged_ms INTEGER,
    born_boot TEXT NOT NULL,
    born_up_ms INTEGER NOT NULL,
    lease TEXT,
    lease_boot TEXT,
    lease_until_ms INTEGER,
    CHECK ((state = 'pending') = (ended_ms IS NULL)),
    CHECK ((state = 'pending') = (next_try_ms IS NOT NULL)),
    CHECK (acknowledged_ms IS NULL OR state <> 'pending')
) STRICT;
CREATE UNIQUE INDEX entry_pending ON entry (base_url, mode, session_id) WHERE state = 'pending';
CREATE INDEX entry_due ON entry (base_url, mode, next_try_ms, id) WHERE state = 'pending';
CREATE INDEX entry_session ON entry (session_id);
CREATE INDEX entry_ended ON entry (ended_ms) WHERE state <> 'pending';
CREATE TRIGGER entry_final BEFORE UPDATE ON entry
    WHEN old.state <> 'pending' AND (new.state, new.ended_ms, new.last_outcome, new.last_code)
        IS NOT (old.state, old.ended_ms, old.last_outcome, old.last_code)
    BEGIN SELECT RAISE(ABORT, 'a final state does not change'); END;
CREATE TRIGGER entry_key BEFORE UPDATE ON entry
    WHEN (new.id, new.session_id, new.idempotency_key, new.mode, new.base_url)
        IS NOT (old.id, old.session_id, old.idempotency_key, old.mode, old.base_url)
    BEGIN SELECT RAISE(ABORT, 'an entry keeps its session and key'); END;
CREATE TRIGGER entry_kept BEFORE DELETE ON entry
    WHEN old.state <> 'delivered' AND old.acknowledged_ms IS NULL
    BEGIN SELECT RAISE(ABORT, 'an entry stays until it is delivered or acknowledged'); END;
CREATE VIEW worklist AS
    SELECT id, session_id, state, last_outcome, last_code, last_message, attempts,
        datetime(created_ms / 1000, 'unixepoch') AS created,
        datetime(ended_ms / 1000, 'unixepoch') AS ended
    FROM entry
    WHERE state IN ('refused', 'expired', 'needs_attention') AND acknowledged_ms IS NULL
    ORDER BY id;
";

/// True if the database bears the mark of an outbox.
pub(super) fn has_mark(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(number(connection, "application_id")? == i64::from(MARK))
}

/// Brings the schema of an outbox, or of an empty database, to this library's version; within a
/// transaction.
pub(super) fn migrate(connection: &Connection) -> Result<(), Failed> {
    let version = number(connection, "user_version").map_err(Failed::Sql)?;
    let version = usize::try_from(version).map_err(|_| refused("the file has no version"))?;
    if version > MIGRATIONS.len() {
        let ours = MIGRATIONS.len();
        return Err(refused(&format!(
            "expected an outbox of version {ours} at most, found version {version}: it was made by \
             a newer version of this library"
        )));
    }
    for migration in &MIGRATIONS[version..] {
        connection.execute_batch(migration).map_err(Failed::Sql)?;
    }
    if version < MIGRATIONS.len() {
        let latest = MIGRATIONS.len();
        connection.pragma_update(None, "application_id", MARK).map_err(Failed::Sql)?;
        connection.pragma_update(None, "user_version", latest as i64).map_err(Failed::Sql)?;
    }
    Ok(())
}

/// How many triggers, indexes and views an outbox has.
const DEFINITIONS: usize = 12;

/// The triggers and indexes hold what must never happen. One that is damaged refuses what is right,
/// or lets through what is wrong. SQLite keeps each as it was written. What a user has added stays.
///
/// The table is not looked at: its text after an `ALTER TABLE` is SQLite's own, and what a damaged
/// one refuses or lacks, SQLite says.
pub(super) fn check(connection: &Connection) -> Result<(), Failed> {
    let found = sound_definitions(connection).map_err(Failed::Sql)?;
    if found == DEFINITIONS {
        return Ok(());
    }
    let message = format!(
        "the file is damaged: expected the {DEFINITIONS} triggers, indexes and views of an outbox, \
         found {found}"
    );
    Err(Failed::Refused(Error::new(Code::OutboxCorrupt, message)))
}

fn sound_definitions(connection: &Connection) -> rusqlite::Result<usize> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let (mut rows, mut found) = (statement.query([])?, 0);
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str()?;
        found += usize::from(FIRST.contains(text) || COUNTED.contains(text));
    }
    Ok(found)
}

fn number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Why the schema is not as it must be.
#[derive(Debug)]
pub(super) enum Failed {
    Sql(rusqlite::Error),
    Refused(Error),
}

fn refused(why: &str) -> Failed {
    Failed::Refused(Error::new(Code::OutboxSchema, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_of_an_earlier_version_is_migrated_and_its_entries_are_counted() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(FIRST).unwrap();
        db.execute_batch(ASKED).unwrap();
        db.pragma_update(None, "user_version", 2).unwrap();
        for (state, is_pending) in [("pending", true), ("refused", false), ("refused", false)] {
            db.execute(
                "INSERT INTO entry (session_id, idempotency_key, expand, mode, base_url, state, \
                 created_ms, not_after_ms, born_boot, born_up_ms, next_try_ms, ended_ms) \
                 VALUES ('s', 'k', '[]', 'test', 'u', ?1, 1, 2, '0', 0, iif(?2, 1, NULL), \
                 iif(?2, NULL, 1))",
                (state, is_pending),
            )
            .unwrap();
        }
        migrate(&db).unwrap_or_else(|failed| panic!("{failed:?}"));
        let tally = |state: &str, acknowledged: bool| -> Option<i64> {
            let sql = "SELECT sum(entries) FROM tally WHERE state = ?1 AND acknowledged = ?2";
            db.query_row(sql, (state, acknowledged), |row| row.get(0)).unwrap()
        };
        assert_eq!((tally("pending", false), tally("refused", false)), (Some(1), Some(2)));
        db.execute("UPDATE entry SET acknowledged_ms = 3 WHERE id = 2", []).unwrap();
        assert_eq!((tally("refused", false), tally("refused", true)), (Some(1), Some(1)));
        db.execute("DELETE FROM entry WHERE id = 2", []).unwrap();
        assert_eq!((tally("refused", false), tally("refused", true)), (Some(1), Some(0)));
        migrate(&db).unwrap_or_else(|failed| panic!("{failed:?}"));
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 3);
    }
}
