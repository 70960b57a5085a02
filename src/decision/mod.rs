//! What a call does next, and what it may claim in the end. Pure: no I/O, no clock; the same
//! history always gives the same step. docs/OUTCOMES.md has the rules, each with the world that
//! asks for it, and a test holds the two together.

#[cfg(test)]
mod exhaustive;
mod funds;
mod history;
mod next;
mod observation;
mod retrieve;
mod staleness;

pub(crate) use self::next::{Decision, Delay, Limits, Step};
pub(crate) use self::next::{at_the_end, next};
#[cfg(test)]
pub(crate) use self::observation::SendResult;
pub(crate) use self::observation::{
    Asked, Observation, ReadResult, Received, RoundTripResult, is_first, read_result, send_result,
};
pub(crate) use self::retrieve::{next_read, unread};
pub(crate) use self::staleness::{AskedAt, ages};
