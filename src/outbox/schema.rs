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
const MIGRATIONS: [&str; 2] = [FIRST, ASKED];

/// When the cancel was asked for, and when it was asked for again; `NULL`: when it was made, never.
/// And the key with which a request may have reached Flex, if it was asked for again with such.
const ASKED: &str = "
ALTER TABLE entry ADD COLUMN asked_at_ms INTEGER;
ALTER TABLE entry ADD COLUMN asked_again_ms INTEGER;
ALTER TABLE entry ADD COLUMN asked_again_key TEXT;
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
