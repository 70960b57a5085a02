//! The till's clocks, as they differ from the world's time.

use std::time::Duration;

/// The Unix time at which a world begins, as the sandbox's model has it.
pub const EPOCH_MS: i64 = 1_767_225_600_000;

/// What a wall clock shows after the battery was flat: 2015-01-01.
const RESET_MS: i64 = 1_420_070_400_000;

/// How the clocks of one till differ from the world's time.
#[derive(Clone, Debug, Default)]
pub struct TillClock {
    /// How long its virtual machine was paused: none of its clocks counted, but the wall clock is
    /// right again after each pause.
    pub paused: Duration,
    /// How long its machine slept: only the clock that counts time awake leaves that out.
    pub slept: Duration,
    /// How much its wall clock is ahead of the server's, in milliseconds.
    pub ahead_ms: i64,
    /// When its wall clock was set, and to how much ahead.
    settings: Vec<(Duration, i64)>,
}

/// Something that happens to the till's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// It sleeps.
    Sleep(Duration),
    /// It is paused by the machine that it is a guest of.
    Pause(Duration),
    /// Its wall clock is reset to the year 2015.
    Reset,
    /// Its wall clock is set forward.
    Forward(Duration),
    /// Its wall clock is put back.
    Back(Duration),
    /// Its wall clock is set right.
    Correct,
}

impl Incident {
    /// The names of those in which the till does nothing for a while.
    pub const IDLE: [&str; 2] = ["the machine sleeps", "the VM is paused"];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sleep(_) => Self::IDLE[0],
            Self::Pause(_) => Self::IDLE[1],
            Self::Reset => "the wall clock is reset to 2015",
            Self::Forward(_) => "the wall clock jumps forward",
            Self::Back(_) => "the wall clock is put back",
            Self::Correct => "the wall clock is set right",
        }
    }

    /// How long the till does nothing because of it.
    pub fn length(self) -> Duration {
        match self {
            Self::Sleep(time) | Self::Pause(time) => time,
            Self::Reset | Self::Forward(_) | Self::Back(_) | Self::Correct => Duration::ZERO,
        }
    }
}

impl TillClock {
    /// The monotonic clock of deadlines at a time of the world. Counts sleep, not pauses.
    pub fn monotonic(&self, world: Duration) -> Duration {
        world - self.paused
    }

    /// The time of the world at which the monotonic clock shows this.
    pub fn world(&self, monotonic: Duration) -> Duration {
        monotonic + self.paused
    }

    pub fn wall_ms(&self, world: Duration) -> i64 {
        server_ms(world) + self.ahead_ms
    }

    /// Notes an incident that is over at this time of the world.
    pub fn note(&mut self, incident: Incident, world: Duration) {
        match incident {
            Incident::Sleep(time) => self.slept += time,
            Incident::Pause(time) => self.paused += time,
            Incident::Reset => self.set(RESET_MS - server_ms(world), world),
            Incident::Forward(time) => self.set(self.ahead_ms + millis(time), world),
            Incident::Back(time) => self.set(self.ahead_ms - millis(time), world),
            Incident::Correct => self.set(0, world),
        }
    }

    fn set(&mut self, ahead_ms: i64, world: Duration) {
        self.ahead_ms = ahead_ms;
        self.settings.push((world, ahead_ms));
    }

    /// True if between these two times of the world it was less ahead than this.
    pub fn was_behind(&self, ahead_ms: i64, from: Duration, to: Duration) -> bool {
        let is_so = |(at, set): &(Duration, i64)| (from..=to).contains(at) && *set < ahead_ms;
        self.settings.iter().any(is_so)
    }
}

/// The server's clock at a time of the world.
pub fn server_ms(world: Duration) -> i64 {
    EPOCH_MS + millis(world)
}

/// What a `Date` header says then: whole seconds.
pub fn date_ms(world: Duration) -> i64 {
    server_ms(world) / 1000 * 1000
}

pub fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}
