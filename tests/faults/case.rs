//! One case: the fault, and what is expected.

use std::ops::Range;
use std::time::Duration;

use flex_sandbox::{Dialect, ErrorShape, Fault, Injection, Operation, Sandbox, Scripted};
use flexcancel::{Code, Hold, Outcome, Report};

/// One case of the matrix.
pub struct Case {
    /// Its number in docs/FAULTS.md.
    pub row: u16,
    /// The fault, in words. Cases with the same words are shown as one.
    pub fault: String,
    pub act: Act,
    pub expected: Expected,
}

pub enum Act {
    /// The sandbox goes wrong as given.
    Given(Box<Given>),
    /// A special case: it is run by a function of its own.
    Special(fn() -> Told),
}

/// The outcome, and the codes that may stand beside it.
#[derive(Clone, Copy)]
pub struct Expected(pub Outcome, pub &'static [Code]);

pub const CANCELED: Expected = Expected(Outcome::Canceled, &[Code::Ok]);
pub const ALREADY_CANCELED: Expected = Expected(Outcome::AlreadyCanceled, &[Code::Ok]);
pub const TOO_LATE: Expected = Expected(Outcome::NotCancelable, &[Code::NotCancelable]);

pub fn unknown(codes: &'static [Code]) -> Expected {
    Expected(Outcome::Unknown, codes)
}

pub const fn not_applied(codes: &'static [Code]) -> Expected {
    Expected(Outcome::NotApplied, codes)
}

/// What a case came to.
#[derive(Default)]
pub struct Told {
    /// None where no call is to be made.
    pub report: Option<Report>,
    pub complaints: Vec<String>,
    /// How much later than its deadline the call returned.
    pub overshoot: Duration,
}

impl Told {
    pub fn of(report: Report) -> Told {
        Told { report: Some(report), ..Told::default() }
    }

    pub fn expect_attempts(&mut self, expected: usize) {
        let made = self.report.as_ref().map_or(0, |report| report.attempts.len());
        self.expect(made == expected, format!("{made} attempts, not {expected}"));
    }

    /// Notes what is not as it must be.
    pub fn expect(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.complaints.push(what.into());
        }
    }
}

/// Where the session stands when the call begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Session {
    Open,
    Held,
    Captured,
    Expired,
    Canceled,
    /// Expired after it was paid.
    HeldExpired,
    /// Two payment intents hold money.
    HeldTwice,
    /// One payment intent is captured, and another holds money.
    HeldBesideCaptured,
    /// A part of the hold is captured.
    CapturedInPart,
}

/// What else happens to the session, after the first round trip.
pub type Meanwhile = fn(&Sandbox, &str);

/// The first response, word for word, for a session.
pub type Script = dyn Fn(&str) -> Scripted + Send + Sync;

pub struct Given {
    pub tls: bool,
    pub dialect: Dialect,
    pub error_shape: ErrorShape,
    pub session: Session,
    /// Whether the client has a connection already.
    pub warm: bool,
    pub faults: Vec<Injection>,
    pub script: Option<Box<Script>>,
    pub meanwhile: Option<Meanwhile>,
    /// Further options of the call, as members of their JSON with a comma before each.
    pub options: &'static str,
    pub timeout_ms: u64,
    pub connect_timeout_ms: u64,
    pub outage_ms: Option<u64>,
    /// How many round trips there must be, if the row says.
    pub round_trips: Option<usize>,
    /// How long the call must take.
    pub takes_ms: Range<u64>,
    /// What the report must say of the hold, if the row says.
    pub hold: Option<Hold>,
    /// What the session in the report must still hold, word for word.
    pub keeps: Option<&'static str>,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            tls: false,
            dialect: Dialect::default(),
            error_shape: ErrorShape::default(),
            session: Session::Held,
            warm: false,
            faults: Vec::new(),
            script: None,
            meanwhile: None,
            options: "",
            timeout_ms: 2_000,
            connect_timeout_ms: 5_000,
            outage_ms: None,
            round_trips: None,
            takes_ms: 0..u64::MAX,
            hold: None,
            keeps: None,
        }
    }
}

impl Given {
    pub fn fault(mut self, injection: Injection) -> Given {
        self.faults.push(injection);
        self
    }

    pub fn case(self, row: u16, fault: impl Into<String>, expected: Expected) -> Case {
        let tls = if self.tls { " (TLS)" } else { "" };
        let fault = format!("{}{tls}", fault.into());
        Case { row, fault, act: Act::Given(Box::new(self)), expected }
    }
}

pub fn once(fault: Fault) -> Injection {
    Injection::of(fault)
}

pub fn always(fault: Fault) -> Injection {
    Injection::of(fault).times(u32::MAX)
}

pub fn on_cancel(injection: Injection) -> Injection {
    injection.only(Operation::Cancel)
}

pub fn on_retrieve(injection: Injection) -> Injection {
    injection.only(Operation::Retrieve)
}
