//! Reads and checks frame headers.

use std::ops::{ControlFlow, Range};

use super::{Frame, Incoming, Part, Receiver, Step, WireHeader};
use crate::proto::frame::{Header, Opcode};
use crate::proto::message::Kind;
use crate::proto::rules::{self, Rule, Violation};

impl Receiver {
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
