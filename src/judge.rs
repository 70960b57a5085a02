//! Judges evidence. Pure: no I/O, no clock; the same evidence always gives the same step.
//!
//! Each exchange is first reduced to a [`Finding`], by what it proves. The findings of a call, in
//! order, decide the next [`Step`]. docs/OUTCOMES.md has the same as tables, and a test holds the
//! two together.

use crate::evidence::{Class, Reading};
use crate::outcome::{Code, Hold, Outcome};
use crate::snapshot::Standing;

/// What one exchange proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Of a cancel.
    Sent(Class),
    /// Of a read-back.
    Read(Reading),
}

/// The judge's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) code: Code,
    pub(crate) hold: Hold,
    /// One line for a log.
    pub(crate) because: &'static str,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The evidence suffices, or no more can be had.
    Done(Verdict),
    /// Send the cancel, with the call's one idempotency key.
    Cancel(Pace, &'static str),
    /// Read the session back.
    ReadBack(Pace, &'static str),
}

/// When to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Without waiting.
    AtOnce,
    /// After a wait that grows with each repetition.
    Backoff,
}

const fn verdict(outcome: Outcome, code: Code, hold: Hold, because: &'static str) -> Verdict {
    Verdict { outcome, code, hold, because }
}

/// The next step of a cancel, given all findings so far and the most sends that are allowed.
pub(crate) fn judge_cancel(findings: &[Finding], max_sends: u32) -> Step {
    use Pace::{AtOnce, Backoff};
    let Some(last) = findings.last() else { return Step::Cancel(AtOnce, "first try") };
    let case = Case::of(findings);
    if last.is_final() {
        return Step::Done(judge_at_the_end(findings));
    }
    match *last {
        Finding::Sent(Class::Confirmed) => Step::Done(judge_at_the_end(findings)),
        Finding::Sent(Class::NotSent(_)) if !case.unclear => {
            Step::Cancel(Backoff, "nothing was sent: try again")
        }
        Finding::Sent(Class::Refused(Code::RateLimited))
            if !case.unclear && case.sends < max_sends =>
        {
            Step::Cancel(Backoff, "Flex asked to slow down: try again")
        }
        // Who canceled it, and whether money was taken first, the word alone does not say.
        Finding::Sent(Class::SaysCanceled) => {
            Step::ReadBack(AtOnce, "Flex says canceled: see what became of the money")
        }
        // Refused or too late, and nothing unclear before: Flex's word is enough.
        Finding::Sent(_) if !case.unclear => Step::Done(judge_at_the_end(findings)),
        Finding::Sent(Class::NotSent(_)) => Step::ReadBack(Backoff, "no connection: look again"),
        // After an unclear send an answer proves nothing of that send by itself.
        Finding::Sent(_) => Step::ReadBack(AtOnce, "unclear: see what became of it"),
        Finding::Read(Reading::Nothing(_)) => Step::ReadBack(Backoff, "unreadable: look again"),
        Finding::Read(Reading::Shows(standing)) => {
            if let Some(settled) = case.settled_by(standing) {
                Step::Done(settled)
            } else if case.unclear && case.sends < max_sends && !case.refused {
                Step::Cancel(Backoff, "not canceled as yet: send it again")
            } else {
                Step::ReadBack(Backoff, "not canceled as yet: look again")
            }
        }
    }
}

/// The verdict where nothing more can be done: the time is up, or no step would help.
pub(crate) fn judge_at_the_end(findings: &[Finding]) -> Verdict {
    let case = Case::of(findings);
    if let Some(said) = case.said_by_flex() {
        return said;
    }
    if case.unclear || case.is_contradicted {
        let because = if case.unclear {
            "a request may have reached Flex, and what became of it could not be read back"
        } else {
            "Flex says that the session is canceled, and the read-back shows a hold"
        };
        return verdict(Outcome::Unknown, case.code, case.hold, because);
    }
    let because = match findings.last() {
        Some(Finding::Sent(Class::Refused(_))) => "Flex refused before acting",
        _ => "nothing was handed to the network",
    };
    verdict(Outcome::NotApplied, case.code, Hold::Unknown, because)
}

