//! The journal of a bulk run, against the sandbox: what a resumed run sends, and which files are
//! refused.

mod bulk_kit;

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bulk_kit::{KEY, cancels, client, counts, held, is_released, options, run};
use flex_sandbox::{Options, Sandbox};
use flexcancel::{BulkItem, Client, Code, JournalFile, Outcome};
use serde_json::{Value, json};

/// A path that no other test uses; nothing is there.
fn journal(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bulk-{name}.jsonl"));
    if path.exists() {
        fs::remove_file(&path).unwrap();
    }
    path
}

#[test]
fn given_a_journal_when_the_run_is_resumed_then_the_definite_is_skipped_and_the_rest_keeps_its_key()
{
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..60).map(|_| held(&sandbox)).collect();
    let path = journal("resumed");
    let options = options(json!({ "journal": path, "concurrency": 3, "reason": "closing time" }));
    let mut told = 0;
    let status = client.cancel_many(ids.clone(), &options, None, |_| {
        told += 1;
        if told == 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(status.code, Code::Aborted);
    // A power cut in the middle of a line.
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("{\"state\":\"sent\",\"numb");
    fs::write(&path, text).unwrap();
    let (status, reports) = run(&client, &ids, &options);
    assert_eq!(status.code, Code::Ok, "{}", status.message);
    assert_eq!(reports.len(), 60);
    assert!(counts(&status).from_journal >= 20);
    for (id, keys) in cancels(&sandbox) {
        let keys: HashSet<String> = keys.into_iter().collect();
        assert_eq!(keys.len(), 1, "{id} has one key");
    }
    for (report, id) in reports.iter().zip(&ids) {
        assert_eq!(report.outcome, Outcome::Canceled, "{}", report.message);
        assert!(is_released(&sandbox, id));
    }
    let lines: Vec<Value> = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["reason"], "closing time");
    let ended: HashSet<u64> = lines
        .iter()
        .filter(|line| line["state"] == "ended" && line["outcome"] == "canceled")
        .map(|line| line["number"].as_u64().unwrap())
        .collect();
    assert_eq!(ended.len(), 60, "the journal is complete");
    let before = sandbox.requests().len();
    let (status, reports) = run(&client, &ids, &options);
    assert_eq!((counts(&status).from_journal, reports.len()), (60, 60));
    assert_eq!(sandbox.requests().len(), before, "nothing is sent again");
}

#[test]
fn given_ids_that_are_none_and_one_twice_when_the_run_is_resumed_then_each_is_told_once() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let id = held(&sandbox);
    let ids = [KEY.to_owned(), id.clone(), "no id".to_owned(), id];
    let path = journal("ids-that-are-none");
    for resumed in [0, 4] {
        let (status, reports) = run(&client, &ids, &options(json!({ "journal": path })));
        assert_eq!(status.code, Code::Ok, "{}", status.message);
        let codes: Vec<Code> = reports.iter().map(|report| report.code).collect();
        let none = Code::InvalidSessionId;
        assert_eq!(codes, [none, Code::Ok, none, Code::Ok]);
        assert_eq!(reports[3].item.unwrap().duplicate_of, Some(1));
        let counts = counts(&status);
        let found = [counts.items, counts.canceled, counts.duplicates, counts.from_journal];
        assert_eq!(found, [4, 2, 1, resumed]);
    }
    assert!(!fs::read_to_string(&path).unwrap().contains(KEY));
}

#[test]
fn given_an_input_that_was_cut_off_when_the_run_is_resumed_then_it_does_not_look_complete() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let ids: Vec<String> = (0..8).map(|_| held(&sandbox)).collect();
    let options = options(json!({ "journal": journal("cut_off") }));
    assert_eq!(run(&client, &ids, &options).0.code, Code::Ok);
    let (status, reports) = run(&client, &ids[..3], &options);
    assert_eq!((status.code, reports.len()), (Code::JournalInvalid, 3), "{}", status.message);
    assert!(status.message.contains("5 more items"), "{}", status.message);
    assert!(!counts(&status).complete);
    let (status, _) = run(&client, &ids, &options);
    assert_eq!((status.code, counts(&status).from_journal), (Code::Ok, 8), "{}", status.message);
    // An input that goes on is one of its own day.
    let more: Vec<String> = ids.iter().cloned().chain([held(&sandbox)]).collect();
    let (status, _) = run(&client, &more, &options);
    assert_eq!((status.code, counts(&status).canceled), (Code::Ok, 9), "{}", status.message);
}

