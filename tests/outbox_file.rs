//! The outbox's file: who may have it, what is refused, and what the sqlite3 shell sees.

#![cfg(feature = "outbox")]

mod native;
mod outbox_kit;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use flex_sandbox::{Fault, Hold, How, Injection, Options, Sandbox};
use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, OpenOptions, Outbox};
use flexcancel::{Code, Error, Outcome};
use native::{Scratch, Under, run_tool, said};
use outbox_kit::{Directory, KEY, Till, client_of, flush, held};
use serde_json::json;

fn opened(path: &Path) -> Result<Outbox, Error> {
    Outbox::open(Arc::new(client_of("http://127.0.0.1:1", 100)), &OpenOptions::new(path))
}

fn refusal(path: &Path) -> Error {
    opened(path).expect_err("it is refused")
}

/// The names of what is there, in order.
fn names_in(directory: &Directory) -> Vec<String> {
    let names = fs::read_dir(&directory.0).unwrap();
    let mut names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn shell(file: &Path, sql: &str) -> String {
    let mut command = Command::new("sqlite3");
    let output = run_tool(command.arg(file).arg(sql), "sqlite3");
    said(&output)
}

#[test]
fn given_any_umask_when_made_then_the_file_and_those_beside_it_are_this_users_alone() {
    let directory = Directory::new("mode");
    let outbox = opened(&directory.file()).unwrap();
    outbox.enqueue("fcs_1", &EntryOptions::default());
    for entry in fs::read_dir(&directory.0).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
    }
    assert_eq!(names_in(&directory), ["outbox.db", "outbox.db-shm", "outbox.db-wal"]);
}

#[test]
fn given_no_file_when_many_open_it_at_once_then_each_gets_the_same_new_one() {
    for round in 0..10 {
        let directory = Directory::new(&format!("race-{round}"));
        let file = directory.file();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let file = &file;
                scope.spawn(move || {
                    let outbox = opened(file).unwrap_or_else(|error| panic!("{error}"));
                    let id = format!("fcs_{number}");
                    let report = outbox.enqueue(&id, &EntryOptions::default());
                    assert_eq!(report.code, Code::Ok, "{}", report.message);
                });
            }
        });
        let all = opened(&file).unwrap().list(&ListFilter::default()).outbox.unwrap().entries;
        assert_eq!(all.len(), 16, "round {round}");
    }
}

