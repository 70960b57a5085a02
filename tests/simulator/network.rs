//! The simulated network: each exchange meets at most one fault, drawn from the world's seed.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flex_sandbox::ApiResponse;
use flexcancel::transport::{Exchange, Failure, Response, Transport};
use flexcancel::{Abort, Code, Operation, Phase};

use super::world::{Event, Request, World};

/// How long a late request may be on its way: beyond the end of any call.
const LATEST_MS: u64 = 20_000;

/// The client's way to the simulated Flex.
#[derive(Clone)]
pub struct Network {
    /// The instant at which the world began.
    pub base: Instant,
    pub world: Arc<Mutex<World>>,
    /// How many exchanges out of a hundred meet a fault.
    pub fault_percent: u64,
}

/// What goes wrong with an exchange.
#[derive(Clone, Copy, Debug)]
enum Fault {
    CannotConnect(Code),
    ConnectHangs,
    Down,
    RequestLost,
    AnswerLost,
    Late,
    Duplicate,
    Answer(Answered, Effect),
}

/// An answer that is not what Flex's model said.
#[derive(Clone, Copy, Debug)]
enum Answered {
    Status(u16, &'static str),
    RetryAfter(u16, u64),
    Truncated,
    OtherSession,
    Empty,
    Redirect,
}

/// Whether Flex acted before that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Before,
    None,
    Later,
}

const FAULTS: [(&str, Fault); 24] = {
    use Answered::{Empty, OtherSession, Redirect, RetryAfter, Status, Truncated};
    use Effect::{Before, Later, None};
    [
        ("dns fails", Fault::CannotConnect(Code::Dns)),
        ("connection refused", Fault::CannotConnect(Code::Connect)),
        ("reset in the handshake", Fault::CannotConnect(Code::ConnectionLost)),
        ("bad certificate", Fault::CannotConnect(Code::Tls)),
        ("connect hangs", Fault::ConnectHangs),
        ("service goes down", Fault::Down),
        ("request lost", Fault::RequestLost),
        ("answer lost", Fault::AnswerLost),
        ("request late", Fault::Late),
        ("request late", Fault::Late),
        ("request executed twice", Fault::Duplicate),
        ("500 before the effect", Fault::Answer(Status(500, "{}"), None)),
        ("500 after the effect", Fault::Answer(Status(500, "{}"), Before)),
        ("502 and a late effect", Fault::Answer(Status(502, "<html>"), Later)),
        ("503 with Retry-After", Fault::Answer(RetryAfter(503, 1), None)),
        ("504 after the effect", Fault::Answer(Status(504, ""), Before)),
        ("429 with Retry-After", Fault::Answer(RetryAfter(429, 1), None)),
        ("429 with a long Retry-After", Fault::Answer(RetryAfter(429, 3600), None)),
        ("408", Fault::Answer(Status(408, "{}"), Later)),
        ("409 in progress", Fault::Answer(Status(409, IN_PROGRESS), Later)),
        ("answer truncated", Fault::Answer(Truncated, Before)),
        ("another session's answer", Fault::Answer(OtherSession, None)),
        ("2xx and an empty body", Fault::Answer(Empty, Before)),
        ("redirect", Fault::Answer(Redirect, None)),
    ]
};

const IN_PROGRESS: &str = r#"{"error":{"code":"idempotency_in_progress","message":"try later"}}"#;

/// The names of all faults, each once.
pub fn fault_names() -> Vec<&'static str> {
    let mut names: Vec<_> = FAULTS.iter().map(|(name, _)| *name).collect();
    names.dedup();
    names
}

impl Transport for Network {
    fn exchange(
        &self,
        request: &flexcancel::transport::Request,
        exchange: &Exchange,
    ) -> Result<Response, Failure> {
        let mut world = self.world.lock().unwrap();
        world.exchanges += 1;
        let request = plain(request);
        let limits = Limits {
            connect_by: exchange.connect_by().saturating_duration_since(self.base),
            deadline: exchange.deadline().saturating_duration_since(self.base),
        };
        if world.now() < world.down_until {
            return refuse(&mut world, exchange, limits, Code::Connect);
        }
        let fault = if world.random.chance(self.fault_percent) {
            let (name, fault) = *world.random.pick(&FAULTS);
            world.inject(name);
            Some(fault)
        } else {
            None
        };
        match fault {
            Some(Fault::CannotConnect(code)) => return refuse(&mut world, exchange, limits, code),
            Some(Fault::ConnectHangs) => {
                exchange.enter(Phase::Connecting);
                world.advance(limits.connect_by);
                return Err(Failure::new(Code::Timeout, "simulated"));
            }
            Some(Fault::Down) => {
                let outage = world.random.millis(3_000);
                world.down_until = world.now() + outage;
                return refuse(&mut world, exchange, limits, Code::Connect);
            }
            _ => {}
        }
        exchange.enter(Phase::Sending);
        if let (true, Some(key)) = (request.is_cancel(), &request.idempotency_key) {
            world.keys.push(key.clone());
            world.sends += 1;
        }
        carry(&mut world, &request, fault, exchange, limits)
    }

