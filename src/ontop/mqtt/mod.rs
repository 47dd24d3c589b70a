//! MQTT 3.1.1 and 5 over WebSocket.

mod client;
mod flight;
mod frame;
mod packet;
mod property;
mod reason;
mod request;
mod say;
mod see;
mod server;
mod wire;

pub use client::{Client, Options};
pub use packet::Version;
pub use say::VERBS;
pub use server::SERVER;

/// The subprotocol that servers expect; without it most of them close the connection.
pub const SUBPROTOCOL: &str = "mqtt";
