use std::io::{self, Cursor};
use std::sync::{Arc, Mutex};

use super::*;
use crate::outcome::{Hold, Outcome};

/// A file in memory, which may fail.
#[derive(Clone, Default)]
struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
    fails: Arc<Mutex<bool>>,
}

impl Memory {
    fn with(text: &str) -> Self {
        let memory = Self::default();
        memory.bytes.lock().unwrap().extend_from_slice(text.as_bytes());
        memory
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }

    fn check(&self) -> io::Result<()> {
        if *self.fails.lock().unwrap() { Err(io::Error::other("the disk is gone")) } else { Ok(()) }
    }
}

impl JournalFile for Memory {
    fn read(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(Cursor::new(self.bytes.lock().unwrap().clone())))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.check()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes.lock().unwrap().truncate(usize::try_from(bytes).unwrap());
        Ok(())
    }
}

const TARGET: Target<'_> =
    Target { base_url: "https://flex.test", reason: Some("closing \"time\""), started_at_ms: 7 };

fn journal(memory: &Memory) -> Result<Journal, Error> {
    Journal::read(Box::new(memory.clone()), &TARGET)
}

fn job(number: u64, key: &str) -> Job {
    let options = crate::options::Options {
        idempotency_key: Some(key.to_owned()),
        asked_at_ms: Some(1_000),
        ..Default::default()
    };
    Job { number, session_id: format!("fcs_{number}"), options: Ok(options) }
}

fn report(number: u64, outcome: Outcome, code: Code) -> Report {
    let mut report = Report::without_attempts(code, "a \"message\"\n");
    report.outcome = outcome;
    report.session_id = Some(format!("fcs_{number}"));
    report
}

const OWN: &str = "01234567-89ab-4def-8123-456789abcdef";

#[test]
fn what_was_sent_and_ended_is_read_back() {
    let memory = Memory::default();
    let mut first = journal(&memory).unwrap();
    let jobs = [job(0, OWN), job(1, "a \\\"key\\"), job(2, OWN), job(3, OWN), job(4, OWN)];
    jobs.iter().for_each(|job| first.sent(job).unwrap());
    for (number, outcome, code) in [
        (1, Outcome::Canceled, Code::Ok),
        (2, Outcome::Unknown, Code::Timeout),
        (3, Outcome::NotApplied, Code::Connect),
        (4, Outcome::NotApplied, Code::NotFound),
    ] {
        first.ended(number, &report(number, outcome, code)).unwrap();
    }
    let mut second = journal(&memory).unwrap();
    let mut earlier = |number: u64| second.earlier(number, &format!("fcs_{number}")).unwrap();
    let sent = |key: &str, in_doubt, end| Earlier {
        idempotency_key: Some(key.to_owned()),
        asked_at_ms: Some(1_000),
        in_doubt,
        end,
    };
    assert_eq!(earlier(0), sent(OWN, true, None), "it may have reached Flex");
    let end = Some((Outcome::Canceled, Code::Ok, Hold::Unknown));
    assert_eq!(earlier(1), sent("a \\\"key\\", false, end));
    assert_eq!(earlier(2), sent(OWN, true, None));
    assert_eq!(earlier(3), sent(OWN, false, None), "certainly not done, and worth another try");
    let end = Some((Outcome::NotApplied, Code::NotFound, Hold::Unknown));
    assert_eq!(earlier(4), sent(OWN, false, end));
    assert_eq!(earlier(5), Earlier::default(), "it was not sent");
}

#[test]
fn a_line_that_a_power_cut_has_torn_is_dropped_wherever_it_was_torn() {
    let memory = Memory::default();
    let mut first = journal(&memory).unwrap();
    first.sent(&job(0, OWN)).unwrap();
    let whole = memory.text();
    first.sent(&job(1, OWN)).unwrap();
    let both = memory.text();
    for bytes in whole.len()..both.len() {
        let torn = Memory::with(&both[..bytes]);
        let mut second = journal(&torn).unwrap();
        assert_eq!(torn.text(), whole);
        assert!(second.earlier(0, "fcs_0").unwrap().in_doubt);
        assert_eq!(second.earlier(1, "fcs_1").unwrap(), Earlier::default());
    }
}

#[test]
fn a_journal_of_which_a_power_cut_left_a_part_of_the_first_line_begins_anew() {
    let memory = Memory::default();
    journal(&memory).unwrap();
    let header = memory.text();
    for bytes in 0..header.len() {
        let torn = Memory::with(&header[..bytes]);
        assert_eq!(journal(&torn).unwrap().earlier(0, "fcs_0").unwrap(), Earlier::default());
        assert_eq!(torn.text(), header);
    }
}

#[test]
fn another_file_is_refused_and_left_alone() {
    let memory = Memory::default();
    journal(&memory).unwrap();
    let header = memory.text();
    let problem = |text: &str| {
        let memory = Memory::with(text);
        let error = journal(&memory).err().unwrap();
        assert_eq!(memory.text(), text);
        assert_eq!(error.code, Code::JournalInvalid, "{error}");
        error.message
    };
    let foreign = "journal: is no journal of a bulk run; left as it is";
    for text in ["\n", "id\n", "{}\n", "{\"state\":\"header\"}\n", "x", &"x".repeat(100_000)] {
        assert_eq!(problem(text), foreign);
    }
    let newer = header.replace("journal\":1", "journal\":2");
    assert_eq!(problem(&newer), "journal: expected version 1, found 2");
    let other = header.replace("flex.test", "other.test");
    let expected = "journal: expected one for https://flex.test, found one for https://other.test";
    assert_eq!(problem(&other), expected);
    let torn_within = format!("{header}torn\n{header}");
    assert_eq!(problem(&torn_within), "journal: line 2 is no line of a journal");
    assert_eq!(problem(&format!("{header}{header}")), "journal: line 2 is no line of a journal");
}

#[test]
fn an_item_with_another_session_is_refused() {
    let memory = Memory::default();
    journal(&memory).unwrap().sent(&job(0, OWN)).unwrap();
    let error = journal(&memory).unwrap().earlier(0, "fcs_1").unwrap_err();
    assert_eq!(error.code, Code::JournalInvalid);
    assert!(error.message.ends_with("item 0 is another session"), "{error}");
}

#[test]
fn after_an_error_nothing_more_is_written() {
    let memory = Memory::default();
    let mut journal = journal(&memory).unwrap();
    *memory.fails.lock().unwrap() = true;
    let error = journal.sent(&job(0, OWN)).unwrap_err();
    assert_eq!(error.message, "journal: cannot be written: the disk is gone");
    *memory.fails.lock().unwrap() = false;
    let before = memory.text();
    journal.ended(0, &report(0, Outcome::NotApplied, Code::JournalIo)).unwrap();
    journal.sync().unwrap();
    assert_eq!(memory.text(), before);
}
