//! The truth of a session in the model: where its money really is.

use super::dialect::{Dialect, Effect, Expiry, Reauthorization, Rest};

/// The most payment intents that a session has.
const INTENTS: usize = 3;

/// What a payment intent really is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum IntentState {
    #[default]
    Absent,
    Unpaid,
    Held,
    /// A part was captured, and the rest is held.
    PartHeld,
    Captured,
    /// A part was captured, and the rest was released.
    PartCaptured,
    Canceled,
}

/// A cancel of ours that was acknowledged and has not taken effect yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Due {
    #[default]
    Nothing,
    /// It will take effect, and nothing can be captured before.
    Surely,
    /// It may take effect, unless something comes before.
    Perhaps,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Intent {
    pub(super) state: IntentState,
    /// Its hold was made after the cancel was asked for.
    pub(super) is_newer: bool,
    pub(super) due: Due,
    /// Something of it was captured after the cancel was asked for.
    pub(super) has_newer_capture: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Status {
    Open,
    Complete,
    Expired,
    Canceled,
}

/// A session as it really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Money {
    /// Sorted, so that symmetric sessions are one state.
    pub(super) intents: [Intent; INTENTS],
    pub(super) status: Status,
    /// How many payments the session is for.
    pub(super) parts: u8,
}

/// What others may do to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Pay,
    CaptureAll,
    CapturePart,
    CancelByHand,
    Expire,
    Reauthorize,
}

impl Act {
    pub(super) const ALL: [Self; 6] = [
        Self::Pay,
        Self::CaptureAll,
        Self::CapturePart,
        Self::CancelByHand,
        Self::Expire,
        Self::Reauthorize,
    ];
}

impl Intent {
    pub(super) const fn new(state: IntentState) -> Self {
        Self { state, is_newer: false, due: Due::Nothing, has_newer_capture: false }
    }

    /// A hold that is made after the cancel was asked for.
    const fn newly_held() -> Self {
        Self { is_newer: true, ..Self::new(IntentState::Held) }
    }

    pub(super) const fn is_held(self) -> bool {
        matches!(self.state, IntentState::Held | IntentState::PartHeld)
    }

    /// What is left of it without its hold.
    pub(super) const fn released(self) -> Self {
        let state = match self.state {
            IntentState::Held => IntentState::Canceled,
            IntentState::PartHeld => IntentState::PartCaptured,
            other => other,
        };
        Self { state, due: Due::Nothing, ..self }
    }

    pub(super) const fn has_capture(self) -> bool {
        use IntentState::{Captured, PartCaptured, PartHeld};
        matches!(self.state, Captured | PartCaptured | PartHeld)
    }
}

impl Money {
    pub(super) fn new(states: &[IntentState], status: Status) -> Self {
        let mut intents = [Intent::default(); INTENTS];
        for (intent, state) in intents.iter_mut().zip(states) {
            *intent = Intent::new(*state);
        }
        let paid = states.iter().filter(|state| **state != IntentState::Canceled).count();
        let parts = u8::try_from(paid).unwrap_or(1).max(1);
        Self { intents, status, parts }.sorted()
    }

    pub(super) fn sorted(mut self) -> Self {
        self.intents.sort_unstable();
        self
    }

    pub(super) fn has_hold(&self) -> bool {
        self.intents.iter().any(|intent| intent.is_held())
    }

    /// True if a hold is left that was there when the cancel was asked for. One that will surely
    /// be released counts as released.
    pub(super) fn has_older_hold(&self) -> bool {
        let is_left = |intent: &Intent| intent.is_held() && intent.due != Due::Surely;
        self.intents.iter().any(|intent| is_left(intent) && !intent.is_newer)
    }

    pub(super) fn has_newer_hold(&self) -> bool {
        self.intents.iter().any(|intent| intent.is_held() && intent.is_newer)
    }

    pub(super) fn has_capture(&self) -> bool {
        self.intents.iter().any(|intent| intent.has_capture())
    }

    pub(super) fn is_due(&self) -> bool {
        self.intents.iter().any(|intent| intent.due != Due::Nothing)
    }

    /// The same without what nobody can see.
    pub(super) fn visible(mut self, dialect: Dialect) -> Self {
        for intent in &mut self.intents {
            if dialect.effect != Effect::InProgress {
                intent.due = Due::Nothing;
            }
        }
        self.sorted()
    }

    fn map(mut self, change: impl Fn(Intent) -> Intent) -> Self {
        self.intents = self.intents.map(change);
        self
    }

    /// Releases every hold.
    pub(super) fn voided(self) -> Self {
        Self { status: Status::Canceled, ..self.map(Intent::released) }.sorted()
    }

    /// The session after an act of others, if there is something to act on.
    pub(super) fn after(self, act: Act, dialect: Dialect) -> Option<Self> {
        let after = match act {
            Act::Pay => self.paid(dialect),
            Act::CaptureAll => self.captured(|_| IntentState::Captured),
            Act::CapturePart => self.captured(|state| match (state, dialect.rest) {
                (IntentState::Held, Rest::Kept) => IntentState::PartHeld,
                (IntentState::Held, Rest::Released) => IntentState::PartCaptured,
                // The last part.
                _ => IntentState::Captured,
            }),
            Act::CancelByHand if self.status == Status::Canceled && !self.has_hold() => self,
            Act::CancelByHand if !self.has_hold() && self.has_capture() => self,
            Act::CancelByHand => self.voided(),
            Act::Expire if matches!(self.status, Status::Open | Status::Complete) => {
                let money = match dialect.expiry {
                    Expiry::ReleasesTheHold => self.map(Intent::released),
                    Expiry::OfTheLinkAlone => self,
                };
                Self { status: Status::Expired, ..money }
            }
            Act::Expire => self,
            Act::Reauthorize => self.reauthorized(dialect),
        }
        .sorted();
        (after != self).then_some(after)
    }

    fn captured(self, state: impl Fn(IntentState) -> IntentState) -> Self {
        let money = self.map(|intent| {
            let is_free = intent.is_held() && intent.due != Due::Surely;
            if !is_free {
                return intent;
            }
            let state = state(intent.state);
            Intent { state, due: Due::Nothing, has_newer_capture: true, ..intent }
        });
        let status = if money == self { self.status } else { Status::Complete };
        Self { status, ..money }
    }

    fn paid(mut self, dialect: Dialect) -> Self {
        let is_unpaid = |intent: &&mut Intent| intent.state == IntentState::Unpaid;
        if self.status != Status::Open {
            return self;
        }
        if let Some(intent) = self.intents.iter_mut().find(is_unpaid) {
            *intent = Intent::newly_held();
            self.status = dialect.paid;
        }
        self
    }

    fn reauthorized(mut self, dialect: Dialect) -> Self {
        let from = match dialect.reauthorization {
            Reauthorization::NewIntent { .. } => IntentState::Absent,
            Reauthorization::SameIntent { .. } => IntentState::Canceled,
        };
        if let Some(intent) = self.intents.iter_mut().find(|intent| intent.state == from) {
            *intent = Intent::newly_held();
            if dialect.reauthorization.resets_status() {
                self.status = dialect.paid;
            }
        }
        self
    }
}
