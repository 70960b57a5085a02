//! An outbox's file with changed bytes. No panic, no hang; an entry is called delivered only if a
//! request of it was answered, or its row said so before.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, OpenOptions, Outbox};
use flexcancel::{Client, Code, Config, OutboxState, Status};
use flexcancel_fuzz::{Script, ScriptTransport, directory};
use libfuzzer_sys::fuzz_target;

const CONFIG: &str = r#"{"api_key":"fsk_test_1"}"#;
const ENTRIES: usize = 4;

/// A file with some pending entries.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = directory("outbox_template").join("outbox.db");
    let outbox = open(&path, &[]).expect("an outbox");
    for number in 0..ENTRIES {
        let report = outbox.0.enqueue(&format!("fcs_{number}"), &EntryOptions::default());
        assert_eq!(report.code, Code::Ok, "{}", report.message);
    }
    drop(outbox);
    fs::read(&path).expect("the file")
});

fn open(path: &Path, input: &[u8]) -> Result<(Outbox, Arc<Script>), flexcancel::Error> {
    let config = Config::from_json(CONFIG).expect("a configuration");
    let script = Arc::new(Script::new(input));
    let transport = Box::new(ScriptTransport(Arc::clone(&script)));
    let client = Client::with_transport(&config, transport).expect("a client");
    let outbox = Outbox::open(Arc::new(client), &OpenOptions::new(path))?;
    Ok((outbox, script))
}

fn check(status: &Status) {
    assert_ne!(status.code, Code::Internal, "{}", status.message);
    status.to_json().expect("a status can be written");
}

fuzz_target!(|changes: Vec<(u16, u8)>| {
    let path = directory("outbox_file").join("outbox.db");
    let mut bytes = FILE.clone();
    for (at, byte) in &changes {
        let length = bytes.len();
        bytes[usize::from(*at) % length] = *byte;
    }
    fs::write(&path, bytes).expect("the file can be written");
    let Ok((outbox, script)) = open(&path, &[]) else { return };
    check(&outbox.stats());
    let before = outbox.list(&ListFilter::default());
    check(&before);
    check(&outbox.flush(&FlushOptions::default(), None));
    // No request was ever answered.
    let delivered = |status: &Status| {
        let entries = status.outbox.as_ref().map_or(&[][..], |view| &view.entries[..]);
        let is_delivered = |it: &&flexcancel::OutboxEntry| it.state == OutboxState::Delivered;
        entries.iter().filter(is_delivered).count()
    };
    let after = outbox.list(&ListFilter::default());
    check(&after);
    assert!(delivered(&after) <= delivered(&before), "delivered without a response");
    assert!(script.received().is_empty());
    let report = outbox.enqueue("fcs_new", &EntryOptions::default());
    assert_ne!(report.code, Code::Internal, "{}", report.message);
    check(&outbox.acknowledge(1));
});