#[test]
fn given_a_link_or_a_file_that_others_may_write_when_opened_then_it_is_refused_and_untouched() {
    let directory = Directory::new("unsafe");
    let (file, other) = (directory.file(), directory.0.join("other.db"));
    let beside = |suffix: &str| directory.0.join(format!("outbox.db{suffix}"));
    for suffix in ["", "-wal", "-shm", "-journal"] {
        symlink(&other, beside(suffix)).unwrap();
        let error = refusal(&file);
        assert_eq!(error.code, Code::OutboxUnsafe, "{error}");
        assert!(error.message.contains("symbolic link"), "{error}");
        assert!(!other.exists(), "nothing was made through the link");
        fs::remove_file(beside(suffix)).unwrap();
        let _ = fs::remove_file(&file);
    }
    fs::write(&other, "").unwrap();
    fs::hard_link(&other, &file).unwrap();
    assert!(refusal(&file).message.contains("several names"));
    fs::remove_file(&other).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o622)).unwrap();
    assert!(refusal(&file).message.contains("chmod 600"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(refusal(&file).message.contains("something else"));
    fs::remove_dir(&file).unwrap();
    fs::set_permissions(&directory.0, Permissions::from_mode(0o777)).unwrap();
    assert!(refusal(&file).message.contains("its directory may be written by others"));
    fs::set_permissions(&directory.0, Permissions::from_mode(0o1777)).unwrap();
    assert!(opened(&file).is_ok(), "a sticky one is safe");
}

#[test]
fn given_a_path_that_is_none_when_opened_then_it_is_named() {
    let directory = Directory::new("nowhere");
    for path in ["", "/", "outbox/", "..", "/nowhere/outbox.db"] {
        let error = refusal(Path::new(path));
        assert_eq!(error.code, Code::OutboxIo, "{path}: {error}");
        assert!(error.message.starts_with(path), "{error}");
    }
    drop(directory);
}

#[test]
fn given_a_file_that_is_no_outbox_when_opened_then_it_is_refused_and_stays_as_it_is() {
    let directory = Directory::new("no_outbox");
    let file = directory.file();
    let mut database = directory.0.join("database");
    shell(&database, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
    let foreign = fs::read(&database).unwrap();
    fs::remove_file(&database).unwrap();
    database = directory.0.join("log");
    shell(&database, "PRAGMA journal_mode = WAL; CREATE TABLE mine (x)");
    let with_log = fs::read(&database).unwrap();
    fs::remove_file(&database).unwrap();
    let mut destroyed = foreign.clone();
    destroyed[..64].fill(0xa5);
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("one byte", vec![0]),
        ("ids", b"fcs_1\n".repeat(1000)),
        ("zeros", vec![0; 8192]),
        ("another database", foreign),
        ("another database with a log", with_log),
        ("another database, damaged", destroyed),
    ] {
        fs::write(&file, &bytes).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let error = refusal(&file);
        assert_eq!(error.code, Code::OutboxSchema, "{what}: {error}");
        assert!(error.message.contains("is not an outbox; left as it is"), "{what}: {error}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "{what}");
        assert_eq!(names_in(&directory), ["outbox.db"], "{what}: nothing else is made");
    }
}

#[test]
fn given_no_file_when_it_must_not_be_made_then_opening_fails_and_makes_none() {
    let directory = Directory::new("create");
    let mut options = OpenOptions::new(directory.file());
    options.create = Some(false);
    let client = Arc::new(client_of("http://127.0.0.1:1", 100));
    let error = Outbox::open(Arc::clone(&client), &options).expect_err("it is refused");
    assert_eq!(error.code, Code::OutboxIo, "{error}");
    assert!(error.message.contains("there is no such file"), "{error}");
    assert_eq!(names_in(&directory), [""; 0]);
    drop(opened(&directory.file()).unwrap());
    assert_eq!(names_in(&directory), ["outbox.db"], "a new one is whole under its own name");
    assert!(Outbox::open(client, &options).is_ok(), "one that is there is opened");
}

#[test]
fn given_what_is_left_of_a_file_that_is_gone_when_opened_then_no_new_one_is_begun() {
    for suffix in ["-wal", "-journal"] {
        let directory = Directory::new(&format!("left{suffix}"));
        let beside = directory.0.join(format!("outbox.db{suffix}"));
        fs::write(&beside, "cancels").unwrap();
        fs::set_permissions(&beside, Permissions::from_mode(0o600)).unwrap();
        let error = refusal(&directory.file());
        assert_eq!(error.code, Code::OutboxIo, "{error}");
        assert!(error.message.contains(&format!("not outbox.db{suffix}")), "{error}");
        assert_eq!(names_in(&directory), [format!("outbox.db{suffix}")]);
        assert_eq!(fs::read(&beside).unwrap(), b"cancels");
    }
}

#[test]
fn given_another_database_or_a_newer_outbox_when_opened_then_it_is_refused_and_untouched() {
    let directory = Directory::new("schema");
    let file = directory.file();
    for (sql, part) in [
        ("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)", "not an outbox"),
        (
            "PRAGMA application_id = 1182289762; PRAGMA user_version = 4; CREATE TABLE t (x)",
            "newer",
        ),
    ] {
        let said = shell(&file, sql);
        assert!(said.starts_with("exit status: 0"), "{said}");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let error = refusal(&file);
        assert_eq!(error.code, Code::OutboxSchema, "{error}");
        assert!(error.message.contains(part), "{error}");
        let tables = shell(&file, "SELECT count(*) FROM sqlite_schema");
        assert!(tables.contains("\n1\n"), "{tables}");
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn given_a_file_that_is_moved_away_when_used_then_it_says_so_and_nothing_is_sent() {
    let till = Till::new("moved");
    let id = held(&till.sandbox);
    fs::rename(till.directory.file(), till.directory.0.join("elsewhere.db")).unwrap();
    // The file that is gone may keep a cancel of this session.
    for json in [
        "{}",
        r#"{"idempotency_key":"k","in_doubt":false}"#,
        r#"{"idempotency_key":"k"}"#,
        r#"{"idempotency_key":"k","in_doubt":true,"asked_at_ms":1}"#,
    ] {
        let options = EntryOptions::from_json(json).unwrap();
        for report in [till.outbox.cancel(&id, &options, None), till.outbox.enqueue(&id, &options)]
        {
            let found = (report.outcome, report.code);
            assert_eq!(found, (Outcome::Unknown, Code::OutboxIo), "{json}");
            // The same cancel can be repeated, by the outbox or without it.
            let repeat = report.repeat.expect("how to repeat it");
            assert!(repeat.in_doubt, "{json}");
            assert_eq!(Some(&repeat.idempotency_key), report.idempotency_key.as_ref());
            assert!(json == "{}" || repeat.idempotency_key == "k", "{json}");
            assert!(!json.contains("asked") || repeat.asked_at_ms == 1, "{json}");
            assert!(report.message.contains("moved or replaced"), "{}", report.message);
        }
    }
    assert_eq!(till.outbox.flush(&FlushOptions::default(), None).code, Code::OutboxIo);
    assert_eq!(till.sandbox.requests(), []);
}

#[test]
fn given_a_cancel_that_is_kept_when_its_call_is_logged_then_the_event_does_not_call_it_done_for() {
    let directory = Directory::new("logged");
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = held(&sandbox);
    let client = Arc::new(client_of(&sandbox.url(), 400));
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    client.set_observer(Some(Arc::new(move |event: &flexcancel::Event<'_>| {
        let event = serde_json::to_value(event).unwrap();
        if event["event"] == "result" {
            told.lock().unwrap().push(event);
        }
    })));
    let outbox = Outbox::open(client, &OpenOptions::new(directory.file())).unwrap();
    let flush = |json| outbox.flush(&FlushOptions::from_json(json).unwrap(), None);
    sandbox.close_port();
    let report = outbox.cancel(&id, &EntryOptions::default(), None);
    flush(r#"{"now":true}"#);
    sandbox.open_port();
    flush(r#"{"now":true}"#);
    let events = events.lock().unwrap();
    let said: Vec<_> =
        events.iter().map(|it| (&it["outcome"], &it["code"], &it["level"])).collect();
    let kept = (&json!("unknown"), &json!("connect"), &json!("warn"));
    assert_eq!(said, [kept, kept, (&json!("canceled"), &json!("ok"), &json!("info"))]);
    // As the result that the till was given.
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Connect));
    assert_eq!(events[0]["message"], json!(report.message));
    for event in &events[..2] {
        let message = event["message"].as_str().unwrap();
        let is_kept =
            message.starts_with("nothing has taken effect yet; the outbox keeps the cancel: ");
        assert!(is_kept, "{message}");
        assert_eq!(event["idempotency_key"], json!(report.idempotency_key));
    }
}

#[test]
fn given_a_cancel_that_may_be_kept_when_it_cannot_be_looked_up_then_it_is_never_not_voided() {
    let till = Till::new("looked-up");
    let id = held(&till.sandbox);
    let press = || {
        let report = till.outbox.cancel(&id, &EntryOptions::default(), None);
        (report.outcome, report.code)
    };
    till.sandbox.inject_as(Injection::of(Fault::DropAnswer { how: How::Rst }).apply(true));
    till.sandbox.inject(Fault::Status { status: 503, headers: vec![], body: String::new() }, 99);
    assert_eq!(press().0, Outcome::Unknown);
    let truth = till.sandbox.ground_truth(&id).unwrap();
    assert_eq!(truth.hold, Hold::Released, "the cancel had its effect");
    let mut locker = Command::new("sqlite3")
        .arg(till.directory.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 (Debian's package of that name)");
    let mut lines = locker.stdin.take().unwrap();
    writeln!(lines, "BEGIN IMMEDIATE; SELECT 'locked';").unwrap();
    let mut said = String::new();
    BufReader::new(locker.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "locked\n");
    assert_eq!(press(), (Outcome::Unknown, Code::OutboxBusy));
    drop(lines);
    assert!(locker.wait().unwrap().success());
    let elsewhere = till.directory.0.join("elsewhere.db");
    fs::rename(till.directory.file(), &elsewhere).unwrap();
    assert_eq!(press(), (Outcome::Unknown, Code::OutboxIo));
    fs::rename(&elsewhere, till.directory.file()).unwrap();
    till.sandbox.clear_faults();
    assert_eq!(press(), (Outcome::Canceled, Code::Ok), "by its own first request");
    assert_eq!(till.sandbox.ground_truth(&id).unwrap().cancels_applied.len(), 1);
}

/// A change of a till's files that takes something away from under it.
type Removal = fn(&Till);

#[test]
fn given_any_file_that_the_promise_rests_on_is_gone_when_used_then_it_says_so_and_sends_nothing() {
    fn beside(till: &Till, suffix: &str) -> std::path::PathBuf {
        till.directory.0.join(format!("outbox.db{suffix}"))
    }
    let cases: [(&str, Removal); 7] = [
        ("the file removed", |till| fs::remove_file(beside(till, "")).unwrap()),
        ("its log removed", |till| fs::remove_file(beside(till, "-wal")).unwrap()),
        ("its locks removed", |till| fs::remove_file(beside(till, "-shm")).unwrap()),
        ("its log moved", |till| {
            fs::rename(beside(till, "-wal"), beside(till, "-moved")).unwrap();
        }),
        ("its log replaced by a copy", |till| {
            fs::copy(beside(till, "-wal"), beside(till, "-copy")).unwrap();
            fs::rename(beside(till, "-copy"), beside(till, "-wal")).unwrap();
        }),
        ("its locks replaced by a copy", |till| {
            fs::copy(beside(till, "-shm"), beside(till, "-copy")).unwrap();
            fs::rename(beside(till, "-copy"), beside(till, "-shm")).unwrap();
        }),
        ("its directory moved", |till| {
            let moved = till.directory.0.with_extension("moved");
            let _ = fs::remove_dir_all(&moved);
            fs::rename(&till.directory.0, &moved).unwrap();
            fs::create_dir(&till.directory.0).unwrap();
        }),
    ];
    for (number, (what, remove)) in cases.into_iter().enumerate() {
        let till = Till::new(&format!("gone-{number}"));
        let kept = till.enqueue(&held(&till.sandbox));
        remove(&till);
        let id = held(&till.sandbox);
        let options = EntryOptions::default();
        for report in [till.outbox.enqueue(&id, &options), till.outbox.cancel(&id, &options, None)]
        {
            let found = (report.outcome, report.code);
            assert_eq!(found, (Outcome::Unknown, Code::OutboxIo), "{what}: {}", report.message);
            assert!(report.message.contains("moved or replaced"), "{what}: {}", report.message);
        }
        let flushed = till.outbox.flush(&FlushOptions::default(), None);
        for code in [
            flushed.code,
            till.outbox.stats().code,
            till.outbox.list(&ListFilter::default()).code,
            till.outbox.acknowledge(kept.id).code,
        ] {
            assert_eq!(code, Code::OutboxIo, "{what}");
        }
        assert_eq!(till.sandbox.requests(), [], "{what}");
        let _ = fs::remove_dir_all(till.directory.0.with_extension("moved"));
    }
}

#[test]
fn given_a_file_that_is_mounted_by_itself_when_opened_then_it_is_refused() {
    let directory = Directory::new("mounted");
    let (file, elsewhere) = (directory.file(), directory.0.join("elsewhere.db"));
    drop(opened(&elsewhere).unwrap());
    drop(opened(&file).unwrap());
    let scratch = Scratch::new("mounted");
    let till = scratch.compile_test("outbox_till").command(Under::Nothing);
    // In namespaces of its own, so that it needs no rights and leaves nothing behind.
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    command.arg("mount --bind \"$1\" \"$2\" && exec \"$0\" http://127.0.0.1:1 \"$2\" 100 stats");
    command.arg(till.get_program()).arg(&elsewhere).arg(&file);
    command.envs(till.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let told = said(&run_tool(&mut command, "util-linux"));
    assert!(told.contains("outbox_unsafe") && told.contains("mount its directory"), "{told}");
}

#[test]
fn given_a_copy_that_is_made_as_the_document_says_when_restored_then_nothing_is_released_twice() {
    let till = Till::new("restored");
    let (delivered, pending) = (held(&till.sandbox), held(&till.sandbox));
    till.enqueue(&delivered);
    till.enqueue(&pending);
    let copy = till.directory.0.join("copy.db");
    let said = shell(&till.directory.file(), &format!("VACUUM INTO '{}'", copy.display()));
    assert!(said.starts_with("exit status: 0"), "{said}");
    let mut first = FlushOptions::default();
    first.max = Some(1);
    assert_eq!(till.outbox.flush(&first, None).code, Code::Ok);
    let Till { outbox, directory, sandbox, clock } = till;
    drop(outbox);
    fs::rename(&copy, directory.file()).unwrap();
    fs::set_permissions(directory.file(), Permissions::from_mode(0o600)).unwrap();
    let restored = outbox_kit::open(&sandbox.url(), &directory.file(), &clock);
    clock.pass(3_600_000);
    let states: Vec<_> = flush(&restored).iter().map(|entry| entry.state.name()).collect();
    assert_eq!(states, ["delivered", "delivered"]);
    for id in [&delivered, &pending] {
        assert_eq!(outbox_kit::ground_truth(&sandbox, id), (flex_sandbox::Hold::Released, 1));
    }
}

#[test]
fn given_an_outbox_in_use_when_the_shell_looks_then_it_sees_the_entries_and_cannot_change_the_end()
{
    let till = Till::new("shell");
    let id = held(&till.sandbox);
    till.enqueue(&id);
    let count = shell(&till.directory.file(), "SELECT session_id FROM entry");
    assert!(count.contains(&id), "{count}");
    assert_eq!(flush(&till.outbox).len(), 1);
    for (sql, refused) in [
        ("UPDATE entry SET state = 'pending', ended_ms = NULL, next_try_ms = 1", "final state"),
        ("UPDATE entry SET last_outcome = 'unknown'", "final state"),
        ("UPDATE entry SET idempotency_key = 'another'", "session and key"),
    ] {
        let said = shell(&till.directory.file(), sql);
        assert!(said.contains(refused), "{sql}: {said}");
    }
    till.outbox.cancel("fcs_nowhere", &EntryOptions::default(), None);
    let worklist = shell(&till.directory.file(), "SELECT session_id, last_code FROM worklist");
    assert!(worklist.contains("fcs_nowhere|not_found"), "{worklist}");
    let said = shell(&till.directory.file(), "DELETE FROM entry");
    assert!(said.contains("until it is delivered or acknowledged"), "{said}");
}

#[test]
fn given_anything_that_was_kept_when_the_files_are_searched_then_the_api_key_is_in_none() {
    let till = Till::new("secret");
    till.enqueue(&held(&till.sandbox));
    till.outbox.cancel(&held(&till.sandbox), &EntryOptions::default(), None);
    for entry in fs::read_dir(&till.directory.0).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let is_in = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!is_in, "{}", path.display());
    }
}
