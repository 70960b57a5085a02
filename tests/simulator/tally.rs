//! What many stories came to.

use std::collections::BTreeMap;
use std::fmt;

use flex_sandbox::Dialect;
use flexcancel::Outcome;

use super::holds::Cause;
use super::parallel::Sum;
use super::stage::Step;
use super::story::Story;
use super::world::Act;

/// How many violations are shown one by one.
const SHOWN: usize = 20;

/// Counts over many stories.
#[derive(Default)]
pub struct Tally {
    pub seeds: u64,
    pub faults: BTreeMap<&'static str, u64>,
    /// By step: outcomes.
    pub outcomes: BTreeMap<(&'static str, &'static str), u64>,
    /// By the value of an axis: first asks, and those that ended unknown.
    unknown: BTreeMap<(&'static str, &'static str), (u64, u64)>,
    /// The same, of all.
    unknown_in_all: (u64, u64),
    /// First asks that ended unknown, by why.
    reasons: BTreeMap<String, u64>,
    /// First asks in the kindest dialect that met no fault and were answered 200 at first, where
    /// nothing was captured and no check was asked for; and their round trips: of tills whose clock
    /// is right, and of the others.
    plain: [(u64, u64); 2],
    /// First asks in the kindest dialect in which a response got through that decides, and those of
    /// them that ended unknown all the same.
    pub decided_in_kindest: u64,
    pub unknown_though_decided: Vec<u64>,
    /// By rule and world: stories, and the first of them.
    pub worlds: BTreeMap<(&'static str, String), (u64, u64)>,
    /// Seeds whose stories contradict the truth or the rules, and how.
    pub violations: Vec<(u64, Vec<&'static str>)>,
}

impl Tally {
    pub fn add(&mut self, seed: u64, story: Story) {
        self.seeds += 1;
        for (_, fault) in &story.world.faults {
            *self.faults.entry(fault).or_default() += 1;
        }
        for told in &story.told {
            let outcome = (told.step.name(), told.report.outcome.name());
            *self.outcomes.entry(outcome).or_default() += 1;
        }
        self.add_first(seed, &story);
        if story.violations.is_empty() {
            return;
        }
        let mut rules = Vec::new();
        for (violation, world) in story.violations {
            rules.push(violation.rule);
            let row = self.worlds.entry((violation.rule, world)).or_insert((0, seed));
            *row = (row.0 + 1, row.1.min(seed));
        }
        self.violations.push((seed, rules));
    }

    fn add_first(&mut self, seed: u64, story: &Story) {
        let (first, world) = (&story.told[0], &story.world);
        let is_unknown = first.report.outcome == Outcome::Unknown;
        let count = |row: &mut (u64, u64)| *row = (row.0 + 1, row.1 + u64::from(is_unknown));
        world.dialect.axes().into_iter().for_each(|axis| {
            count(self.unknown.entry(axis).or_default());
        });
        count(&mut self.unknown_in_all);
        if is_unknown {
            // What follows the reason is what the last response said.
            let message = &first.report.message;
            let reason = message.split_once(": ").map_or(message.as_str(), |(reason, _)| reason);
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
        if world.dialect != Dialect::default() {
            return;
        }
        let is_accepted =
            first.report.attempts.first().is_some_and(|it| it.http_status == Some(200));
        let is_untaken = world.history.iter().all(|moment| moment.captured == 0);
        // Of what was captured in part, nobody can tell who released the rest.
        let is_whole = match world.holds.all() {
            [hold] => !hold.end.as_ref().is_some_and(|end| end.by == Cause::Act(Act::CapturePart)),
            _ => is_untaken,
        };
        let is_plain = is_untaken && first.options.verify.is_none();
        if world.faults.is_empty() && is_accepted && is_plain {
            let row = &mut self.plain[usize::from(world.clock.ahead_ms != 0)];
            *row = (row.0 + 1, row.1 + first.round_trips as u64);
        }
        if story.told.len() == 1 && world.decided && is_whole && !world.reauthorized {
            self.decided_in_kindest += 1;
            self.unknown_though_decided.extend(is_unknown.then_some(seed));
        }
    }
}

impl Tally {
    fn show_violations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rules, mut worlds) = (BTreeMap::new(), BTreeMap::new());
        for ((rule, world), (count, _)) in &self.worlds {
            *rules.entry(*rule).or_insert(0) += count;
            *worlds.entry(world.as_str()).or_insert(0) += count;
        }
        for (title, counts) in [("violations by rule:", rules), ("violations by world:", worlds)] {
            writeln!(f, "{title}")?;
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            for (name, count) in counts {
                writeln!(f, "  {count:>8}  {name}")?;
            }
        }
        writeln!(f, "violations by rule and world:")?;
        for ((rule, world), (count, first)) in &self.worlds {
            writeln!(f, "  {count:>8}  {rule} | {world} | first: {first}")?;
        }
        Ok(())
    }
}

impl Sum for Tally {
    fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        let add = |sum: &mut (u64, u64), more: (u64, u64)| *sum = (sum.0 + more.0, sum.1 + more.1);
        for (axis, row) in other.unknown {
            add(self.unknown.entry(axis).or_default(), row);
        }
        add(&mut self.unknown_in_all, other.unknown_in_all);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        for (row, more) in self.plain.iter_mut().zip(other.plain) {
            add(row, more);
        }
        self.decided_in_kindest += other.decided_in_kindest;
        self.unknown_though_decided.extend(other.unknown_though_decided);
        for (key, (count, first)) in other.worlds {
            let row = self.worlds.entry(key).or_insert((0, first));
            *row = (row.0 + count, row.1.min(first));
        }
        self.violations.extend(other.violations);
    }

    fn so_far(&self) -> (u64, usize) {
        (self.seeds, self.violations.len())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |(whole, part): (u64, u64)| 100.0 * part as f64 / whole.max(1) as f64;
        writeln!(f, "seeds: {}", self.seeds)?;
        writeln!(f, "faults and incidents: {}", self.faults.values().sum::<u64>())?;
        for (fault, count) in &self.faults {
            writeln!(f, "  {count:>10}  {fault}")?;
        }
        writeln!(f, "outcomes, by step:")?;
        for ((step, outcome), count) in &self.outcomes {
            writeln!(f, "  {count:>10}  {step}: {outcome}")?;
        }
        writeln!(f, "share of unknown among first asks: {:.2} %", share(self.unknown_in_all))?;
        for ((axis, value), row) in &self.unknown {
            writeln!(f, "  {:>6.2} %  {axis}={value}", share(*row))?;
        }
        writeln!(f, "first asks that ended unknown, by reason:")?;
        for (reason, count) in &self.reasons {
            writeln!(f, "  {count:>10}  {reason}")?;
        }
        let clocks = ["", ", the till's clock being wrong"];
        for ((plain, round_trips), clock) in self.plain.iter().zip(clocks) {
            let average = *round_trips as f64 / (*plain).max(1) as f64;
            writeln!(
                f,
                "round trips per cancel in the plain case{clock}: {average:.3}, of {plain}"
            )?;
        }
        writeln!(
            f,
            "unknown in the kindest dialect, of {} stories in which a response decides: {}",
            self.decided_in_kindest,
            self.unknown_though_decided.len(),
        )?;
        self.show_violations(f)?;
        writeln!(f, "stories with violations: {}", self.violations.len())?;
        for (seed, violations) in self.violations.iter().take(SHOWN) {
            writeln!(f, "  seed {seed}: {}", violations.join("; "))?;
        }
        Ok(())
    }
}
