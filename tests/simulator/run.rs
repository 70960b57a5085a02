//! One run: one cancel in one world, and the questions that the model is asked after it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flex_sandbox::Dialect;
use flexcancel::{Client, Config, Hold, Operation, Options, Outcome, Report};

use super::actors;
use super::network::Network;
use super::world::{Moment, World};

/// What a run came to.
pub struct Run {
    pub dialect: Dialect,
    /// Where the money was, from when on; the call began at the first moment of `span`.
    pub history: Vec<Moment>,
    pub span: (Duration, Duration),
    pub report: Report,
    pub faults: Vec<&'static str>,
    /// An exchange brought back an answer of Flex's that decides, and nobody put a new hold on
    /// the session meanwhile.
    pub decided: bool,
    /// What the report says against the truth; empty in a world without defects.
    pub violations: Vec<String>,
}

/// Timeouts that runs draw from.
const TIMEOUTS_MS: [u64; 4] = [400, 2_000, 5_000, 15_000];

/// Runs the world of one seed. The same seed gives the same run, but for the idempotency keys, in
/// which the process is.
pub fn run(seed: u64) -> Run {
    let dialects: Vec<Dialect> = Dialect::all().collect();
    let dialect = dialects[usize::try_from(seed % dialects.len() as u64).unwrap()];
    let mut world = actors::world(seed, dialect);
    let timeout = Duration::from_millis(*world.random.pick(&TIMEOUTS_MS));
    let fault_percent = *world.random.pick(&[0, 20, 50, 80]);
    let mut options = Options::default();
    options.timeout = Some(timeout);
    options.max_attempts = Some(u32::try_from(world.random.below(4) + 1).unwrap());
    if world.random.chance(30) {
        options.expand = vec!["payment_intent".to_owned(), "payment_intents".to_owned()];
    }
    let (session, begun) = (world.session.clone(), world.now());
    let world = Arc::new(Mutex::new(world));
    let network = Network { base: Instant::now(), world: Arc::clone(&world), fault_percent };
    let config = r#"{"api_key":"fsk_test_simulated","base_url":"http://127.0.0.1:1"}"#;
    let config = Config::from_json(config).unwrap();
    let client = Client::with_transport(&config, Box::new(network)).unwrap();
    let report = client.cancel(&session, &options, None);
    drop(client);

    let mut world = Arc::into_inner(world).unwrap().into_inner().unwrap();
    let ended = world.now();
    world.finish();
    let mut violations = against_the_truth(&report, &world, begun, ended);
    violations.extend(against_the_rules(&report, &world, ended - begun, &options));
    Run {
        dialect,
        history: world.history,
        span: (begun, ended),
        report,
        faults: world.faults,
        decided: world.decided && !world.reauthorized,
        violations,
    }
}

/// What the outcome asserts, as docs/OUTCOMES.md has it, and is not so.
fn against_the_truth(
    report: &Report,
    world: &World,
    begun: Duration,
    ended: Duration,
) -> Vec<String> {
    let was = |what: fn(&Moment) -> bool| world.moments(begun, ended).any(what);
    let released = was_released(world, begun, ended);
    let key = report.idempotency_key.as_deref().unwrap_or_default();
    let effects = world.effects_of(key);
    let outcome_holds = match report.outcome {
        Outcome::Canceled => released,
        Outcome::AlreadyCanceled => released && effects == 0,
        Outcome::NotCancelable => was(|moment| !moment.held),
        Outcome::NotApplied => effects == 0,
        _ => true,
    };
    let hold_holds = match report.hold {
        Hold::Released => released,
        Hold::None => was(|moment| !moment.held),
        Hold::Captured => was(|moment| moment.captured > 0 && !moment.held),
        // A cancel that is acknowledged and not yet visible still shows the hold.
        Hold::Held => was(|moment| moment.held) || effects > 0,
        _ => true,
    };
    let mut violations = Vec::new();
    if !outcome_holds {
        violations.push(format!("the outcome {} is not so", report.outcome));
    }
    if !hold_holds {
        violations.push(format!("the hold {} is not so", report.hold));
    }
    violations
}

/// At a moment of the call no hold was left, and none that there had been was captured: either
/// nothing ever was, or a hold ended within the call without any more money being taken.
pub fn was_released(world: &World, begun: Duration, ended: Duration) -> bool {
    let moments: Vec<&Moment> = world.moments(begun, ended).collect();
    let before = moments[0].captured;
    let first_held = moments.iter().position(|moment| moment.held).unwrap_or(moments.len());
    moments.iter().enumerate().any(|(index, moment)| {
        let ended_within = index > first_held && moment.captured == before;
        !moment.held && (moment.captured == 0 || ended_within)
    })
}

/// What must hold of every call, whatever its outcome.
fn against_the_rules(
    report: &Report,
    world: &World,
    took: Duration,
    options: &Options,
) -> Vec<String> {
    let key = report.idempotency_key.as_deref();
    let handed_over = report
        .attempts
        .iter()
        .filter(|attempt| attempt.operation == Operation::Cancel && attempt.phase.is_handed_over());
    let sends = handed_over.count();
    let rules = [
        ("the deadline held", took <= options.timeout.unwrap()),
        ("every send used the one key", world.keys.iter().all(|sent| Some(sent.as_str()) == key)),
        ("every exchange is listed", report.attempts.len() == world.exchanges),
        ("every send is listed", sends == world.sends),
        ("no more sends than allowed", sends <= options.max_attempts.unwrap() as usize),
    ];
    let broken = rules.into_iter().filter(|(_, holds)| !holds);
    broken.map(|(rule, _)| format!("broken: {rule}")).collect()
}
