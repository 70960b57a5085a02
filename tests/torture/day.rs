//! A till's day (tests/c/torture.c) with a failure in it, and what it owes.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};

use flex_sandbox::{CertificateOptions, Hold, Options, Sandbox};
use flexcancel::{Code, Outcome};

use crate::native::{Program, Scratch, Under, run_tool, said};
use crate::outbox_kit::audit::{Told, audit};
use crate::outbox_kit::{ground_truth, held};

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const EINTR: &str = "4";
const EAGAIN: &str = "11";

/// How long a failure lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Once,
    Stays,
    Killed,
}

/// What fails in a day.
#[derive(Clone, Copy, Debug)]
pub struct Fault<'a> {
    /// The library of tests/c that lets it fail.
    pub shim: &'static str,
    /// The name of the calls that count; `None`: all do. From one day to the next calls of different
    /// kinds change places, because a response comes in more or fewer pieces.
    pub call: Option<&'a str>,
    /// Which of these calls fails, from 1; 0: none.
    pub at: usize,
    /// Which of the call's errors.
    pub with: usize,
    pub after: After,
}

impl Fault<'_> {
    pub fn none(shim: &'static str) -> Self {
        Self { shim, call: None, at: 0, with: 0, after: After::Once }
    }
}

/// What became of a day.
pub struct Day {
    output: Output,
    file: PathBuf,
    lines: String,
    /// The sessions behind TLS: one to cancel, and one that was captured.
    behind_tls: [String; 2],
    /// What the shim has written down.
    pub log: String,
}

impl Day {
    /// The calls that the shim has seen, each with the number of its errors.
    pub fn calls(&self) -> Vec<(String, usize)> {
        let call = |line: &str| {
            let (name, errors) = line.split_once(' ').expect("NAME COUNT");
            (name.to_owned(), errors.parse().expect("a number"))
        };
        self.log.lines().map(call).collect()
    }

    /// True if Rust or the C library has ended the process, and said that memory is short.
    pub fn has_ended(&self) -> bool {
        let says = String::from_utf8_lossy(&self.output.stderr);
        let is_told = says.starts_with("memory allocation of ") && says.contains("bytes failed")
            || says.starts_with("Fatal glibc error: ") && says.contains("out of memory");
        self.output.status.signal() == Some(SIGABRT) && is_told
    }

    pub fn was_reached(&self) -> bool {
        self.log.starts_with("FAILED ")
    }

    pub fn was_interrupted(&self) -> bool {
        let error = self.log.trim_end().rsplit(' ').next().unwrap_or_default();
        // SQLite takes an interrupted fsync, and a lock that it cannot give back, for a failure.
        let is_waited_out = !self.log.contains("sync ") && !self.log.contains("fcntl ");
        self.was_reached() && is_waited_out && [EINTR, EAGAIN].contains(&error)
    }

    /// What was told, without the long end of each line.
    pub fn said(&self) -> String {
        let short = |line: &str| line.chars().take(300).collect::<String>();
        said(&self.output).lines().map(short).collect::<Vec<_>>().join("\n")
    }

    fn told(&self) -> (Vec<Told>, Vec<Told>) {
        Told::read(&self.lines).into_iter().partition(|told| told.command.starts_with("call-"))
    }

    /// Each command was told what it is told on a day without any failure.
    pub fn assert_undisturbed(&self) -> Result<(), String> {
        let told = Told::read(&self.lines);
        // It opens one connection, once: what fails then is told.
        let told = told.iter().filter(|told| told.command != "call-warm_up");
        let heard: Vec<String> = told
            .filter(|told| told.result.is_some())
            .map(|told| {
                let name = |field: &str| {
                    let result = told.result.as_ref();
                    result.and_then(|it| it[field].as_str()).unwrap_or("-").to_owned()
                };
                let command = told.command.split(':').next().unwrap_or_default();
                format!("{command} {} {}", name("outcome"), name("code"))
            })
            .collect();
        let expected = [
            "call-cancel canceled ok",
            "call-retrieve already_canceled ok",
            "call-cancel not_cancelable not_cancelable",
            "enqueue unknown ok",
            "cancel canceled ok",
            "flush - ok",
            "list - ok",
            "stats - ok",
        ];
        if heard == expected { Ok(()) } else { Err(format!("disturbed: {heard:#?}")) }
    }
}

/// Flex twice, behind TLS and plain, and a till's program.
pub struct World {
    scratch: Scratch,
    program: Program,
    tls: Sandbox,
    plain: Sandbox,
    days: AtomicUsize,
}

impl World {
    pub fn new(test: &str) -> Self {
        let scratch = Scratch::new(test);
        let program = scratch.compile_test("torture");
        for shim in ["fail_call", "fail_memory"] {
            scratch.compile_preloaded(shim);
        }
        let names = ["flex.test".to_owned()].to_vec();
        let certificate = CertificateOptions { names, ..CertificateOptions::default() };
        let tls = Options { tls: true, certificate, ..Options::default() };
        let tls = Sandbox::start(tls).expect("a sandbox");
        let plain = Sandbox::start(Options::default()).expect("a sandbox");
        scratch.write("ca.pem", tls.ca_pem().expect("its authority"));
        Self { scratch, program, tls, plain, days: AtomicUsize::new(0) }
    }

