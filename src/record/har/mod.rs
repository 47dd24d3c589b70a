//! HTTP Archives (HAR 1.2) whose entries hold messages in the format of Chrome's `DevTools`.
//!
//! A message has a `type` (`send` or `receive`), a `time` in seconds since 1970, an `opcode` (RFC 6455 §5.2) and
//! `data`, which is base64 unless the opcode is 1 (text). Pings, pongs and Close frames are included, with their
//! own opcodes.

mod read;
mod wire;
mod write;

pub use read::HarError;
pub(super) use read::{Entry, Opening, entries};
pub(super) use write::Har;
