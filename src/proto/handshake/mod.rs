//! The opening handshake (RFC 6455 §4), for both roles.

pub mod client;
mod error;
mod extended;
pub mod like;
mod relayed;
mod response;
pub mod server;

pub use client::{Offer, Outcome, Refusal};
pub use error::HandshakeError;
pub use extended::ExtendedConnect;
pub use relayed::Relayed;
pub use response::Agreed;

/// The version of the protocol (RFC 6455 §4.1).
pub const VERSION: &str = "13";
