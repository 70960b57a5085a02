//! Every hold that there ever was on the session's money, and how each ended.

use std::collections::BTreeSet;
use std::time::Duration;

use flex_sandbox::GroundTruth;

use super::world::Act;

/// A hold on the card.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The payment intent that it is on.
    pub intent: String,
    pub made: Duration,
    /// The payment intent was made with it, so that the intent's age is the hold's age.
    pub is_new_intent: bool,
    pub end: Option<End>,
    /// A binding acknowledgement ended it, and the payment intent still shows it.
    is_promised: bool,
}

/// How a hold ended.
#[derive(Clone, Debug)]
pub struct End {
    pub at: Duration,
    pub by: Cause,
}

/// What changed the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A cancel that a till sent: the request's number and its idempotency key.
    Cancel { number: u64, key: Option<String> },
    /// Somebody else.
    Act(Act),
    /// Nobody: it lapsed.
    Time,
}

/// All holds of one session, in the order in which they were made.
#[derive(Debug, Default)]
pub struct Holds {
    all: Vec<Hold>,
    /// The payment intents that there have been.
    intents: BTreeSet<String>,
}

impl Hold {
    pub fn is_standing(&self, at: Duration) -> bool {
        self.made <= at && self.end.as_ref().is_none_or(|end| end.at > at)
    }

    /// True if a cancel with this key ended it.
    pub fn was_ended_with(&self, key: &str) -> bool {
        self.end
            .as_ref()
            .is_some_and(|end| matches!(&end.by, Cause::Cancel { key: Some(by), .. } if by == key))
    }

    /// True if it ended, and not by being captured.
    pub fn was_released(&self) -> bool {
        let took = [Cause::Act(Act::Capture), Cause::Act(Act::CapturePart)];
        self.end.as_ref().is_some_and(|end| !took.contains(&end.by))
    }
}

impl Holds {
    /// True if the same payment intent was authorized again: then no trace may be left of this
    /// hold's end.
    pub fn is_reused(&self, hold: &Hold) -> bool {
        let mut others = self.all.iter();
        others.any(|other| other.intent == hold.intent && other.made > hold.made)
    }

    pub fn all(&self) -> &[Hold] {
        &self.all
    }

    /// The holds at a moment that are not newer than another moment.
    pub fn standing(&self, at: Duration, not_after: Duration) -> impl Iterator<Item = &Hold> {
        self.all.iter().filter(move |hold| hold.made <= not_after && hold.is_standing(at))
    }

    pub fn released_with(&self, key: &str) -> impl Iterator<Item = &Hold> {
        self.all.iter().filter(move |hold| hold.was_ended_with(key))
    }

    /// Brings it up to date. `is_free`: some money is held that no binding acknowledgement is
    /// about to release.
    pub fn update(
        &mut self,
        now: Duration,
        truth: &GroundTruth,
        is_free: bool,
        cause: impl Fn(&str) -> End,
    ) {
        for hold in self.all.iter_mut() {
            let shown = truth.intents.iter().find(|intent| intent.id == hold.intent);
            let is_shown = shown.is_some_and(|intent| intent.amount_capturable > 0);
            hold.is_promised &= is_shown;
            if hold.end.is_none() && !(is_shown && is_free) {
                hold.is_promised = is_shown;
                hold.end = Some(cause(&hold.intent));
            }
        }
        for intent in truth.intents.iter().filter(|intent| intent.amount_capturable > 0) {
            let earlier = || self.all.iter().filter(|hold| hold.intent == intent.id);
            if !is_free || earlier().any(|hold| hold.end.is_none() || hold.is_promised) {
                continue;
            }
            let (id, is_new_intent) = (intent.id.clone(), !self.intents.contains(&intent.id));
            let hold = Hold { intent: id, made: now, is_new_intent, end: None, is_promised: false };
            self.all.push(hold);
        }
        if self.intents.len() < truth.intents.len() {
            self.intents.extend(truth.intents.iter().map(|intent| intent.id.clone()));
        }
    }
}