    /// One day, with new sessions and a new file.
    pub fn day(&self, fault: &Fault<'_>) -> Day {
        let number = self.days.fetch_add(1, Ordering::Relaxed);
        let file = self.scratch.path(&format!("outbox-{number}.db"));
        let behind_tls = [held(&self.tls), held(&self.tls)];
        self.tls.capture(&behind_tls[1], None).expect("a held session can be captured");
        let url = format!("https://flex.test:{}", self.tls.port());
        let log = self.scratch.write("log", "");
        self.plain.clear_requests();
        let mut command = self.program.command(Under::Nothing);
        command.arg(self.scratch.path("ca.pem")).arg(url).args(&behind_tls);
        command.arg(&file).arg(self.plain.url()).args([held(&self.plain), held(&self.plain)]);
        command.arg(if fault.after == After::Stays { "500" } else { "3000" });
        command.env("LD_PRELOAD", self.scratch.path(&format!("{}.so", fault.shim)));
        command.env("FAIL_AT", fault.at.to_string()).env("FAIL_WITH", fault.with.to_string());
        command.envs(fault.call.map(|name| ("FAIL_CALL", name)));
        command.env("FAIL_LOG", &log).env(
            "FAIL_AFTER",
            match fault.after {
                After::Once => "",
                After::Stays => "all",
                After::Killed => "kill",
            },
        );
        let output = run_tool(&mut command, "");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let log = fs::read_to_string(log).expect("the log").trim_end().to_owned();
        let log = if fault.at == 0 { log } else { log.lines().next().unwrap_or("").to_owned() };
        Day { output, file, lines, behind_tls, log }
    }

    /// A day that must have come to its end.
    pub fn judge(&self, day: &Day) -> Result<(), String> {
        if !day.output.status.success() || !day.output.stderr.is_empty() {
            return Err("it crashed, hung or printed something".to_owned());
        }
        if !day.lines.ends_with("over  \n") {
            return Err("it did not come to its end".to_owned());
        }
        self.audit(day)
    }

    /// A day on which the process was killed, if it came so far.
    pub fn judge_killed(&self, day: &Day) -> Result<(), String> {
        if day.output.status.signal() == Some(SIGKILL) { self.audit(day) } else { self.judge(day) }
    }

    /// A day on which memory was short: where nobody can go on, the process ends and says so.
    pub fn judge_short_of_memory(&self, day: &Day) -> Result<(), String> {
        if day.has_ended() { self.audit(day) } else { self.judge(day) }
    }

    /// What was told is what happened, by the sandbox's own account.
    fn audit(&self, day: &Day) -> Result<(), String> {
        if day.lines.contains("hunter2") {
            return Err("the API key is shown".to_owned());
        }
        let (calls, of_outbox) = day.told();
        let is_misnamed = |told: &&Told| is_misnamed(told, &day.log);
        if let Some(told) = of_outbox.iter().chain(&calls).find(is_misnamed) {
            return Err(format!("{}: nothing is damaged, unsafe or defective", told.command));
        }
        // A lock that stays out of reach is another's, as far as SQLite can tell.
        let codes = ["\"outbox_io\"", "\"outbox_full\"", "\"outbox_busy\""];
        let codes = &codes[..if day.log.contains("fcntl ") { 3 } else { 2 }];
        let mut opened = day.lines.lines().filter(|line| line.starts_with("end open "));
        if opened.any(|line| !codes.iter().any(|code| line.contains(code))) {
            return Err("the file is neither damaged nor unsafe".to_owned());
        }
        for told in &calls {
            let (Some(id), Some(outcome)) = (told.session(), told.outcome()) else { continue };
            let (hold, applied) = ground_truth(&self.tls, id);
            let is_true = match outcome {
                Outcome::Canceled | Outcome::AlreadyCanceled => {
                    hold == Hold::Released && applied == 1
                }
                Outcome::NotCancelable => hold == Hold::Captured && applied == 0,
                Outcome::NotApplied => applied == 0 || told.code() != Some(Code::Ok),
                _ => true,
            };
            let is_cancel = told.command.starts_with("call-cancel");
            if !is_true || (is_cancel && outcome == Outcome::NotApplied && applied != 0) {
                return Err(format!("{}: {hold:?}, {applied} applied", told.command));
            }
        }
        if ground_truth(&self.tls, &day.behind_tls[1]).0 != Hold::Captured {
            return Err("the captured session changed".to_owned());
        }
        let audit = audit(&self.plain, &day.file, &of_outbox);
        let is_clean = audit.lost.is_empty() && audit.doubled.is_empty() && audit.wrong.is_empty();
        if is_clean { Ok(()) } else { Err(format!("{audit:?}")) }
    }
}

/// True if what failed was taken for something else: for damage, an attack or a defect.
fn is_misnamed(told: &Told, log: &str) -> bool {
    match told.code() {
        // What SQLite calls a read that failed.
        Some(Code::OutboxCorrupt) => log != "FAILED pread64 5",
        Some(code) => {
            [Code::OutboxSchema, Code::OutboxUnsafe, Code::Internal, Code::Protocol].contains(&code)
        }
        None => false,
    }
}
