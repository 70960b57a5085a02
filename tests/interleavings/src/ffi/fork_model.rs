//! The fork handlers: a child waits for no thread of the parent, and SQLite is at rest at a fork.

use loom::thread;

use super::fork::{in_child, in_parent, prepare};
use super::handle::{HANDLES, Kind, Object};
use super::object::ResultObject;
use crate::Model;
use crate::abort::{Abort, Wake};
use crate::client::Client;
use crate::outbox::{self, Outbox};
use crate::sync::{Arc, Weak, process};

pub const MODELS: &[Model] = &[
    Model::forking("a fork during a call", a_fork_during_a_call),
    Model::forking("a fork during an abort", a_fork_during_an_abort),
    Model::forking("a fork during a registration", a_fork_during_a_registration),
    Model::forking("a fork during a write to the outbox", a_fork_during_a_write),
    Model::forking("a fork while an outbox is closed", a_fork_while_an_outbox_is_closed),
    Model::forking("a fork while handles come and go", a_fork_while_handles_come_and_go),
    Model::new("two threads of a child share its client", two_threads_of_a_child),
    Model::new("a child forks while it makes its objects", a_child_forks_while_it_makes_objects),
    Model::new("a parent goes on after a fork", a_parent_goes_on_after_a_fork),
    Model::new("two threads fork at once", two_threads_fork_at_once),
];

fn insert(object: Object) -> usize {
    HANDLES.insert(object).unwrap()
}

fn client(key: usize) -> Arc<Client> {
    match HANDLES.get(key, Kind::Client) {
        Some(Object::Client(client)) => client,
        _ => panic!("no client"),
    }
}

fn abort(key: usize) -> Abort {
    match HANDLES.get(key, Kind::Abort) {
        Some(Object::Abort(abort)) => abort,
        _ => panic!("no abort"),
    }
}

fn outbox(key: usize) -> Option<Arc<Outbox>> {
    match HANDLES.get(key, Kind::Outbox)? {
        Object::Outbox(outbox) => Some(outbox),
        _ => panic!("no outbox"),
    }
}

fn new_outbox() -> usize {
    insert(Object::Outbox(Arc::new(Outbox::open(&Arc::new(Client::default())))))
}

/// Forks; this thread goes on as the child's.
fn fork() {
    prepare();
    assert_eq!(outbox::open_files(), 0);
    process::fork();
    in_child();
}

/// The child has ended; so do the parent's thread and what is left.
fn end(parent: thread::JoinHandle<()>) {
    process::end();
    parent.join().unwrap();
}

fn close(outbox: usize) {
    drop(HANDLES.remove(outbox, Kind::Outbox));
}

fn a_fork_during_a_call() {
    let key = insert(Object::Client(Arc::default()));
    let parent = thread::spawn(move || client(key).call());
    fork();
    client(key).call();
    end(parent);
}

struct Nobody;

impl Wake for Nobody {
    fn wake(&self) {}
}

fn a_fork_during_an_abort() {
    let key = insert(Object::Abort(Abort::new()));
    let parent = thread::spawn(move || abort(key).trigger());
    let was_triggered = abort(key).is_triggered();
    fork();
    assert!(!was_triggered || abort(key).is_triggered());
    abort(key).trigger();
    assert!(abort(key).is_triggered());
    end(parent);
}

fn a_fork_during_a_registration() {
    let key = insert(Object::Abort(Abort::new()));
    let parent = thread::spawn(move || {
        let sleeper: Weak<Nobody> = Arc::downgrade(&Arc::new(Nobody));
        drop(abort(key).register(sleeper));
    });
    fork();
    assert!(!abort(key).is_triggered());
    abort(key).trigger();
    end(parent);
}

fn a_fork_during_a_write() {
    let key = new_outbox();
    let parent = thread::spawn(move || outbox(key).unwrap().write());
    fork();
    outbox(key).unwrap().write();
    end(parent);
    close(key);
}

fn a_fork_while_an_outbox_is_closed() {
    let key = new_outbox();
    outbox(key).unwrap().write();
    let parent = thread::spawn(move || close(key));
    fork();
    if let Some(outbox) = outbox(key) {
        outbox.write();
    }
    end(parent);
    close(key);
}

fn a_fork_while_handles_come_and_go() {
    let kept = insert(Object::Abort(Abort::new()));
    let parent = thread::spawn(|| {
        let key = insert(Object::Result(Arc::new(ResultObject)));
        assert!(HANDLES.remove(key, Kind::Result).is_some());
    });
    fork();
    let key = insert(Object::Abort(Abort::new()));
    assert_ne!(key, kept);
    assert!(HANDLES.remove(key, Kind::Abort).is_some());
    assert!(HANDLES.remove(kept, Kind::Abort).is_some());
    end(parent);
}

fn two_threads_of_a_child() {
    let key = insert(Object::Client(Arc::default()));
    let parents = client(key);
    prepare();
    in_child();
    let other = thread::spawn(move || client(key));
    let own = client(key);
    let others = other.join().unwrap();
    assert!(Arc::ptr_eq(&own, &others) && !Arc::ptr_eq(&own, &parents));
}

fn a_child_forks_while_it_makes_objects() {
    let key = new_outbox();
    prepare();
    in_child();
    let other = thread::spawn(move || outbox(key).unwrap().write());
    prepare();
    in_parent();
    outbox(key).unwrap().write();
    other.join().unwrap();
    close(key);
}

fn a_parent_goes_on_after_a_fork() {
    let key = new_outbox();
    let before = outbox(key).unwrap();
    let writer = thread::spawn(move || outbox(key).unwrap().write());
    prepare();
    assert_eq!(outbox::open_files(), 0);
    in_parent();
    let after = outbox(key).unwrap();
    after.write();
    assert!(Arc::ptr_eq(&before, &after));
    writer.join().unwrap();
    assert_eq!(outbox::open_files(), 1);
    close(key);
}

fn two_threads_fork_at_once() {
    let key = new_outbox();
    let forks = move || {
        prepare();
        in_parent();
        outbox(key).unwrap().write();
    };
    let other = thread::spawn(forks);
    forks();
    other.join().unwrap();
    close(key);
}
