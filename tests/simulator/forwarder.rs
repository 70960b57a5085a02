//! A forwarder of the till's entries, and the worker that delivers them: claims, results that come
//! back late, twice or never.

use std::sync::Arc;
use std::time::Duration;

use flexcancel::outbox::{ClaimOptions, Settlement};
use flexcancel::{Client, Code, Config, Options, OutboxEntry, Outcome, Status};

use super::network::Network;
use super::random::Random;
use super::said::Said;
use super::stage::{Step, Told};
use super::till::Till;

/// How long a lease may last. A shorter one would end while a cancel is new enough to be sent
/// without a look, and a claim that was taken before could not know of what came after.
const LEASES: [Duration; 3] =
    [Duration::from_secs(120), Duration::from_secs(15 * 60), Duration::from_secs(2 * 3600)];

/// An entry that was handed over.
pub struct Handed {
    claim: OutboxEntry,
    /// An earlier request may have reached Flex, as far as the worker knows.
    in_doubt: bool,
    /// How many cancels had been sent when it was claimed, and by the worker since.
    sends: (usize, usize),
    /// How all that was sent under the lease ended; `None` if nobody knows.
    result: Option<Settlement>,
    /// The result was given to the till, which may have crashed over it. It is the last word: a
    /// worker sends nothing more under a claim whose end may be noted.
    is_given: bool,
    is_settled: bool,
}

impl Till {
    /// Something that the forwarder or the worker does; false if the till crashed in it.
    pub fn forward(&mut self, random: &mut Random) -> bool {
        let (lease, choice) = (*random.pick(&LEASES), usize::try_from(random.below(8)).unwrap());
        self.lease = lease;
        let open = self.handed_where(|handed| !handed.is_given);
        let known = self.handed_where(|handed| handed.result.is_some());
        // Claims where there is nothing else to do.
        match (random.below(4), open.is_empty(), known.is_empty()) {
            (1 | 2, false, _) => {
                self.deliver(open[choice % open.len()], random.chance(20));
                true
            }
            (3, _, false) => self.settle(known[choice % known.len()]),
            _ => self.does(Step::Claim),
        }
    }

    /// How many entries were handed over, and how many of these were settled.
    pub fn claims(&self) -> (u64, u64) {
        let count = |handed: Vec<usize>| handed.len() as u64;
        (count(self.handed_where(|_| true)), count(self.handed_where(|handed| handed.is_settled)))
    }

    fn handed_where(&self, is: impl Fn(&Handed) -> bool) -> Vec<usize> {
        let handed = self.handed.iter().enumerate();
        handed.filter(|(_, handed)| is(handed)).map(|(index, _)| index).collect()
    }

    pub fn claim(&self) -> Status {
        let mut options = ClaimOptions::default();
        options.lease = Some(self.lease);
        self.outbox.as_ref().unwrap().claim(&options)
    }

    /// Notes what a claim has given.
    pub fn take_over(&mut self, report: &Said) {
        let sends = self.world().sends.len();
        let entries = report.outbox.iter().flat_map(|view| &view.entries);
        self.handed.extend(entries.map(|claim| Handed {
            claim: claim.clone(),
            in_doubt: claim.in_doubt.unwrap(),
            sends: (sends, 0),
            result: None,
            is_given: false,
            is_settled: false,
        }));
    }

    /// Another machine delivers the entry; its result may be lost.
    fn deliver(&mut self, index: usize, is_lost: bool) {
        let before = self.before();
        let Handed { claim, in_doubt, sends, .. } = &self.handed[index];
        let mut options = Options::default();
        options.idempotency_key = Some(claim.idempotency_key.clone());
        options.in_doubt = Some(*in_doubt);
        options.asked_at_ms = Some(claim.asked_at_ms);
        options.timeout = Some(Duration::from_secs(5));
        let claim = claim.clone();
        let sends_of_key = |till: &Self, from: usize| {
            let world = till.world();
            world.sends[from..].iter().filter(|send| send.key == claim.idempotency_key).count()
        };
        // What somebody else has sent since the claim is more than the worker was told of.
        let is_told = sends_of_key(self, sends.0) == sends.1;
        let began = self.world().sends.len();
        let report = worker(self).cancel(&claim.session_id, &options, None);
        let sent = sends_of_key(self, began);
        let handed = &mut self.handed[index];
        handed.sends.1 += sent;
        let result = Settlement::new(
            claim.lease.clone().unwrap(),
            claim.idempotency_key.clone(),
            report.outcome,
            report.code,
        );
        // A try that may have had an effect leaves the next one in doubt, however it ended.
        handed.in_doubt |= is_lost || report.outcome != Outcome::NotApplied;
        handed.result = (!is_lost).then_some(result);
        let asked = self.asked_of(&claim).unwrap_or(before.asked);
        let key = is_told.then_some(claim.idempotency_key);
        let told = self.told_of(Step::Deliver, &before, asked, key, report.into());
        let in_doubt = options.in_doubt.unwrap();
        self.told.push(Told { in_doubt, options, ..told });
        self.compare(&before);
    }

    fn settle(&mut self, index: usize) -> bool {
        self.settled = index;
        self.handed[index].is_given = true;
        self.does(Step::Settle)
    }

    pub fn settlement(&self) -> Status {
        let Handed { claim, result, .. } = &self.handed[self.settled];
        let mut result = result.clone().unwrap();
        result.retry_after = Some(Duration::from_secs(10));
        self.outbox.as_ref().unwrap().settle(claim.id, &result)
    }

    /// Notes that the result is at home; the worker does no more.
    pub fn put_down(&mut self, report: &Said) {
        let handed = &mut self.handed[self.settled];
        handed.is_settled |= report.code != Code::OutboxBusy;
        let codes = [Code::Ok, Code::OutboxBusy, Code::OutboxFinal, Code::OutboxNoEntry];
        if !codes.contains(&report.code) {
            let entry = handed.claim.id;
            self.broken.push(format!("entry {entry} cannot be settled: {}", report.message));
        }
    }
}

fn worker(till: &Till) -> Client {
    let network = Network { base: till.base, world: Arc::clone(&till.world) };
    let config = r#"{"api_key":"fsk_test_worker","base_url":"http://127.0.0.1:1"}"#;
    Client::with_transport(&Config::from_json(config).unwrap(), Box::new(network)).unwrap()
}
