//! What went over a connection, in numbers.

use std::ops::AddAssign;

/// What went in one direction.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of the stream, headers included.
    pub bytes: u64,
    /// Frames; a received one counts once its header is complete.
    pub frames: u64,
    /// Complete messages.
    pub messages: u64,
    /// Payload bytes of messages, not compressed.
    pub payload: u64,
    /// The part of it that was compressed.
    pub deflated: Deflated,
}

/// Compressed messages in one direction, in bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Deflated {
    /// Payload on the wire.
    pub wire: u64,
    /// The same payload, inflated.
    pub plain: u64,
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.frames += other.frames;
        self.messages += other.messages;
        self.payload += other.payload;
        self.deflated += other.deflated;
    }
}

impl AddAssign for Deflated {
    fn add_assign(&mut self, other: Self) {
        self.wire += other.wire;
        self.plain += other.plain;
    }
}
