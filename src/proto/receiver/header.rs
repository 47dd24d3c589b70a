//! The start of a frame: its header, read and judged.

use super::{Delivery, Frame, Incoming, Receiver, WireHeader};
use crate::proto::frame::{Header, Opcode};
use crate::proto::message::Kind;
use crate::proto::rules::{self, Rule, Violation};

impl Receiver {
    /// Reads and judges the next header; lends it out as it stands on the wire when frames are observed.
    #[inline]
    pub(super) fn start_frame(
        &mut self,
    ) -> Option<Result<Option<Box<WireHeader>>, Box<Violation>>> {
        let (header, size) = Header::decode(self.input.filled())?;
        if self.judge(&header, Err).is_err()
            && let Err(violation) = self.bad_header()
        {
            return Some(Err(violation));
        }
        let observed = self.options.observe_frames.then(|| self.wire_header());
        let observed = observed.flatten();
        self.input.consume(size);
        self.received.frames += 1;
        if header.opcode.starts_message() {
            let kind = match header.opcode {
                Opcode::TEXT => Kind::Text,
                _ => Kind::Binary,
            };
            let compressed = header.rsv1 && self.options.inflater.is_some();
            self.message = Incoming::new(kind, compressed);
        }
        self.frame = Frame::new(&header);
        Some(Ok(observed))
    }

    /// The header at the front of the input, with its bytes.
    #[cold]
    fn wire_header(&self) -> Option<Box<WireHeader>> {
        let filled = self.input.filled();
        let (header, size) = Header::decode(filled)?;
        let mut bytes = [0; Header::MAX];
        bytes[..size].copy_from_slice(&filled[..size]);
        Some(Box::new(WireHeader {
            header,
            bytes,
            size,
            offset: self.front(),
        }))
    }

    #[inline]
    fn judge(
        &self,
        header: &Header,
        tolerate: impl FnMut(Rule) -> Result<(), Rule>,
    ) -> Result<(), Rule> {
        let context = rules::Context {
            sender: self.options.peer,
            unfinished: self.message.under_way.then_some(self.message.kind),
            compression: self.options.inflater.is_some(),
        };
        rules::judge(header, context, tolerate)?;
        self.judge_size(header)
    }

    /// Judges a header that breaks a rule once more: what is tolerable is only told when the connection goes on.
    ///
    /// It is decoded anew, so that one that breaks no rule need not be kept.
    #[cold]
    fn bad_header(&mut self) -> Result<(), Box<Violation>> {
        let filled = self.input.filled();
        let Some((header, size)) = Header::decode(filled) else {
            return Ok(());
        };
        let offset = self.front();
        let violation = |rule| Box::new(Violation::new(rule, &filled[..size], offset));
        let lenient = self.options.lenient;
        let mut tolerated = Vec::new();
        let judged = self.judge(&header, |rule| {
            if !lenient || !rule.is_tolerable() {
                return Err(rule);
            }
            tolerated.push(violation(rule));
            Ok(())
        });
        let judged = judged.map_err(violation);
        self.tolerated.extend(tolerated);
        judged
    }

    /// A message that has to be kept whole may not outgrow its limit, even before its bytes come.
    ///
    /// What a compressed one inflates to shows only while it is inflated.
    fn judge_size(&self, header: &Header) -> Result<(), Rule> {
        let Delivery::Whole { max_message } = self.options.delivery else {
            return Ok(());
        };
        let unfinished = Some(&self.message).filter(|message| message.under_way);
        let compressed = header.rsv1 || unfinished.is_some_and(|message| message.compressed);
        let before = unfinished.map_or(0, |message| message.len);
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
