//! The till's machine: its clocks, which start again with it, and crashes at any point.

use std::panic;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flexcancel::Abort;
use flexcancel::outbox::{Clock, Moment};
use flexcancel::transport::{Exchange, Failure, Request, Response, Transport};

use super::network::Network;
use super::world::World;

/// The Unix time at which a world begins, as the sandbox's model has it.
pub const EPOCH_MS: i64 = 1_767_225_600_000;

/// What a crash unwinds with.
pub struct Crash;

/// Crashes the till after so many more looks at a clock. Everything that a till does looks at
/// one, before and after each exchange and each write.
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
    /// When it was last started.
    pub started: Duration,
    /// How often it was.
    pub boot: u128,
    /// How much its wall clock is behind.
    pub behind: Duration,
}

/// The machine's clocks.
pub struct MachineClock {
    pub world: Arc<Mutex<World>>,
    pub machine: Arc<Mutex<Machine>>,
    pub fuse: Fuse,
}

impl Clock for MachineClock {
    fn now(&self) -> Moment {
        self.fuse.burn();
        let now = self.world.lock().unwrap().now();
        let machine = self.machine.lock().unwrap();
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap();
        let up_ms = millis(now - machine.started);
        Moment::new(EPOCH_MS + millis(now) - millis(machine.behind), up_ms, up_ms, machine.boot)
    }
}

/// The network of a till that may crash.
pub struct Fragile {
    pub network: Network,
    pub fuse: Fuse,
}

impl Transport for Fragile {
    fn exchange(&self, request: &Request, exchange: &Exchange) -> Result<Response, Failure> {
        self.network.exchange(request, exchange)
    }

    fn now(&self) -> Instant {
        self.fuse.burn();
        self.network.now()
    }

    fn pause(&self, until: Instant, abort: Option<&Abort>) {
        self.network.pause(until, abort);
    }

    fn random(&self) -> u64 {
        self.network.random()
    }

    fn random_key(&self) -> Result<u128, Failure> {
        self.network.random_key()
    }
}
