//! The file as a store: transactions that are on the disk when they return, and many threads'
//! writes in one of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode};

use super::file::{FileLocation, Identity};
use super::fork_lock;
use super::opening::{Open, open};
use crate::error::Error;
use crate::outcome::Code;

/// The most writes in one transaction.
const MAX_BATCH: usize = 256;

/// Where the entries are.
pub(super) enum Source {
    /// In a file.
    File(FileLocation),
    /// In memory, under this name, for as long as somebody has it open.
    Memory(String),
}

/// A store that is open.
pub(super) struct Store {
    pub(super) source: Arc<Source>,
    /// The file that it was opened on.
    pub(super) identity: Option<Identity>,
    pub(super) connection: Arc<Mutex<Option<Open>>>,
    queue: Mutex<Queue>,
    condition: Condvar,
}

/// Writes that wait for a transaction, and whether one of their threads is leading one.
#[derive(Default)]
struct Queue {
    waiting: Vec<Arc<Ticket<dyn Job>>>,
    has_leader: bool,
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
    /// Opens the store. A damaged file is quarantined.
    pub(super) fn open(source: Source, may_create: bool, now_ms: i64) -> Result<Self, Error> {
        let fork_lock = fork_lock::shared();
        let open = open(&source, may_create, now_ms)?;
        let identity = open.files.map(|[_, file, ..]| file);
        let store = Self::over(Arc::new(source), identity, Some(open));
        if store.identity.is_some() {
            fork_lock.note(&store.connection);
        }
        Ok(store)
    }

    pub(super) fn over(
        source: Arc<Source>,
        identity: Option<Identity>,
        open: Option<Open>,
    ) -> Self {
        let connection = Arc::new(Mutex::new(open));
        Self { source, identity, connection, queue: Mutex::default(), condition: Condvar::new() }
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
            if queue.has_leader {
                queue = self.condition.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.has_leader = true;
            let count = queue.waiting.len().min(MAX_BATCH);
            let batch: Vec<_> = queue.waiting.drain(..count).collect();
            drop(queue);
            self.lead(&batch);
            queue = lock(&self.queue);
            queue.has_leader = false;
            self.condition.notify_all();
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

    /// The connection, if the files are still those that were opened, and stay it.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let fork_lock = fork_lock::shared();
        let mut guard = lock(&self.connection);
        if guard.as_ref().is_some_and(|open| open.process != process::id()) {
            // The parent's. To close it here would end what is the parent's too.
            std::mem::forget(guard.take());
        }
        let open = match &mut *guard {
            Some(open) => open,
            none => {
                let open = self.open_again()?;
                if self.identity.is_some() {
                    fork_lock.note(&self.connection);
                }
                none.insert(open)
            }
        };
        self.check_files(open)?;
        let result = work(&open.connection);
        if !open.connection.is_autocommit() {
            // What failed within a transaction must not stay open; that this may fail too is
            // no news.
            let _ = open.connection.execute_batch("ROLLBACK");
        }
        // What was written to a file that went meanwhile is not kept, unless it is moved back.
        let kept = self.check_files(open);
        result.and_then(|value| {
            kept.map(|()| value).map_err(|error| Error { may_be_kept: true, ..error })
        })
    }

    /// An entry is kept only in files that the next one to open the outbox finds.
    fn check_files(&self, open: &Open) -> Result<(), Error> {
        match &*self.source {
            Source::File(location) if location.files()? != open.files => Err(moved(location)),
            _ => Ok(()),
        }
    }

    /// Opens the store in a process that forked, or was: the same file, if it is still there.
    fn open_again(&self) -> Result<Open, Error> {
        if let (Source::File(location), Some(identity)) = (&*self.source, self.identity)
            && !location.holds(identity)?
        {
            return Err(moved(location));
        }
        open(&self.source, false, 0)
    }
}

fn moved(location: &FileLocation) -> Error {
    let path = location.path.display();
    let message = format!(
        "{path}: the file, its directory, or a file beside it was moved or replaced: open it \
             again"
    );
    Error::new(Code::OutboxIo, message)
}

pub(super) fn error_of(error: &rusqlite::Error) -> Error {
    let code = match error.sqlite_error_code() {
        None if is_not_ours(error) => Code::OutboxCorrupt,
        Some(ErrorCode::DiskFull) => Code::OutboxFull,
        // This library tried what the file forbids.
        Some(ErrorCode::ConstraintViolation) if is_forbidden(error) => Code::Internal,
        // `Unknown`: a trigger of the file does not fit its tables. Another violation: a row and an
        // index do not fit together, because nothing that is written to a sound file is refused.
        Some(
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::Unknown
            | ErrorCode::ConstraintViolation,
        ) => Code::OutboxCorrupt,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Code::OutboxBusy,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::OutOfMemory,
        ) => Code::OutboxIo,
        _ => Code::Internal,
    };
    Error::new(code, format!("the outbox's file: {error}"))
}

/// True if a trigger has refused it: a final state does not change.
fn is_forbidden(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_CONSTRAINT_TRIGGER)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_fit_is_damage_and_what_a_trigger_forbids_is_a_defect() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE t (a UNIQUE, b NOT NULL CHECK (b > 0));
             CREATE TRIGGER final BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'final'); END;
             INSERT INTO t VALUES (1, 1)",
        )
        .unwrap();
        for (sql, code) in [
            ("INSERT INTO t VALUES (1, 1)", Code::OutboxCorrupt),
            ("INSERT INTO t VALUES (2, NULL)", Code::OutboxCorrupt),
            ("INSERT INTO t VALUES (2, 0)", Code::OutboxCorrupt),
            ("UPDATE t SET b = 2", Code::Internal),
        ] {
            assert_eq!(error_of(&db.execute(sql, []).unwrap_err()).code, code, "{sql}");
        }
    }
}
