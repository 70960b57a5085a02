//! Gives calls to a runner, and reads what it answers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use flexcancel::{Abort, Client, Code, Config, Error, Options, Outcome};
use serde_json::{Value, json};

use crate::vector;
use crate::world::{KEY_VARIABLE, Line};

/// No call of any vector takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a runner answers: the numbers, and the result's JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: i32,
    pub code: i32,
    pub json: String,
}

impl Answer {
    fn read(line: &str) -> Option<Answer> {
        let mut fields = line.splitn(3, '\t');
        let mut number = || fields.next()?.parse().ok();
        let (outcome, code) = (number()?, number()?);
        Some(Answer { outcome, code, json: fields.next()?.to_owned() })
    }
}

/// Makes the call in this process.
pub fn ask_here(line: &Line) -> Answer {
    let refused = |code: Code, error: &Error| Answer {
        outcome: Outcome::NotApplied.number(),
        code: code.number(),
        json: json!({
            "outcome": Outcome::NotApplied.name(),
            "code": code.name(),
            "message": error.to_string(),
        })
        .to_string(),
    };
    let client = match Config::from_json(&line.config).and_then(|config| Client::new(&config)) {
        Ok(client) => client,
        Err(error) => return refused(Code::InvalidConfig, &error),
    };
    let options = match Options::from_json(&line.options) {
        Ok(options) => options,
        Err(error) => match set_field_by_field(&line.options) {
            Some(options) => options,
            None => return refused(Code::InvalidArgument, &error),
        },
    };
    let abort = (line.abort == vector::Abort::Before).then(Abort::new);
    if let Some(abort) = &abort {
        abort.trigger();
    }
    let report = match line.operation {
        vector::Operation::Cancel => client.cancel(&line.session_id, &options, abort.as_ref()),
        vector::Operation::Retrieve => client.retrieve(&line.session_id, &options, abort.as_ref()),
    };
    Answer {
        outcome: report.outcome.number(),
        code: report.code.number(),
        json: report.to_json().expect("a report is JSON"),
    }
}

/// What JSON refuses, a program in Rust can set: then the call refuses it. `None` if it cannot.
fn set_field_by_field(json: &str) -> Option<Options> {
    let mut options = Options::default();
    let fields: BTreeMap<String, Value> = serde_json::from_str(json).ok()?;
    for (name, value) in fields {
        match name.as_str() {
            "expand" => options.expand = serde_json::from_value(value).ok()?,
            "idempotency_key" => options.idempotency_key = Some(value.as_str()?.to_owned()),
            "in_doubt" => options.in_doubt = Some(value.as_bool()?),
            "asked_at_ms" => options.asked_at_ms = Some(value.as_i64()?),
            "timeout_ms" => options.timeout = Some(Duration::from_millis(value.as_u64()?)),
            "max_attempts" => options.max_attempts = Some(value.as_u64()?.try_into().ok()?),
            _ => return None,
        }
    }
    Some(options)
}

/// A runner that runs. It is asked one call at a time, and ended when dropped.
pub struct Process {
    command: Command,
    running: Running,
}

struct Running {
    child: Child,
    calls: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Running {
    fn start(command: &mut Command) -> Running {
        let name = command.get_program().to_owned();
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{}: {error}", name.display()));
        let (calls, output) = (child.stdin.take(), child.stdout.take());
        let (sender, answers) = channel();
        let output = BufReader::new(output.expect("a pipe"));
        // Ends with the runner's output.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Running { child, calls, answers }
    }

    fn ask(&mut self, line: &Line) -> Result<Answer, String> {
        let text = line.text() + "\n";
        let calls = self.calls.as_mut().expect("the pipe is open until the end");
        calls.write_all(text.as_bytes()).map_err(|error| format!("cannot be asked: {error}"))?;
        let answer = self.answers.recv_timeout(PATIENCE).map_err(|why| match why {
            RecvTimeoutError::Timeout => format!("did not answer within {PATIENCE:?}"),
            RecvTimeoutError::Disconnected => "ended in place of a response".to_owned(),
        })?;
        Answer::read(&answer).ok_or_else(|| format!("expected three fields, found {answer:?}"))
    }
}

impl Process {
    pub fn start(mut command: Command) -> Process {
        let variable = std::env::var(KEY_VARIABLE).expect("cargo sets it for its tests");
        let running = Running::start(command.env(KEY_VARIABLE, variable));
        Process { command, running }
    }

    /// Asks; a runner that does not answer is started again, for the next call's sake.
    pub fn ask(&mut self, line: &Line) -> Result<Answer, String> {
        let answer = self.running.ask(line);
        if answer.is_err() {
            self.running = Running::start(&mut self.command);
        }
        answer
    }

    /// Ends it as a pipe ends: it must leave by itself, content, and say nothing unasked.
    pub fn finish(mut self) -> Result<(), String> {
        drop(self.running.calls.take());
        match self.running.answers.recv_timeout(PATIENCE) {
            Ok(line) => return Err(format!("said something unasked: {line}")),
            Err(RecvTimeoutError::Timeout) => return Err("does not end with its input".to_owned()),
            Err(RecvTimeoutError::Disconnected) => {}
        }
        match self.running.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("ended with {status}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of one that has ended there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
