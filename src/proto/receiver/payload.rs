//! Frame payloads: unmasked, inflated, checked and assembled to messages.

use std::ops::{ControlFlow, Range};

use super::{Delivery, Lent, Part, Receiver, Step};
use crate::proto::deflate::Inflated;
use crate::proto::frame::{Opcode, mask};
use crate::proto::message::{InvalidUtf8, Message};
use crate::proto::rules::{self, Rule, Violation};

/// How much of a streamed compressed message is inflated at a time, in bytes: two windows of DEFLATE, so that the
/// window is moved rarely, and a small message's buffer stays small.
const INFLATED_PIECE: usize = 64 << 10;

impl Receiver {
    /// Unmasks and checks the payload received so far, and delivers what it can.
    #[inline]
    pub(super) fn take_payload(&mut self) -> Step {
        let frame = &mut self.frame;
        let left = frame.len - frame.taken;
        let here = self.input.len();
        let available = usize::try_from(left).map_or(here, |left| left.min(here));
        let fresh = std::mem::replace(&mut frame.ready, available)..available;
        if let Some(key) = frame.masking_key {
            let offset = frame.taken + fresh.start as u64;
            mask::apply(&mut self.input.filled_mut()[fresh.clone()], key, offset);
        }
        let complete = available as u64 == left;
        if frame.opcode.is_control() {
            let part = if complete { Some(self.control()) } else { None };
            return ControlFlow::Break(part);
        }
        if self.message.compressed {
            return self.take_compressed();
        }
        let piece = &self.input.filled()[fresh.clone()];
        self.received.payload += piece.len() as u64;
        if let Err(error) = self.message.check(piece, complete && frame.fin) {
            self.bad_plain(error, fresh)?;
        }
        self.take_plain(complete)
    }

    /// Ends a complete control frame and lends out its payload.
    #[inline(never)]
    fn control(&mut self) -> Part {
        let offset = self.front();
        self.frame.incomplete = false;
        self.lent = Lent::Input(self.input.lend(self.frame.ready));
        match self.frame.opcode {
            Opcode::PING => Part::Ping,
            Opcode::PONG => Part::Pong,
            _ => {
                let body = self.lent();
                match rules::parse_close(body) {
                    Ok(close) => Part::Close(Box::new(close)),
                    Err(rule) => Part::Violation(Box::new(Violation::new(rule, body, offset))),
                }
            }
        }
    }

    /// Delivers the ready payload of an uncompressed message.
    #[inline]
    fn take_plain(&mut self, complete: bool) -> Step {
        let alone = self.frame.fin && self.frame.opcode != Opcode::CONTINUATION;
        if !(alone && complete) {
            return self.take_part(alone, complete);
        }
        let ready = self.take_ready(complete);
        self.lent = Lent::Input(self.input.lend(ready));
        ControlFlow::Break(Some(Part::Message { end: true }))
    }

    /// Delivers or keeps what is ready of a message that is not one complete frame.
    #[inline(never)]
    fn take_part(&mut self, alone: bool, complete: bool) -> Step {
        let end = complete && self.frame.fin;
        let least = self.options.delivery.least_piece();
        if alone && self.frame.ready < least {
            // It stays in the input until it can be lent out in one piece.
            return ControlFlow::Break(None);
        }
        let ready = self.take_ready(complete);
        if self.assembled.is_empty() && (end || ready >= least) {
            self.lent = Lent::Input(self.input.lend(ready));
            return ControlFlow::Break(Some(Part::Message { end }));
        }
        self.assemble(ready, end, least)
    }

    #[inline]
    fn take_ready(&mut self, complete: bool) -> usize {
        let ready = std::mem::take(&mut self.frame.ready);
        self.frame.taken += ready as u64;
        if complete {
            self.message.len += self.frame.len;
            self.frame.incomplete = false;
        }
        ready
    }

    /// Appends `ready` bytes of the input to the fragments before; lends out all of them at the `end`, or as a piece of
    /// `least` bytes or more.
    fn assemble(&mut self, ready: usize, end: bool, least: usize) -> Step {
        self.assembled.extend(&self.input.filled()[..ready]);
        self.input.consume(ready);
        if end || self.assembled.len() >= least {
            self.lent = Lent::Assembled;
            ControlFlow::Break(Some(Part::Message { end }))
        } else {
            self.next_frame()
        }
    }

