//! The opening handshake (RFC 6455 §4), for both roles.

pub mod client;
pub mod extension;
pub mod server;

pub use client::{Agreed, HandshakeError, Offer, Outcome, Refusal};

/// The version of the protocol (RFC 6455 §4.1).
pub const VERSION: &str = "13";
