//! The simulated network: each round trip meets at most one fault and one incident, as the world's
//! luck has it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flex_sandbox::ApiResponse;
use flexcancel::transport::{Response, RoundTrip, Transport};
use flexcancel::{Abort, Code, Operation, Phase};

use super::clock::{Incident, date_ms};
use super::fault::{Answered, Effect, Fault};
use super::forged;
use super::world::{Act, Event, Luck, Read, Request, Send, World};

/// The client's way to the simulated Flex.
#[derive(Clone)]
pub struct Network {
    /// The instant at which the world began.
    pub base: Instant,
    pub world: Arc<Mutex<World>>,
}

impl Transport for Network {
    fn send(
        &self,
        request: flexcancel::transport::Request,
        round_trip: &RoundTrip,
    ) -> Result<Response, flexcancel::Error> {
        let mut world = self.world.lock().unwrap();
        let started = world.now();
        world.round_trips += 1;
        let mut request = plain(&request);
        let limits = Limits {
            connect_by: round_trip.connect_by().saturating_duration_since(self.base),
            deadline: round_trip.deadline().saturating_duration_since(self.base),
        };
        if till_now(&world) >= limits.deadline {
            world.overdue.push(started);
        }
        if started < world.down_until {
            return refuse(&mut world, round_trip, limits, Code::Connect);
        }
        let fault = world.next_fault();
        match fault {
            Some(Fault::CannotConnect(code)) => {
                return refuse(&mut world, round_trip, limits, code);
            }
            Some(Fault::ConnectHangs) => {
                round_trip.enter(Phase::Connecting);
                advance_till(&mut world, limits.connect_by);
                return Err(flexcancel::Error::new(Code::Timeout, "simulated"));
            }
            Some(Fault::Down) => {
                let outage = world.random.millis(3_000);
                world.down_until = world.now() + outage;
                return refuse(&mut world, round_trip, limits, Code::Connect);
            }
            _ => {}
        }
        // A pause before the first byte is for the transport itself to see, which is not here.
        if let Some(sleep @ Incident::Sleep(_)) = draw_incident(&mut world) {
            round_trip.enter(Phase::Connecting);
            suffer(&mut world, sleep);
            if till_now(&world) >= limits.deadline {
                return Err(flexcancel::Error::new(Code::Timeout, "simulated"));
            }
        }
        round_trip.enter(Phase::Sending);
        if let (true, Some(key)) = (request.is_cancel(), request.idempotency_key.clone()) {
            let at = world.now();
            request.send = Some(world.sends.len());
            world.sends.push(Send { key, started, at, is_refused: false, is_doubled: false });
        }
        carry(&mut world, &request, fault, round_trip, limits)
    }

    fn now(&self) -> Instant {
        self.base + till_now(&self.world.lock().unwrap())
    }

    fn wall_ms(&self) -> i64 {
        let world = self.world.lock().unwrap();
        world.clock.wall_ms(world.now())
    }

    fn pause(&self, deadline: Instant, _: Option<&Abort>) {
        let mut world = self.world.lock().unwrap();
        if world.is_scripted() {
            if let Some((incident, meanwhile)) = world.incidents.pop_front().flatten() {
                world.suffer(incident, &meanwhile);
            }
        } else if let Some(incident) = draw_incident(&mut world) {
            suffer(&mut world, incident);
        }
        advance_till(&mut world, deadline.saturating_duration_since(self.base));
    }

    fn random(&self) -> u64 {
        self.world.lock().unwrap().random.next()
    }

    fn random_key(&self) -> Result<u128, flexcancel::Error> {
        let mut world = self.world.lock().unwrap();
        Ok(u128::from(world.random.next()) << 64 | u128::from(world.random.next()))
    }
}

/// By the till's monotonic clock.
#[derive(Clone, Copy)]
struct Limits {
    connect_by: Duration,
    deadline: Duration,
}

fn till_now(world: &World) -> Duration {
    world.clock.monotonic(world.now())
}

fn advance_till(world: &mut World, instant: Duration) {
    let instant = world.clock.world(instant).max(world.now());
    world.advance(instant);
}