    /// Continues with the next frame, if this one has ended.
    fn next_frame(&self) -> Step {
        if self.frame.incomplete {
            ControlFlow::Break(None)
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Handles invalid UTF-8 in the `fresh` bytes of an uncompressed text, or at their end.
    #[cold]
    fn bad_plain(&mut self, error: InvalidUtf8, fresh: Range<usize>) -> Step {
        let before = self.message.len + self.frame.taken + fresh.start as u64;
        let piece = &self.input.filled()[fresh.clone()];
        let skip = usize::try_from(error.at.saturating_sub(before)).unwrap_or(0);
        let offset = self.front() + (fresh.start + skip) as u64;
        let rule = Rule::InvalidUtf8(error.at);
        self.bad_utf8(Violation::new(rule, &piece[skip..], offset))
    }

    /// Inflates the ready payload of a compressed message; delivers a piece of it or all.
    #[inline(never)]
    fn take_compressed(&mut self) -> Step {
        let delivery = self.options.delivery;
        let full = match delivery {
            Delivery::Whole { max_message } => usize::try_from(max_message).unwrap_or(usize::MAX),
            Delivery::Streamed { least, .. } => INFLATED_PIECE.max(least),
        };
        if !self.message.started {
            self.inflated = 0;
        }
        let start = self.assembled.len();
        // One byte above the limit shows that the message exceeds it.
        let inflated = self.inflate(full.saturating_add(1))?;
        let complete = self.frame.taken == self.frame.len;
        let end = complete && self.frame.fin && !inflated.more;
        let checked = self.message.check(&self.assembled.filled()[start..], end);
        let max_message = delivery.max_message();
        if self.inflated + self.assembled.len() as u64 > max_message {
            return fail(self.violation(Rule::MessageTooBig(max_message)));
        }
        if let Err(InvalidUtf8 { at }) = checked {
            let violation = self.violation(Rule::InvalidUtf8(at));
            self.bad_utf8(violation)?;
        }
        if complete && !inflated.more {
            self.frame.incomplete = false;
            self.message.len += self.frame.len;
        }
        if end || self.assembled.len() >= delivery.least_piece() {
            self.inflated += self.assembled.len() as u64;
            self.lent = Lent::Assembled;
            return ControlFlow::Break(Some(Part::Message { end }));
        }
        self.next_frame()
    }

    /// Inflates ready payload until `full` bytes are assembled.
    fn inflate(&mut self, full: usize) -> Step<Inflated> {
        let frame = &mut self.frame;
        let Some(inflater) = &mut self.options.inflater else {
            return ControlFlow::Continue(Inflated {
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
        let Ok(progress) = result else {
            return fail(self.violation(Rule::NotDeflate));
        };
        let made = (self.assembled.len() - start) as u64;
        self.received.payload += made;
        self.received.deflated.plain += made;
        ControlFlow::Continue(progress)
    }

    fn bad_utf8(&mut self, violation: Violation) -> Step {
        if !self.options.lenient {
            return fail(violation);
        }
        self.message.bad_utf8 = true;
        self.tolerated.push_back(Box::new(violation));
        ControlFlow::Continue(())
    }

    /// A violation by the current frame, at the last bytes of its payload.
    fn violation(&self, rule: Rule) -> Violation {
        let ready = &self.input.filled()[..self.frame.ready];
        let tail = &ready[ready.len().saturating_sub(4)..];
        let offset = self.front() + (ready.len() - tail.len()) as u64;
        Violation::new(rule, tail, offset)
    }

    /// The message, or piece of one, that is lent out.
    #[inline]
    pub(in crate::proto) fn message(&mut self, end: bool) -> Message<'_> {
        let message = &mut self.message;
        message.incomplete = !end;
        self.received.messages += u64::from(end);
        let start = !std::mem::replace(&mut message.started, true);
        let deflated = message.compressed.then(|| {
            let current = Some(&self.frame).filter(|frame| frame.incomplete);
            message.len + current.map_or(0, |frame| frame.taken)
        });
        Message {
            kind: message.kind,
            payload: self.lent(),
            start,
            end,
            deflated,
        }
    }
}

fn fail<T>(violation: Violation) -> Step<T> {
    ControlFlow::Break(Some(Part::Violation(Box::new(violation))))
}
