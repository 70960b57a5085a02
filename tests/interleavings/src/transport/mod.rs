mod connection;
pub mod model;
#[path = "../../../../src/transport/pool.rs"]
mod pool;
