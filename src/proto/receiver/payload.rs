//! What a frame carries: unmasked, inflated, checked, and put together to messages.

use std::ops::Range;

use super::{Delivery, MessagePart, Part, Receiver};
use crate::proto::deflate::{InflateError, Inflated};
use crate::proto::frame::{Opcode, mask};
use crate::proto::message::InvalidUtf8;
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
        let left = frame.len - frame.taken;
        let here = self.input.len();
        let available = usize::try_from(left).map_or(here, |left| left.min(here));
        let fresh = frame.ready..available;
        if let Some(key) = frame.masking_key {
            let offset = frame.taken + frame.ready as u64;
            mask::apply(&mut self.input.filled_mut()[fresh.clone()], key, offset);
        }
        frame.ready = available;
        let complete = available as u64 == left;
        if frame.opcode.is_control() {
            return self.take_control(complete);
        }
        let Some(message) = &mut self.message else {
            return Ok(Progress::NeedsMore);
        };
        if message.compressed {
            return self.take_compressed();
        }
        self.received.payload += fresh.len() as u64;
        let piece = &self.input.filled()[fresh.clone()];
        if let Err(error) = message.check(piece, complete && frame.fin) {
            self.bad_plain(error, fresh)?;
        }
        Ok(self.take_plain(complete))
    }

    fn take_control(&mut self, complete: bool) -> Result<Progress, Box<Violation>> {
        let Some(frame) = self.frame.take_if(|_| complete) else {
            return Ok(Progress::NeedsMore);
        };
        self.lent = frame.ready;
        let part = match frame.opcode {
            Opcode::PING => Part::Ping,
            Opcode::PONG => Part::Pong,
            _ => {
                let body = self.lent();
                let close = rules::judge_close(body)
                    .map_err(|rule| Box::new(Violation::new(rule, body, frame.offset)))?;
                Part::Close(close)
            }
        };
        Ok(Progress::Part(part))
    }

    /// Hands on what is ready of a message that is not compressed.
    fn take_plain(&mut self, complete: bool) -> Progress {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Progress::NeedsMore;
        };
        let (fin, ready) = (frame.fin, frame.ready);
        let end = complete && fin;
        let alone = fin && frame.opcode != Opcode::CONTINUATION;
        let streamed = self.options.delivery == Delivery::Streamed;
        if alone && !complete && !streamed {
            // Stays in the input, where it will be lent from in one piece.
            return Progress::NeedsMore;
        }
        frame.taken += ready as u64;
        frame.ready = 0;
        if complete {
            message.len += frame.len;
            self.frame = None;
        }
        if if streamed { end || ready > 0 } else { alone } {
            self.lent = ready;
            return self.hand_on(end);
        }
        self.assembled.extend(&self.input.filled()[..ready]);
        self.input.consume(ready);
        if end {
            return self.hand_on_assembled(true);
        }
        if complete {
            Progress::FrameEnded
        } else {
            Progress::NeedsMore
        }
    }

    /// A text that is not compressed stops being UTF-8, in the `fresh` bytes that are ready or at their end.
    #[cold]
    fn bad_plain(&mut self, error: InvalidUtf8, fresh: Range<usize>) -> Result<(), Box<Violation>> {
        let (Some(message), Some(frame)) = (&self.message, &self.frame) else {
            return Ok(());
        };
        let before = message.len + frame.taken + fresh.start as u64;
        let piece = &self.input.filled()[fresh.clone()];
        let skip = usize::try_from(error.at.saturating_sub(before)).unwrap_or(0);
        let offset = frame.offset + frame.taken + (fresh.start + skip) as u64;
        let rule = Rule::InvalidUtf8(error.at);
        self.bad_utf8(Box::new(Violation::new(rule, &piece[skip..], offset)))
    }

    /// Inflates what is ready of a compressed message, and hands on what is enough or all.
    fn take_compressed(&mut self) -> Result<Progress, Box<Violation>> {
        let full = match self.options.delivery {
            Delivery::Whole { max_message } => usize::try_from(max_message).unwrap_or(usize::MAX),
            Delivery::Streamed => PIECE,
        };
        let start = self.assembled.len();
        // One byte more than fits shows that it does not.
        let inflated = self.inflate(full.saturating_add(1))?;
        let (Some(frame), Some(message)) = (&self.frame, &mut self.message) else {
            return Ok(Progress::NeedsMore);
        };
        let complete = frame.taken == frame.len;
        let end = complete && frame.fin && !inflated.more;
        let checked = message.check(&self.assembled.filled()[start..], end);
        if let Delivery::Whole { max_message } = self.options.delivery
            && self.assembled.len() > full
        {
            return Err(Box::new(self.violation(Rule::MessageTooBig(max_message))));
        }
        if let Err(InvalidUtf8 { at }) = checked {
            let violation = Box::new(self.violation(Rule::InvalidUtf8(at)));
            self.bad_utf8(violation)?;
        }
        if complete
            && !inflated.more
            && let (Some(frame), Some(message)) = (self.frame.take(), &mut self.message)
        {
            message.len += frame.len;
        }
        let streamed = self.options.delivery == Delivery::Streamed;
        if end || streamed && !self.assembled.is_empty() {
            return Ok(self.hand_on_assembled(end));
        }
        Ok(if self.frame.is_none() {
            Progress::FrameEnded
        } else {
            Progress::NeedsMore
        })
    }

    /// Moves ready payload through the inflater until `full` bytes came out.
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
            let complete = frame.taken == frame.len;
            if complete && frame.fin && !step.more {
                result = inflater.finish(&mut self.assembled, full);
            }
        }
        let step = result.map_err(|InflateError| Box::new(self.violation(Rule::NotDeflate)))?;
        let made = (self.assembled.len() - start) as u64;
        self.received.payload += made;
        self.received.deflated.plain += made;
        Ok(step)
    }

    fn bad_utf8(&mut self, violation: Box<Violation>) -> Result<(), Box<Violation>> {
        if !self.options.lenient {
            return Err(violation);
        }
        if let Some(message) = &mut self.message {
            message.bad_utf8 = true;
        }
        self.tolerated.push_back(violation);
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

    fn hand_on_assembled(&mut self, end: bool) -> Progress {
        self.assembled_lent = true;
        self.hand_on(end)
    }

    fn hand_on(&mut self, end: bool) -> Progress {
        let Some(message) = &mut self.message else {
            return Progress::NeedsMore;
        };
        let under_way = self.frame.as_ref().map_or(0, |frame| frame.taken);
        let part = MessagePart {
            kind: message.kind,
            start: !std::mem::replace(&mut message.started, true),
            end,
            deflated: message.compressed.then_some(message.len + under_way),
        };
        if end {
            self.message = None;
            self.received.messages += 1;
        }
        Progress::Part(Part::Message(part))
    }
}
