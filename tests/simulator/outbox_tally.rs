//! What many runs of the outbox came to.

use std::collections::BTreeMap;
use std::fmt;

use super::outbox::OutboxRun;
use super::parallel::Sum;
use super::violations::Violations;

/// Counts over many runs.
#[derive(Default)]
pub struct OutboxTally {
    pub seeds: u64,
    pub crashes: u64,
    pub restarts: u64,
    /// How many entries were handed over, and how many of these were settled.
    pub claims: (u64, u64),
    /// How the entries ended.
    pub states: BTreeMap<&'static str, u64>,
    pub violations: Violations,
}

impl OutboxTally {
    pub fn add(&mut self, seed: u64, run: OutboxRun) {
        self.seeds += 1;
        self.crashes += run.crashes;
        self.restarts += run.restarts;
        self.claims = (self.claims.0 + run.claims.0, self.claims.1 + run.claims.1);
        for state in run.states {
            *self.states.entry(state.name()).or_default() += 1;
        }
        self.violations.add(seed, run.violations);
    }
}

impl Sum for OutboxTally {
    fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.crashes += other.crashes;
        self.restarts += other.restarts;
        self.claims = (self.claims.0 + other.claims.0, self.claims.1 + other.claims.1);
        for (state, count) in other.states {
            *self.states.entry(state).or_default() += count;
        }
        self.violations.merge(other.violations);
    }

    fn so_far(&self) -> (u64, usize) {
        (self.seeds, self.violations.len())
    }
}

impl fmt::Display for OutboxTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seeds: {}", self.seeds)?;
        writeln!(f, "crashes: {}, starts of the machine: {}", self.crashes, self.restarts)?;
        writeln!(f, "claims: {}, settled: {}", self.claims.0, self.claims.1)?;
        writeln!(f, "entries: {}", self.states.values().sum::<u64>())?;
        for (state, count) in &self.states {
            writeln!(f, "  {count:>10}  {state}")?;
        }
        write!(f, "{}", self.violations)
    }
}
