//! The file as a store: transactions that are on the disk when they return, and many threads'
//! writes in one of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::file::{Identity, Place};
use super::schema::{self, Failed};
use crate::error::Error;
use crate::outcome::Code;
use std::process;

/// How long to wait for other processes' transactions. Each takes as long as a few writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to leave the file to others where SQLite does not wait by itself.
const ANEW_AFTER: Duration = Duration::from_millis(2);

/// The most writes in one transaction.
const MAX_BATCH: usize = 256;

/// More statements than there are, so that each is read once.
const STATEMENTS: usize = 32;

/// A larger file is not searched for damage when it is opened.
const MAX_CHECKED_BYTES: i64 = 64 * 1024 * 1024;

/// Where the entries are.
pub(super) enum Source {
    /// In a file.
    File(Place),
    /// In memory, under this name, for as long as somebody has it open.
    Memory(String),
}

/// A store that is open.
pub(super) struct Store {
    source: Source,
    connection: Mutex<Option<Open>>,
    queue: Mutex<Queue>,
    bell: Condvar,
}

struct Open {
    connection: Connection,
    identity: Option<Identity>,
    /// A forked child must not touch its parent's connection.
    process: u32,
}

/// Writes that wait for a transaction, and whether one of their threads is leading one.
#[derive(Default)]
struct Queue {
    waiting: Vec<Arc<Ticket<dyn Job>>>,
    led: bool,
}

struct Ticket<J: ?Sized> {
    done: AtomicBool,
    job: Mutex<J>,
}

trait Job: Send {
    fn run(&mut self, connection: &Connection) -> Result<(), Error>;
    fn fail(&mut self, error: Error);
}

struct Write<W, T> {
    work: Option<W>,
    result: Option<Result<T, Error>>,
}

impl<W, T: Send> Job for Write<W, T>
where
    W: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Error> {
        let Some(work) = self.work.take() else { return Ok(()) };
        match work(connection) {
            Ok(value) => {
                self.result = Some(Ok(value));
                Ok(())
            }
            Err(error) => {
                let error = error_of(&error);
                self.fail(error.clone());
                Err(error)
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }
}

impl Store {
    /// Opens the store, and makes it if it is not there. A damaged file is set aside.
    pub(super) fn open(source: Source, now_ms: i64) -> Result<Self, Error> {
        let open = open(&source, now_ms)?;
        let connection = Mutex::new(Some(open));
        Ok(Self { source, connection, queue: Mutex::default(), bell: Condvar::new() })
    }

    /// Does something in a transaction, which is on the disk when this returns. Threads that
    /// come together share one; an error of one is not the others'.
    pub(super) fn write<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let job = Write { work: Some(work), result: None };
        let ticket = Arc::new(Ticket { done: AtomicBool::new(false), job: Mutex::new(job) });
        self.submit(Arc::<Ticket<Write<W, T>>>::clone(&ticket));
        let result = lock(&ticket.job).result.take();
        result.unwrap_or_else(|| Err(Error::new(Code::Internal, "a write was lost")))
    }

    /// Waits until the ticket's job is done: by another thread's transaction, or by one that
    /// this thread leads.
    fn submit(&self, ticket: Arc<Ticket<dyn Job>>) {
        let mut queue = lock(&self.queue);
        queue.waiting.push(Arc::clone(&ticket));
        while !ticket.done.load(Ordering::Acquire) {
            if queue.led {
                queue = self.bell.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.led = true;
            let count = queue.waiting.len().min(MAX_BATCH);
            let batch: Vec<_> = queue.waiting.drain(..count).collect();
            drop(queue);
            self.lead(&batch);
            queue = lock(&self.queue);
            queue.led = false;
            self.bell.notify_all();
        }
    }

    fn lead(&self, batch: &[Arc<Ticket<dyn Job>>]) {
        let committed = catch_unwind(AssertUnwindSafe(|| self.commit(batch)));
        let committed = committed.unwrap_or_else(|_| {
            let error = Error::new(Code::Internal, "a defect in the outbox was contained");
            Err(Error { may_be_kept: true, ..error })
        });
        for ticket in batch {
            if let Err(error) = &committed {
                lock(&ticket.job).fail(error.clone());
            }
            ticket.done.store(true, Ordering::Release);
        }
    }

    /// Reads something.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.with(|connection| work(connection).map_err(|error| error_of(&error)))
    }

    /// One transaction for the whole batch. An error means that none of it counts.
    fn commit(&self, batch: &[Arc<Ticket<dyn Job>>]) -> Result<(), Error> {
        self.with(|connection| {
            let sql = |text: &str| connection.execute_batch(text).map_err(|e| error_of(&e));
            sql("BEGIN IMMEDIATE")?;
            for ticket in batch {
                sql("SAVEPOINT job")?;
                let ran = lock(&ticket.job).run(connection);
                if let Err(error) = ran {
                    // Some errors end the whole transaction.
                    if connection.is_autocommit() {
                        return Err(error);
                    }
                    sql("ROLLBACK TO job")?;
                }
                sql("RELEASE job")?;
            }
            sql("COMMIT").map_err(|error| Error { may_be_kept: true, ..error })
        })
    }

    /// The connection, if the file is still the one that was opened.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut guard = lock(&self.connection);
        if guard.as_ref().is_some_and(|open| open.process != process::id()) {
            // The parent's. To close it here would end what is the parent's too.
            std::mem::forget(guard.take());
        }
        let open = match &mut *guard {
            Some(open) => open,
            none => none.insert(open(&self.source, 0)?),
        };
        if let (Source::File(place), Some(identity)) = (&self.source, open.identity)
            && !place.holds(identity)?
        {
            let path = place.path.display();
            let message = format!("{path}: the file was moved or replaced: open it again");
            return Err(Error::new(Code::OutboxIo, message));
        }
        let result = work(&open.connection);
        if !open.connection.is_autocommit() {
            // What failed within a transaction must not stay open; that this may fail too is
            // no news.
            let _ = open.connection.execute_batch("ROLLBACK");
        }
        result
    }
}

