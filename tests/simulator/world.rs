//! The simulated world: one Flex with one session, requests on their way to it, and the time.

use std::collections::BTreeMap;
use std::time::Duration;

use flex_sandbox::{ApiRequest, ApiResponse, Mode, Model, Status};

use super::random::Random;

/// What will happen to the session, when its time comes.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request that was long on its way arrives; nobody waits for its answer.
    Arrives(Request),
    /// Somebody else does something.
    Acts(Act),
}

/// Somebody else's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Pay,
    Capture,
    CapturePart,
    Cancel,
    Reauthorize,
    Expire,
    Refund,
}

/// A request of the client under test.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub idempotency_key: Option<String>,
}

impl Request {
    pub fn is_cancel(&self) -> bool {
        self.method == "POST"
    }
}

/// How things stood from one moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: Duration,
    pub held: bool,
    pub captured: u64,
}

pub struct World {
    pub random: Random,
    pub model: Model,
    pub session: String,
    now: Duration,
    events: BTreeMap<(Duration, u64), Event>,
    requests: u64,
    /// Every change of where the money is, in order.
    pub history: Vec<Moment>,
    /// Flex takes no connections before this.
    pub down_until: Duration,
    /// What was injected, by name.
    pub faults: Vec<&'static str>,
    /// Every idempotency key that a cancel carried.
    pub keys: Vec<String>,
    /// How often the client asked for an exchange.
    pub exchanges: usize,
    /// How often a cancel was handed over.
    pub sends: usize,
    /// Somebody wanted a new hold on the session during the call.
    pub reauthorized: bool,
    /// An exchange brought back what Flex really said: of a cancel, or of a settled session.
    pub decided: bool,
}

impl World {
    pub fn new(random: Random, mut model: Model, session: String) -> Self {
        model.advance(Duration::ZERO);
        let mut world = Self {
            random,
            model,
            session,
            now: Duration::ZERO,
            events: BTreeMap::new(),
            requests: 0,
            history: Vec::new(),
            down_until: Duration::ZERO,
            faults: Vec::new(),
            keys: Vec::new(),
            exchanges: 0,
            sends: 0,
            reauthorized: false,
            decided: false,
        };
        world.note();
        world
    }

    pub fn now(&self) -> Duration {
        self.now
    }

    /// Lets time pass, and everything happen that falls into it.
    pub fn advance(&mut self, until: Duration) {
        while let Some((&(at, number), _)) = self.events.first_key_value() {
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            let event = self.events.remove(&(at, number));
            self.happen(event);
        }
        self.now = self.now.max(until);
        self.model.advance(self.now);
        self.note();
    }

    /// Lets everything happen that is still to come.
    pub fn finish(&mut self) {
        let last = self.events.keys().next_back().map_or(self.now, |(at, _)| *at);
        self.advance(last + Duration::from_secs(3600));
    }

    pub fn schedule(&mut self, after: Duration, event: Event) {
        self.requests += 1;
        self.events.insert((self.now + after, self.requests), event);
    }

    /// Flex handles a request now.
    pub fn deliver(&mut self, request: &Request) -> ApiResponse {
        self.requests += 1;
        let answer = self.model.handle(
            &ApiRequest {
                number: self.requests,
                method: &request.method,
                path: &request.path,
                query: &request.query,
                mode: Some(Mode::Test),
                idempotency_key: request.idempotency_key.as_deref(),
                body: &[],
            },
            self.now,
        );
        self.note();
        answer
    }

    pub fn inject(&mut self, fault: &'static str) {
        self.faults.push(fault);
    }

    fn happen(&mut self, event: Option<Event>) {
        self.model.advance(self.now);
        self.note();
        match event {
            Some(Event::Arrives(request)) => drop(self.deliver(&request)),
            Some(Event::Acts(act)) => self.act(act),
            None => {}
        }
    }

    fn act(&mut self, act: Act) {
        let (id, now) = (self.session.clone(), self.now);
        let by = flex_sandbox::Canceler::default();
        let model = &mut self.model;
        // Refused where the session's state does not allow it; that is Flex's business.
        let _ = match act {
            Act::Pay => model.pay(&id, now),
            Act::Capture => model.capture(&id, None, now),
            Act::CapturePart => model.capture(&id, Some(100), now),
            Act::Cancel => model.cancel(&id, by, now),
            Act::Reauthorize => {
                self.reauthorized = true;
                model.reauth(&id, None, now)
            }
            Act::Expire => model.expire(&id, now),
            Act::Refund => model.refund(&id, None, now),
        };
        self.note();
    }

    /// Notes where the money is, if that changed.
    fn note(&mut self) {
        let moment = Moment {
            at: self.now,
            held: self.model.holds_money(&self.session),
            captured: self.model.amount_captured(&self.session),
        };
        let is_new = |last: &Moment| (last.held, last.captured) != (moment.held, moment.captured);
        if self.history.last().is_none_or(is_new) {
            self.history.push(moment);
        }
    }

    /// No money is held, and none can be by the shopper's paying.
    pub fn is_settled(&self) -> bool {
        let truth = self.model.truth(&self.session);
        let is_open = truth.is_none_or(|truth| truth.status == Status::Open);
        !is_open && !self.model.holds_money(&self.session)
    }

    /// How things stood at some moment of a span of time, boundaries included.
    pub fn moments(&self, from: Duration, to: Duration) -> impl Iterator<Item = &Moment> {
        let ends = self.history.iter().skip(1).map(|moment| Some(moment.at)).chain([None]);
        self.history
            .iter()
            .zip(ends)
            .filter(move |(moment, end)| moment.at <= to && end.is_none_or(|end| end >= from))
            .map(|(moment, _)| moment)
    }

    /// How many cancels with this key took effect.
    pub fn effects_of(&self, key: &str) -> usize {
        let truth = self.model.truth(&self.session);
        let applied = truth.iter().flat_map(|truth| &truth.cancels_applied);
        applied.filter(|cancel| cancel.idempotency_key.as_deref() == Some(key)).count()
    }
}
