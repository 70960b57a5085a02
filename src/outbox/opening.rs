//! Opening the store: a new file, a look for damage, the mode and the schema.

use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::file::{FileLocation, Files, Identity};
use super::schema::{self, Failed};
use super::store::{Source, error_of};
use crate::error::Error;
use crate::outcome::Code;

/// How long to wait for other processes' transactions. Each takes as long as a few writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to leave the file to others where SQLite does not wait by itself.
const ANEW_AFTER: Duration = Duration::from_millis(2);

/// More statements than there are, so that each is read once.
const STATEMENTS: usize = 32;

/// A larger file is not searched for damage when it is opened.
const MAX_CHECKED_BYTES: i64 = 64 * 1024 * 1024;

const NO_OUTBOX: &str = "the file is not an outbox; left as it is";

/// A store's connection.
pub(super) struct Open {
    pub(super) connection: Connection,
    /// Where they must stay.
    pub(super) files: Option<Files>,
    /// A forked child must not touch its parent's connection.
    pub(super) process: u32,
}

/// Opens a store, and makes its file if it is not there and `may_create`.
pub(super) fn open(source: &Source, may_create: bool, now_ms: i64) -> Result<Open, Error> {
    let process = process::id();
    let location = match source {
        Source::Memory(name) => {
            let uri = format!("file:/{name}?vfs=memdb");
            let connection = connect(Path::new(&uri)).map_err(|error| error_of(&error))?;
            prepare(&connection).and_then(|()| set_up(&connection)).map_err(error_of_setup)?;
            return Ok(Open { connection, files: None, process });
        }
        Source::File(location) => location,
    };
    let with_path = |error: Error| {
        let message = format!("{}: {}", location.path.display(), error.message);
        Error { message, ..error }
    };
    let identity = match location.check()? {
        Some(identity) => identity,
        None if may_create => create(location)?,
        None => return Err(with_path(Error::new(Code::OutboxIo, "there is no such file"))),
    };
    let opened = match open_outbox(location) {
        // SQLite says so of a page, too, that the disk failed to read. Damage is found twice.
        Err(error) if error.code == Code::OutboxCorrupt => open_outbox(location),
        opened => opened,
    };
    match opened {
        Ok(connection) => {
            // Once more, now that the files beside it are there: nobody else has made them.
            let files = location.files()?.filter(|files| files[1] == identity);
            if files.is_none() || location.check()? != Some(identity) {
                let message = "a file was replaced while it was opened";
                return Err(with_path(Error::new(Code::OutboxUnsafe, message)));
            }
            Ok(Open { connection, files, process })
        }
        Err(error) if error.code == Code::OutboxCorrupt => {
            let Some(quarantined) = location.quarantine(identity, schema::MARK, now_ms)? else {
                return Err(with_path(Error::new(Code::OutboxSchema, NO_OUTBOX)));
            };
            let message =
                format!("{}; {quarantined}; open it again to begin a new one", error.message);
            Err(with_path(Error { message, ..error }))
        }
        Err(error) => Err(with_path(error)),
    }
}

/// Opens a file that is there, if it is an outbox.
fn open_outbox(location: &FileLocation) -> Result<Connection, Error> {
    let opened = connect(&location.path).map_err(Failed::Sql).and_then(|connection| {
        prepare(&connection)?;
        if !schema::has_mark(&connection).map_err(Failed::Sql)? {
            return Err(Failed::Refused(Error::new(Code::OutboxSchema, NO_OUTBOX)));
        }
        set_up(&connection)?;
        Ok(connection)
    });
    opened.map_err(error_of_setup)
}

/// Makes a new outbox under another name, whole, and puts it into its place: so there is never a
/// file there that is only started.
fn create(location: &FileLocation) -> Result<Identity, Error> {
    let new = location.begin()?;
    let made = connect(&new.path).map_err(Failed::Sql).and_then(|connection| {
        prepare(&connection)?;
        // If this fails the file is removed: it needs no journal on the disk.
        connection.execute_batch("PRAGMA journal_mode = MEMORY").map_err(Failed::Sql)?;
        migrate(&connection)
    });
    // Nobody has had it yet, so nobody has damaged it.
    made.map_err(error_of_setup).map_err(|error| match error.code {
        Code::OutboxCorrupt => Error { code: Code::OutboxIo, ..error },
        _ => error,
    })?;
    new.put()?;
    location.check()?.ok_or_else(|| Error::new(Code::OutboxIo, "the new file is gone"))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let memory = path.to_str().is_some_and(|path| path.starts_with("file:"));
    let flags = if memory {
        flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        flags
    };
    Connection::open_with_flags(path, flags)
}

