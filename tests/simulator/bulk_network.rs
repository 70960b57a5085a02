//! The network of a bulk run: many sessions behind one way. Each session is a world of its own; a
//! round trip is carried in its session's world, with a fault that may be everybody's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use flexcancel::transport::{Request, Response, RoundTrip, Transport};
use flexcancel::{Abort, Code, Operation};

use super::bulk_disk::{Disk, Life};
use super::clock::server_ms;
use super::fault::{Answered, CLASSIC, Effect, Fault, UNAUTHORIZED};
use super::network::Network;
use super::random::Random;
use super::world::{Luck, World};

/// Which faults the round trips of a run meet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// So many round trips out of a hundred meet a fault of their own.
    pub percent: u64,
    /// So many out of a hundred begin an outage.
    pub outage_percent: u64,
    /// So many out of a hundred responses are a 500 that is stored for the key.
    pub stored_percent: u64,
    /// More requests in a second than this are answered with 429, and whether that says when to
    /// come back.
    pub limit: Option<(u64, bool)>,
}

/// What happens to all round trips of a time.
const OUTAGES: [Fault; 8] = [
    Fault::CannotConnect(Code::Connect),
    Fault::CannotConnect(Code::Connect),
    Fault::CannotConnect(Code::Dns),
    Fault::CannotConnect(Code::Tls),
    Fault::ConnectHangs,
    NOT_ACCEPTED,
    Fault::Answer(Answered::Status(503, ""), Effect::None),
    Fault::RequestLost,
];

/// Answers that speak to the whole run: to slow down, or that its API key is not accepted.
const OF_THE_RUN: [Fault; 10] = [
    limited_for(0),
    limited_for(1),
    limited_for(3),
    limited_for(30),
    limited_for(600),
    LIMITED_FOR_A_WHILE,
    LIMITED_FOR_A_WHILE,
    Fault::Answer(Answered::Status(429, ""), Effect::None),
    NOT_ACCEPTED,
    NOT_ACCEPTED,
];

const NOT_ACCEPTED: Fault = Fault::Answer(Answered::Status(401, UNAUTHORIZED), Effect::None);
const LIMITED_FOR_A_WHILE: Fault =
    Fault::Answer(Answered::Status(429, r#"{"error":{"code":"rate_limited"}}"#), Effect::None);
const STORED: Fault = Fault::Answer(Answered::Status(500, "{}"), Effect::None);
/// How long a response is stored for its key.
const STORED_FOR: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);

const fn limited_for(seconds: u64) -> Fault {
    Fault::Answer(Answered::RetryAfter(429, seconds), Effect::None)
}

/// What one run did on the network.
#[derive(Default)]
pub struct RunLog {
    /// When each round trip began.
    pub requests: Vec<Duration>,
    /// When a 429 came, and until when it asked to wait.
    pub limited: Vec<(Duration, Duration)>,
    pub abort: Abort,
    /// After how many more steps the run is aborted.
    pub aborts_after: Option<u64>,
}

/// All that the network knows.
pub struct Net {
    pub random: Random,
    pub now: Duration,
    /// One for each session; the last one stands for all ids that no session has.
    pub worlds: Vec<Arc<Mutex<World>>>,
    pub by_id: BTreeMap<String, usize>,
    pub weather: Weather,
    outage: Option<(Duration, Fault)>,
    /// Keys for which a 500 is stored, and until when.
    pub stored: BTreeMap<String, Duration>,
    arrivals: VecDeque<Duration>,
    pub run: RunLog,
    pub disk: Arc<Mutex<Disk>>,
    /// What is not as docs/BULK.md promises.
    pub broken: Vec<String>,
}

impl Net {
    pub fn new(random: Random, now: Duration, disk: Arc<Mutex<Disk>>) -> Self {
        Self {
            random,
            now,
            worlds: Vec::new(),
            by_id: BTreeMap::new(),
            weather: Weather::default(),
            outage: None,
            stored: BTreeMap::new(),
            arrivals: VecDeque::new(),
            run: RunLog::default(),
            disk,
            broken: Vec::new(),
        }
    }

    /// The world of a session, as it is now.
    pub fn world(&self, id: &str) -> MutexGuard<'_, World> {
        let nowhere = self.worlds.len() - 1;
        self.world_at(self.by_id.get(id).copied().unwrap_or(nowhere))
    }

    pub fn world_at(&self, index: usize) -> MutexGuard<'_, World> {
        let mut world = self.worlds[index].lock().unwrap();
        world.advance(self.now);
        world
    }

    /// One step of the run, at which it may be aborted.
    pub fn step(&mut self) {
        if self.run.aborts_after == Some(0) {
            self.run.abort.trigger();
        }
        self.run.aborts_after = self.run.aborts_after.map(|steps| steps.saturating_sub(1));
    }

    /// The outage is over.
    pub fn clear_up(&mut self) {
        (self.weather, self.outage) = (Weather::default(), None);
    }

    /// A request is about to be sent: is it as the journal says?
    fn check(&mut self, id: &str, request: &Request) {
        let disk = self.disk.lock().unwrap();
        if request.operation() == Operation::Cancel {
            let key = request.idempotency_key().unwrap_or_default();
            if !disk.sent.values().any(|sent| sent.session == id && sent.key == key) {
                self.broken.push("a key was sent that is not in the synced journal".to_owned());
            }
        }
        if disk.settled.contains(id) {
            self.broken.push("an item that had ended well was sent again".to_owned());
        }
    }

    /// The fault that is not the round trip's own.
    fn common_fault(&mut self, request: &Request) -> Option<Fault> {
        let now = self.now;
        if self.outage.is_none_or(|(end, _)| end <= now)
            && self.random.chance(self.weather.outage_percent)
        {
            let seconds = *self.random.pick(&[3, 10, 40, 200, 1_000]);
            self.outage = Some((now + SECOND * seconds, *self.random.pick(&OUTAGES)));
        }
        if let Some((_, fault)) = self.outage.filter(|(end, _)| *end > now) {
            return Some(fault);
        }
        self.arrivals.retain(|at| *at + SECOND > now);
        self.arrivals.push_back(now);
        if let Some((limit, says_when)) = self.weather.limit
            && self.arrivals.len() as u64 > limit
        {
            return Some(if says_when { limited_for(1) } else { LIMITED_FOR_A_WHILE });
        }
        let key = request.idempotency_key().filter(|_| request.operation() == Operation::Cancel);
        if let Some(key) = key {
            if self.random.chance(self.weather.stored_percent) {
                self.stored.insert(key.to_owned(), now + STORED_FOR);
            }
            if self.stored.get(key).is_some_and(|end| *end > now) {
                return Some(STORED);
            }
        }
        let is_met = self.random.chance(self.weather.percent / 5);
        is_met.then(|| *self.random.pick(&OF_THE_RUN))
    }

    fn luck(&mut self, fault: Option<Fault>) -> Luck {
        match fault {
            Some(fault) => Luck::Scripted(VecDeque::from([Some(fault)])),
            None if self.weather.percent == 0 => Luck::Scripted(VecDeque::new()),
            None => {
                let percent = self.weather.percent;
                Luck::Drawn { faults: CLASSIC, percent, incident_percent: 0 }
            }
        }
    }
}