fn open(source: &Source, now_ms: i64) -> Result<Open, Error> {
    let process = process::id();
    let place = match source {
        Source::Memory(name) => {
            let uri = format!("file:/{name}?vfs=memdb");
            let connection = connect(Path::new(&uri)).map_err(|error| error_of(&error))?;
            set_up(&connection).map_err(error_of_setup)?;
            return Ok(Open { connection, identity: None, process });
        }
        Source::File(place) => place,
    };
    let identity = place.prepare()?;
    let at = |error: Error| {
        let message = format!("{}: {}", place.path.display(), error.message);
        Error { message, ..error }
    };
    let opened = connect(&place.path).map_err(Failed::Sql).and_then(|connection| {
        set_up(&connection)?;
        Ok(connection)
    });
    match opened.map_err(error_of_setup) {
        Ok(connection) => {
            // Once more, now that the files beside it are there: nobody else has made them.
            if place.check()? != Some(identity) {
                let message = "the file was replaced while it was opened";
                return Err(at(Error::new(Code::OutboxUnsafe, message)));
            }
            Ok(Open { connection, identity: Some(identity), process })
        }
        Err(error) if error.code == Code::OutboxCorrupt => {
            let aside = place.set_aside(identity, now_ms)?;
            let message = format!("{}; {aside}; open it again to begin a new one", error.message);
            Err(at(Error { message, ..error }))
        }
        Err(error) => Err(at(error)),
    }
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

fn set_up(connection: &Connection) -> Result<(), Failed> {
    let sql = |text: &str| connection.execute_batch(text).map_err(Failed::Sql);
    connection.busy_timeout(PATIENCE).map_err(Failed::Sql)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A file that somebody has tampered with runs nothing of its own.
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(config, on).map_err(Failed::Sql)?;
    }
    if connection.is_readonly("main").map_err(Failed::Sql)? {
        let message = "the file cannot be written";
        return Err(Failed::Refused(Error::new(Code::OutboxIo, message)));
    }
    sql("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0")?;
    check(connection)?;
    let mode = write_ahead(connection).map_err(Failed::Sql)?;
    if !["wal", "memory"].contains(&mode.as_str()) {
        let message = format!("expected a file system that WAL works on, found mode {mode}");
        return Err(Failed::Refused(Error::new(Code::OutboxIo, message)));
    }
    sql("PRAGMA synchronous = FULL")?;
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
            .map_err(Failed::Sql)?;
    schema::migrate(&transaction)?;
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
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode {
            Err(error) if is_busy(&error) && started.elapsed() < PATIENCE => {
                std::thread::sleep(ANEW_AFTER);
            }
            settled => return settled,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Looks for damage, before anything is written.
fn check(connection: &Connection) -> Result<(), Failed> {
    let number = |name: &str| -> Result<i64, Failed> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(Failed::Sql)
    };
    if number("page_count")?.saturating_mul(number("page_size")?) > MAX_CHECKED_BYTES {
        return Ok(());
    }
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(Failed::Sql)?;
    if found == "ok" {
        return Ok(());
    }
    Err(Failed::Refused(Error::new(Code::OutboxCorrupt, format!("the file is damaged: {found}"))))
}

fn error_of_setup(failed: Failed) -> Error {
    match failed {
        Failed::Sql(error) => error_of(&error),
        Failed::Refused(error) => error,
    }
}

fn error_of(error: &rusqlite::Error) -> Error {
    let code = match error.sqlite_error_code() {
        None if is_not_ours(error) => Code::OutboxCorrupt,
        Some(ErrorCode::DiskFull) => Code::OutboxFull,
        // `Unknown`: a trigger of the file does not fit its tables.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
            Code::OutboxCorrupt
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Code::OutboxBusy,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport,
        ) => Code::OutboxIo,
        _ => Code::Internal,
    };
    Error::new(code, format!("the outbox's file: {error}"))
}

/// True if the file has a value or a schema that this library never writes.
fn is_not_ours(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::SqlInputError { .. }
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
