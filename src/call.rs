//! One call, from checked arguments to the report: a thin loop around the judge.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::abort::Abort;
use crate::client::Client;
use crate::event::{Event, Observer};
use crate::evidence::{Class, Evidence, class_of, reading_of};
use crate::fields::FieldError;
use crate::json::RawJson;
use crate::judge::{self, Finding, Pace, Step, Verdict, judge_at_the_end};
use crate::options::Options;
use crate::outcome::Code;
use crate::process;
use crate::report::{Attempt, Report};
use crate::retry::{self, Repetition};
use crate::transport::{Exchange, Failure};
use crate::wire::{self, Operation, ProviderError, Reply, Request, Response, SessionId};

/// Below this an exchange may use all the time that is left.
const TOO_SHORT_TO_SHARE: Duration = Duration::from_millis(200);

/// Below this nothing is repeated: it would only crowd before the deadline.
const TOO_SHORT_TO_REPEAT: Duration = Duration::from_millis(50);

/// One call under way.
pub(crate) struct Call<'a> {
    client: &'a Client,
    operation: Operation,
    id: SessionId,
    expand: &'a [String],
    idempotency_key: Option<String>,
    max_attempts: u32,
    deadline: Instant,
    findings: Vec<Finding>,
    attempts: Vec<Attempt>,
    /// How often the call has waited to repeat something.
    waits: u32,
    /// The last answer's wish to be left alone, and until when.
    retry_after: Option<(Duration, Instant)>,
    /// What the last exchange had to say in words.
    detail: Option<String>,
    provider_error: Option<ProviderError>,
    raw_session: Option<RawJson>,
}

impl<'a> Call<'a> {
    /// Checks the arguments and makes the idempotency key, before the first byte.
    pub(crate) fn new(
        client: &'a Client,
        operation: Operation,
        session_id: &str,
        options: &'a Options,
        begun: Instant,
    ) -> Result<Self, (Code, String)> {
        let invalid = |error: FieldError| (Code::InvalidArgument, error.to_string());
        let id = client
            .usable(session_id)
            .map_err(|error| (Code::InvalidSessionId, error.to_string()))?;
        options.check().map_err(invalid)?;
        let repeats_key = |text: &String| client.api_key.is_in(text);
        for (field, is_repeated) in [
            ("expand", options.expand.iter().any(repeats_key)),
            ("idempotency_key", options.idempotency_key.iter().any(repeats_key)),
        ] {
            if is_repeated {
                let problem = "expected without the API key, which must not be repeated";
                return Err(invalid(FieldError::new(field, problem)));
            }
        }
        let idempotency_key = match (operation, &options.idempotency_key) {
            (Operation::Cancel, Some(key)) => Some(key.clone()),
            (Operation::Cancel, None) => {
                let random = || client.transport.random_key();
                let key = client.idempotency_keys.next(id.as_str(), begun, process::id(), random);
                Some(key.map_err(|failure| (failure.code, failure.message))?)
            }
            (Operation::Retrieve, None) => None,
            (Operation::Retrieve, Some(_)) => {
                let problem = "expected for a cancel only: to retrieve changes nothing";
                return Err(invalid(FieldError::new("idempotency_key", problem)));
            }
        };
        Ok(Self {
            client,
            operation,
            id,
            expand: &options.expand,
            idempotency_key,
            max_attempts: options.max_attempts.unwrap_or(client.max_attempts),
            deadline: begun + options.timeout.unwrap_or(client.timeout),
            findings: Vec::new(),
            attempts: Vec::new(),
            waits: 0,
            retry_after: None,
            detail: None,
            provider_error: None,
            raw_session: None,
        })
    }

    /// The session and the key, once the arguments are checked.
    pub(crate) fn session_and_key(&self) -> (&str, Option<&str>) {
        (self.id.as_str(), self.idempotency_key.as_deref())
    }

    /// Does what the judge says until the judge is done or the time is up.
    pub(crate) fn run(mut self, abort: Option<&Abort>, observer: Option<&Observer>) -> Report {
        loop {
            let step = match self.operation {
                Operation::Cancel => judge::judge_cancel(&self.findings, self.max_attempts),
                Operation::Retrieve => judge::judge_retrieve(&self.findings, self.max_attempts),
            };
            let (operation, pace, reason) = match step {
                Step::Done(verdict) => return self.report(verdict),
                Step::Cancel(pace, reason) => (Operation::Cancel, pace, reason),
                Step::ReadBack(pace, reason) => (Operation::Retrieve, pace, reason),
            };
            if pace == Pace::Backoff && !self.wait(abort) {
                return self.give_up(abort);
            }
            let now = self.client.transport.now();
            if now >= self.deadline {
                return self.give_up(abort);
            }
            self.exchange(operation, reason, now, abort, observer);
        }
    }

