//! Received bytes become frames, and frames become messages (RFC 6455 §5.4, §6.2).

use std::ops::Range;

use super::Role;
use super::buffer::Buffer;
use super::frame::{CloseFrame, Header, Opcode, mask};
use super::message::{Kind, Utf8};
use super::rules::{self, Rule, Violation};

/// How message payloads are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Each message in one piece, at most this many bytes.
    Whole {
        /// The limit in bytes.
        max_message: u64,
    },
    /// In pieces as they arrive, in constant memory.
    Streamed,
}

/// A frame header as it was received or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireHeader {
    /// What it says.
    pub header: Header,
    /// Its bytes; only the first [`size`](Self::size) count.
    pub bytes: [u8; Header::MAX],
    /// How many bytes it takes.
    pub size: usize,
    /// Where it starts, counted from the first byte after the opening handshake.
    pub offset: u64,
}

/// What came out of the received bytes; ranges point into what [`Receiver::lent`] lends.
#[derive(Debug)]
pub(super) enum Part {
    Frame(WireHeader),
    Message {
        kind: Kind,
        payload: Lent,
        start: bool,
        end: bool,
    },
    Ping(Lent),
    Pong(Lent),
    Close(Option<CloseFrame>),
    Violation(Violation),
}

/// A payload that stays where it is until the next part is asked for.
#[derive(Debug, Clone)]
pub(super) enum Lent {
    Input(Range<usize>),
    Assembled,
}

/// What was received, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes of the stream, headers included.
    pub bytes: u64,
    /// Frames whose header was complete.
    pub frames: u64,
    /// Messages that were complete.
    pub messages: u64,
    /// Payload bytes of data frames.
    pub payload: u64,
}

/// The receiving half of a connection.
#[derive(Debug)]
pub struct Receiver {
    peer: Role,
    delivery: Delivery,
    observe_frames: bool,
    input: Buffer,
    /// Bytes at the front of `input` that the last part lent out.
    lent: usize,
    frame: Option<Frame>,
    message: Option<Unfinished>,
    assembled: Vec<u8>,
    /// Whether `assembled` was lent out with the last part.
    assembled_lent: bool,
    received: Received,
}

/// The frame whose payload is under way.
#[derive(Debug)]
struct Frame {
    header: Header,
    offset: u64,
    /// Payload bytes already handed on and gone from the input.
    taken: u64,
    /// Payload bytes at the front of the input that are unmasked and checked.
    ready: usize,
}

/// The message that has begun and not ended.
#[derive(Debug)]
struct Unfinished {
    kind: Kind,
    utf8: Utf8,
    /// Payload bytes of the frames before this one.
    len: u64,
    /// Whether a piece of it was handed on.
    started: bool,
}

/// The usual size of a read, in bytes.
const READ: usize = 256 << 10;
/// The least room worth a read, in bytes.
const LEAST_READ: usize = 16 << 10;
/// From here on a frame's rest is read for itself, so that the buffer empties with the frame.
const LARGE_REST: u64 = 64 << 10;
/// Assembling room above this is given back after the message.
const KEPT: usize = 4 << 20;

impl Receiver {
    pub(super) fn new(peer: Role, delivery: Delivery, observe_frames: bool, input: Buffer) -> Self {
        let bytes = input.len() as u64;
        Self {
            peer,
            delivery,
            observe_frames,
            input,
            lent: 0,
            frame: None,
            message: None,
            assembled: Vec::new(),
            assembled_lent: false,
            received: Received {
                bytes,
                ..Received::default()
            },
        }
    }

    /// Room to read into; what was read counts after [`commit`](Self::commit).
    ///
    /// A declared length never decides how much is allocated: room doubles with what has arrived.
    pub fn spare(&mut self) -> &mut [u8] {
        self.forget_lent();
        let rest = self.rest_of_frame();
        let spare = self.input.spare(LEAST_READ);
        match usize::try_from(rest) {
            Ok(rest) if rest as u64 > LARGE_REST && rest < spare.len() => &mut spare[..rest],
            _ => spare,
        }
    }

    /// Counts `n` bytes of [`spare`](Self::spare) as received.
    pub fn commit(&mut self, n: usize) {
        self.input.commit(n);
        self.received.bytes += n as u64;
    }

