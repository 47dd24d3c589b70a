//! Hints that name flags, for what the layers below report.

mod dial;
mod handshake;
pub mod refusal;
