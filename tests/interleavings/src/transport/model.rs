//! The pool: one call at a time has a connection, and none that was declared dead.

use std::time::Duration;

use loom::thread;

use super::connection::Connection;
use super::pool::Pool;
use crate::Model;
use crate::clock;
use crate::sync::{Arc, process};

pub const MODELS: &[Model] = &[
    Model::new("a connection is one call's", a_connection_is_one_calls),
    Model::new("a connection that is put back is kept", a_connection_that_is_put_back_is_kept),
    Model::new("what was idle with a dead one is closed", what_was_idle_with_a_dead_one_is_closed),
    Model::forking("a child has none of the parent's connections", a_child_has_none),
    Model::forking("a child keeps its own connections", a_child_keeps_its_own).bounded(3),
];

fn pool() -> Arc<Pool> {
    Arc::new(Pool::new(Duration::from_secs(3_600)))
}

fn take(pool: &Pool) -> Option<Connection> {
    Some(pool.take(clock::now())?.0)
}

fn a_connection_is_one_calls() {
    let pool = pool();
    pool.put(Connection::open(1));
    pool.put(Connection::open(2));
    let takes = || {
        let pool = Arc::clone(&pool);
        thread::spawn(move || take(&pool).unwrap().name)
    };
    let names = [takes(), takes()].map(|thread| thread.join().unwrap());
    assert_ne!(names[0], names[1]);
    assert!(take(&pool).is_none());
}

fn a_connection_that_is_put_back_is_kept() {
    let pool = pool();
    pool.put(Connection::open(1));
    let call = |name| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || {
            let connection = take(&pool).unwrap_or_else(|| Connection::open(name));
            let name = connection.name;
            pool.put(connection);
            name
        })
    };
    let mut used = [call(2), call(3)].map(|thread| thread.join().unwrap()).to_vec();
    used.sort_unstable();
    used.dedup();
    let mut kept: Vec<u32> = std::iter::from_fn(|| take(&pool)).map(|one| one.name).collect();
    kept.sort_unstable();
    assert_eq!(kept, used);
}

/// One call finds a connection dead. Another puts one back, and so does a third.
fn what_was_idle_with_a_dead_one_is_closed() {
    let pool = pool();
    let puts = |name| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || pool.put(Connection::open(name)))
    };
    let threads = [puts(1), puts(2)];
    let dead_since = pool.take(clock::now()).map(|(_, since)| since);
    if let Some(dead_since) = dead_since {
        pool.close_idle_since(dead_since);
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    while let Some((_, since)) = pool.take(clock::now()) {
        assert!(dead_since.is_none_or(|dead_since| since > dead_since));
    }
}

/// A thread of the parent that uses the pool meanwhile.
fn parents_thread(pool: &Arc<Pool>) -> thread::JoinHandle<()> {
    let pool = Arc::clone(pool);
    thread::spawn(move || pool.put(Connection::open(1)))
}

fn a_child_has_none() {
    let pool = pool();
    let parent = parents_thread(&pool);
    process::fork();
    assert!(take(&pool).is_none_or(|one| one.opened_by == process::CHILD));
    process::end();
    parent.join().unwrap();
}

fn a_child_keeps_its_own() {
    let pool = pool();
    let parent = parents_thread(&pool);
    process::fork();
    let call = |name| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || {
            process::become_child();
            let connection = take(&pool).unwrap_or_else(|| Connection::open(name));
            assert_eq!(connection.opened_by, process::CHILD);
            pool.put(connection);
        })
    };
    let other = call(2);
    let connection = take(&pool).unwrap_or_else(|| Connection::open(3));
    pool.put(connection);
    other.join().unwrap();
    while let Some(one) = take(&pool) {
        assert_eq!(one.opened_by, process::CHILD);
    }
    process::end();
    parent.join().unwrap();
}