    /// Waits before a repetition; false if it must not or cannot be made.
    fn wait(&mut self, abort: Option<&Abort>) -> bool {
        let transport = &self.client.transport;
        let repetition = match self.findings.last() {
            Some(Finding::Sent(Class::NotSent(_))) => Repetition::OfNothingSent,
            _ => Repetition::OfARequest,
        };
        if !self.client.budget.pay(repetition) {
            self.detail = Some("too many repetitions of late; trying no more".to_owned());
            return false;
        }
        let now = transport.now();
        let left = self.left();
        if left < TOO_SHORT_TO_REPEAT {
            return false;
        }
        // Half of the time that is left at most: a wait must not use up what it waits for.
        let backoff = retry::backoff(self.waits, transport.random()).min(left / 2);
        self.waits += 1;
        let until = match self.retry_after {
            Some((_, point)) if point >= self.deadline => return false,
            Some((_, point)) => point.max(now + backoff),
            None => now + backoff,
        };
        transport.pause(until, abort);
        true
    }

    /// Makes one exchange and notes what it proves.
    fn exchange(
        &mut self,
        operation: Operation,
        reason: &'static str,
        begun: Instant,
        abort: Option<&Abort>,
        observer: Option<&Observer>,
    ) {
        let transport = &self.client.transport;
        let deadline = begun + share(self.deadline.saturating_duration_since(begun));
        let exchange = Exchange::new(begun, deadline, self.client.connect_timeout, abort.cloned());
        // A panic on the way is contained here, where it is known how far the request had come.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            transport.exchange(&self.request(operation), &exchange)
        }))
        .unwrap_or_else(|_| Err(internal("a defect in the library was contained")));
        let phase = exchange.phase();
        let mut attempt = Attempt::new(operation, reason, phase);
        let evidence = match answer {
            Ok(Response { status, request_id, retry_after, body }) => {
                attempt.http_status = Some(status.as_u16());
                attempt.request_id = request_id.map(|id| self.redact(id));
                self.retry_after = retry_after.map(|wish| (wish, transport.now() + wish));
                let reply = wire::read(&self.id, status, body, &self.client.api_key);
                self.detail = reply.detail();
                Evidence::Answered { status, reply }
            }
            Err(failure) => {
                self.detail = Some(failure.message);
                Evidence::Failed { handed_over: phase.is_handed_over(), code: failure.code }
            }
        };
        let finding = match operation {
            Operation::Cancel => Finding::Sent(class_of(self.client.mode, &evidence)),
            Operation::Retrieve => Finding::Read(reading_of(self.client.mode, &evidence)),
        };
        attempt.code = finding.code();
        attempt.elapsed = transport.now().saturating_duration_since(begun);
        self.keep(evidence);
        self.findings.push(finding);
        if let Some(observer) = observer {
            let message = self.redact(one_line(self.detail.as_deref().unwrap_or(reason)));
            let key = self.idempotency_key.as_deref();
            observer(&Event::of_attempt(self.id.as_str(), key, &attempt, &message));
        }
        self.attempts.push(attempt);
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.client.transport.now())
    }

    fn request(&self, operation: Operation) -> Request {
        let requests = &self.client.requests;
        match (operation, &self.idempotency_key) {
            (Operation::Cancel, Some(key)) => requests.cancel(&self.id, self.expand, key),
            _ => requests.retrieve(&self.id, self.expand),
        }
    }

    /// Keeps of an answer what the report shows.
    fn keep(&mut self, evidence: Evidence) {
        let Evidence::Answered { status, reply } = evidence else { return };
        if !status.is_server_error() && status.as_u16() != 429 {
            self.client.budget.gain();
        }
        match reply {
            Reply::Refusal(error) => {
                self.provider_error = Some(error);
            }
            // An answer that repeats the API key is a stranger's doing and is not passed on.
            Reply::Session(snapshot) if !self.client.api_key.is_in(snapshot.raw.get()) => {
                self.provider_error = None;
                self.raw_session = Some(snapshot.raw);
            }
            Reply::Session(_) | Reply::Unreadable(_) => {}
        }
    }

    fn redact(&self, text: String) -> String {
        self.client.api_key.redact(text)
    }

    /// Ends the call where no more can be done.
    fn give_up(mut self, abort: Option<&Abort>) -> Report {
        if abort.is_some_and(Abort::is_triggered) {
            self.detail = Some("the call was aborted".to_owned());
        }
        let mut verdict = match self.operation {
            Operation::Cancel => judge_at_the_end(&self.findings),
            Operation::Retrieve => judge::judge_unread(&self.findings),
        };
        if abort.is_some_and(Abort::is_triggered) && verdict.code != Code::Ok {
            verdict.code = Code::Aborted;
        }
        self.report(verdict)
    }

    fn report(self, verdict: Verdict) -> Report {
        let message = match &self.detail {
            Some(detail) => self.redact(one_line(&format!("{}: {detail}", verdict.because))),
            None => verdict.because.to_owned(),
        };
        let mut report = Report::new(self.operation, verdict, message);
        report.session_id = Some(self.id.into_string());
        report.idempotency_key = self.idempotency_key;
        report.http_status = self.attempts.last().and_then(|attempt| attempt.http_status);
        report.retry_after = self.retry_after.map(|(wish, _)| wish);
        report.provider_error = self.provider_error;
        report.attempts = self.attempts;
        report.raw_session = self.raw_session;
        report
    }
}

/// The time that one exchange may take: three quarters of what is left, so that there is always
/// time to look what became of it.
fn share(left: Duration) -> Duration {
    if left <= TOO_SHORT_TO_SHARE { left } else { left / 4 * 3 }
}

/// For a log, whatever a provider writes.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn internal(why: &str) -> Failure {
    Failure::new(Code::Internal, why)
}
