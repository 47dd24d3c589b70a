//! wsee and tungstenite, an implementation of RFC 6455 that is not ours, against each other.

mod client;
mod listen;
