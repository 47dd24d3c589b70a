//! Received bytes become frames, and frames become messages (RFC 6455 §5.4, §6.2).

mod header;
mod payload;

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};

use super::Role;
use super::buffer::Buffer;
use super::deflate::Inflater;
use super::frame::{CloseFrame, Header, Opcode};
use super::message::{InvalidUtf8, Kind, Utf8};
use super::rules::{ShortFrameTable, Violation};
use super::traffic::Traffic;

/// How message payloads are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Each message in one piece, at most this many bytes.
    Whole {
        /// The limit in bytes, after inflating.
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

impl WireHeader {
    /// The header that stands as `wire` at `offset`.
    #[cold]
    pub(super) fn new(header: Header, wire: &[u8], offset: u64) -> Self {
        let size = wire.len();
        let mut bytes = [0; Header::MAX];
        bytes[..size].copy_from_slice(wire);
        Self {
            header,
            bytes,
            size,
            offset,
        }
    }
}

/// What came out of the received bytes; its payload is lent by [`Receiver::lent`].
///
/// Small enough to be handed on in registers.
#[derive(Debug)]
pub(super) enum Part {
    Frame(Box<WireHeader>),
    /// A message or a piece of one, its last if `end`; [`Receiver::message`] makes it.
    Message {
        end: bool,
    },
    Ping,
    Pong,
    Close(Box<Option<CloseFrame>>),
    /// A broken rule that is tolerated.
    Tolerated(Box<Violation>),
    Violation(Box<Violation>),
}

/// A step of taking bytes: goes on, or breaks off with the next part, or without one when more bytes are needed.
type Step<T = ()> = ControlFlow<Option<Part>, T>;

/// What a receiver is told to do.
#[derive(Debug)]
pub(super) struct Options {
    pub peer: Role,
    pub delivery: Delivery,
    pub observe_frames: bool,
    /// Whether to go on after a broken rule where that has a meaning.
    pub lenient: bool,
    pub inflater: Option<Inflater>,
}

/// The receiving half of a connection.
#[derive(Debug)]
pub struct Receiver {
    options: Options,
    short_frames: ShortFrameTable,
    input: Buffer,
    lent: Lent,
    frame: Frame,
    message: Incoming,
    assembled: Buffer,
    tolerated: VecDeque<Box<Violation>>,
    received: Traffic,
}

/// Where the payload stands that was lent out last.
#[derive(Debug)]
enum Lent {
    /// In the input, which has forgotten it.
    Input(Range<usize>),
    /// It is all that is assembled.
    Assembled,
}

/// The last frame whose header came.
#[derive(Debug)]
struct Frame {
    /// Whether some of its payload was not handed on.
    under_way: bool,
    opcode: Opcode,
    fin: bool,
    masking_key: Option<[u8; 4]>,
    /// The declared payload length in bytes.
    len: u64,
    /// Payload bytes already handed on and gone from the input.
    taken: u64,
    /// Payload bytes at the front of the input that are unmasked and, unless compressed, checked.
    ready: usize,
}

/// The last message that began.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a message"
)]
struct Incoming {
    /// Whether it has not ended.
    under_way: bool,
    kind: Kind,
    compressed: bool,
    utf8: Utf8,
    /// Bad UTF-8 was found and tolerated.
    bad_utf8: bool,
    /// Payload bytes on the wire, of the frames before this one.
    len: u64,
    /// Whether a piece of it was handed on.
    started: bool,
}

impl Frame {
    /// A frame with this header, of which nothing came yet.
    fn new(header: &Header) -> Self {
        Self {
            under_way: true,
            opcode: header.opcode,
            fin: header.fin,
            masking_key: header.masking_key,
            len: header.payload_len,
            taken: 0,
            ready: 0,
        }
    }
}

impl Incoming {
    /// A message of which nothing came yet.
    fn new(kind: Kind, compressed: bool) -> Self {
        Self {
            under_way: true,
            kind,
            compressed,
            utf8: Utf8::default(),
            bad_utf8: false,
            len: 0,
            started: false,
        }
    }

    /// Checks the next piece of a text, and at its `end` that no character is left unfinished.
    ///
    /// RFC 6455 §8.1: the endpoint MUST fail the connection; at the first byte that cannot be.
    #[inline]
    fn check(&mut self, piece: &[u8], end: bool) -> Result<(), InvalidUtf8> {
        if self.kind != Kind::Text || self.bad_utf8 {
            return Ok(());
        }
        self.utf8.push(piece)?;
        if end { self.utf8.finish() } else { Ok(()) }
    }
}

