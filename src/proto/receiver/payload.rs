//! What a frame carries: unmasked, inflated, checked, and put together to messages.

use std::ops::Range;

use super::{Delivery, Lent, MessagePart, Part, Receiver};
use crate::proto::deflate::{InflateError, Inflated};
use crate::proto::frame::{Opcode, mask};
use crate::proto::message::{InvalidUtf8, Kind};
use crate::proto::rules::{self, Rule, Violation};

/// What taking payload bytes led to.
pub(super) enum Progress {
    Part(Part),
    FrameEnded,
    NeedsMore,
}

/// How much of a compressed message is inflated at a time when it is streamed, in bytes.
const PIECE: usize = 64 << 10;

impl Receiver {
    /// Unmasks and checks what has arrived of the payload, and hands on what can be.
    pub(super) fn take_payload(&mut self) -> Result<Progress, Box<Violation>> {
        let Some(frame) = &mut self.frame else {
            return Ok(Progress::NeedsMore);
        };
        let left = frame.header.payload_len - frame.taken;
        let here = self.input.len();
        let available = usize::try_from(left).map_or(here, |left| left.min(here));
        let fresh = frame.ready..available;
        if let Some(key) = frame.header.masking_key {
            let offset = frame.taken + frame.ready as u64;
            mask::apply(&mut self.input.filled_mut()[fresh.clone()], key, offset);
        }
        frame.ready = available;
        let complete = available as u64 == left;
        if frame.header.opcode.is_control() {
            return if complete {
                self.take_control()
            } else {
                Ok(Progress::NeedsMore)
            };
        }
        if self
            .message
            .as_ref()
            .is_some_and(|message| message.compressed)
        {
            return self.take_compressed();
        }
        self.received.payload += fresh.len() as u64;
        self.check_plain(fresh)?;
        self.take_plain(complete)
    }

    fn take_control(&mut self) -> Result<Progress, Box<Violation>> {
        let Some(frame) = self.frame.take() else {
            return Ok(Progress::NeedsMore);
        };
        self.lent = frame.ready;
        let payload = Lent::Input(0..frame.ready);
        let part = match frame.header.opcode {
            Opcode::Ping => Part::Ping(payload),
            Opcode::Pong => Part::Pong(payload),
            _ => {
                let body = self.lent(&payload);
                let close = rules::judge_close(body)
                    .map_err(|rule| Box::new(Violation::new(rule, body, frame.offset)))?;
                Part::Close(close)
            }
        };
        Ok(Progress::Part(part))
    }

    /// Checks the payload bytes in `fresh` of a text message that is not compressed.
    fn check_plain(&mut self, fresh: Range<usize>) -> Result<(), Box<Violation>> {
        let (Some(message), Some(frame)) = (&mut self.message, &self.frame) else {
            return Ok(());
        };
        if message.kind != Kind::Text || fresh.is_empty() || message.bad_utf8 {
            return Ok(());
        }
        let piece = &self.input.filled()[fresh.clone()];
        // RFC 6455 §8.1: the endpoint MUST fail the connection; at the first byte that cannot be.
        let Err(error) = message.utf8.push(piece) else {
            return Ok(());
        };
        let before = message.len + frame.taken + fresh.start as u64;
        let skip = usize::try_from(error.at.saturating_sub(before)).unwrap_or(0);
        let offset = frame.offset + frame.taken + (fresh.start + skip) as u64;
        let violation = Box::new(Violation::new(
            Rule::InvalidUtf8(error.at),
            &piece[skip..],
            offset,
        ));
        self.bad_utf8(violation)
    }