    /// What was received so far.
    pub fn received(&self) -> Received {
        self.received
    }

    /// How far the frame that is under way has come; `None` between frames.
    pub fn partial(&self) -> Option<Partial> {
        match &self.frame {
            Some(frame) => Some(Partial::Payload {
                received: frame.taken + self.input.len() as u64,
                expected: frame.header.payload_len,
            }),
            None if !self.input.is_empty() => Some(Partial::Header {
                received: self.input.len(),
            }),
            None if self.message.is_some() => Some(Partial::Message),
            None => None,
        }
    }

    pub(super) fn set_observe_frames(&mut self, on: bool) {
        self.observe_frames = on;
    }

    /// Forgets everything that was received and not handed on.
    pub(super) fn discard(&mut self) {
        self.lent = 0;
        self.frame = None;
        self.input.consume(self.input.len());
    }

    /// The bytes of a payload that was just handed on.
    pub(super) fn lent(&self, payload: &Lent) -> &[u8] {
        match payload {
            Lent::Input(range) => &self.input.filled()[range.clone()],
            Lent::Assembled => &self.assembled,
        }
    }

    /// The next part; `None` when more bytes are needed.
    pub(super) fn poll(&mut self) -> Option<Part> {
        self.forget_lent();
        loop {
            if self.frame.is_none() {
                match self.start_frame()? {
                    Ok(header) if self.observe_frames => return Some(Part::Frame(header)),
                    Ok(_) => {}
                    Err(violation) => return Some(Part::Violation(violation)),
                }
            }
            match self.take_payload() {
                Ok(Progress::Part(part)) => return Some(part),
                Ok(Progress::FrameEnded) => {}
                Ok(Progress::NeedsMore) => return None,
                Err(violation) => return Some(Part::Violation(violation)),
            }
        }
    }

    /// Reads and judges the next header.
    fn start_frame(&mut self) -> Option<Result<WireHeader, Violation>> {
        let filled = self.input.filled();
        let (header, size) = Header::decode(filled)?;
        let offset = self.received.bytes - filled.len() as u64;
        let mut bytes = [0; Header::MAX];
        bytes[..size].copy_from_slice(&filled[..size]);
        let context = rules::Context {
            sender: self.peer,
            unfinished: self.message.as_ref().map(|message| message.kind),
        };
        if let Err(rule) = rules::judge(&header, context).and_then(|()| self.judge_size(&header)) {
            return Some(Err(Violation::new(rule, &bytes[..size], offset)));
        }
        self.input.consume(size);
        self.received.frames += 1;
        if let Opcode::Text | Opcode::Binary = header.opcode {
            self.start_message(header.opcode);
        }
        self.frame = Some(Frame {
            header,
            offset: offset + size as u64,
            taken: 0,
            ready: 0,
        });
        Some(Ok(WireHeader {
            header,
            bytes,
            size,
            offset,
        }))
    }

    fn start_message(&mut self, opcode: Opcode) {
        self.message = Some(Unfinished {
            kind: if opcode == Opcode::Text {
                Kind::Text
            } else {
                Kind::Binary
            },
            utf8: Utf8::default(),
            len: 0,
            started: false,
        });
    }

    /// A message that has to be kept whole may not outgrow its limit, even before its bytes come.
    fn judge_size(&self, header: &Header) -> Result<(), Rule> {
        let Delivery::Whole { max_message } = self.delivery else {
            return Ok(());
        };
        let before = self.message.as_ref().map_or(0, |message| message.len);
        if header.opcode.is_control() || header.payload_len <= max_message.saturating_sub(before) {
            Ok(())
        } else {
            Err(Rule::MessageTooBig(max_message))
        }
    }

    /// Unmasks and checks what has arrived of the payload, and hands on what can be.
    fn take_payload(&mut self) -> Result<Progress, Violation> {
        let Some(frame) = &mut self.frame else {
            return Ok(Progress::NeedsMore);
        };
        let left = frame.header.payload_len - frame.taken;
        let available =
            usize::try_from(left).map_or(self.input.len(), |left| left.min(self.input.len()));
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
        self.received.payload += fresh.len() as u64;
        self.check_utf8(fresh)?;
        self.take_data(complete)
    }

