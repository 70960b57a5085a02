//! The sandbox's time since its start.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) struct Clock {
    /// None if time passes by [`Clock::advance`] only.
    started: Option<Instant>,
    advanced: Mutex<Duration>,
}

impl Clock {
    pub(crate) fn new(frozen: bool) -> Self {
        let started = (!frozen).then(Instant::now);
        Clock { started, advanced: Mutex::default() }
    }

    pub(crate) fn now(&self) -> Duration {
        let advanced = *self.advanced.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = self.started.map(|started| started.elapsed());
        advanced.saturating_add(elapsed.unwrap_or_default())
    }

    pub(crate) fn advance(&self, time: Duration) {
        let mut advanced = self.advanced.lock().unwrap_or_else(PoisonError::into_inner);
        *advanced = advanced.saturating_add(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_advanced_and_a_running_one_by_itself_too() {
        let frozen = Clock::new(true);
        assert_eq!(frozen.now(), Duration::ZERO);
        frozen.advance(Duration::from_secs(3));
        assert_eq!(frozen.now(), Duration::from_secs(3));
        frozen.advance(Duration::MAX);
        assert_eq!(frozen.now(), Duration::MAX);

        let running = Clock::new(false);
        let before = running.now();
        while running.now() == before {
            std::hint::spin_loop();
        }
        running.advance(Duration::from_secs(3600));
        assert!(running.now() > Duration::from_secs(3600));
    }
}
