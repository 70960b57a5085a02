//! The simulator: the real client over a simulated network, clock and Flex, all drawn from one
//! seed. After each run the model of Flex is asked what really happened.

#![allow(dead_code, unused_imports, reason = "the test and the example use different parts")]

mod actors;
mod machine;
mod network;
mod outbox;
mod outbox_tally;
mod random;
mod run;
mod tally;
mod world;

pub use network::fault_names;
pub use outbox::run as run_outbox;
pub use outbox_tally::{OutboxTally, Sum};
pub use run::run;
pub use tally::Tally;
