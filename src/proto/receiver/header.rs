//! Reads and checks frame headers.

use std::ops::{ControlFlow, Range};

use super::{Frame, Incoming, Lent, Part, Receiver, Step, WireHeader};
use crate::proto::frame::{Header, Opcode};
use crate::proto::message::{Kind, is_utf8};
use crate::proto::rules::{self, Rule, Violation};

/// The first byte of a text message in one frame: FIN and the opcode.
const WHOLE_TEXT: u8 = 0x81;
/// The first byte of a binary message in one frame.
const WHOLE_BINARY: u8 = 0x82;
/// The bit of the second byte that a masking key follows.
const MASK: u8 = 0x80;

impl Receiver {
    /// Takes a short message that is whole, in one frame without a masking key, and breaks no rule.
    ///
    /// Most messages of a server are such, and the other way to the same result takes twice as many instructions.
    #[inline]
    pub(super) fn take_short(&mut self) -> Option<Part> {
        let &[first, second, ref rest @ ..] = self.input.filled() else {
            return None;
        };
        let kind = match first {
            WHOLE_TEXT => Kind::Text,
            WHOLE_BINARY => Kind::Binary,
            _ => return None,
        };
        let len = usize::from(second);
        let passes = self
            .short_frames
            .passes([first, second], self.message.incomplete);
        if !passes || second & MASK != 0 || self.options.observe_frames {
            return None;
        }
        let payload = rest.get(..len)?;
        let is_small = len as u64 <= self.options.delivery.max_message();
        if !is_small || kind == Kind::Text && !is_utf8(payload) {
            return None;
        }
        self.message = Incoming {
            len: len as u64,
            ..Incoming::new(kind, false)
        };
        self.received.frames += 1;
        self.received.payload += len as u64;
        let Range { start, end } = self.input.lend(2 + len);
        self.lent = Lent::Input(start + 2..end);
        Some(Part::Message { end: true })
    }

    /// Reads and checks the next header; breaks if there is something to report before its payload.
    #[inline]
    pub(super) fn start_frame(&mut self) -> Step {
        let wire = self.input.filled();
        let Some((header, size)) = Header::decode(wire) else {
            return ControlFlow::Break(None);
        };
        let unfinished = self.message.incomplete;
        let passes = self.short_frames.passes([wire[0], wire[1]], unfinished);
        if !(passes && self.check_size(&header).is_ok())
            && let Err(violation) = self.check_header()
        {
            return ControlFlow::Break(self.without_http(violation));
        }
        let place = self.input.lend(size);
        self.received.frames += 1;
        if header.opcode.starts_message() {
            let kind = match header.opcode {
                Opcode::TEXT => Kind::Text,
                _ => Kind::Binary,
            };
            self.message = Incoming::new(kind, self.is_compressed(&header));
        }
        self.frame = Frame::new(&header);
        if self.options.observe_frames {
            return ControlFlow::Break(self.observed(place));
        }
        if self.tolerated.is_empty() {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(self.tolerated.pop_front().map(Part::Tolerated))
    }

    /// The header at `place`, as a part. It is decoded again, so that a header nobody observes need not be kept.
    #[cold]
    fn observed(&self, place: Range<usize>) -> Option<Part> {
        let wire = self.input.lent(place);
        let (header, size) = Header::decode(wire)?;
        let offset = self.front() - size as u64;
        Some(Part::Frame(Box::new(WireHeader::new(header, wire, offset))))
    }

    /// Checks the header at the front of the input; tolerated faults are queued, to be reported if the connection continues.
    ///
    /// Decodes it again, so that the common path, a header in the table of short frames, need not keep it.
    #[inline(never)]
    fn check_header(&mut self) -> Result<(), Box<Violation>> {
        let filled = self.input.filled();
        let Some((header, size)) = Header::decode(filled) else {
            return Ok(());
        };
        let offset = self.front();
        let violation = |rule| Box::new(Violation::new(rule, &filled[..size], offset));
        let context = rules::Context {
            sender: self.options.peer,
            unfinished: self.message.incomplete,
            compression: self.options.inflater.is_some(),
        };
        let mut tolerated = Vec::new();
        let checked = rules::check(&header, context, |rule| {
            if !self.options.lenient || !rule.is_tolerable() {
                return Err(rule);
            }
            tolerated.push(violation(rule));
            Ok(())
        });
        let checked = checked.and_then(|()| self.check_size(&header));
        checked.map_err(violation)?;
        // Not before it passes: an answer in HTTP that arrives in pieces is checked again with each of them.
        self.tolerated.extend(tolerated);
        Ok(())
    }

    /// The violation, unless the first bytes are a response in HTTP: a server that refuses after its 101.
    ///
    /// `None` while it may become one.
    #[cold]
    fn without_http(&self, violation: Box<Violation>) -> Option<Part> {
        const START: &[u8] = b"HTTP/1.";
        let filled = self.input.filled();
        if self.front() > 0 {
            return Some(Part::Violation(violation));
        }
        if filled.starts_with(START) {
            return Some(Part::Violation(Box::new(Violation::http(filled))));
        }
        (!START.starts_with(filled)).then_some(Part::Violation(violation))
    }

    /// Whether a message with this first header is compressed; RSV1 has no meaning if compression was not negotiated.
    #[inline]
    fn is_compressed(&self, header: &Header) -> bool {
        header.rsv1 && self.options.inflater.is_some()
    }

    /// Checks the limit of a message before its bytes arrive.
    ///
    /// The size of a compressed message is known only while it is inflated.
    fn check_size(&self, header: &Header) -> Result<(), Rule> {
        let max_message = self.options.delivery.max_message();
        let (compressed, before) = match header.opcode {
            Opcode::CONTINUATION => (self.message.compressed, self.message.len),
            _ => (self.is_compressed(header), 0),
        };
        if compressed
            || header.opcode.is_control()
            || header.payload_len <= max_message.saturating_sub(before)
        {
            Ok(())
        } else {
            Err(Rule::MessageTooBig(max_message))
        }
    }
}
