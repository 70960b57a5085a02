//! The till's machine: its clocks, which start again with it, and crashes at any point.

use std::panic;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flexcancel::Abort;
use flexcancel::outbox::{Clock, Timestamps};
use flexcancel::transport::{Request, Response, RoundTrip, Transport};

use super::clock::millis;
use super::network::Network;
use super::world::World;

/// What a crash unwinds with.
pub struct Crash;

/// Crashes the till after so many more looks at a clock. Everything that a till does looks at
/// one, before and after each round trip and each write.
#[derive(Clone)]
pub struct Fuse(Arc<AtomicI64>);

impl Default for Fuse {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }
}

impl Fuse {
    pub fn set(&self, looks: u64) {
        self.0.store(i64::try_from(looks).unwrap(), Ordering::Relaxed);
    }

    pub fn unset(&self) {
        self.0.store(i64::MAX, Ordering::Relaxed);
    }

    fn burn(&self) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            // Says nothing: a crash is no defect.
            panic::resume_unwind(Box::new(Crash));
        }
    }
}

/// The till's machine.
pub struct Machine {
    /// When it was last started, by the clock that counts sleep.
    pub started: Duration,
    /// How often it was.
    pub boot: u128,
}

impl Machine {
    /// Is started again, at this time of the clock that counts sleep.
    pub fn restart(&mut self, now: Duration) {
        (self.started, self.boot) = (now, self.boot + 1);
    }
}

/// The machine's clocks.
pub struct MachineClock {
    pub world: Arc<Mutex<World>>,
    pub machine: Arc<Mutex<Machine>>,
    pub fuse: Fuse,
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamps {
        self.fuse.burn();
        let world = self.world.lock().unwrap();
        let (now, clock) = (world.now(), &world.clock);
        let machine = self.machine.lock().unwrap();
        let up = clock.monotonic(now).saturating_sub(machine.started);
        let awake = up.saturating_sub(clock.slept);
        Timestamps::new(clock.wall_ms(now), millis(awake), millis(up), machine.boot)
    }
}

/// The network of a till that may crash.
pub struct Fragile {
    pub network: Network,
    pub fuse: Fuse,
}

impl Transport for Fragile {
    fn send(
        &self,
        request: Request,
        round_trip: &RoundTrip,
    ) -> Result<Response, flexcancel::Error> {
        self.network.send(request, round_trip)
    }

    fn now(&self) -> Instant {
        self.fuse.burn();
        self.network.now()
    }

    fn wall_ms(&self) -> i64 {
        self.network.wall_ms()
    }

    fn pause(&self, deadline: Instant, abort: Option<&Abort>) {
        self.network.pause(deadline, abort);
    }

    fn random(&self) -> u64 {
        self.network.random()
    }

    fn random_key(&self) -> Result<u128, flexcancel::Error> {
        self.network.random_key()
    }
}