/// The usual size of a read, in bytes.
const READ: usize = 128 << 10;
/// The least room worth a read, in bytes.
const LEAST_READ: usize = 16 << 10;
/// From here on a frame's rest is read for itself, so that the buffer empties with the frame.
const LARGE_REST: usize = 64 << 10;

impl Receiver {
    pub(super) fn new(options: Options, input: Buffer) -> Self {
        let bytes = input.len() as u64;
        Self {
            short_frames: ShortFrameTable::new(options.peer, options.inflater.is_some()),
            options,
            input,
            lent: Lent::Input(0..0),
            frame: Frame {
                under_way: false,
                ..Frame::new(&Header::new(true, Opcode::BINARY, None, 0))
            },
            message: Incoming {
                under_way: false,
                ..Incoming::new(Kind::Binary, false)
            },
            assembled: Buffer::with_capacity(0),
            tolerated: VecDeque::new(),
            received: Traffic {
                bytes,
                ..Traffic::default()
            },
        }
    }

    /// Room to read into; what was read counts after [`commit`](Self::commit).
    ///
    /// A declared length never decides how much is allocated: room grows with what has arrived.
    pub fn spare(&mut self) -> &mut [u8] {
        self.clear_assembled();
        self.lent = Lent::Input(0..0);
        let rest = usize::try_from(self.rest_of_frame()).unwrap_or(usize::MAX);
        let least = match rest {
            0 => LEAST_READ,
            rest => LEAST_READ.min(rest),
        };
        let spare = self.input.spare_for(least, rest.max(READ));
        if rest > LARGE_REST && rest < spare.len() {
            &mut spare[..rest]
        } else {
            spare
        }
    }

    /// Counts `n` bytes of [`spare`](Self::spare) as received.
    pub fn commit(&mut self, n: usize) {
        self.input.commit(n);
        self.received.bytes += n as u64;
    }

    /// What was received so far.
    pub fn received(&self) -> Traffic {
        self.received
    }

    /// How far the frame that is under way has come; `None` between messages.
    pub fn partial(&self) -> Option<Partial> {
        let waiting = self.input.len();
        if self.frame.under_way {
            Some(Partial::Payload {
                received: self.frame.taken + waiting as u64,
                expected: self.frame.len,
            })
        } else if waiting > 0 {
            Some(Partial::Header { received: waiting })
        } else {
            self.message.under_way.then_some(Partial::Message)
        }
    }

    pub(super) fn set_observe_frames(&mut self, on: bool) {
        self.options.observe_frames = on;
    }

    /// Forgets everything that was received and not handed on.
    pub(super) fn discard(&mut self) {
        self.frame.under_way = false;
        self.input.consume(self.input.len());
    }

    /// The payload of the last part that had one; it stays where it is until the next part or room is asked for.
    #[inline]
    pub(super) fn lent(&self) -> &[u8] {
        match &self.lent {
            Lent::Input(place) => self.input.lent(place.clone()),
            Lent::Assembled => self.assembled.filled(),
        }
    }

    /// The next part; `None` when more bytes are needed.
    #[inline]
    pub(super) fn poll(&mut self) -> Option<Part> {
        self.clear_assembled();
        loop {
            if let Some(violation) = self.tolerated.pop_front() {
                return Some(Part::Tolerated(violation));
            }
            if !self.frame.under_way
                && let ControlFlow::Break(part) = self.start_frame()
            {
                return part;
            }
            if let ControlFlow::Break(part) = self.take_payload() {
                // What was tolerated in the start of a payload is reported before the rest comes.
                return part.or_else(|| self.tolerated.pop_front().map(Part::Tolerated));
            }
        }
    }

    /// Lets go of what was assembled, if it was lent out.
    #[inline]
    fn clear_assembled(&mut self) {
        if matches!(self.lent, Lent::Assembled) {
            self.assembled.consume(self.assembled.len());
            self.lent = Lent::Input(0..0);
        }
    }

    /// Payload bytes of the frame under way that have not arrived.
    fn rest_of_frame(&self) -> u64 {
        let frame = &self.frame;
        if frame.under_way {
            (frame.len - frame.taken).saturating_sub(self.input.len() as u64)
        } else {
            0
        }
    }

    /// Where the front of the input stands in the stream.
    fn front(&self) -> u64 {
        self.received.bytes - self.input.len() as u64
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
