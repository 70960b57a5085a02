//! The simulator: the real client over a simulated network, clock and Flex, all drawn from one
//! seed. After each run the model of Flex is asked what really happened.

#![allow(dead_code, unused_imports, reason = "the test and the example use different parts")]

mod actors;
mod bulk;
mod bulk_disk;
mod bulk_network;
mod bulk_oracle;
mod bulk_tally;
mod clock;
mod entries;
mod fault;
mod forged;
mod forwarder;
mod holds;
mod machine;
mod network;
mod newer;
mod oracle;
mod outbox;
mod outbox_tally;
mod parallel;
mod random;
mod refusal;
mod said;
mod stage;
mod story;
mod tally;
mod till;
mod violations;
mod world;
mod worlds;

pub use bulk::run as run_bulk;
pub use bulk_tally::BulkTally;
pub use fault::{CLASSIC, WIDE, names as fault_names};
pub use outbox::run as run_outbox;
pub use outbox_tally::OutboxTally;
pub use parallel::tally;
pub use story::{Range, Story, run};
pub use tally::Tally;
pub use worlds::worlds;
