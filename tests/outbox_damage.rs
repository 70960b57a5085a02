//! A damaged outbox's file: what is seen when it is opened or used, and that it is quarantined whole.

#![cfg(feature = "outbox")]

mod native;
mod outbox_kit;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use flexcancel::outbox::{EntryOptions, ListFilter, OpenOptions, Outbox};
use flexcancel::{Code, Error};
use native::{run_tool, said};
use outbox_kit::{Directory, Till, client_of, held};

fn opened(path: &Path) -> Result<Outbox, Error> {
    Outbox::open(Arc::new(client_of("http://127.0.0.1:1", 100)), &OpenOptions::new(path))
}

fn refusal(path: &Path) -> Error {
    opened(path).expect_err("it is refused")
}

fn shell(file: &Path, sql: &str) -> String {
    let mut command = Command::new("sqlite3");
    let output = run_tool(command.arg(file).arg(sql), "sqlite3");
    said(&output)
}

#[test]
fn given_a_damaged_file_when_opened_then_it_is_set_aside_whole_and_the_next_one_is_new() {
    for (what, damage) in [("header", 0), ("page", 4096)] {
        let till = Till::new(&format!("damaged-{what}"));
        (0..50).for_each(|_| drop(till.enqueue(&held(&till.sandbox))));
        let Till { outbox, directory, .. } = till;
        drop(outbox);
        let mut bytes = fs::read(directory.file()).unwrap();
        bytes[damage..damage + 64].fill(0xa5);
        fs::write(directory.file(), &bytes).unwrap();
        let error = refusal(&directory.file());
        assert_eq!(error.code, Code::OutboxCorrupt, "{what}: {error}");
        let aside = fs::read_dir(&directory.0).unwrap().map(|entry| entry.unwrap().path());
        let aside: Vec<_> = aside.filter(|path| !path.ends_with("outbox.db")).collect();
        let damaged = aside.iter().find(|path| error.message.contains(&*path.to_string_lossy()));
        assert_eq!(fs::read(damaged.unwrap()).unwrap(), bytes, "{what}: it is there as it was");
        let new = opened(&directory.file()).unwrap();
        assert_eq!(new.list(&ListFilter::default()).outbox.unwrap().entries, []);
        assert!(damaged.unwrap().exists(), "{what}: and stays");
    }
}

#[test]
fn given_values_and_a_schema_that_no_outbox_has_when_used_then_the_file_is_called_damaged() {
    for damage in [
        "UPDATE entry SET last_message = CAST(x'66ff' AS TEXT)",
        "ALTER TABLE entry RENAME COLUMN not_after_ms TO later_ms",
    ] {
        let directory = Directory::new("values");
        let path = directory.file();
        let outbox = opened(&path).unwrap();
        assert_eq!(outbox.enqueue("fcs_1", &EntryOptions::default()).code, Code::Ok);
        shell(&path, damage);
        let status = outbox.list(&ListFilter::default());
        assert_eq!(status.code, Code::OutboxCorrupt, "{damage}: {}", status.message);
    }
}

#[test]
fn given_a_trigger_or_an_index_with_one_wrong_letter_when_opened_then_the_file_is_damaged() {
    for (name, text, damaged) in [
        ("entry_final", "WHEN old.state <> 'pending' AND", "WHEN old.state <> 'pendinf' AND"),
        ("entry_kept", "old.state <> 'delivered' AND", "old.state <> 'deliveree' AND"),
        ("tally_insert", "new.acknowledged_ms IS NOT NULL", "new.acknowledged_ms IS     NULL"),
        (
            "entry_pending",
            "session_id) WHERE state = 'pending'",
            "session_id) WHERE state = 'pendinf'",
        ),
    ] {
        let directory = Directory::new("definitions");
        let path = directory.file();
        let outbox = opened(&path).unwrap();
        assert_eq!(outbox.enqueue("fcs_1", &EntryOptions::default()).code, Code::Ok);
        drop(outbox);
        let mut bytes = fs::read(&path).unwrap();
        // Pages that a migration has left have it, too.
        for at in 0..bytes.len() - text.len() {
            if bytes[at..].starts_with(text.as_bytes()) {
                bytes[at..at + text.len()].copy_from_slice(damaged.as_bytes());
            }
        }
        fs::write(&path, &bytes).unwrap();
        let error = refusal(&path);
        assert_eq!(error.code, Code::OutboxCorrupt, "{name}: {error}");
        assert!(
            error.message.contains("expected the 12 triggers, indexes and views"),
            "{name}: {error}"
        );
    }
}

#[test]
fn given_an_entry_that_an_index_lacks_when_opened_then_the_file_is_damaged() {
    let directory = Directory::new("lacks");
    let path = directory.file();
    let outbox = opened(&path).unwrap();
    assert_eq!(outbox.enqueue("fcs_1", &EntryOptions::default()).code, Code::Ok);
    drop(outbox);
    let replace = |from: &str, to: &str| {
        format!(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '{from}', \
             '{to}') WHERE name = 'entry_due'"
        )
    };
    for sql in [&replace("pending", "none"), "REINDEX entry_due", &replace("none", "pending")] {
        let printed = shell(&path, sql);
        assert!(printed.starts_with("exit status: 0"), "{printed}");
    }
    let error = refusal(&path);
    assert_eq!(error.code, Code::OutboxCorrupt, "{error}");
    assert!(error.message.contains("missing from index entry_due"), "{error}");
}

#[test]
fn given_an_index_of_a_user_when_opened_then_it_stays() {
    let directory = Directory::new("index");
    let path = directory.file();
    drop(opened(&path).unwrap());
    shell(&path, "CREATE INDEX mine ON entry (created_ms); ANALYZE");
    let outbox = opened(&path).unwrap();
    assert_eq!(outbox.enqueue("fcs_1", &EntryOptions::default()).code, Code::Ok);
}
