//! What many runs came to.

use std::collections::BTreeMap;
use std::fmt;

use flex_sandbox::Dialect;
use flexcancel::Outcome;

use super::run::Run;

/// Counts over many runs.
#[derive(Default)]
pub struct Tally {
    pub seeds: u64,
    pub faults: BTreeMap<&'static str, u64>,
    pub outcomes: BTreeMap<&'static str, u64>,
    /// By dialect: runs, and runs that ended unknown.
    pub unknown: BTreeMap<String, (u64, u64)>,
    /// Runs in the kindest dialect in which an answer got through that decides, and those of
    /// them in which the outcome is unknown all the same.
    pub decided_in_kindest: u64,
    pub unknown_though_decided: Vec<u64>,
    /// Seeds whose runs contradict the truth or the rules, and how.
    pub violations: Vec<(u64, Vec<String>)>,
}

impl Tally {
    pub fn add(&mut self, seed: u64, run: Run) {
        self.seeds += 1;
        for fault in &run.faults {
            *self.faults.entry(fault).or_default() += 1;
        }
        *self.outcomes.entry(run.report.outcome.name()).or_default() += 1;
        let is_unknown = run.report.outcome == Outcome::Unknown;
        let (runs, unknown) = self.unknown.entry(run.dialect.to_string()).or_default();
        *runs += 1;
        *unknown += u64::from(is_unknown);
        if run.decided && run.dialect == Dialect::default() {
            self.decided_in_kindest += 1;
            self.unknown_though_decided.extend(is_unknown.then_some(seed));
        }
        if !run.violations.is_empty() {
            self.violations.push((seed, run.violations));
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        for (dialect, (runs, unknown)) in other.unknown {
            let sum = self.unknown.entry(dialect).or_default();
            *sum = (sum.0 + runs, sum.1 + unknown);
        }
        self.decided_in_kindest += other.decided_in_kindest;
        self.unknown_though_decided.extend(other.unknown_though_decided);
        self.violations.extend(other.violations);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        writeln!(f, "seeds: {}", self.seeds)?;
        writeln!(f, "faults injected: {}", self.faults.values().sum::<u64>())?;
        for (fault, count) in &self.faults {
            writeln!(f, "  {count:>10}  {fault}")?;
        }
        writeln!(f, "outcomes:")?;
        for (outcome, count) in &self.outcomes {
            writeln!(f, "  {count:>10}  {:>5.1} %  {outcome}", share(*count, self.seeds))?;
        }
        writeln!(f, "share of unknown, by dialect:")?;
        for (dialect, (runs, unknown)) in &self.unknown {
            writeln!(f, "  {:>5.1} %  {dialect}", share(*unknown, *runs))?;
        }
        writeln!(
            f,
            "unknown in the kindest dialect, of {} runs in which an answer decides: {} {:?}",
            self.decided_in_kindest,
            self.unknown_though_decided.len(),
            self.unknown_though_decided
        )?;
        writeln!(f, "violations: {}", self.violations.len())?;
        for (seed, violations) in self.violations.iter().take(20) {
            writeln!(f, "  seed {seed}: {}", violations.join("; "))?;
        }
        Ok(())
    }
}
