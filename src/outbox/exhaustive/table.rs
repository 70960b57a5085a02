//! The outbox's table as a value: each step of the model runs the real statements on it.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::outbox::entries;
use crate::outbox::schema;
use crate::outbox::transition::Record;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cell {
    Null,
    Number(i64),
    Text(String),
}

/// Every row of the table, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Table(Vec<Vec<Cell>>);

thread_local! {
    /// What each table's rows are as records: the same tables come again and again.
    static RECORDS: RefCell<HashMap<Table, Vec<Option<Record>>>> = RefCell::new(HashMap::new());
    static CONNECTION: Connection = {
        let connection = Connection::open_in_memory().unwrap();
        schema::migrate(&connection).unwrap();
        connection
    };
}

impl Table {
    /// The table after some statements, and what they gave. An error is one of the file's own
    /// guards: a final state that changes, a second key, two pending entries for a session.
    pub(super) fn after<T>(
        &self,
        statements: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<(Self, T)> {
        CONNECTION.with(|connection| {
            // Rolled back when dropped: the next step begins with its own rows.
            let transaction = connection.unchecked_transaction()?;
            self.write(&transaction)?;
            let given = statements(&transaction)?;
            Ok((Self::read(&transaction)?, given))
        })
    }

    pub(super) fn record(&self, id: i64) -> Option<Record> {
        RECORDS.with_borrow_mut(|known| {
            if !known.contains_key(self) {
                let read = |db: &Connection| {
                    self.ids()
                        .map(|id| entries::by_id(db, id))
                        .collect::<rusqlite::Result<Vec<_>>>()
                };
                known.insert(self.clone(), self.after(read).unwrap().1);
            }
            known[self].get(usize::try_from(id - 1).ok()?)?.clone()
        })
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = i64> {
        (1..).take(self.0.len())
    }

    fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        for row in &self.0 {
            let marks = vec!["?"; row.len()].join(", ");
            let mut statement =
                db.prepare_cached(&format!("INSERT INTO entry VALUES ({marks})"))?;
            statement.execute(rusqlite::params_from_iter(row.iter().map(|cell| match cell {
                Cell::Null => Value::Null,
                Cell::Number(number) => Value::Integer(*number),
                Cell::Text(text) => Value::Text(text.clone()),
            })))?;
        }
        Ok(())
    }

    fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut statement = db.prepare_cached("SELECT * FROM entry ORDER BY id")?;
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cell = |index| {
                row.get::<_, Value>(index).map(|value| match value {
                    Value::Integer(number) => Cell::Number(number),
                    Value::Text(text) => Cell::Text(text),
                    _ => Cell::Null,
                })
            };
            (0..width).map(cell).collect()
        })?;
        rows.collect::<rusqlite::Result<_>>().map(Self)
    }
}
