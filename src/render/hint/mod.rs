//! Hints that name flags, for what the layers below report.

mod dial;
mod handshake;
mod proxy;
pub mod refusal;
mod tls;
