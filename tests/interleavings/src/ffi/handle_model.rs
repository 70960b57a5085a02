//! The table of handles: a key finds its object until it is removed, and never another.

use loom::thread;

use super::handle::{HANDLES, Kind, Object};
use crate::Model;
use crate::sync::Arc;

pub const MODELS: &[Model] = &[
    Model::new("a removed key finds nothing again", a_removed_key_finds_nothing_again),
    Model::new("a key is removed once", a_key_is_removed_once),
    Model::new("a get during a remove finds the object or nothing", a_get_during_a_remove),
    Model::new("keys that are made at once differ", keys_that_are_made_at_once_differ),
];

/// An object that is told from others, and whose copies can be counted.
fn object(name: &Arc<str>) -> Object {
    Object::Lost(Kind::Abort, Arc::clone(name))
}

fn name_of(object: Option<Object>) -> Option<Arc<str>> {
    match object? {
        Object::Lost(Kind::Abort, name) => Some(name),
        _ => panic!("an object of another kind"),
    }
}

fn insert(name: &Arc<str>) -> usize {
    HANDLES.insert(object(name)).unwrap()
}

fn get(key: usize) -> Option<Arc<str>> {
    name_of(HANDLES.get(key, Kind::Abort))
}

fn remove(key: usize) -> Option<Arc<str>> {
    name_of(HANDLES.remove(key, Kind::Abort))
}

fn a_removed_key_finds_nothing_again() {
    let (first, second): (Arc<str>, Arc<str>) = ("first".into(), "second".into());
    let stale = insert(&first);
    let other = {
        let second = Arc::clone(&second);
        // Takes the slot that became free, if it comes after the removal.
        thread::spawn(move || {
            let fresh = insert(&second);
            assert!(get(stale).is_none_or(|name| *name == *"first"));
            fresh
        })
    };
    assert_eq!(remove(stale).as_deref(), Some("first"));
    assert!(get(stale).is_none());
    assert!(remove(stale).is_none());
    let fresh = other.join().unwrap();
    assert_ne!(fresh, stale);
    assert!(get(stale).is_none());
    assert_eq!(get(fresh).as_deref(), Some("second"));
    assert_eq!(Arc::strong_count(&first), 1);
}

fn a_key_is_removed_once() {
    let name: Arc<str> = "object".into();
    let key = insert(&name);
    let removes = || thread::spawn(move || usize::from(remove(key).is_some()));
    let threads = [removes(), removes()];
    let removed: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(removed, 1);
    assert_eq!(Arc::strong_count(&name), 1);
    // The slot is free once, not twice.
    let keys = [insert(&name), insert(&name)];
    assert_ne!(keys[0], keys[1]);
}

fn a_get_during_a_remove() {
    let name: Arc<str> = "object".into();
    let key = insert(&name);
    let gets = || {
        thread::spawn(move || {
            let got = get(key);
            assert!(got.is_none_or(|name| *name == *"object" && Arc::strong_count(&name) > 1));
        })
    };
    let threads = [gets(), gets()];
    assert_eq!(remove(key).as_deref(), Some("object"));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(Arc::strong_count(&name), 1);
}

fn keys_that_are_made_at_once_differ() {
    let makes = |name: &'static str| {
        thread::spawn(move || {
            let name: Arc<str> = name.into();
            let key = insert(&name);
            assert_eq!(get(key).as_deref(), Some(&*name));
            key
        })
    };
    let keys = [makes("first"), makes("second")].map(|thread| thread.join().unwrap());
    assert_ne!(keys[0], keys[1]);
    assert_eq!(get(keys[0]).as_deref(), Some("first"));
    assert_eq!(get(keys[1]).as_deref(), Some("second"));
}
