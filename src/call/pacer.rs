//! When a round trip may begin: a rate that is kept over all calls, and that follows what the
//! service says. Pure, but for the lock.

use std::time::{Duration, Instant};

use crate::sync::{Mutex, MutexGuard, PoisonError};

/// A limit of requests per second, shared by every call that asks it for its turn.
#[derive(Debug)]
pub(crate) struct Pacer(Mutex<Pace>);

/// A moment at which a round trip may begin, if nothing has changed until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) at: Instant,
    /// How often the service had asked to slow down when the turn was given.
    limited: u64,
}

#[derive(Debug)]
struct Pace {
    /// As configured, in requests per second; `None`: unlimited until the service shows a limit.
    configured: Option<f64>,
    /// The rate now, and the highest that is known to be accepted or asked for.
    rate: Option<f64>,
    full_rate: f64,
    /// The first turn, from which the rate rises.
    first: Option<Instant>,
    /// The earliest moment of the next turn.
    next: Option<Instant>,
    paused_until: Option<Instant>,
    limited: u64,
    cut: Option<Instant>,
    raised: Option<Instant>,
    accepted: Accepted,
}

/// How many requests the service has accepted of late.
#[derive(Debug, Default)]
struct Accepted {
    since: Option<Instant>,
    now: u32,
    before: u32,
}

const SECOND: Duration = Duration::from_secs(1);
/// From a tenth of its rate to all of it. The design's "a tenth for the first second" would alone
/// take 0.9 s of ten thousand requests at a thousand a second.
const WARM_UP: Duration = Duration::from_millis(500);
const START: f64 = 0.1;
/// Turns that were not taken are made up for as far as this.
const BURST: Duration = Duration::from_millis(100);
/// What is left of the rate when the service asks to slow down; at most once a second.
const CUT: f64 = 0.7;
/// The least that is left of the full rate.
const FLOOR: f64 = 0.02;
/// The slowest rate, in requests per second.
const SLOWEST: f64 = 0.1;
/// The rate rises again after this long without being asked to slow down,
const QUIET: Duration = Duration::from_secs(2);
/// by this part of the full rate per second.
const RAISE: f64 = 0.05;
/// The pause where the service asks to slow down and does not say for how long.
const PAUSE: Duration = SECOND;

impl Pacer {
    /// A pacer for so many requests per second; `None`: as many as the service accepts.
    pub(crate) fn new(rate_per_second: Option<u32>) -> Self {
        Self(Mutex::new(Pace::new(rate_per_second.map(f64::from))))
    }

    /// Takes the next turn.
    pub(crate) fn turn(&self, now: Instant) -> Turn {
        self.lock().turn(now)
    }

    /// The turn itself if it may be used now, or the one that takes its place.
    pub(crate) fn confirmed(&self, turn: Turn, now: Instant) -> Turn {
        let mut pace = self.lock();
        if turn.limited == pace.limited { turn } else { pace.turn(now) }
    }

    /// The service has answered, and did not ask to slow down.
    pub(crate) fn accepted(&self, now: Instant) {
        self.lock().accepted.count(now);
    }

    /// The service asked to slow down, maybe for how long.
    pub(crate) fn limited(&self, retry_after: Option<Duration>, random: u64, now: Instant) {
        self.lock().slow_down(retry_after.unwrap_or(PAUSE), random, now);
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn new(configured: Option<f64>) -> Self {
        Self {
            configured,
            rate: configured,
            full_rate: configured.unwrap_or_default(),
            first: None,
            next: None,
            paused_until: None,
            limited: 0,
            cut: None,
            raised: None,
            accepted: Accepted::default(),
        }
    }

    fn turn(&mut self, now: Instant) -> Turn {
        let first = *self.first.get_or_insert(now);
        let earliest = self.paused_until.filter(|end| *end > now).unwrap_or(now);
        self.raise(earliest);
        let Some(rate) = self.rate else { return Turn { at: earliest, limited: self.limited } };
        let made_up_for = self.burst(now).unwrap_or(first).max(first);
        let at = self.next.unwrap_or(now).max(made_up_for);
        let at = if earliest > now { at.max(earliest) } else { at };
        self.next = at.checked_add(interval(rate * self.share(first, at)));
        Turn { at: at.max(earliest), limited: self.limited }
    }

    /// How far back turns that were not taken count; none of before a pause do.
    fn burst(&self, now: Instant) -> Option<Instant> {
        let start = now.checked_sub(BURST)?;
        Some(self.paused_until.map_or(start, |end| start.max(end.min(now))))
    }

    /// The part of the rate that is used at this moment: less at the beginning.
    fn share(&self, first: Instant, at: Instant) -> f64 {
        if self.configured.is_none() {
            return 1.0;
        }
        let risen = at.saturating_duration_since(first).as_secs_f64() / WARM_UP.as_secs_f64();
        risen.clamp(START, 1.0)
    }

    fn slow_down(&mut self, wait: Duration, random: u64, now: Instant) {
        // A tenth more at most, so that clients which were told the same do not come back together.
        let jitter = wait.mul_f64(0.1 * (random as f64 / u64::MAX as f64));
        let end = now.checked_add(wait.saturating_add(jitter));
        self.paused_until = self.paused_until.max(end);
        self.limited += 1;
        // Turns that were given and not used as yet are given anew; the last that was used counts.
        self.next = self.rate.and_then(|rate| now.checked_add(interval(rate)));
        self.raised = self.paused_until;
        if self.cut.is_some_and(|cut| now.saturating_duration_since(cut) < SECOND) {
            return;
        }
        self.cut = Some(now);
        let before = self.rate.unwrap_or_else(|| {
            self.full_rate = f64::from(self.accepted.in_a_second(now)).max(1.0);
            self.full_rate
        });
        self.rate = Some((before * CUT).max(self.full_rate * FLOOR).max(SLOWEST));
    }

    /// Has the rate rise again after a quiet time.
    fn raise(&mut self, now: Instant) {
        let (Some(rate), Some(raised)) = (self.rate, self.raised) else { return };
        let quiet_since = self.paused_until.and_then(|end| end.checked_add(QUIET));
        let from = quiet_since.map_or(raised, |quiet| raised.max(quiet));
        let seconds = now.saturating_duration_since(from).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        self.raised = Some(now);
        let risen = rate + self.full_rate * RAISE * seconds;
        self.rate = Some(self.configured.map_or(risen, |configured| risen.min(configured)));
    }
}

impl Accepted {
    fn count(&mut self, now: Instant) {
        self.turn_over(now);
        self.now = self.now.saturating_add(1);
    }

    /// About how many were accepted within a second; the most, where two answers are possible.
    fn in_a_second(&mut self, now: Instant) -> u32 {
        self.turn_over(now);
        self.now.max(self.before)
    }

    fn turn_over(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= SECOND {
            self.before = if passed < SECOND * 2 { self.now } else { 0 };
            self.now = 0;
            self.since = Some(now);
        }
    }
}

/// The time between two turns at this rate.
fn interval(rate: f64) -> Duration {
    Duration::try_from_secs_f64(1.0 / rate).unwrap_or(SECOND * 10)
}

#[cfg(test)]
mod tests;
