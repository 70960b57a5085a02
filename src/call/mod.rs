//! One call, from checked arguments to the report: a thin loop around the decision.

mod context;
mod expansion;
mod freshness;
mod idempotency_key;
mod retry;
mod server_clock;
mod warm_up;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

pub(crate) use self::context::Context;
use self::expansion::Expansion;
use self::freshness::Freshness;
use self::retry::{AskedWait, Repetition};
use self::server_clock::Sent;
pub(crate) use self::warm_up::warm_up;
use crate::abort::Abort;
use crate::api::{self, Operation, ProviderError, Reply, Request, Response, SessionId};
use crate::decision::{
    self, Asked, AskedAt, Decision, Delay, Limits, Observation, ReadResult, Received, RoundTrip,
    Step, ages, read_result, send_result,
};
use crate::error::Error;
use crate::options::{Options, Repeat};
use crate::outcome::{Code, Outcome};
use crate::raw_json::RawJson;
use crate::report::{Attempt, Event, Observer, Report, STORED_ERROR};
use crate::transport::Exchange;

/// Below this nothing is repeated: it would only crowd before the deadline.
const TOO_SHORT_TO_REPEAT: Duration = Duration::from_millis(50);

/// One call under way.
pub(crate) struct Call<'a> {
    context: &'a Context,
    operation: Operation,
    id: SessionId,
    expand: &'a [String],
    idempotency_key: Option<String>,
    max_attempts: u32,
    started: Instant,
    deadline: Instant,
    /// A request of an earlier call with this key may have reached Flex.
    in_doubt: bool,
    verify: bool,
    /// How old the evidence is on which a cancel is sent.
    freshness: Freshness,
    expansion: Expansion,
    history: Vec<Observation>,
    attempts: Vec<Attempt>,
    /// How often the call has waited to repeat something.
    waits: u32,
    asked_wait: AskedWait,
    /// What the last round trip had to say in words.
    detail: Option<String>,
    provider_error: Option<ProviderError>,
    raw_session: Option<RawJson>,
}

impl<'a> Call<'a> {
    /// Checks the arguments and makes the idempotency key, before the first byte.
    pub(crate) fn new(
        context: &'a Context,
        operation: Operation,
        session_id: &str,
        options: &'a Options,
        started: Instant,
    ) -> Result<Self, (Code, String)> {
        let id = context.check(operation, session_id, options)?;
        let in_doubt = options.is_in_doubt();
        let freshness = Freshness::new(
            options.asked_at_ms,
            context.transport.wall_ms(),
            started,
            in_doubt || options.must_look,
            options.may_skip_look,
        );
        let idempotency_key = match (operation, &options.idempotency_key) {
            (Operation::Cancel, Some(key)) => Some(key.clone()),
            (Operation::Cancel, None) => {
                let key = context.new_key();
                Some(key.map_err(|failure| (failure.code, failure.message))?)
            }
            (Operation::Retrieve, _) => None,
        };
        Ok(Self {
            context,
            operation,
            id,
            expand: &options.expand,
            idempotency_key,
            max_attempts: options.max_attempts.unwrap_or(context.max_attempts),
            started,
            deadline: started + options.timeout.unwrap_or(context.timeout),
            in_doubt,
            verify: options.verify.unwrap_or(context.verify),
            freshness,
            expansion: Expansion::Asked,
            history: Vec::new(),
            attempts: Vec::new(),
            waits: 0,
            asked_wait: AskedWait::default(),
            detail: None,
            provider_error: None,
            raw_session: None,
        })
    }

    /// The session and the key, once the arguments are checked.
    pub(crate) fn session_and_key(&self) -> (&str, Option<&str>) {
        (self.id.as_str(), self.idempotency_key.as_deref())
    }

    /// True if a request of an earlier call with the key may have reached Flex.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Does what the decision asks for until it is made or the time is up.
    pub(crate) fn run(mut self, abort: Option<&Abort>, observer: Option<&Observer>) -> Report {
        loop {
            let mut limits = self.limits();
            let step = match self.operation {
                Operation::Cancel => decision::next(&self.history, limits),
                Operation::Retrieve => decision::next_read(&self.history, self.max_attempts),
            };
            let (mut operation, delay, mut reason) = match step {
                Step::Done(decision) => return self.report(decision),
                Step::Cancel(delay, reason) => (Operation::Cancel, delay, reason),
                Step::ReadBack(delay, reason) => (Operation::Retrieve, delay, reason),
            };
            if delay == Delay::Backoff {
                if !self.wait(abort) {
                    return self.give_up(abort);
                }
                limits = self.limits();
            }
            let now = self.context.transport.now();
            if now >= self.deadline {
                return self.give_up(abort);
            }
            if operation == Operation::Cancel && limits.must_look {
                (operation, reason) = (Operation::Retrieve, "time has passed: look before sending");
            }
            self.round_trip(operation, reason, now, abort, observer);
        }
    }

