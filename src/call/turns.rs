//! The turns of one call's round trips: those of its client, and those of the run it is a part of.

use std::time::{Duration, Instant};

use ureq::http::StatusCode;

use super::pacer::Pacer;
use crate::abort::Abort;
use crate::transport::Transport;

/// Whom a call asks for its turns.
#[derive(Clone, Copy)]
pub(super) struct Turns<'a> {
    client: Option<&'a Pacer>,
    run: Option<&'a Pacer>,
}

/// The next turn comes after the deadline: so long from now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfTime(pub(super) Duration);

impl<'a> Turns<'a> {
    pub(super) const fn new(client: Option<&'a Pacer>, run: Option<&'a Pacer>) -> Self {
        Self { client, run }
    }

    pub(super) const fn are_limited(self) -> bool {
        self.client.is_some() || self.run.is_some()
    }

    pub(super) const fn is_of_a_run(self) -> bool {
        self.run.is_some()
    }

    fn pacers(self) -> impl Iterator<Item = &'a Pacer> {
        self.run.into_iter().chain(self.client)
    }

    /// Waits for the next turn, at most until the deadline; an abort ends the wait, too.
    pub(super) fn wait(
        self,
        transport: &dyn Transport,
        deadline: Option<Instant>,
        abort: Option<&Abort>,
    ) -> Result<(), OutOfTime> {
        for pacer in self.pacers() {
            let mut turn = pacer.turn(transport.now());
            while turn.at > transport.now() && !abort.is_some_and(Abort::is_triggered) {
                if deadline.is_some_and(|deadline| turn.at >= deadline) {
                    return Err(OutOfTime(turn.at.saturating_duration_since(transport.now())));
                }
                transport.pause(turn.at, abort);
                turn = pacer.confirmed(turn, transport.now());
            }
        }
        Ok(())
    }

    /// Tells of a response.
    pub(super) fn note(
        self,
        status: StatusCode,
        retry_after: Option<Duration>,
        transport: &dyn Transport,
    ) {
        for pacer in self.pacers() {
            let now = transport.now();
            if status == StatusCode::TOO_MANY_REQUESTS {
                pacer.limited(retry_after, transport.random(), now);
            } else {
                pacer.accepted(now);
            }
        }
    }
}