    /// Hands on what is ready of a message that is not compressed.
    fn take_plain(&mut self, complete: bool) -> Result<Progress, Box<Violation>> {
        self.end_text(complete)?;
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Ok(Progress::NeedsMore);
        };
        let (fin, ready) = (frame.header.fin, frame.ready);
        let end = complete && fin;
        let alone = fin && frame.header.opcode != Opcode::Continuation;
        let streamed = self.options.delivery == Delivery::Streamed;
        if alone && !complete && !streamed {
            // Stays in the input, where it will be lent from in one piece.
            return Ok(Progress::NeedsMore);
        }
        frame.taken += ready as u64;
        frame.ready = 0;
        if complete {
            message.len += frame.header.payload_len;
            self.frame = None;
        }
        if if streamed { end || ready > 0 } else { alone } {
            self.lent = ready;
            return Ok(self.hand_on(Lent::Input(0..ready), end));
        }
        self.assembled
            .extend_from_slice(&self.input.filled()[..ready]);
        self.input.consume(ready);
        if end {
            return Ok(self.hand_on(Lent::Assembled, true));
        }
        Ok(if complete {
            Progress::FrameEnded
        } else {
            Progress::NeedsMore
        })
    }

    /// Inflates what is ready of a compressed message, and hands on what is enough or all.
    fn take_compressed(&mut self) -> Result<Progress, Box<Violation>> {
        let full = match self.options.delivery {
            Delivery::Whole { max_message } => usize::try_from(max_message).unwrap_or(usize::MAX),
            Delivery::Streamed => PIECE,
        };
        // One byte more than fits shows that it does not.
        let inflated = self.inflate(full.saturating_add(1))?;
        let Some(frame) = &self.frame else {
            return Ok(Progress::NeedsMore);
        };
        let complete = frame.taken == frame.header.payload_len;
        let end = complete && frame.header.fin && !inflated.more;
        if let Delivery::Whole { max_message } = self.options.delivery
            && self.assembled.len() > full
        {
            return Err(Box::new(self.violation(Rule::MessageTooBig(max_message))));
        }
        self.end_text(end)?;
        if complete
            && !inflated.more
            && let (Some(frame), Some(message)) = (self.frame.take(), &mut self.message)
        {
            message.len += frame.header.payload_len;
        }
        let streamed = self.options.delivery == Delivery::Streamed;
        if end || streamed && !self.assembled.is_empty() {
            return Ok(self.hand_on(Lent::Assembled, end));
        }
        Ok(if self.frame.is_none() {
            Progress::FrameEnded
        } else {
            Progress::NeedsMore
        })
    }

    /// Moves ready payload through the inflater until `full` bytes came out, and checks these.
    fn inflate(&mut self, full: usize) -> Result<Inflated, Box<Violation>> {
        let (Some(inflater), Some(frame)) = (&mut self.options.inflater, &mut self.frame) else {
            return Ok(Inflated {
                taken: 0,
                more: false,
            });
        };
        let start = self.assembled.len();
        let ready = &self.input.filled()[..frame.ready];
        let mut result = inflater.push(ready, &mut self.assembled, full);
        if let Ok(step) = &result {
            let taken = step.taken;
            frame.taken += taken as u64;
            frame.ready -= taken;
            self.input.consume(taken);
            self.received.deflated.wire += taken as u64;
            let complete = frame.taken == frame.header.payload_len;
            if complete && frame.header.fin && !step.more {
                result = inflater.finish(&mut self.assembled, full);
            }
        }
        let step = result.map_err(|InflateError| Box::new(self.violation(Rule::NotDeflate)))?;
        let fresh = start..self.assembled.len();
        self.received.payload += fresh.len() as u64;
        self.received.deflated.plain += fresh.len() as u64;
        self.check_inflated(fresh)?;
        Ok(step)
    }

    /// Checks what was inflated of a text message.
    fn check_inflated(&mut self, fresh: Range<usize>) -> Result<(), Box<Violation>> {
        let Some(message) = self.message.as_mut().filter(|message| !message.bad_utf8) else {
            return Ok(());
        };
        if message.kind != Kind::Text {
            return Ok(());
        }
        match message.utf8.push(&self.assembled[fresh]) {
            Ok(()) => Ok(()),
            Err(InvalidUtf8 { at }) => {
                let violation = Box::new(self.violation(Rule::InvalidUtf8(at)));
                self.bad_utf8(violation)
            }
        }
    }

    /// At the end of a text message no character may be left unfinished.
    fn end_text(&mut self, end: bool) -> Result<(), Box<Violation>> {
        let Some(message) = self
            .message
            .as_ref()
            .filter(|message| end && !message.bad_utf8)
        else {
            return Ok(());
        };
        let is_last = self.frame.as_ref().is_some_and(|frame| frame.header.fin);
        if message.kind != Kind::Text || !is_last {
            return Ok(());
        }
        match message.utf8.finish() {
            Ok(()) => Ok(()),
            Err(InvalidUtf8 { at }) => {
                let violation = Box::new(self.violation(Rule::InvalidUtf8(at)));
                self.bad_utf8(violation)
            }
        }
    }

    fn bad_utf8(&mut self, violation: Box<Violation>) -> Result<(), Box<Violation>> {
        if !self.options.lenient {
            return Err(violation);
        }
        if let Some(message) = &mut self.message {
            message.bad_utf8 = true;
        }
        self.tolerated.push_back(*violation);
        Ok(())
    }

    /// A violation by the frame under way, at the last bytes of its payload.
    fn violation(&self, rule: Rule) -> Violation {
        let Some(frame) = &self.frame else {
            return Violation::new(rule, &[], self.received.bytes);
        };
        let ready = &self.input.filled()[..frame.ready];
        let tail = &ready[ready.len().saturating_sub(4)..];
        let offset = frame.offset + frame.taken + (ready.len() - tail.len()) as u64;
        Violation::new(rule, tail, offset)
    }

    fn hand_on(&mut self, payload: Lent, end: bool) -> Progress {
        let Some(message) = &mut self.message else {
            return Progress::NeedsMore;
        };
        let under_way = self.frame.as_ref().map_or(0, |frame| frame.taken);
        let part = MessagePart {
            kind: message.kind,
            start: !std::mem::replace(&mut message.started, true),
            end,
            deflated: message.compressed.then_some(message.len + under_way),
            payload,
        };
        self.assembled_lent = matches!(part.payload, Lent::Assembled);
        if end {
            self.message = None;
            self.received.messages += 1;
        }
        Progress::Part(Part::Message(part))
    }
}