/// The next step of a retrieve, given all findings so far and the most tries that are allowed.
pub(crate) fn judge_retrieve(findings: &[Finding], max_tries: u32) -> Step {
    match findings.last() {
        Some(Finding::Read(Reading::Shows(standing))) => Step::Done(standing_verdict(*standing)),
        Some(Finding::Read(Reading::Nothing(code))) => {
            if is_passing(*code) && findings.len() < max_tries as usize {
                Step::ReadBack(Pace::Backoff, "unreadable: look again")
            } else {
                Step::Done(judge_unread(findings))
            }
        }
        _ => Step::ReadBack(Pace::AtOnce, "first try"),
    }
}

/// The verdict of a retrieve that read nothing.
pub(crate) fn judge_unread(findings: &[Finding]) -> Verdict {
    let code = findings.last().map_or(Code::Timeout, |last| last.code());
    verdict(Outcome::Unknown, code, Hold::Unknown, "the session could not be read")
}

fn standing_verdict(standing: Standing) -> Verdict {
    use Outcome::{AlreadyCanceled, NotApplied, NotCancelable, Unknown};
    let (outcome, hold, because) = match standing {
        Standing::Held | Standing::HeldAndTaken => (NotApplied, Hold::Held, "the hold is there"),
        Standing::Open => (NotApplied, Hold::None, "the session is open and holds no money"),
        Standing::Canceled => (AlreadyCanceled, Hold::Released, "the session is canceled"),
        Standing::Captured => (NotCancelable, Hold::Captured, "the money was captured"),
        Standing::Expired => (NotCancelable, Hold::None, "the session expired"),
        Standing::Taken => {
            (Unknown, Hold::Unknown, "money was taken; whether more is held is not shown")
        }
        Standing::Hidden => (Unknown, Hold::Unknown, "the answer does not show where the money is"),
    };
    verdict(outcome, Code::Ok, hold, because)
}

/// The findings of a call, summed up.
struct Case {
    /// How often the cancel was handed over.
    sends: u32,
    /// A send may have reached Flex without a clear answer.
    unclear: bool,
    /// Flex confirmed the cancel.
    confirmed: bool,
    /// A send was refused in a way that sending again will not change.
    refused: bool,
    /// Flex said, and nothing read since contradicts it, that the session is canceled.
    says_canceled: bool,
    /// The same, that it is captured, completed or expired.
    says_too_late: bool,
    /// Flex said one of the two, and a hold was seen since.
    is_contradicted: bool,
    /// An answer showed money taken, now or on an earlier hold.
    taken: bool,
    /// The trouble that counts: what made a send unclear, or else the last.
    code: Code,
    /// Where the money was when last seen.
    hold: Hold,
}

impl Case {
    fn of(findings: &[Finding]) -> Self {
        let mut case = Self {
            sends: 0,
            unclear: false,
            confirmed: false,
            refused: false,
            says_canceled: false,
            says_too_late: false,
            is_contradicted: false,
            taken: false,
            code: Code::Timeout,
            hold: Hold::Unknown,
        };
        for finding in findings {
            match *finding {
                Finding::Sent(class) => case.add_send(class),
                Finding::Read(Reading::Nothing(code)) => case.meet(code),
                Finding::Read(Reading::Shows(standing)) => {
                    case.hold = standing.hold();
                    case.taken |= standing.is_taken();
                    if standing.is_held() {
                        case.is_contradicted |= case.says_canceled || case.says_too_late;
                        (case.says_canceled, case.says_too_late) = (false, false);
                    }
                }
            }
        }
        case
    }

    /// Once a send is unclear, that the network still fails is no news.
    fn meet(&mut self, code: Code) {
        if !self.unclear || !is_passing(code) {
            self.code = code;
        }
    }