/// A run's way to the simulated Flex.
#[derive(Clone)]
pub struct BulkNetwork {
    /// The instant at which the world began.
    pub base: Instant,
    pub net: Arc<Mutex<Net>>,
    pub life: Life,
}

impl BulkNetwork {
    pub fn lock(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap()
    }

    /// One step of the process outside of the network.
    pub fn step(&self) {
        self.life.step();
        self.lock().step();
    }
}

impl Transport for BulkNetwork {
    fn send(
        &self,
        request: Request,
        round_trip: &RoundTrip,
    ) -> Result<Response, flexcancel::Error> {
        self.life.step();
        let mut net = self.lock();
        if net.run.abort.is_triggered() {
            return Err(flexcancel::Error::new(Code::Aborted, "simulated"));
        }
        let now = net.now;
        net.run.requests.push(now);
        let path = request.target().split('?').next().unwrap_or_default();
        let id = path.split('/').nth(4).unwrap_or_default().to_owned();
        net.check(&id, &request);
        let fault = net.common_fault(&request);
        let luck = net.luck(fault);
        net.world(&id).luck = luck;
        let index = net.by_id.get(&id).copied().unwrap_or(net.worlds.len() - 1);
        let network = Network { base: self.base, world: Arc::clone(&net.worlds[index]) };
        drop(net);
        let mut result = network.send(request, round_trip);
        let mut net = self.lock();
        net.now = network.world.lock().unwrap().now();
        net.step();
        if net.run.abort.is_triggered() {
            result = Err(flexcancel::Error::new(Code::Aborted, "simulated"));
        }
        if let Ok(response) = &result
            && response.status == 429
        {
            let now = net.now;
            net.run.limited.push((now, now + response.retry_after.unwrap_or(SECOND)));
        }
        drop(net);
        self.life.step();
        result
    }

    fn now(&self) -> Instant {
        self.life.check();
        self.base + self.lock().now
    }

    fn wall_ms(&self) -> i64 {
        self.life.check();
        server_ms(self.lock().now)
    }

    fn pause(&self, deadline: Instant, abort: Option<&Abort>) {
        self.life.step();
        let mut net = self.lock();
        let length = deadline.saturating_duration_since(self.base).saturating_sub(net.now);
        let is_triggered = || abort.is_some_and(Abort::is_triggered);
        if !is_triggered() {
            net.step();
            // An abort may come in the middle of a pause.
            let percent = if is_triggered() { net.random.below(100) } else { 100 };
            net.now += length * u32::try_from(percent).unwrap() / 100;
        }
        drop(net);
        self.life.step();
    }

    fn random(&self) -> u64 {
        self.lock().random.next()
    }

    fn random_key(&self) -> Result<u128, flexcancel::Error> {
        let mut net = self.lock();
        Ok(u128::from(net.random.next()) << 64 | u128::from(net.random.next()))
    }
}
