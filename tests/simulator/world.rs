//! The simulated world: one Flex with one session, requests on their way to it, and the time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use flex_sandbox::{ApiRequest, ApiResponse, Dialect, Mode, Model, Status};

use super::clock::{Incident, TillClock, date_ms};
use super::fault::{self, Fault, Named};
use super::holds::{Cause, End, Holds};
use super::random::Random;
use super::refusal;

/// What will happen to the session, when its time comes.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request that was long on its way arrives; nobody waits for its response.
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

/// How long anything in a world that is not drawn is on its way.
const TRAVEL: Duration = Duration::from_millis(20);

/// How long a request that is late is on its way there.
const LATE: Duration = Duration::from_secs(8);

/// A request of the client under test.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub idempotency_key: Option<String>,
    /// Which of the world's sends it belongs to.
    pub send: Option<usize>,
}

impl Request {
    pub fn is_cancel(&self) -> bool {
        self.method == "POST"
    }

    /// The id of its session.
    pub fn session(&self) -> &str {
        self.path.split('/').nth(4).unwrap_or_default()
    }

    /// The read of its session, with the same query.
    pub fn as_read(&self) -> Self {
        let path = self.path.trim_end_matches("/cancel").to_owned();
        let query = self.query.clone();
        Self { method: "GET".to_owned(), path, query, idempotency_key: None, send: None }
    }
}

/// A cancel that was handed over.
#[derive(Clone, Debug)]
pub struct Send {
    pub key: String,
    /// When its round trip began.
    pub started: Duration,
    /// When it was handed over.
    pub at: Duration,
    /// It was answered with a 4xx.
    pub is_refused: bool,
    /// It was executed twice, and answered with what the second execution said.
    pub is_doubled: bool,
}

/// A read of the session that came back with what Flex's model shows.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// It came back exactly as the model answered it.
    pub is_plain: bool,
    /// It was asked for with `expand`.
    pub is_expanded: bool,
    /// The moment that it shows.
    pub shows: Duration,
    pub ended: Duration,
}

/// Which faults and incidents the round trips of a world meet.
#[derive(Clone, Debug)]
pub enum Luck {
    /// Drawn from a list, so many times out of a hundred; and so many incidents.
    Drawn { faults: &'static [Named], percent: u64, incident_percent: u64 },
    /// One for each round trip, in order, and none when they are used up. Nothing is drawn.
    Scripted(VecDeque<Option<Fault>>),
}

/// The state of the money from one point in time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoneyState {
    pub at: Duration,
    pub held: bool,
    pub captured: u64,
}

pub struct World {
    pub random: Random,
    pub model: Model,
    pub dialect: Dialect,
    pub session: String,
    now: Duration,
    events: BTreeMap<(Duration, u64), Event>,
    requests: u64,
    /// Every change of where the money is, in order.
    pub history: Vec<MoneyState>,
    pub holds: Holds,
    pub clock: TillClock,
    pub luck: Luck,
    /// How far behind a read may be.
    pub lag: Duration,
    /// How late the effect of an acknowledged cancel may be.
    pub late: Duration,
    /// An earlier response to a read, and the time of the world at which it was made.
    pub cached: Option<(ApiResponse, Duration)>,
    /// Incidents of the next pauses, one for each, in a scripted world.
    pub incidents: VecDeque<Option<(Incident, Vec<Act>)>>,
    /// Flex takes no connections before this.
    pub down_until: Duration,
    /// What was injected, by name, and when.
    pub faults: Vec<(Duration, &'static str)>,
    /// Every cancel that was handed over.
    pub sends: Vec<Send>,
    /// Which send a request belongs to that Flex handled, by its number there.
    pub handled: BTreeMap<u64, usize>,
    /// Every read that came back as it was answered.
    pub reads: Vec<Read>,
    /// How often the client asked for a round trip.
    pub round_trips: usize,
    /// When a round trip began whose time was up by then.
    pub overdue: Vec<Duration>,
    /// Somebody wanted a new hold on the session during the call.
    pub reauthorized: bool,
    /// A round trip brought back what Flex really said: that a cancel is done, or how a settled
    /// session is.
    pub decided: bool,
}

impl World {
    pub fn new(random: Random, mut model: Model, dialect: Dialect, session: String) -> Self {
        model.advance(Duration::ZERO);
        let mut world = Self {
            random,
            model,
            dialect,
            session,
            now: Duration::ZERO,
            events: BTreeMap::new(),
            requests: 0,
            history: Vec::new(),
            holds: Holds::default(),
            clock: TillClock::default(),
            luck: Luck::Scripted(VecDeque::new()),
            lag: Duration::ZERO,
            late: Duration::ZERO,
            cached: None,
            incidents: VecDeque::new(),
            down_until: Duration::ZERO,
            faults: Vec::new(),
            sends: Vec::new(),
            handled: BTreeMap::new(),
            reads: Vec::new(),
            round_trips: 0,
            overdue: Vec::new(),
            reauthorized: false,
            decided: false,
        };
        world.note(&Cause::Time);
        world
    }

    pub fn now(&self) -> Duration {
        self.now
    }

    /// Lets time pass, and everything happen that falls into it.
    pub fn advance(&mut self, instant: Duration) {
        while let Some((&(at, number), _)) = self.events.first_key_value() {
            if at > instant {
                break;
            }
            self.now = self.now.max(at);
            let event = self.events.remove(&(at, number));
            self.happen(event);
        }
        self.now = self.now.max(instant);
        self.model.advance(self.now);
        self.note(&Cause::Time);
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
        self.model.advance(self.now);
        self.note(&Cause::Time);
        self.requests += 1;
        if let Some(send) = request.send {
            self.handled.insert(self.requests, send);
        }
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
        if request.is_cancel() {
            let key = request.idempotency_key.clone();
            self.note(&Cause::Cancel { number: self.requests, key });
        }
        answer
    }

