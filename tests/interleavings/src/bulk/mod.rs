pub mod model;
#[path = "../../../../src/bulk/queues.rs"]
mod queues;