    /// Checks the payload bytes in `fresh` of a text message.
    fn check_utf8(&mut self, fresh: Range<usize>) -> Result<(), Violation> {
        let (Some(message), Some(frame)) = (&mut self.message, &self.frame) else {
            return Ok(());
        };
        if message.kind != Kind::Text || fresh.is_empty() {
            return Ok(());
        }
        let piece = &self.input.filled()[fresh.clone()];
        let before = message.len + frame.taken + fresh.start as u64;
        // RFC 6455 §8.1: the endpoint MUST fail the connection; at the first byte that cannot be.
        message.utf8.push(piece).map_err(|error| {
            let skip = usize::try_from(error.at.saturating_sub(before)).unwrap_or(0);
            let offset = frame.offset + frame.taken + (fresh.start + skip) as u64;
            Violation::new(Rule::InvalidUtf8(error.at), &piece[skip..], offset)
        })
    }

    fn take_control(&mut self) -> Result<Progress, Violation> {
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
                    .map_err(|rule| Violation::new(rule, body, frame.offset))?;
                Part::Close(close)
            }
        };
        Ok(Progress::Part(part))
    }

    fn take_data(&mut self, complete: bool) -> Result<Progress, Violation> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Ok(Progress::NeedsMore);
        };
        let (fin, ready) = (frame.header.fin, frame.ready);
        let end = complete && fin;
        if end && message.kind == Kind::Text {
            message.utf8.finish().map_err(|error| {
                let tail = &self.input.filled()[ready.saturating_sub(3)..ready];
                let offset = frame.offset + frame.header.payload_len - tail.len() as u64;
                Violation::new(Rule::InvalidUtf8(error.at), tail, offset)
            })?;
        }
        let alone = fin && frame.header.opcode != Opcode::Continuation;
        let streamed = self.delivery == Delivery::Streamed;
        if alone && !complete && !streamed {
            // Stays in the input, where it will be lent from in one piece.
            return Ok(Progress::NeedsMore);
        }
        frame.taken += ready as u64;
        frame.ready = 0;
        let (kind, start) = (message.kind, !message.started);
        if complete {
            message.len += frame.header.payload_len;
            self.frame = None;
        }
        let hands_on_now = if streamed { end || ready > 0 } else { alone };
        if hands_on_now {
            message.started = true;
            self.lent = ready;
            return Ok(self.hand_on(kind, Lent::Input(0..ready), start, end));
        }
        self.assembled
            .extend_from_slice(&self.input.filled()[..ready]);
        self.input.consume(ready);
        if end {
            self.assembled_lent = true;
            return Ok(self.hand_on(kind, Lent::Assembled, true, true));
        }
        Ok(if complete {
            Progress::FrameEnded
        } else {
            Progress::NeedsMore
        })
    }

    fn hand_on(&mut self, kind: Kind, payload: Lent, start: bool, end: bool) -> Progress {
        if end {
            self.message = None;
            self.received.messages += 1;
        }
        Progress::Part(Part::Message {
            kind,
            payload,
            start,
            end,
        })
    }

    /// Lets go of what the last part lent out.
    fn forget_lent(&mut self) {
        self.input.consume(std::mem::take(&mut self.lent));
        if std::mem::take(&mut self.assembled_lent) {
            self.assembled.clear();
            self.assembled.shrink_to(KEPT);
        }
    }

    /// Payload bytes of the frame under way that have not arrived.
    fn rest_of_frame(&self) -> u64 {
        self.frame.as_ref().map_or(0, |frame| {
            (frame.header.payload_len - frame.taken).saturating_sub(self.input.len() as u64)
        })
    }
}

/// A buffer of the size that reads want.
pub fn input_buffer() -> Buffer {
    Buffer::with_capacity(READ)
}

/// How far a frame or message had come when the stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// In a frame header.
    Header {
        /// Bytes of it that arrived.
        received: usize,
    },
    /// In a frame's payload.
    Payload {
        /// Bytes of it that arrived.
        received: u64,
        /// Its declared length in bytes.
        expected: u64,
    },
    /// Between the frames of a fragmented message.
    Message,
}

/// What taking payload bytes led to.
enum Progress {
    Part(Part),
    FrameEnded,
    NeedsMore,
}