    pub fn inject(&mut self, fault: &'static str) {
        self.faults.push((self.now, fault));
    }

    /// The fault that the next round trip meets.
    pub fn next_fault(&mut self) -> Option<Fault> {
        let (name, fault) = match &mut self.luck {
            Luck::Drawn { faults, percent, .. } => {
                if !self.random.chance(*percent) {
                    return None;
                }
                match *self.random.pick(faults) {
                    (_, Fault::Refusal) => refusal::draw(&mut self.random),
                    named => named,
                }
            }
            Luck::Scripted(script) => ("scripted", script.pop_front()??),
        };
        self.inject(name);
        Some(fault)
    }

    /// How long something is on its way: nothing to speak of, or in rare cases very long.
    pub fn travel(&mut self) -> Duration {
        if self.is_scripted() {
            TRAVEL
        } else if self.random.chance(3) {
            self.lateness()
        } else {
            self.random.millis(80)
        }
    }

    /// How long a late request is on its way: perhaps beyond the end of its call.
    pub fn lateness(&mut self) -> Duration {
        const LATEST_MS: u64 = 20_000;
        if self.is_scripted() { LATE } else { self.random.millis(LATEST_MS) }
    }

    pub fn is_scripted(&self) -> bool {
        matches!(self.luck, Luck::Scripted(_))
    }

    /// Lets an incident pass, with what others do meanwhile, one after the other.
    pub fn suffer(&mut self, incident: Incident, meanwhile: &[Act]) {
        self.inject(incident.name());
        let length = incident.length();
        let step = length / (u32::try_from(meanwhile.len()).unwrap() + 1);
        for (index, act) in meanwhile.iter().enumerate() {
            let after = step * (u32::try_from(index).unwrap() + 1);
            self.schedule(after, Event::Acts(*act));
        }
        self.advance(self.now + length);
        self.clock.note(incident, self.now);
    }

    /// Keeps what a read would be answered now, to be answered again later.
    pub fn fill_cache(&mut self) {
        let request = Request {
            method: "GET".to_owned(),
            path: format!("/v1/checkout/sessions/{}", self.session),
            query: "expand=payment_intent%2Cpayment_intents%2Ccaptures".to_owned(),
            idempotency_key: None,
            send: None,
        };
        let answer = self.deliver(&request);
        self.cached = Some((answer, self.now));
    }

    fn happen(&mut self, event: Option<Event>) {
        self.model.advance(self.now);
        self.note(&Cause::Time);
        match event {
            Some(Event::Arrives(request)) => drop(self.deliver(&request)),
            Some(Event::Acts(act)) => self.act(act),
            None => {}
        }
    }

    /// Somebody else does something now.
    pub fn act(&mut self, act: Act) {
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
        self.note(&Cause::Act(act));
    }

    /// Notes where the money is, if that changed.
    fn note(&mut self, cause: &Cause) {
        let is_free = self.model.holds_money(&self.session);
        let captured = self.model.amount_captured(&self.session);
        let moment = MoneyState { at: self.now, held: is_free, captured };
        let is_new =
            |last: &MoneyState| (last.held, last.captured) != (moment.held, moment.captured);
        if self.history.last().is_none_or(is_new) {
            self.history.push(moment);
        }
        let Some(truth) = self.model.ground_truth(&self.session) else { return };
        let now = self.now;
        self.holds.update(now, &truth, is_free, |intent| {
            let mut releases = truth.releases.iter().rev();
            let late = releases.find(|release| release.intent == intent);
            match late.filter(|_| *cause == Cause::Time) {
                Some(release) => {
                    let key = release.idempotency_key.clone();
                    let by_cancel = |number| Cause::Cancel { number, key };
                    let at = Duration::from_millis(release.at_ms).min(now);
                    End { at, by: release.request.map_or(Cause::Time, by_cancel) }
                }
                None => End { at: now, by: cause.clone() },
            }
        });
    }

    /// No money is held, and none can be by the shopper's paying.
    pub fn is_settled(&self) -> bool {
        let truth = self.model.ground_truth(&self.session);
        let is_open = truth.is_none_or(|truth| truth.status == Status::Open);
        !is_open && !self.model.holds_money(&self.session)
    }

    /// The session is canceled, and no money of it is held.
    pub fn is_canceled(&self) -> bool {
        let truth = self.model.ground_truth(&self.session);
        let is_canceled = truth.is_some_and(|truth| truth.status == Status::Canceled);
        is_canceled && !self.model.holds_money(&self.session)
    }

    /// How things stood at some moment of a span of time, boundaries included.
    pub fn moments(&self, from: Duration, to: Duration) -> impl Iterator<Item = &MoneyState> {
        let ends = self.history.iter().skip(1).map(|moment| Some(moment.at)).chain([None]);
        self.history
            .iter()
            .zip(ends)
            .filter(move |(moment, end)| moment.at <= to && end.is_none_or(|end| end >= from))
            .map(|(moment, _)| moment)
    }

    /// The numbers of the requests with this key that took effect.
    pub fn effects_of(&self, key: &str) -> impl Iterator<Item = u64> {
        let truth = self.model.ground_truth(&self.session);
        let applied = truth.into_iter().flat_map(|truth| truth.cancels_applied);
        applied
            .filter(move |cancel| cancel.idempotency_key.as_deref() == Some(key))
            .map(|cancel| cancel.request)
    }
}
