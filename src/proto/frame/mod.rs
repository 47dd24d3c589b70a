//! Frames, the wire unit of RFC 6455 §5: headers, masking and close bodies.
//!
//! Nothing here checks rules: every header that is possible on the wire can be decoded and encoded.
//! [`rules`](super::rules) says what is allowed.

pub mod close;
pub mod header;
pub mod mask;

pub use close::{CloseCode, CloseFrame};
pub use header::{Header, LengthForm, Opcode};

/// The largest payload of a control frame, in bytes (RFC 6455 §5.5).
pub const MAX_CONTROL: usize = 125;
