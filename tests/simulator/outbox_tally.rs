//! What many runs of the outbox came to.

use std::collections::BTreeMap;
use std::fmt;

use super::outbox::OutboxRun;
use super::parallel::Sum;

/// Counts over many runs.
#[derive(Default)]
pub struct OutboxTally {
    pub seeds: u64,
    pub crashes: u64,
    pub restarts: u64,
    /// How the entries ended.
    pub states: BTreeMap<&'static str, u64>,
    /// By rule: violations, and the first seed with one.
    rules: BTreeMap<String, (u64, u64)>,
    /// Seeds whose runs broke a promise, and how.
    pub violations: Vec<(u64, Vec<String>)>,
}

impl OutboxTally {
    pub fn add(&mut self, seed: u64, run: OutboxRun) {
        self.seeds += 1;
        self.crashes += run.crashes;
        self.restarts += run.restarts;
        for state in run.states {
            *self.states.entry(state.name()).or_default() += 1;
        }
        for violation in &run.violations {
            let rule = violation.split(':').next().unwrap_or_default().to_owned();
            let row = self.rules.entry(rule).or_insert((0, seed));
            *row = (row.0 + 1, row.1.min(seed));
        }
        if !run.violations.is_empty() {
            self.violations.push((seed, run.violations));
        }
    }
}

impl Sum for OutboxTally {
    fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.crashes += other.crashes;
        self.restarts += other.restarts;
        for (state, count) in other.states {
            *self.states.entry(state).or_default() += count;
        }
        for (rule, (count, first)) in other.rules {
            let row = self.rules.entry(rule).or_insert((0, first));
            *row = (row.0 + count, row.1.min(first));
        }
        self.violations.extend(other.violations);
    }

    fn so_far(&self) -> (u64, usize) {
        (self.seeds, self.violations.len())
    }
}

impl fmt::Display for OutboxTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seeds: {}", self.seeds)?;
        writeln!(f, "crashes: {}, starts of the machine: {}", self.crashes, self.restarts)?;
        writeln!(f, "entries: {}", self.states.values().sum::<u64>())?;
        for (state, count) in &self.states {
            writeln!(f, "  {count:>10}  {state}")?;
        }
        writeln!(f, "violations by rule:")?;
        for (rule, (count, first)) in &self.rules {
            writeln!(f, "  {count:>8}  {rule} | first: {first}")?;
        }
        writeln!(f, "runs with violations: {}", self.violations.len())?;
        for (seed, violations) in self.violations.iter().take(20) {
            writeln!(f, "  seed {seed}: {}", violations.join("; "))?;
        }
        Ok(())
    }
}