/// What happens to the machine now, if anything.
fn draw_incident(world: &mut World) -> Option<Incident> {
    let Luck::Drawn { incident_percent, .. } = world.luck else { return None };
    if incident_percent == 0 || !world.random.chance(incident_percent) {
        return None;
    }
    let length = Duration::from_secs(*world.random.pick(&[3, 40, 300, 10_800]));
    Some(match world.random.below(10) {
        0..=4 => Incident::Sleep(length),
        5..=7 => Incident::Pause(length),
        8 => Incident::Reset,
        _ => Incident::Forward(length),
    })
}

/// What others may do while the till's machine does nothing.
pub const MEANWHILE: [&[Act]; 8] = [
    &[],
    &[],
    &[Act::Reauthorize],
    &[Act::Expire, Act::Reauthorize],
    &[Act::Cancel, Act::Reauthorize],
    &[Act::CapturePart, Act::Reauthorize],
    &[Act::Cancel],
    &[Act::Capture],
];

fn suffer(world: &mut World, incident: Incident) {
    let meanwhile = *world.random.pick(&MEANWHILE);
    world.suffer(incident, meanwhile);
}

fn refuse(
    world: &mut World,
    round_trip: &RoundTrip,
    limits: Limits,
    code: Code,
) -> Result<Response, flexcancel::Error> {
    round_trip.enter(Phase::Connecting);
    let at = till_now(world) + world.random.millis(20);
    advance_till(world, at.min(limits.connect_by));
    Err(flexcancel::Error::new(code, "simulated"))
}

/// Carries a request that was handed over, and its response, as far as the fault lets them.
fn carry(
    world: &mut World,
    request: &Request,
    fault: Option<Fault>,
    round_trip: &RoundTrip,
    limits: Limits,
) -> Result<Response, flexcancel::Error> {
    let late = world.lateness();
    match fault {
        Some(Fault::RequestLost) => return lose(world, limits),
        Some(Fault::Late) => {
            world.schedule(late, Event::Arrives(request.clone()));
            return lose(world, limits);
        }
        Some(Fault::Cached) if !request.is_cancel() => {
            return cached(world, round_trip, limits, true);
        }
        Some(Fault::CachedWithOldDate) if !request.is_cancel() => {
            // Of a till whose clock is wrong, an old date says nothing.
            let is_marked = world.clock.ahead_ms != 0;
            return cached(world, round_trip, limits, is_marked);
        }
        Some(Fault::Answer(answered, effect)) if fits(world, request, answered) => {
            let forged = match effect {
                Effect::Before => {
                    let before = forged::response(world, answered, request);
                    drop(arrive(world, request, limits)?);
                    Response { date_ms: Some(date_ms(world.now())), ..before }
                }
                Effect::Later => {
                    world.schedule(late, Event::Arrives(request.clone()));
                    forged::response(world, answered, request)
                }
                Effect::None => forged::response(world, answered, request),
            };
            let result = answer(world, round_trip, limits, forged);
            let shows = world.now().saturating_sub(world.lag);
            note(world, request, &result, answered.is_true().then_some(shows), false);
            return result;
        }
        _ => {}
    }
    let mut said = arrive(world, request, limits)?;
    let arrived = world.now();
    // A refusal is made sure of: what it says of the money may have become so by this cancel.
    let decides = if request.is_cancel() { said.status < 300 } else { world.is_settled() };
    match fault {
        Some(Fault::Duplicate) => drop(world.deliver(request)),
        Some(Fault::DuplicateAnsweredSecond) => {
            said = world.deliver(request);
            if let Some(send) = request.send {
                world.sends[send].is_doubled = true;
            }
        }
        Some(Fault::AnswerLost) => return lose(world, limits),
        _ => {}
    }
    if let Some(Fault::Sleeps(time)) = fault {
        world.suffer(Incident::Sleep(time), &[]);
    }
    if let Some(incident) = draw_incident(world) {
        suffer(world, incident);
    }
    let result = answer(world, round_trip, limits, response(said, arrived));
    world.decided |= decides && result.is_ok();
    note(world, request, &result, Some(arrived.saturating_sub(world.lag)), true);
    result
}

