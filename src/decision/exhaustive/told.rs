//! What a call was told so far: the real history, and what of it matters.

use std::hash::{Hash, Hasher};

use crate::api::facts::Amount;
use crate::decision::funds::Funds;
use crate::decision::history::{Report, Summary, is_passing};
use crate::decision::staleness::HoldAge;
use crate::decision::{Limits, Observation, ReadResult, SendResult};
use crate::outcome::{Code, Hold};

/// The history of a call. Two that the decision cannot tell apart are equal: it sees a history
/// only through its summary, which is a fold, and through the last observation.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) history: Vec<Observation>,
    key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    last: Option<Observation>,
    is_expand_refused: bool,
    sends: u32,
    /// Up to the limit, and only where it counts.
    failed_connects: u32,
    in_doubt: bool,
    confirmed: Option<crate::decision::observation::Release>,
    confirmed_with_capture: Option<Amount>,
    reports_canceled: Option<bool>,
    is_contradicted: bool,
    refused: Option<Code>,
    /// Whether the code that counts is `not_found`, and was before the last observation.
    is_not_found: bool,
    was_not_found: bool,
    seen: Option<(Funds, HoldAge)>,
    before: Option<Funds>,
    hold: Hold,
}

impl Told {
    pub(super) fn nothing(limits: Limits) -> Self {
        Self { history: Vec::new(), key: Key::of(&[], limits) }
    }

    pub(super) fn and(&self, observation: Observation, limits: Limits) -> Self {
        let mut history = self.history.clone();
        history.push(observation);
        let key = Key::of(&history, limits);
        Self { history, key }
    }

    pub(super) const fn is_expand_refused(&self) -> bool {
        self.key.is_expand_refused
    }

    /// True if an earlier request may have reached Flex without a clear response.
    pub(super) const fn is_in_doubt(&self) -> bool {
        self.key.in_doubt
    }
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Hash for Told {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Key {
    /// Names every member of the summary, so that a new one is not forgotten here.
    fn of(history: &[Observation], limits: Limits) -> Self {
        let Summary {
            sends,
            failed_connects,
            in_doubt,
            confirmed,
            confirmed_with_capture,
            reported,
            is_contradicted,
            refused,
            seen,
            before,
            code,
            hold,
            // Decides only which code is told.
            is_code_of_doubt: _,
        } = Summary::of(history, limits);
        let before_last = history.split_last().map(|(_, before)| before);
        Self {
            last: history.last().copied().map(essence),
            is_expand_refused: history.iter().any(|observation| observation.is_refused_expand()),
            sends,
            failed_connects: if sends == 0 && !in_doubt {
                failed_connects.min(limits.max_connects)
            } else {
                0
            },
            in_doubt,
            confirmed,
            confirmed_with_capture,
            reports_canceled: reported.map(|report| report == Report::Canceled),
            is_contradicted,
            refused: refused.map(kind),
            is_not_found: code == Code::NotFound,
            was_not_found: before_last
                .is_some_and(|before| Summary::of(before, limits).code == Code::NotFound),
            seen,
            before,
            hold,
        }
    }
}

/// An observation without what tells only a person something.
pub(super) fn essence(observation: Observation) -> Observation {
    use SendResult::{InDoubt, NotSent, Refused};
    match observation {
        Observation::Cancel(NotSent(code)) => Observation::Cancel(NotSent(kind(code))),
        Observation::Cancel(InDoubt(code)) => Observation::Cancel(InDoubt(kind(code))),
        Observation::Cancel(Refused(code)) => Observation::Cancel(Refused(kind(code))),
        Observation::ReadBack(ReadResult::Nothing(code)) => {
            Observation::ReadBack(ReadResult::Nothing(kind(code)))
        }
        other => other,
    }
}

/// The decision asks a code only whether it is one of these.
fn kind(code: Code) -> Code {
    match code {
        Code::RateLimited | Code::Unauthorized | Code::Forbidden | Code::NotFound => code,
        _ if is_passing(code) => Code::Timeout,
        _ => Code::Rejected,
    }
}