    fn limits(&self) -> Limits {
        let transport = &self.context.transport;
        let (now, wall_ms) = (transport.now(), transport.wall_ms());
        Limits {
            max_sends: self.max_attempts,
            max_connects: self.context.connect_attempts,
            in_doubt: self.in_doubt,
            must_look: self.freshness.must_look(now, wall_ms),
            needs_proof: self.freshness.needs_proof(now, wall_ms),
            verify: self.verify,
        }
    }

    /// Waits before a repetition; false if it must not or cannot be made.
    fn wait(&mut self, abort: Option<&Abort>) -> bool {
        let transport = &self.context.transport;
        let repetition = match self.attempts.last() {
            Some(attempt) if !attempt.phase.is_handed_over() => Repetition::OfNothingSent,
            _ => Repetition::OfARequest,
        };
        if !self.context.budget.pay(repetition) {
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
        let until = self.asked_wait.until().map_or(now + backoff, |until| until.max(now + backoff));
        if self.asked_wait.until().is_some_and(|until| until >= self.deadline) {
            return false;
        }
        transport.pause(until, abort);
        true
    }

    /// Makes one round trip and notes what it proves.
    fn round_trip(
        &mut self,
        operation: Operation,
        reason: &'static str,
        started: Instant,
        abort: Option<&Abort>,
        observer: Option<&Observer>,
    ) {
        let transport = &self.context.transport;
        let deadline = started + retry::share(self.deadline.saturating_duration_since(started));
        let mut exchange =
            Exchange::new(started, deadline, self.context.connect_timeout, abort.cloned());
        if self.attempts.last().is_some_and(Attempt::has_lost_its_connection) {
            exchange = exchange.over_new_connection();
        }
        let sent = self.sent(started);
        let asked = self.about(operation);
        // A panic on the way is contained here, where it is known how far the request had come.
        let response = catch_unwind(AssertUnwindSafe(|| {
            transport.exchange(self.request(operation)?, &exchange)
        }))
        .unwrap_or_else(|_| Err(Error::defect()));
        let phase = exchange.phase();
        let mut attempt = Attempt::new(operation, reason, phase);
        attempt.started = started.saturating_duration_since(self.started);
        let mut date_ms = None;
        let round_trip = match response {
            Ok(mut response) => {
                attempt.http_status = Some(response.status.as_u16());
                attempt.request_id = response.request_id.take().map(|id| self.redact(id));
                date_ms = response.date_ms;
                RoundTrip::Answered(self.response(response, sent))
            }
            Err(failure) => {
                self.detail = Some(failure.message);
                RoundTrip::Failed { is_handed_over: phase.is_handed_over(), code: failure.code }
            }
        };
        let observation = match operation {
            Operation::Cancel => Observation::Cancel(send_result(asked, &round_trip)),
            Operation::Retrieve => {
                let ages_of = |session: &str| ages(session, self.asked_at(date_ms));
                Observation::ReadBack(read_result(asked, &round_trip, ages_of))
            }
        };
        if matches!(observation, Observation::ReadBack(ReadResult::Shows(..))) {
            self.freshness.note_look(started, sent.wall_ms);
        }
        self.expansion = self.expansion.after(observation);
        attempt.code = observation.code();
        attempt.elapsed = transport.now().saturating_duration_since(started);
        self.keep(operation, round_trip);
        self.history.push(observation);
        if let Some(observer) = observer {
            let message = self.redact(one_line(self.detail.as_deref().unwrap_or(reason)));
            let key = self.idempotency_key.as_deref();
            observer(&Event::of_attempt(self.id.as_str(), key, &attempt, &message));
        }
        self.attempts.push(attempt);
    }

    fn sent(&self, now: Instant) -> Sent {
        let since = now.saturating_duration_since(self.context.started).as_millis();
        Sent {
            monotonic_ms: i64::try_from(since).unwrap_or(i64::MAX),
            wall_ms: self.context.transport.wall_ms(),
        }
    }

    /// What is known of a request beside its response.
    fn about(&self, operation: Operation) -> Asked {
        Asked {
            mode: self.context.mode,
            is_first: decision::is_first(&self.history, self.in_doubt),
            is_expanded: self.expansion == Expansion::Asked
                && (operation == Operation::Retrieve || !self.expand.is_empty()),
        }
    }

    /// Reads a response, and where it comes from.
    fn response(&mut self, response: Response, sent: Sent) -> Received {
        let Response { status, retry_after, date_ms, is_cached, is_replayed, .. } = response;
        let now = self.context.transport.now();
        self.asked_wait.note(retry_after, now);
        let is_older =
            !is_cached && date_ms.is_some_and(|date_ms| self.context.is_older(date_ms, sent));
        let reply = api::read(&self.id, response, &self.context.api_key);
        self.detail = reply.detail();
        if is_cached || is_older {
            self.detail = Some("the response is not one to this request: it was stored".to_owned());
        }
        let has_retry_after = retry_after.is_some();
        Received { status, reply, is_stored: is_cached || is_older, is_replayed, has_retry_after }
    }

    /// When the cancel was asked for, by Flex's clock.
    fn asked_at(&self, date_ms: Option<i64>) -> AskedAt {
        let transport = &self.context.transport;
        let age = transport.now().saturating_duration_since(self.started).as_millis();
        let age_ms = i64::try_from(age).unwrap_or(i64::MAX);
        AskedAt::new(self.freshness.asked_at_ms(), transport.wall_ms(), age_ms, date_ms)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.context.transport.now())
    }

