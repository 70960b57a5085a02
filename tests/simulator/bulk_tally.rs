//! What many bulk stories came to.

use std::collections::BTreeMap;
use std::fmt;

use super::bulk::BulkStory;
use super::parallel::Sum;
use super::violations::Violations;

/// Counts over many stories.
#[derive(Default)]
pub struct BulkTally {
    pub seeds: u64,
    pub kills: u64,
    pub requests: u64,
    pub from_journal: u64,
    /// How the runs ended that were not killed.
    pub ends: BTreeMap<&'static str, u64>,
    pub outcomes: BTreeMap<&'static str, u64>,
    pub violations: Violations,
}

impl BulkTally {
    pub fn add(&mut self, seed: u64, story: BulkStory) {
        let mut own = Self {
            seeds: 1,
            kills: story.kills,
            requests: story.requests,
            from_journal: story.from_journal,
            ends: story.ends,
            outcomes: story.outcomes,
            ..Self::default()
        };
        own.violations.add(seed, story.violations);
        self.merge(own);
    }
}

impl Sum for BulkTally {
    fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.kills += other.kills;
        self.requests += other.requests;
        self.from_journal += other.from_journal;
        for (counts, others) in [(&mut self.ends, other.ends), (&mut self.outcomes, other.outcomes)]
        {
            for (name, count) in others {
                *counts.entry(name).or_default() += count;
            }
        }
        self.violations.merge(other.violations);
    }

    fn so_far(&self) -> (u64, usize) {
        (self.seeds, self.violations.len())
    }
}

impl fmt::Display for BulkTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seeds: {}", self.seeds)?;
        writeln!(f, "runs that were killed: {}", self.kills)?;
        writeln!(f, "requests: {}", self.requests)?;
        for (what, counts) in [("other runs", &self.ends), ("results", &self.outcomes)] {
            writeln!(f, "{what}: {}", counts.values().sum::<u64>())?;
            for (name, count) in counts {
                writeln!(f, "  {count:>10}  {name}")?;
            }
        }
        writeln!(f, "results from a journal: {}", self.from_journal)?;
        write!(f, "{}", self.violations)
    }
}
