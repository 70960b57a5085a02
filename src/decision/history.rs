//! The history of a call: all its observations so far, summed up. Pure.

use super::funds::{Funds, FundsState};
use super::next::Limits;
use super::observation::{Observation, ReadResult, Release, SendResult};
use super::staleness::HoldAge;
use crate::api::facts::Amount;
use crate::outcome::{Code, Hold};

/// What all observations of a call amount to.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// How often the cancel was handed over.
    pub(super) sends: u32,
    /// How often no connection was made for the cancel, or no look that must come before it.
    pub(super) failed_connects: u32,
    /// A request of this cancel may have reached Flex without a clear response.
    pub(super) in_doubt: bool,
    /// A request of this call may have, and `code` says why.
    pub(super) is_code_of_doubt: bool,
    /// Flex confirmed the cancel.
    pub(super) confirmed: Option<Release>,
    /// Flex confirmed it, and showed money that was captured, now or earlier: so much.
    pub(super) confirmed_with_capture: Option<Amount>,
    /// What Flex reported of the session, and nothing read since contradicts.
    pub(super) reported: Option<Report>,
    /// Flex reported a canceled session, and a hold was seen since.
    pub(super) is_contradicted: bool,
    /// A request was refused in a way that sending it again will not change.
    pub(super) refused: Option<Code>,
    /// The last read-back that showed something.
    pub(super) seen: Option<(Funds, HoldAge)>,
    /// What was read before the last request that was handed over, if its hold was an old one.
    pub(super) before: Option<Funds>,
    /// The trouble that counts: what put a request in doubt, or else the last.
    pub(super) code: Code,
    /// Where the money was when last seen, unless a request since may have changed it.
    pub(super) hold: Hold,
}

/// What Flex reports of a session that it does not cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    Canceled,
    NotCancelable,
}

impl Summary {
    pub(super) fn of(history: &[Observation], limits: Limits) -> Self {
        let in_doubt = limits.in_doubt;
        let mut summary = Self {
            sends: 0,
            failed_connects: 0,
            in_doubt,
            is_code_of_doubt: false,
            confirmed: None,
            confirmed_with_capture: None,
            reported: None,
            is_contradicted: false,
            refused: None,
            seen: None,
            before: None,
            code: Code::Timeout,
            hold: Hold::Unknown,
        };
        for observation in history {
            match *observation {
                Observation::Cancel(result) => summary.add_cancel(result, limits.max_sends),
                Observation::ReadBack(ReadResult::Nothing(code)) => {
                    summary.failed_connects += u32::from(is_passing(code));
                    summary.note_error(code);
                }
                Observation::ReadBack(ReadResult::RefusedExpand) => {}
                Observation::ReadBack(ReadResult::Shows(funds, age)) => {
                    summary.add_reading(funds, age);
                }
            }
        }
        summary
    }

    /// True if it is time to say that nothing was sent. In doubt the time is used to read back.
    pub(super) fn has_failed_to_connect(&self, limits: Limits) -> bool {
        self.sends == 0 && !self.in_doubt && self.failed_connects >= limits.max_connects
    }

    /// Once a request of this call is in doubt, that the network still fails is no news.
    fn note_error(&mut self, code: Code) {
        if !self.is_code_of_doubt || !is_passing(code) {
            self.code = code;
        }
    }

    fn add_cancel(&mut self, result: SendResult, max_sends: u32) {
        if result.is_handed_over() {
            self.sends += 1;
            let is_refused = matches!(result, SendResult::Refused(_) | SendResult::RefusedExpand);
            self.hold = if is_refused { self.hold } else { Hold::Unknown };
            self.before = match self.seen {
                Some((funds, HoldAge::Older)) => Some(funds),
                _ => None,
            };
        }
        match result {
            SendResult::NotSent(code) => {
                self.failed_connects += 1;
                self.note_error(code);
            }
            SendResult::InDoubt(code) => self.put_in_doubt(code),
            SendResult::Confirmed(release) => self.confirmed = Some(release),
            SendResult::ConfirmedWithCapture(funds) => {
                self.confirmed_with_capture = Some(funds.amount_received);
                self.put_in_doubt(result.code());
                self.seen = Some((funds, HoldAge::Older));
            }
            SendResult::ReportedCanceled => self.reported = Some(Report::Canceled),
            SendResult::ReportedNotCancelable => {
                self.reported = Some(Report::NotCancelable);
                self.code = result.code();
            }
            SendResult::Refused(code) => {
                // Sending it again later may help, as long as it may be sent again.
                if code != Code::RateLimited || self.sends >= max_sends {
                    self.refused = Some(code);
                }
                self.code = code;
            }
            SendResult::RefusedExpand => {
                if self.sends >= max_sends {
                    self.refused = Some(result.code());
                }
                self.code = result.code();
            }
        }
    }

    fn put_in_doubt(&mut self, code: Code) {
        self.in_doubt = true;
        self.is_code_of_doubt = true;
        self.code = code;
    }

    fn add_reading(&mut self, funds: Funds, age: HoldAge) {
        self.seen = Some((funds, age));
        self.hold = funds.hold();
        if funds.state == FundsState::Authorized && self.reported == Some(Report::Canceled) {
            self.is_contradicted = true;
            self.reported = None;
        }
    }
}

/// True for trouble that may pass without anybody's doing.
pub(super) const fn is_passing(code: Code) -> bool {
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

#[cfg(test)]
mod tests;