    fn request(&self, operation: Operation) -> Result<Request, Error> {
        let requests = &self.context.requests;
        let expand = (!self.expansion.is_left_out()).then_some(self.expand);
        let request = match (operation, &self.idempotency_key) {
            (Operation::Cancel, Some(key)) => {
                requests.cancel(&self.id, expand.unwrap_or_default(), key)
            }
            _ => requests.retrieve(&self.id, expand),
        };
        request.map_err(|error| Error::internal(error.to_string()))
    }

    /// Keeps of a response what the report shows.
    fn keep(&mut self, operation: Operation, round_trip: RoundTrip) {
        let RoundTrip::Answered(Received { status, reply, .. }) = round_trip else { return };
        if !status.is_server_error() && status.as_u16() != 429 {
            self.context.budget.gain();
        }
        match reply {
            // Why a cancel was refused is not forgotten over a read-back.
            Reply::Refusal(error) => {
                if operation == self.operation || self.provider_error.is_none() {
                    self.provider_error = Some(error);
                }
            }
            // A response that repeats the API key is a stranger's doing and is not passed on.
            Reply::Session(snapshot) if !self.context.api_key.is_in(snapshot.raw.get()) => {
                self.raw_session = Some(snapshot.raw);
            }
            Reply::Session(_) | Reply::Unreadable(_) => {}
        }
    }

    fn redact(&self, text: String) -> String {
        self.context.api_key.redact(text)
    }

    /// Ends the call where no more can be done.
    fn give_up(mut self, abort: Option<&Abort>) -> Report {
        if abort.is_some_and(Abort::is_triggered) {
            self.detail = Some("the call was aborted".to_owned());
        }
        let mut decision = match self.operation {
            Operation::Cancel => decision::at_the_end(&self.history, self.limits()),
            Operation::Retrieve => decision::unread(&self.history),
        };
        if abort.is_some_and(Abort::is_triggered) && decision.code != Code::Ok {
            decision.code = Code::Aborted;
        }
        self.report(decision)
    }

    /// The options that repeat this cancel, unless its end is definite and no repetition is due.
    fn repeat(&self, decision: Decision) -> Option<Repeat> {
        let in_doubt = match decision.outcome {
            Outcome::Unknown => true,
            Outcome::NotApplied => false,
            _ => return None,
        };
        let idempotency_key = self.idempotency_key.clone()?;
        Some(Repeat { idempotency_key, in_doubt, asked_at_ms: self.freshness.asked_at_ms() })
    }

    fn report(mut self, decision: Decision) -> Report {
        let is_refused = decision.outcome == Outcome::NotApplied
            && !matches!(decision.code, Code::Ok | Code::NewerHold);
        if self.detail.is_none() && is_refused {
            // The read-back that followed has no words; the refusal's say why.
            self.detail = self.provider_error.as_ref().and_then(ProviderError::detail);
        }
        let message = match &self.detail {
            Some(detail) => self.redact(one_line(&format!("{}: {detail}", decision.reason))),
            None => decision.reason.to_owned(),
        };
        if decision.code == Code::Ok {
            self.provider_error = None;
        }
        let mut report = Report::new(self.operation, decision, message);
        report.repeat = self.repeat(decision);
        report.session_id = Some(self.id.into_string());
        report.idempotency_key = self.idempotency_key;
        report.http_status = self.attempts.last().and_then(|attempt| attempt.http_status);
        report.retry_after = self.asked_wait.length();
        report.provider_error = self.provider_error;
        report.attempts = self.attempts;
        report.raw_session = self.raw_session;
        if report.stored_errors() + usize::from(self.in_doubt) >= STORED {
            report.advice = STORED_ERROR;
        }
        report
    }
}

/// From so many same errors on, Flex is taken to have stored the error for the key.
pub(crate) const STORED: usize = 2;

/// For a log, whatever a provider writes.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
