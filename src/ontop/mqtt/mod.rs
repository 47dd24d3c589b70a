//! MQTT 3.1.1 and 5 over WebSocket.

mod client;
mod flight;
mod frame;
mod packet;
mod property;
mod reason;
mod say;
mod see;
mod wire;

pub use client::{Client, Options};
pub use packet::Version;
pub use say::VERBS;

/// The subprotocol that servers expect; without it most of them close the connection.
pub const SUBPROTOCOL: &str = "mqtt";