    fn add_send(&mut self, class: Class) {
        self.sends += u32::from(!matches!(class, Class::NotSent(_)));
        match class {
            Class::NotSent(code) => self.meet(code),
            Class::Unclear(code) => (self.unclear, self.code) = (true, code),
            Class::Confirmed => self.confirmed = true,
            // No hold is left, by Flex's word; who took the money is for the read-back to show.
            Class::ConfirmedButTaken => {
                self.code = class.code();
                (self.unclear, self.says_too_late, self.taken) = (true, true, true);
            }
            Class::SaysCanceled => self.says_canceled = true,
            Class::SaysTooLate => self.says_too_late = true,
            Class::Refused(code) => {
                self.refused |= code != Code::RateLimited;
                self.code = code;
            }
        }
    }

    /// Where the money stands settles the case, whoever brought it there.
    fn settled_by(&self, standing: Standing) -> Option<Verdict> {
        match standing {
            Standing::Canceled => Some(self.canceled("the read-back shows the session canceled")),
            Standing::Captured => Some(verdict(
                Outcome::NotCancelable,
                Code::NotCancelable,
                Hold::Captured,
                "the read-back shows the money captured",
            )),
            Standing::Held | Standing::HeldAndTaken => None,
            // It does not speak against what Flex said of the cancel; money taken does.
            Standing::Expired | Standing::Open | Standing::Taken | Standing::Hidden
                if self.says_canceled && (!self.unclear || standing != Standing::Expired) =>
            {
                Some(if self.taken { TOO_LATE } else { self.canceled(AS_SAID) })
            }
            // By itself, or by our own cancel: in every case no hold is left.
            Standing::Expired => Some(verdict(
                Outcome::NotCancelable,
                Code::NotCancelable,
                Hold::None,
                "the read-back shows the session expired",
            )),
            Standing::Open | Standing::Taken | Standing::Hidden => {
                self.says_too_late.then_some(TOO_LATE)
            }
        }
    }

    /// Canceled: by this call, if one of its sends can have done it.
    fn canceled(&self, because: &'static str) -> Verdict {
        let outcome = if self.unclear { Outcome::Canceled } else { Outcome::AlreadyCanceled };
        verdict(outcome, Code::Ok, Hold::Released, because)
    }

    /// What Flex's own words about the cancel amount to, where no read-back confirms them.
    fn said_by_flex(&self) -> Option<Verdict> {
        if self.confirmed {
            let because = "Flex confirmed the cancel";
            return Some(verdict(Outcome::Canceled, Code::Ok, Hold::Released, because));
        }
        // "Canceled" may be our own doing, and does not say what was captured meanwhile: that no
        // hold is left is true in any case.
        (self.says_canceled || self.says_too_late).then_some(TOO_LATE)
    }
}

const AS_SAID: &str = "Flex says that the session is canceled, and the read-back shows no money";

const TOO_LATE: Verdict = verdict(
    Outcome::NotCancelable,
    Code::NotCancelable,
    Hold::Unknown,
    "Flex says that no hold is left: captured, completed, expired or canceled",
);

/// True for trouble that may pass without anybody's doing.
const fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Dns
            | Code::Connect
            | Code::Timeout
            | Code::ConnectionLost
            | Code::Protocol
            | Code::RateLimited
            | Code::ServerError
    )
}

impl Finding {
    /// True if whatever is done next would only meet the same trouble.
    const fn is_final(self) -> bool {
        match self {
            Self::Sent(Class::NotSent(code)) => {
                matches!(code, Code::Aborted | Code::Tls | Code::Internal)
            }
            Self::Sent(class) => matches!(class.code(), Code::Aborted),
            Self::Read(reading) => matches!(
                reading,
                Reading::Nothing(
                    Code::Aborted
                        | Code::Internal
                        | Code::ModeMismatch
                        | Code::Unauthorized
                        | Code::Forbidden
                )
            ),
        }
    }

    /// The code that the attempts list shows.
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::Sent(class) => class.code(),
            Self::Read(Reading::Nothing(code)) => code,
            Self::Read(Reading::Shows(_)) => Code::Ok,
        }
    }
}

#[cfg(test)]
mod tests;
