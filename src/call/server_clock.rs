//! Is a response as new as the request? Pure.
//!
//! The server's `Date` is compared with what earlier responses said, because a till's own clock may
//! be wrong. Only the first response of a client is compared with that clock. Where the till's
//! clock is ahead, the first call reads the session back until the server's clock is seen to go on.

/// How much later than its response's `Date` a request may have been sent: whole seconds, the
/// clocks of several servers, and a response that waited on its way.
const TOLERANCE_MS: i64 = 6_000;
/// Two differences that agree within this are of one clock.
const SAME_MS: u64 = 2_000;

/// What is known of the server's clock. All times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerClock {
    /// How far it is ahead of this machine's monotonic clock.
    ahead_ms: Option<i64>,
    /// The last response that seemed too old: its date, and how far that was ahead.
    doubted: Option<(i64, i64)>,
}

/// When a request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// By this machine's monotonic clock.
    pub(crate) monotonic_ms: i64,
    /// By its wall clock, in Unix time.
    pub(crate) wall_ms: i64,
}

impl ServerClock {
    /// True if a response with this date is older than the request that was sent then.
    pub(crate) fn is_older(&mut self, date_ms: i64, sent: Sent) -> bool {
        let ahead_ms = date_ms.saturating_sub(sent.monotonic_ms);
        let is_new = match self.ahead_ms {
            Some(known_ms) => ahead_ms.saturating_add(TOLERANCE_MS) >= known_ms,
            None => date_ms.saturating_add(TOLERANCE_MS) >= sent.wall_ms,
        };
        // A clock that is wrong, or was put back, goes on; a stored response stands still.
        let is_going_on = self.doubted.is_some_and(|(date, ahead)| {
            date_ms > date && ahead_ms.saturating_sub(ahead).unsigned_abs() <= SAME_MS
        });
        if is_new {
            self.ahead_ms = Some(self.ahead_ms.map_or(ahead_ms, |known| known.max(ahead_ms)));
        } else if is_going_on {
            self.ahead_ms = Some(ahead_ms);
        } else {
            self.doubted = Some((date_ms, ahead_ms));
            return true;
        }
        self.doubted = None;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_795_435_200_000;

    fn sent(seconds: i64) -> Sent {
        Sent { monotonic_ms: seconds * 1_000, wall_ms: NOON_MS + seconds * 1_000 }
    }

    fn date(seconds: i64) -> i64 {
        NOON_MS + seconds * 1_000
    }

    #[test]
    fn a_response_is_older_if_its_date_is_before_the_request() {
        let mut clock = ServerClock::default();
        assert!(!clock.is_older(date(0), sent(0)));
        assert!(!clock.is_older(date(95), sent(100)), "several servers");
        assert!(clock.is_older(date(40), sent(100)));
        assert!(clock.is_older(date(40), sent(200)), "a stored response stands still");
        assert!(!clock.is_older(date(200), sent(200)));
    }

    #[test]
    fn a_first_response_is_compared_with_the_wall_clock() {
        assert!(ServerClock::default().is_older(date(-60), sent(0)));
        assert!(!ServerClock::default().is_older(date(60), sent(0)), "a till that is behind");
    }

    #[test]
    fn a_till_that_is_ahead_doubts_until_the_servers_clock_goes_on() {
        let mut clock = ServerClock::default();
        assert!(clock.is_older(date(-3_600), sent(0)));
        assert!(clock.is_older(date(-3_600), sent(0)), "it may be stored");
        assert!(!clock.is_older(date(-3_599), sent(1)));
        assert!(!clock.is_older(date(-3_000), sent(600)));
    }

    #[test]
    fn a_server_whose_clock_is_put_back_is_believed_again_when_it_goes_on() {
        let mut clock = ServerClock::default();
        assert!(!clock.is_older(date(3_600), sent(0)));
        assert!(clock.is_older(date(1), sent(1)));
        assert!(!clock.is_older(date(2), sent(2)));
        assert!(!clock.is_older(date(900), sent(900)));
    }

    #[test]
    fn no_date_overflows() {
        let mut clock = ServerClock::default();
        for date_ms in [i64::MAX, i64::MIN, 0, i64::MAX] {
            clock.is_older(date_ms, Sent { monotonic_ms: i64::MAX, wall_ms: i64::MIN });
            clock.is_older(date_ms, Sent { monotonic_ms: i64::MIN, wall_ms: i64::MAX });
        }
    }
}
