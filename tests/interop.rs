//! wsee against implementations of RFC 6455 and RFC 7692 that are not ours: tungstenite, and yawc for compression.

mod client;
mod deflate;
mod differential;
mod http2;
mod listen;
