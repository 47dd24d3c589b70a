//! STOMP 1.0, 1.1 and 1.2 over WebSocket.

mod beat;
mod client;
mod frame;
mod say;
mod see;
mod server;

pub use client::{Client, Options};
pub use say::VERBS;
pub use server::SERVER;

/// The subprotocols of the versions, newest first.
pub const SUBPROTOCOLS: [&str; 3] = ["v12.stomp", "v11.stomp", "v10.stomp"];
