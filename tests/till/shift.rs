//! The till with an outbox, examples/outbox.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use flex_sandbox::{Hold, Keys, Mode, Options, Sandbox};
use flexcancel::outbox::{EntryOptions, OpenOptions, Outbox};
use flexcancel::{Client, Code, Config, Outcome};
use serde_json::json;

use super::{KEY, SHOPPER, assert_wrong_usage, compile, ground_truth, held, run, start};
use crate::native::{Program, Scratch, Under, said};

/// A till with an outbox, and its file.
#[derive(Clone)]
struct Shift<'a> {
    till: &'a Program,
    under: Under,
    file: PathBuf,
    base_url: String,
    timeout_ms: usize,
    key: &'static str,
}

impl Shift<'_> {
    /// Its exit code, and what people read.
    fn says(&self, arguments: &[&str]) -> (i32, String) {
        let output = run(&mut self.command(arguments));
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(log.lines().all(|line| line.starts_with("outbox: ")), "{}", said(&output));
        assert!(log.lines().count() >= 1, "{}", said(&output));
        assert!(!log.contains(SHOPPER) && !log.contains("\"outbox\""), "{}", said(&output));
        // What went well needs no advice, and other advice is set off from the message.
        assert!(!log.contains("Look at the outbox's entries"), "{}", said(&output));
        let is_set_off = |line: &str| line.starts_with("outbox: ok: ") || line.contains("; ");
        assert!(log.lines().all(is_set_off), "{}", said(&output));
        let code = output.status.code().unwrap_or_else(|| panic!("{}", said(&output)));
        (code, String::from_utf8(output.stdout).expect("UTF-8"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.till.command(self.under);
        let config = json!({
            "api_key_env": "FLEX_API_KEY", "base_url": self.base_url, "timeout_ms": self.timeout_ms
        });
        command.env("FLEX_API_KEY", self.key).env("FLEX_CONFIG", config.to_string());
        command.env("FLEX_OUTBOX", json!({ "path": self.file }).to_string()).args(arguments);
        command
    }

    /// Ends a shift that has voids left: `began` is how what people read begins, `left` how it goes
    /// on behind that line.
    fn assert_leaves(&self, began: &str, left: &str) {
        let (exit_code, text) = self.says(&["close"]);
        let (first, rest) = text.split_at(if began.is_empty() { 0 } else { line_end(&text) });
        assert!(first.starts_with(began), "{text}");
        let expected = format!(
            "{left}SHIFT CLOSED, BUT NOT ALL IS DELIVERED: the lines above say what is left.\n"
        );
        assert_eq!((exit_code, rest), (3, &*expected), "{text}");
    }

    fn assert_says(&self, arguments: &[&str], exit_code: i32, text: &str) {
        assert_eq!(self.says(arguments), (exit_code, text.to_owned()), "{arguments:?}");
    }
}

/// Where the first line of a text ends.
fn line_end(text: &str) -> usize {
    text.find('\n').map_or(0, |at| at + 1)
}

/// What is left of this till, and of others.
fn left(own: usize, foreign: usize) -> String {
    let mut text = String::new();
    if own > 0 {
        text +=
            &format!("TO BE DELIVERED: {own}; these voids are pending, and stay in the outbox.\n");
    }
    if foreign > 0 {
        text += &format!("OF ANOTHER SERVICE OR MODE: {foreign}; this key never delivers them.\n");
    }
    text
}

/// Compiles the till with an outbox in both languages, and runs the test on a file of its own.
fn with_shift(test: &str, work: impl Fn(&Shift<'_>, &Sandbox)) {
    for language in ["c", "cpp"] {
        let scratch = Scratch::new(&format!("{test}_{language}"));
        let till = compile(&scratch, "outbox", language);
        for under in Under::each() {
            let sandbox = start(Options::default());
            let (file, base_url) = (scratch.path(&format!("{under:?}.db")), sandbox.url());
            let till = &till;
            work(&Shift { till, under, file, base_url, timeout_ms: 30_000, key: KEY }, &sandbox);
        }
    }
}

/// Another program of the same till keeps a cancel.
fn enqueue(base_url: &str, file: &Path, id: &str) {
    let config = json!({ "api_key": KEY, "base_url": base_url }).to_string();
    let client = Client::new(&Config::from_json(&config).expect("a configuration"));
    let client = Arc::new(client.expect("a client"));
    let outbox = Outbox::open(client, &OpenOptions::new(file)).expect("an outbox");
    let report = outbox.enqueue(id, &EntryOptions::default());
    assert_eq!((report.outcome, report.code), (Outcome::Unknown, Code::Ok));
}

const VOIDED: &str =
    "VOIDED: Flex has canceled the authorization; the bank may show it for some days.\n";
const CLOSED: &str = "SHIFT CLOSED: nothing is left to be seen.\n";
const PENDING: &str = "VOID PENDING: promise the shopper nothing yet.\n";
const ENDED_EARLY: &str = "THE DELIVERY ENDED EARLY: ";

#[test]
fn given_an_outage_when_a_till_voids_then_its_shift_ends_and_the_next_one_delivers() {
    with_shift("shift_outage", |till, sandbox| {
        let ids = [held(sandbox), held(sandbox)];
        sandbox.close_port();
        let timeout_ms = till.under.count(1_000, 10_000);
        let hasty = Shift { timeout_ms, ..till.clone() };
        hasty.assert_says(&["void", &ids[0]], 3, PENDING);
        enqueue(&till.base_url, &till.file, &ids[1]);
        hasty.assert_leaves(ENDED_EARLY, &left(2, 0));
        let (_, shown) = hasty.says(&["close"]);
        let advice = "; Look the session up, or flush again later; the message says why.\n";
        assert!(shown[..line_end(&shown)].ends_with(advice), "{shown}");
        assert_eq!(sandbox.requests(), []);
        sandbox.open_port();
        till.assert_says(&["void", &ids[0]], 0, VOIDED);
        let third = held(sandbox);
        enqueue(&till.base_url, &till.file, &third);
        // The one that the outage met is still waiting for its next try.
        till.assert_says(&["close"], 0, CLOSED);
        for id in [&ids[0], &ids[1], &third] {
            assert_eq!(ground_truth(sandbox, id), (Hold::Released, 1));
        }
    });
}

#[test]
fn given_a_void_of_an_outage_when_the_shift_ends_with_flex_back_then_it_is_delivered_at_once() {
    with_shift("shift_back", |till, sandbox| {
        let id = held(sandbox);
        sandbox.close_port();
        let timeout_ms = till.under.count(1_000, 10_000);
        Shift { timeout_ms, ..till.clone() }.assert_says(&["void", &id], 3, PENDING);
        sandbox.open_port();
        till.assert_says(&["close"], 0, CLOSED);
        assert_eq!(ground_truth(sandbox, &id), (Hold::Released, 1));
    });
}

#[test]
fn given_a_key_that_flex_does_not_know_when_the_shift_ends_then_the_advice_is_shown() {
    with_shift("shift_unauthorized", |till, _| {
        let keys = Keys::default().with(Mode::Test, KEY);
        let sandbox = &start(Options { keys, ..Options::default() });
        let till = Shift { base_url: sandbox.url(), ..till.clone() };
        let wrong = Shift { key: "fsk_test_hunter2_of_somebody_else", ..till.clone() };
        let id = held(sandbox);
        enqueue(&till.base_url, &till.file, &id);
        wrong.assert_leaves(ENDED_EARLY, &left(1, 0));
        let (_, shown) = wrong.says(&["close"]);
        let advice = "; Check the API key, then flush again.\n";
        assert!(shown[..line_end(&shown)].ends_with(advice), "{shown}");
        assert_eq!(ground_truth(sandbox, &id), (Hold::Held, 0));
        till.assert_says(&["close"], 0, CLOSED);
        assert_eq!(ground_truth(sandbox, &id), (Hold::Released, 1));
    });
}

#[test]
fn given_voids_of_another_service_or_mode_when_the_shift_ends_then_it_says_how_many() {
    with_shift("shift_foreign", |till, sandbox| {
        let elsewhere = start(Options::default());
        let (own, foreign) = (held(sandbox), held(&elsewhere));
        enqueue(&till.base_url, &till.file, &own);
        enqueue(&elsewhere.url(), &till.file, &foreign);
        till.assert_leaves("", &left(0, 1));
        assert_eq!(ground_truth(sandbox, &own), (Hold::Released, 1));
        let live = Shift { key: "fsk_live_hunter2", ..till.clone() };
        live.assert_leaves("", &left(0, 1));
        assert_eq!(elsewhere.requests(), []);
        let its_own = Shift { base_url: elsewhere.url(), ..till.clone() };
        its_own.assert_says(&["close"], 0, CLOSED);
        assert_eq!(ground_truth(&elsewhere, &foreign), (Hold::Released, 1));
        // With something to see, too, both are said.
        let captured = held(sandbox);
        sandbox.capture(&captured, None).expect("a held session can be captured");
        enqueue(&till.base_url, &till.file, &captured);
        enqueue(&elsewhere.url(), &till.file, &held(&elsewhere));
        live.assert_leaves("", &left(0, 2));
        let (exit_code, to_see) = till.says(&["close"]);
        assert!(exit_code == 1 && to_see.starts_with("LOOK AT "), "{to_see}");
        let end = format!("{}SHIFT NOT CLOSED: 1 to be seen.\n", left(0, 1));
        assert!(to_see.ends_with(&end), "{to_see}");
    });
}

#[test]
fn given_a_void_when_it_is_logged_then_the_log_has_its_session_and_its_key() {
    with_shift("shift_log", |till, sandbox| {
        let id = held(sandbox);
        let output = run(&mut till.command(&["void", &id]));
        let log = String::from_utf8_lossy(&output.stderr);
        let (line, key) = log.trim_end().split_once("; idempotency key: ").expect("a key");
        assert!(line.starts_with("outbox: ok: "), "{log}");
        assert!(line.ends_with(&format!(" session: {id}")), "{log}");
        let requests = sandbox.requests();
        let mut headers = requests.iter().flat_map(|request| &request.headers);
        assert!(headers.any(|(_, value)| value == key), "{log} {requests:?}");
    });
}

#[test]
fn given_a_disk_that_is_full_when_a_void_may_not_be_kept_then_it_says_how_to_repeat_it() {
    for language in ["c", "cpp"] {
        let scratch = Scratch::new(&format!("shift_full_{language}"));
        let disk = scratch.compile_preloaded("disk");
        let till = compile(&scratch, "outbox", language);
        let sandbox = start(Options::default());
        let mut repeated = 0;
        for fail_at in 1..60 {
            let file = scratch.path(&format!("full-{fail_at}.db"));
            let shift = Shift {
                till: &till,
                under: Under::Nothing,
                file,
                base_url: sandbox.url(),
                timeout_ms: 30_000,
                key: KEY,
            };
            let id = held(&sandbox);
            let mut command = shift.command(&["void", &id]);
            command.env("LD_PRELOAD", &disk).env("FAIL_PATH", "/full-").env("FAIL_AFTER", "");
            command.env("FAIL_AT", fail_at.to_string()).env("FAIL_WITH", "ENOSPC");
            command.env("FAIL_COUNT", scratch.path("count"));
            let output = run(&mut command);
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let Some((said, repeat)) = text.split_once("NOT IN THE OUTBOX: ") else { continue };
            assert_eq!((output.status.code(), said), (Some(3), PENDING), "{fail_at}: {text}");
            assert_eq!(sandbox.ground_truth(&id).expect("the truth").hold, Hold::Held);
            let repeat = repeat.trim_end().trim_start_matches("void it again with this REPEAT: ");
            shift.assert_says(&["void", &id, repeat], 0, VOIDED);
            assert_eq!(ground_truth(&sandbox, &id), (Hold::Released, 1));
            repeated += 1;
        }
        assert!(repeated > 0, "{language}: no write that failed left it open");
    }
}

#[test]
fn given_cancels_that_cannot_be_delivered_when_each_was_seen_then_the_shift_ends() {
    with_shift("shift_worklist", |till, sandbox| {
        let (voided, captured) = (held(sandbox), held(sandbox));
        sandbox.capture(&captured, None).expect("a held session can be captured");
        till.assert_says(&["close"], 0, CLOSED);
        till.assert_says(&["void", &voided], 0, VOIDED);
        let too_late = "TOO LATE TO VOID: check whether money was taken before refunding.\n";
        till.assert_says(&["void", &captured], 1, too_late);
        let not_voided = "NOT VOIDED: this changed nothing; the log says why.\n";
        till.assert_says(&["void", "fcs_nowhere"], 2, not_voided);
        till.assert_says(&["void", "no/id"], 2, not_voided);
        let (exit_code, to_see) = till.says(&["close"]);
        let lines: Vec<&str> = to_see.lines().collect();
        assert_eq!((exit_code, lines.len()), (1, 3), "{to_see}");
        assert!(lines[0].starts_with(&format!("LOOK AT 2: {captured} is refused: ")), "{to_see}");
        assert!(lines[1].starts_with("LOOK AT 3: fcs_nowhere is needs_attention: "), "{to_see}");
        assert_eq!(lines[2], "SHIFT NOT CLOSED: 2 to be seen.");
        till.assert_says(&["seen", "2"], 0, "SEEN.\n");
        till.assert_says(&["seen", "4"], 2, "NOT NOTED: the log says why.\n");
        till.assert_says(&["seen", "3"], 0, "SEEN.\n");
        till.assert_says(&["close"], 0, CLOSED);
        assert_eq!(ground_truth(sandbox, &voided), (Hold::Released, 1));
        assert_eq!(ground_truth(sandbox, &captured), (Hold::Captured, 0));
    });
}

#[test]
fn given_wrong_usage_or_no_outbox_when_a_till_with_an_outbox_starts_then_it_says_so() {
    with_shift("shift_usage", |till, sandbox| {
        for arguments in [&[][..], &["close", "x"], &["void"], &["seen"], &["open"], &["x", "y"]] {
            assert_wrong_usage(&mut till.command(arguments), "usage: ");
        }
        assert_wrong_usage(&mut till.command(&["seen", "2nd"]), "ENTRY_ID: expected a number");
        let id = held(sandbox);
        for (name, value) in [("FLEX_OUTBOX", "{}"), ("FLEX_CONFIG", "{}")] {
            let output = run(till.command(&["void", &id]).env(name, value));
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            assert!(said(&output).contains("NOT DONE: there is no outbox"), "{}", said(&output));
        }
        assert_eq!(ground_truth(sandbox, &id), (Hold::Held, 0));
        assert_eq!(sandbox.requests(), []);
    });
}

#[test]
fn given_the_base_url_in_place_of_a_configuration_when_voided_then_it_goes_there() {
    with_shift("shift_url", |till, sandbox| {
        let id = held(sandbox);
        let with_url = |url: &str| {
            run(till.command(&["void", &id]).env_remove("FLEX_CONFIG").env("FLEX_BASE_URL", url))
        };
        for url in ["", "http://127.0.0.1:1\",\"mode\":\"live"] {
            let output = with_url(url);
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        }
        assert_eq!(ground_truth(sandbox, &id), (Hold::Held, 0));
        let output = with_url(&sandbox.url());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(ground_truth(sandbox, &id), (Hold::Released, 1));
    });
}
