//! Frames, the wire unit of RFC 6455 §5: headers, masking and close bodies.
//!
//! Nothing here judges: every bit that can stand on the wire can be read and written.
//! [`rules`](super::rules) says what is allowed.

pub mod close;
pub mod header;
pub mod mask;

pub use close::{CloseCode, CloseFrame};
pub use header::{Header, LengthForm, Opcode};

/// What the payload of a control frame has at most, in bytes (RFC 6455 §5.5).
pub const MAX_CONTROL: usize = 125;