/// Sets what is the connection's own. Neither reads nor writes the file.
fn prepare(connection: &Connection) -> Result<(), Failed> {
    connection.busy_timeout(PATIENCE).map_err(Failed::Sql)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A file that somebody has tampered with runs nothing of its own.
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(config, on).map_err(Failed::Sql)?;
    }
    // On macOS a plain `fsync` stops before the drive's cache.
    let settings = "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; \
                    PRAGMA fullfsync = ON";
    connection.execute_batch(settings).map_err(Failed::Sql)
}

/// Makes an outbox ready for use.
fn set_up(connection: &Connection) -> Result<(), Failed> {
    if connection.is_readonly("main").map_err(Failed::Sql)? {
        let message = "the file cannot be written";
        return Err(Failed::Refused(Error::new(Code::OutboxIo, message)));
    }
    check(connection)?;
    let mode = write_ahead(connection).map_err(Failed::Sql)?;
    if !["wal", "memory"].contains(&mode.as_str()) {
        let message = format!("expected a file system that WAL works on, found mode {mode}");
        return Err(Failed::Refused(Error::new(Code::OutboxIo, message)));
    }
    connection.execute_batch("PRAGMA synchronous = FULL").map_err(Failed::Sql)?;
    migrate(connection)
}

fn migrate(connection: &Connection) -> Result<(), Failed> {
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
            .map_err(Failed::Sql)?;
    schema::migrate(&transaction)?;
    schema::check(&transaction)?;
    transaction.commit().map_err(Failed::Sql)
}

/// Turns the write-ahead log on, and tells the mode that the file is in now.
///
/// Two that do this to one new file at once each read it and then want to write it: SQLite sees
/// that waiting would be a deadlock, and so does not wait, whatever its timeout. Begun anew, the
/// later one finds it done.
fn write_ahead(connection: &Connection) -> rusqlite::Result<String> {
    let started = Instant::now();
    loop {
        match turn_to_write_ahead(connection) {
            Err(error) if is_busy(&error) && started.elapsed() < PATIENCE => {
                std::thread::sleep(ANEW_AFTER);
            }
            settled => return settled,
        }
    }
}

/// Goes on to the statement's end, after its one row: only there does the change reach the disk,
/// and only there does SQLite say so if it does not.
fn turn_to_write_ahead(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement = connection.prepare("PRAGMA journal_mode = WAL")?;
    let mut rows = statement.query([])?;
    let mode = match rows.next()? {
        Some(row) => row.get(0)?,
        None => return Err(rusqlite::Error::QueryReturnedNoRows),
    };
    while rows.next()?.is_some() {}
    Ok(mode)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Looks for damage, before anything is written; in the indexes, too: an entry that is missing from
/// one would never be tried.
fn check(connection: &Connection) -> Result<(), Failed> {
    let number = |name: &str| -> Result<i64, Failed> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(Failed::Sql)
    };
    if number("page_count")?.saturating_mul(number("page_size")?) > MAX_CHECKED_BYTES {
        return Ok(());
    }
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(Failed::Sql)?;
    if found == "ok" {
        return Ok(());
    }
    let (code, what) = if could_not_read(&found) {
        (Code::OutboxIo, "the file cannot be read")
    } else {
        (Code::OutboxCorrupt, "the file is damaged")
    };
    Err(Failed::Refused(Error::new(code, format!("{what}: {found}"))))
}

/// True if SQLite's look for damage found none, but a page that it could not read. It reports that
/// the same way, and a file that was healthy would be quarantined with all its entries.
fn could_not_read(found: &str) -> bool {
    const DAMAGED: [u32; 2] = [11, 26]; // SQLITE_CORRUPT, SQLITE_NOTADB
    const PRIMARY: u32 = 0xff; // an extended code has the primary one in its last byte
    match found.split_once("unable to get the page. error code=") {
        Some((_, code)) => {
            code.trim_end().parse::<u32>().map_or(true, |it| !DAMAGED.contains(&(it & PRIMARY)))
        }
        None => found.contains("failed to get page"),
    }
}

fn error_of_setup(failed: Failed) -> Error {
    match failed {
        Failed::Sql(error) => error_of(&error),
        Failed::Refused(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_page_that_cannot_be_read_when_looked_for_damage_then_it_is_none() {
        let read = |code: &str| format!("Tree 6 page 6: unable to get the page. error code={code}");
        for code in ["8458", "10", "266", "7", "x"] {
            assert!(could_not_read(&read(code)), "{code}");
        }
        assert!(could_not_read("Freelist: failed to get page 7"));
        for code in ["11", "267", "26"] {
            assert!(!could_not_read(&read(code)), "{code}");
        }
        assert!(!could_not_read("Tree 3 page 3: btreeInitPage() returns error code 11"));
        assert!(!could_not_read("Freelist: invalid page number 99"));
    }
}
