//! The sandbox as its users meet it: over real sockets, as a program, and as a model.

mod answers;
mod cancel;
mod client;
mod dialects;
mod faults;
mod keys;
mod life;
mod model;
mod program;
mod routes;
mod tls;
mod wire;
