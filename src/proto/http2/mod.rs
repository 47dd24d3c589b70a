//! What wsee reads and writes of HTTP/2 beside the library that speaks it: frames, and heads in HPACK.

pub mod frame;
pub mod hpack;