#[test]
fn given_a_file_that_is_no_journal_of_this_input_when_it_is_given_then_it_is_refused_and_left_alone()
 {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let (other, client) = (Sandbox::start(Options::default()).unwrap(), client(&sandbox));
    let ids: Vec<String> = (0..3).map(|_| held(&sandbox)).collect();
    let refused = |path: &Path, ids: &[String], client: &Client, code: Code, why: &str| {
        let before = fs::read_to_string(path).unwrap();
        let (status, _) = run(client, ids, &options(json!({ "journal": path })));
        assert_eq!(status.code, code, "{}", status.message);
        assert!(status.message.contains(why), "{}", status.message);
        assert_eq!(fs::read_to_string(path).unwrap(), before, "left as it is");
    };
    let path = journal("of-something-else");
    for (text, why) in [
        ("id,amount\nfcs_1,3\n", "journal: is no journal of a bulk run; left as it is"),
        (
            "{\"state\":\"sent\",\"number\":0,\"session_id\":null,\"idempotency_key\":null,\
          \"asked_at_ms\":0}\n",
            "is no journal",
        ),
        ("no line break", "is no journal"),
    ] {
        fs::write(&path, text).unwrap();
        refused(&path, &ids, &client, Code::JournalInvalid, why);
    }
    let path = journal("of-another-input");
    let (status, _) = run(&client, &ids, &options(json!({ "journal": path })));
    assert_eq!(status.code, Code::Ok);
    let mut others = ids.clone();
    others[1] = held(&sandbox);
    refused(&path, &others, &client, Code::JournalInvalid, "item 1 is another session");
    assert!(!is_released(&sandbox, &others[1]));
    let to_other = self::client(&other);
    refused(&path, &ids, &to_other, Code::JournalInvalid, "expected one for");
    let file = fs::File::open(&path).unwrap();
    file.lock().unwrap();
    refused(&path, &ids, &client, Code::JournalBusy, "another run uses it");
    let (status, _) = run(&client, &ids, &options(json!({ "journal": "/dev/null" })));
    assert_eq!(status.code, Code::JournalIo, "{}", status.message);
    assert!(cancels(&sandbox).values().all(|keys| keys.len() == 1));
}

/// A journal whose disk takes its first line, and no other.
struct Full(bool);

impl JournalFile for Full {
    fn read(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(io::empty()))
    }

    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        if std::mem::replace(&mut self.0, true) {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn given_a_disk_that_is_full_when_an_item_repeats_a_cancel_then_it_is_not_called_not_applied() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = client(&sandbox);
    let id = held(&sandbox);
    for (own, outcome) in [
        ("{}", Outcome::NotApplied),
        (r#"{"idempotency_key":"k","in_doubt":false}"#, Outcome::NotApplied),
        (r#"{"idempotency_key":"k"}"#, Outcome::Unknown),
        (r#"{"idempotency_key":"k","in_doubt":true,"asked_at_ms":1}"#, Outcome::Unknown),
    ] {
        let own = flexcancel::Options::from_json(own).unwrap();
        let mut items = [BulkItem::new(id.clone(), own)].into_iter();
        let mut said = Vec::new();
        let status = client.cancel_many_with_journal(
            Box::new(Full(false)),
            &options(json!({ "concurrency": 1 })),
            None,
            &mut || items.next(),
            &mut |report| {
                said.push((report.outcome, report.code));
                ControlFlow::Continue(())
            },
        );
        assert_eq!(status.code, Code::JournalIo, "{}", status.message);
        assert_eq!(said, [(outcome, Code::JournalIo)]);
    }
    assert_eq!(cancels(&sandbox).len(), 0);
}