/// Notes what a response is to whoever asked: of a read, the moment that it shows if it is true,
/// and whether it came as the model answered it; of a cancel, whether it is a refusal.
fn note(
    world: &mut World,
    request: &Request,
    result: &Result<Response, flexcancel::Error>,
    shows: Option<Duration>,
    is_plain: bool,
) {
    let Ok(response) = result else { return };
    if let Some(send) = request.send {
        world.sends[send].is_refused = response.status.is_client_error();
    } else if let Some(shows) = shows.filter(|_| response.status.is_success()) {
        let ended = world.now();
        let is_expanded = request.query.contains("expand=");
        world.reads.push(Read { is_plain, is_expanded, shows, ended });
    }
}

/// The request travels; if that takes longer than the client waits, it arrives all the same.
fn arrive(
    world: &mut World,
    request: &Request,
    limits: Limits,
) -> Result<ApiResponse, flexcancel::Error> {
    let travel = world.travel();
    if till_now(world) + travel >= limits.deadline {
        world.schedule(travel, Event::Arrives(request.clone()));
        advance_till(world, limits.deadline);
        return Err(flexcancel::Error::new(Code::Timeout, "simulated"));
    }
    world.advance(world.now() + travel);
    Ok(world.deliver(request))
}

/// True if such a request may be answered so: what was stored for a key is replayed to the first
/// request with it that this till knows of, and to no later one.
fn fits(world: &World, request: &Request, answered: Answered) -> bool {
    let is_key = |send: &&Send| request.idempotency_key.as_ref() == Some(&send.key);
    let is_first = || world.sends.iter().filter(is_key).count() <= 1;
    match answered {
        Answered::Replayed => request.is_cancel() && is_first(),
        Answered::SaysCanceled(..) => world.is_canceled(),
        _ => request.is_cancel() || !answered.is_for_cancels(),
    }
}

fn lose(world: &mut World, limits: Limits) -> Result<Response, flexcancel::Error> {
    let (at, code) = if !world.is_scripted() && world.random.chance(50) {
        (limits.deadline, Code::Timeout)
    } else {
        let at = till_now(world) + world.random.millis(300);
        (at.min(limits.deadline), Code::ConnectionLost)
    };
    advance_till(world, at);
    Err(flexcancel::Error::new(code, "simulated"))
}

/// Something on the way answers a read with an earlier response.
fn cached(
    world: &mut World,
    round_trip: &RoundTrip,
    limits: Limits,
    is_marked: bool,
) -> Result<Response, flexcancel::Error> {
    let Some((said, made)) = world.cached.clone() else {
        return lose(world, limits);
    };
    let told = Response { is_cached: is_marked, ..response(said, made) };
    answer(world, round_trip, limits, told)
}

/// The response travels back.
fn answer(
    world: &mut World,
    round_trip: &RoundTrip,
    limits: Limits,
    response: Response,
) -> Result<Response, flexcancel::Error> {
    let at = till_now(world) + world.random.millis(80);
    if at >= limits.deadline {
        advance_till(world, limits.deadline);
        return Err(flexcancel::Error::new(Code::Timeout, "simulated"));
    }
    advance_till(world, at);
    round_trip.enter(Phase::Complete);
    Ok(response)
}

fn plain(request: &flexcancel::transport::Request) -> Request {
    let (path, query) = request.target().split_once('?').unwrap_or((request.target(), ""));
    let method = match request.operation() {
        Operation::Cancel => "POST",
        Operation::Retrieve => "GET",
    };
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        idempotency_key: request.idempotency_key().map(str::to_owned),
        send: None,
    }
}

/// What the model said at this time of the world.
fn response(said: ApiResponse, at: Duration) -> Response {
    Response {
        status: said.status.try_into().unwrap(),
        date_ms: Some(date_ms(at)),
        is_replayed: said.replayed,
        body: said.body,
        ..Response::default()
    }
}
