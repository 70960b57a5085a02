//! The worlds of issue 12, one small scene for each, by hand: nothing in them is drawn.

mod answers;
mod money;
mod repeats;
mod scene;
mod time;

use std::fmt;

use flexcancel::Outcome;

use super::holds::{Cause, Hold};
use super::stage::{Stage, Told};
use super::story::{Story, end};
use super::world::Act;

/// One world.
pub struct Case {
    /// The item that it belongs to.
    pub item: u8,
    pub name: &'static str,
    /// What the till must be told at the last step; nothing in particular if empty.
    expected: &'static [Outcome],
    /// A word that the advice of the last step must have.
    says: Option<&'static str>,
    play: fn() -> Stage,
}

/// What one world came to.
pub struct Row {
    pub item: u8,
    pub name: &'static str,
    pub told: String,
    pub truth: String,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// Plays every world.
pub fn worlds() -> Vec<Row> {
    let cases = [answers::CASES, repeats::CASES, money::CASES, time::CASES];
    let mut cases: Vec<_> = cases.into_iter().flatten().collect();
    cases.sort_by_key(|case| case.item);
    cases.into_iter().map(Case::row).collect()
}

impl Case {
    fn row(&self) -> Row {
        let story = end((self.play)());
        let mut wrong: Vec<String> =
            story.violations.iter().map(|(violation, _)| violation.rule.to_owned()).collect();
        wrong.dedup();
        let last = story.told.last().unwrap().report.outcome;
        if !self.expected.is_empty() && !self.expected.contains(&last) {
            let expected: Vec<_> = self.expected.iter().map(|outcome| outcome.name()).collect();
            wrong.push(format!("{} is expected", expected.join(" or ")));
        }
        let advice = story.told.last().unwrap().report.advice;
        if let Some(word) = self.says.filter(|word| !advice.contains(word)) {
            wrong.push(format!("the advice does not mention the {word}"));
        }
        let (told, truth) = (told(&story), ground_truth(&story));
        Row { item: self.item, name: self.name, told, truth, wrong }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { item, name, told, truth, wrong } = self;
        let wrong =
            if wrong.is_empty() { "no".to_owned() } else { format!("yes: {}", wrong.join("; ")) };
        write!(f, "{item} | {name} | {told} | {truth} | violation {wrong}")
    }
}

fn told(story: &Story) -> String {
    let step = |told: &Told| {
        let report = &told.report;
        let entry = report
            .outbox
            .as_ref()
            .and_then(|view| view.entry.as_ref().or_else(|| view.entries.last()));
        let entry = entry.map(|entry| format!(", entry {}", entry.state.name()));
        let entry = entry.unwrap_or_default();
        format!("{}: {}, hold={}{entry}", told.step.name(), report.outcome, report.hold)
    };
    story.told.iter().map(step).collect::<Vec<_>>().join("; ")
}

fn ground_truth(story: &Story) -> String {
    let key = story.told.iter().find_map(|told| told.key.as_deref()).unwrap_or_default();
    let ended = story.told.last().unwrap().span.1;
    let first = story.told[0].span.0;
    let holds = story.world.holds.all().iter().enumerate();
    let recent = holds.filter(|(_, hold)| hold.end.as_ref().is_none_or(|end| end.at >= first));
    let texts: Vec<_> = recent
        .map(|(index, hold)| {
            let newer = if hold.made > first { " (newer)" } else { "" };
            format!("hold {}{newer} {}", index + 1, fate(hold, key, ended))
        })
        .collect();
    if texts.is_empty() { "no hold".to_owned() } else { texts.join(", ") }
}

fn fate(hold: &Hold, key: &str, ended: std::time::Duration) -> String {
    let Some(end) = &hold.end else { return "stands".to_owned() };
    let late = if end.at > ended { ", later" } else { "" };
    let how = match &end.by {
        Cause::Cancel { key: Some(by), .. } if by == key => "released by this cancel",
        Cause::Cancel { .. } => "released by another cancel",
        Cause::Act(Act::Capture | Act::CapturePart) => "captured",
        Cause::Act(Act::Cancel) => "released by hand",
        Cause::Act(_) | Cause::Time => "lapsed",
    };
    format!("{how}{late}")
}
