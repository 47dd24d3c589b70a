//! Action Cable, the channels of Rails; `AnyCable` speaks them, too.

mod client;
mod say;
mod server;
mod wire;

pub use client::{Client, confirmed};
pub use say::VERBS;
pub use server::SERVER;

/// The subprotocols that the official client offers; a server chooses the first, or refuses with the second.
pub const OFFERED: [&str; 2] = ["actioncable-v1-json", "actioncable-unsupported"];
