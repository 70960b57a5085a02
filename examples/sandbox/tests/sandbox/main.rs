//! The sandbox as its users meet it: over real sockets, as a program, and as a model.

mod answers;
mod axes;
mod cancel;
mod client;
mod contradictions;
mod dialects;
mod faults;
mod keys;
mod life;
mod load;
mod model;
mod overview;
mod page;
mod program;
mod routes;
mod shown;
mod tls;
mod wire;
mod world;
