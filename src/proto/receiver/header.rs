//! The start of a frame: its header, read and judged.

use super::{Delivery, Frame, Receiver, Unfinished, WireHeader};
use crate::proto::frame::{Header, Opcode};
use crate::proto::message::{Kind, Utf8};
use crate::proto::rules::{self, Rule, Violation};

impl Receiver {
    /// Reads and judges the next header; lends it out as it stands on the wire when frames are observed.
    pub(super) fn start_frame(
        &mut self,
    ) -> Option<Result<Option<Box<WireHeader>>, Box<Violation>>> {
        let (header, size) = Header::decode(self.input.filled())?;
        if let Err(violation) = self.judge(&header, size) {
            return Some(Err(violation));
        }
        let observed = self
            .options
            .observe_frames
            .then(|| Box::new(self.wire_header(header, size)));
        let offset = self.received.bytes - self.input.len() as u64;
        self.input.consume(size);
        self.received.frames += 1;
        if header.opcode.starts_message() {
            self.start_message(&header);
        }
        self.frame = Some(Frame {
            opcode: header.opcode,
            fin: header.fin,
            masking_key: header.masking_key,
            len: header.payload_len,
            offset: offset + size as u64,
            taken: 0,
            ready: 0,
        });
        Some(Ok(observed))
    }

    /// The header at the front of the input, with its bytes.
    #[cold]
    fn wire_header(&self, header: Header, size: usize) -> WireHeader {
        let filled = self.input.filled();
        let mut bytes = [0; Header::MAX];
        bytes[..size].copy_from_slice(&filled[..size]);
        WireHeader {
            header,
            bytes,
            size,
            offset: self.received.bytes - filled.len() as u64,
        }
    }

    fn judge(&mut self, header: &Header, size: usize) -> Result<(), Box<Violation>> {
        let context = rules::Context {
            sender: self.options.peer,
            unfinished: self.message.as_ref().map(|message| message.kind),
            compression: self.options.inflater.is_some(),
        };
        let (lenient, mut tolerated) = (self.options.lenient, Vec::new());
        let judged = rules::judge(header, context, |rule| {
            if !lenient || !rule.is_tolerable() {
                return Err(rule);
            }
            tolerated.push(rule);
            Ok(())
        });
        for rule in tolerated {
            let violation = self.bad_header(rule, size);
            self.tolerated.push_back(Box::new(violation));
        }
        judged
            .and_then(|()| self.judge_size(header))
            .map_err(|rule| Box::new(self.bad_header(rule, size)))
    }

    /// A violation by the header of `size` bytes at the front of the input.
    #[cold]
    fn bad_header(&self, rule: Rule, size: usize) -> Violation {
        let filled = self.input.filled();
        let offset = self.received.bytes - filled.len() as u64;
        Violation::new(rule, &filled[..size], offset)
    }

    fn start_message(&mut self, header: &Header) {
        self.message = Some(Unfinished {
            kind: if header.opcode == Opcode::TEXT {
                Kind::Text
            } else {
                Kind::Binary
            },
            compressed: header.rsv1 && self.options.inflater.is_some(),
            utf8: Utf8::default(),
            bad_utf8: false,
            len: 0,
            started: false,
        });
    }

    /// A message that has to be kept whole may not outgrow its limit, even before its bytes come.
    ///
    /// What a compressed one inflates to shows only while it is inflated.
    fn judge_size(&self, header: &Header) -> Result<(), Rule> {
        let Delivery::Whole { max_message } = self.options.delivery else {
            return Ok(());
        };
        let unfinished = self.message.as_ref();
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
