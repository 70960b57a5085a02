//! One call, from checked arguments to the report: a thin loop around the decision.

mod context;
mod ending;
mod expansion;
mod freshness;
mod idempotency_key;
mod pacer;
mod retry;
mod server_clock;
mod turns;
mod warm_up;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

pub(crate) use self::context::Context;
use self::expansion::Expansion;
use self::freshness::Freshness;
pub(crate) use self::pacer::Pacer;
use self::retry::{AskedWait, Repetition};
use self::server_clock::Sent;
use self::turns::{OutOfTime, Turns};
pub(crate) use self::warm_up::warm_up;
use crate::abort::Abort;
use crate::api::{self, Operation, ProviderError, Reply, Request, Response, SessionId};
use crate::decision::{
    self, Asked, AskedAt, Delay, Limits, Observation, ReadResult, Received, RoundTripResult, Step,
    ages, read_result, send_result,
};
use crate::error::Error;
use crate::options::Options;
use crate::outcome::Code;
use crate::raw_json::RawJson;
use crate::report::{Attempt, Event, Observer, Report};
use crate::transport::RoundTrip;

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
    turns: Turns<'a>,
    /// The next turn comes after the deadline.
    is_out_of_turns: bool,
    /// What the last round trip had to say in words.
    detail: Option<String>,
    provider_error: Option<ProviderError>,
    raw_session: Option<RawJson>,
}

impl<'a> Call<'a> {
    /// Checks the arguments and makes the idempotency key, before the first byte. `pacer`: of the
    /// run that the call is a part of; the call's time begins when its turn has come.
    pub(crate) fn new(
        context: &'a Context,
        operation: Operation,
        session_id: &str,
        options: &'a Options,
        started: Instant,
        pacer: Option<&'a Pacer>,
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
            turns: Turns::new(context.pacer.as_deref(), pacer),
            is_out_of_turns: false,
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
            let mut step = self.next();
            if let Step::Done(decision) = step {
                return self.report(decision);
            }
            let is_repetition =
                matches!(step, Step::Cancel(Delay::Backoff, _) | Step::ReadBack(Delay::Backoff, _));
            if (is_repetition && !self.wait(abort)) || !self.wait_for_turn(abort) {
                return self.give_up(abort);
            }
            if is_repetition || self.turns.are_limited() {
                // Evidence ages: what was to be sent may need a look or a proof by now.
                step = self.next();
            }
            let (operation, reason) = match step {
                Step::Done(decision) => return self.report(decision),
                Step::Cancel(_, reason) => (Operation::Cancel, reason),
                Step::ReadBack(_, reason) => (Operation::Retrieve, reason),
            };
            let now = self.context.transport.now();
            if now >= self.deadline {
                return self.give_up(abort);
            }
            self.round_trip(operation, reason, now, abort, observer);
        }
    }

    /// What to do now.
    fn next(&self) -> Step {
        match self.operation {
            Operation::Cancel => decision::next(&self.history, self.limits()),
            Operation::Retrieve => decision::next_read(&self.history, self.max_attempts),
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
        let remaining = self.remaining();
        if remaining < TOO_SHORT_TO_REPEAT {
            return false;
        }
        // Half of the time that is left at most: a wait must not use up what it waits for.
        let backoff = retry::backoff(self.waits, transport.random()).min(remaining / 2);
        self.waits += 1;
        let not_before = self.asked_wait.not_before();
        if not_before.is_some_and(|instant| instant >= self.deadline) {
            return false;
        }
        transport.pause(not_before.unwrap_or(now).max(now + backoff), abort);
        true
    }

    /// Waits until a round trip may begin; false if it may not within the call's time. The time of
    /// a call that is part of a run begins with its first turn.
    fn wait_for_turn(&mut self, abort: Option<&Abort>) -> bool {
        let transport = &self.context.transport;
        let begins = self.turns.is_of_a_run() && self.attempts.is_empty();
        let deadline = (!begins).then_some(self.deadline);
        if let Err(OutOfTime(wait)) = self.turns.wait(transport.as_ref(), deadline, abort) {
            self.detail = Some("rate_per_second leaves no turn before the deadline".to_owned());
            self.asked_wait.note(Some(wait), transport.now());
            self.is_out_of_turns = true;
            return false;
        }
        if begins {
            let now = transport.now();
            self.deadline = now + self.deadline.saturating_duration_since(self.started);
            self.started = now;
        }
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
        let mut round_trip =
            RoundTrip::new(started, deadline, self.context.connect_timeout, abort.cloned());
        if self.attempts.last().is_some_and(Attempt::has_lost_its_connection) {
            round_trip = round_trip.over_new_connection();
        }
        let sent = self.sent(started);
        let asked = self.about(operation);
        // A panic on the way is contained here, where it is known how far the request had come.
        let response = catch_unwind(AssertUnwindSafe(|| {
            transport.send(self.request(operation)?, &round_trip)
        }))
        .unwrap_or_else(|_| Err(Error::defect()));
        let mut attempt = Attempt::new(operation, reason, round_trip.phase());
        attempt.started = started.saturating_duration_since(self.started);
        let mut date_ms = None;
        let result = match response {
            Ok(mut response) => {
                attempt.http_status = Some(response.status.as_u16());
                attempt.request_id = response.request_id.take().map(|id| self.redact(id));
                date_ms = response.date_ms;
                RoundTripResult::Answered(self.response(response, sent))
            }
            Err(failure) => {
                self.detail = Some(failure.message);
                let is_handed_over = attempt.phase.is_handed_over();
                RoundTripResult::Failed { is_handed_over, code: failure.code }
            }
        };
        let observation = match operation {
            Operation::Cancel => Observation::Cancel(send_result(asked, &result)),
            Operation::Retrieve => {
                let ages_of = |session: &str| ages(session, self.asked_at(date_ms));
                Observation::ReadBack(read_result(asked, &result, ages_of))
            }
        };
        if matches!(observation, Observation::ReadBack(ReadResult::Shows(..))) {
            self.freshness.note_look(started, sent.wall_ms);
        }
        self.expansion = self.expansion.after(observation);
        attempt.code = observation.code();
        attempt.elapsed = transport.now().saturating_duration_since(started);
        self.note(operation, result);
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
        self.turns.note(status, retry_after, self.context.transport.as_ref());
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

    fn remaining(&self) -> Duration {
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

    /// Notes what the report shows of a response.
    fn note(&mut self, operation: Operation, result: RoundTripResult) {
        let RoundTripResult::Answered(Received { status, reply, .. }) = result else { return };
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
            Reply::Session(parsed) if !self.context.api_key.is_in(parsed.raw.get()) => {
                self.raw_session = Some(parsed.raw);
            }
            Reply::Session(_) | Reply::Unreadable(_) => {}
        }
    }

    fn redact(&self, text: String) -> String {
        self.context.api_key.redact(text)
    }
}

/// For a log, whatever a provider writes.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
