//! Which frames a message has: those of a received one come before it, those of a sent one after it, unless it only
//! passes.

use std::collections::VecDeque;
use std::mem;

use crate::proto::receiver::WireHeader;

pub(super) const SIZE_OF_FRAME: usize = mem::size_of::<WireHeader>();
/// Headers kept of one message: nobody reads more, and a peer may send a frame for each byte.
const MAX_FRAMES: usize = 1000;
/// Sent messages that may wait for their frames.
const MAX_AWAITED: usize = 10_000;

/// The headers of a message's frames.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    pub headers: Vec<WireHeader>,
    /// Further frames, whose headers are not kept.
    pub more: u64,
}

impl Frames {
    pub(super) fn push(&mut self, frame: &WireHeader) {
        if self.headers.len() < MAX_FRAMES {
            if self.headers.is_empty() {
                // Most messages have one, and a vector would begin with room for four.
                self.headers.reserve_exact(1);
            }
            self.headers.push(*frame);
        } else {
            self.more += 1;
        }
    }
}

/// Frames on the way to their messages.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    received: Frames,
    /// The messages whose frames will be sent, in order; `None` for a frame of its own.
    awaited: VecDeque<Option<u64>>,
    /// What is sent passes through, and has come frame by frame.
    passed: Option<Frames>,
}

impl Assembly {
    pub(super) fn received(&mut self, frame: &WireHeader) {
        if !frame.header.opcode.is_control() {
            self.received.push(frame);
        }
    }

    pub(super) fn take_received(&mut self) -> Frames {
        mem::take(&mut self.received)
    }

    pub(super) fn passes(&mut self) {
        self.passed = Some(Frames::default());
    }

    /// The frames of a sent message, as far as they have come before it.
    pub(super) fn take_sent(&mut self) -> Frames {
        self.passed.as_mut().map(mem::take).unwrap_or_default()
    }

    pub(super) fn sends(&mut self, number: Option<u64>) {
        if self.passed.is_none() && self.awaited.len() < MAX_AWAITED {
            self.awaited.push_back(number);
        }
    }

    /// The number of the message that a sent frame belongs to.
    pub(super) fn sent(&mut self, frame: &WireHeader) -> Option<u64> {
        let is_alone = matches!(self.awaited.front(), Some(None));
        if frame.header.opcode.is_control() && !is_alone {
            return None;
        }
        if let Some(passed) = &mut self.passed {
            passed.push(frame);
            return None;
        }
        let number = *self.awaited.front()?;
        if frame.header.fin || is_alone {
            self.awaited.pop_front();
        }
        number
    }
}