    fn now(&self) -> Instant {
        self.base + self.world.lock().unwrap().now()
    }

    fn pause(&self, until: Instant, _: Option<&Abort>) {
        self.world.lock().unwrap().advance(until.saturating_duration_since(self.base));
    }

    fn random(&self) -> u64 {
        self.world.lock().unwrap().random.next()
    }

    fn random_key(&self) -> Result<u128, Failure> {
        let mut world = self.world.lock().unwrap();
        Ok(u128::from(world.random.next()) << 64 | u128::from(world.random.next()))
    }
}

#[derive(Clone, Copy)]
struct Limits {
    connect_by: Duration,
    deadline: Duration,
}

fn refuse(
    world: &mut World,
    exchange: &Exchange,
    limits: Limits,
    code: Code,
) -> Result<Response, Failure> {
    exchange.enter(Phase::Connecting);
    let at = world.now() + world.random.millis(20);
    world.advance(at.min(limits.connect_by));
    Err(Failure::new(code, "simulated"))
}

/// Carries a request that was handed over, and its answer, as far as the fault lets them.
fn carry(
    world: &mut World,
    request: &Request,
    fault: Option<Fault>,
    exchange: &Exchange,
    limits: Limits,
) -> Result<Response, Failure> {
    let late = world.random.millis(LATEST_MS);
    match fault {
        Some(Fault::RequestLost) => return lose(world, limits),
        Some(Fault::Late) => {
            world.schedule(late, Event::Arrives(request.clone()));
            return lose(world, limits);
        }
        Some(Fault::Answer(answered, effect)) => {
            match effect {
                Effect::Before => drop(arrive(world, request, limits)?),
                Effect::Later => world.schedule(late, Event::Arrives(request.clone())),
                Effect::None => {}
            }
            return answer(world, exchange, limits, response_of(answered, request));
        }
        _ => {}
    }
    let said = arrive(world, request, limits)?;
    let decides = request.is_cancel() || world.is_settled();
    if matches!(fault, Some(Fault::Duplicate)) {
        drop(world.deliver(request));
    }
    if matches!(fault, Some(Fault::AnswerLost)) {
        return lose(world, limits);
    }
    let result = answer(world, exchange, limits, response(said));
    world.decided |= decides && result.is_ok();
    result
}

/// The request travels; if that takes longer than the client waits, it arrives all the same.
fn arrive(world: &mut World, request: &Request, limits: Limits) -> Result<ApiResponse, Failure> {
    let travel = if world.random.chance(3) {
        world.random.millis(LATEST_MS)
    } else {
        world.random.millis(80)
    };
    if world.now() + travel >= limits.deadline {
        world.schedule(travel, Event::Arrives(request.clone()));
        world.advance(limits.deadline);
        return Err(Failure::new(Code::Timeout, "simulated"));
    }
    let at = world.now() + travel;
    world.advance(at);
    Ok(world.deliver(request))
}

fn lose(world: &mut World, limits: Limits) -> Result<Response, Failure> {
    let (at, code) = if world.random.chance(50) {
        (limits.deadline, Code::Timeout)
    } else {
        let at = world.now() + world.random.millis(300);
        (at.min(limits.deadline), Code::ConnectionLost)
    };
    world.advance(at);
    Err(Failure::new(code, "simulated"))
}

/// The answer travels back.
fn answer(
    world: &mut World,
    exchange: &Exchange,
    limits: Limits,
    response: Response,
) -> Result<Response, Failure> {
    let at = world.now() + world.random.millis(80);
    if at >= limits.deadline {
        world.advance(limits.deadline);
        return Err(Failure::new(Code::Timeout, "simulated"));
    }
    world.advance(at);
    exchange.enter(Phase::Complete);
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
    }
}

fn response(said: ApiResponse) -> Response {
    Response {
        status: said.status.try_into().unwrap(),
        request_id: None,
        retry_after: None,
        body: said.body,
    }
}

fn response_of(answered: Answered, request: &Request) -> Response {
    let id = request.path.split('/').nth(4).unwrap_or_default();
    let mut retry_after = None;
    let (status, body) = match answered {
        Answered::Status(status, body) => (status, body.to_owned()),
        Answered::RetryAfter(status, seconds) => {
            retry_after = Some(Duration::from_secs(seconds));
            (status, "{}".to_owned())
        }
        Answered::Truncated => {
            (200, format!(r#"{{"checkout_session":{{"checkout_session_id":"{id}","status":"canc"#))
        }
        Answered::OtherSession => (
            200,
            r#"{"checkout_session":{"checkout_session_id":"other","status":"canceled"}}"#.into(),
        ),
        Answered::Empty => (200, String::new()),
        Answered::Redirect => (307, String::new()),
    };
    let status = status.try_into().unwrap();
    Response { status, request_id: None, retry_after, body: body.into_bytes() }
}
