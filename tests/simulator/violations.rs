//! Broken promises, counted over many seeds.

use std::collections::BTreeMap;
use std::fmt;

/// What was broken, and in which seeds.
#[derive(Default)]
pub struct Violations {
    /// By rule: violations, and the first seed with one.
    rules: BTreeMap<String, (u64, u64)>,
    seeds: Vec<(u64, Vec<String>)>,
}

impl Violations {
    /// Adds those of one seed; each begins with its rule and a colon.
    pub fn add(&mut self, seed: u64, violations: Vec<String>) {
        for violation in &violations {
            let rule = violation.split(':').next().unwrap_or_default().to_owned();
            self.add_rule(rule, 1, seed);
        }
        if !violations.is_empty() {
            self.seeds.push((seed, violations));
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (rule, (count, first)) in other.rules {
            self.add_rule(rule, count, first);
        }
        self.seeds.extend(other.seeds);
    }

    fn add_rule(&mut self, rule: String, count: u64, first: u64) {
        let row = self.rules.entry(rule).or_insert((0, first));
        *row = (row.0 + count, row.1.min(first));
    }

    /// How many seeds have any.
    pub fn len(&self) -> usize {
        self.seeds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seeds.is_empty()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "violations by rule:")?;
        for (rule, (count, first)) in &self.rules {
            writeln!(f, "  {count:>8}  {rule} | first: {first}")?;
        }
        writeln!(f, "runs with violations: {}", self.seeds.len())?;
        for (seed, violations) in self.seeds.iter().take(20) {
            writeln!(f, "  seed {seed}: {}", violations.join("; "))?;
        }
        Ok(())
    }
}
