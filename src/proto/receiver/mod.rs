//! Decodes received bytes to frames and messages (RFC 6455 §5.4, §6.2).

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

/// How message payloads are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Each message in one piece, up to a limit.
    Whole {
        /// The limit in bytes, after inflation.
        max_message: u64,
    },
    /// In pieces as they arrive, in constant memory.
    Streamed {
        /// The size in bytes of a piece that is not the last, at least: shorter messages come whole.
        least: usize,
        /// The limit in bytes, after inflation.
        max_message: u64,
    },
}

impl Delivery {
    /// Messages of any size, in pieces of any size.
    pub const UNLIMITED: Self = Self::Streamed {
        least: 1,
        max_message: u64::MAX,
    };

    /// The size in bytes from which an unfinished message is delivered.
    #[inline]
    fn least_piece(self) -> usize {
        match self {
            Self::Whole { .. } => usize::MAX,
            Self::Streamed { least, .. } => least,
        }
    }

    fn max_message(self) -> u64 {
        match self {
            Self::Whole { max_message } | Self::Streamed { max_message, .. } => max_message,
        }
    }
}

/// A frame header as it was received or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireHeader {
    /// Its fields.
    pub header: Header,
    /// Its bytes; only the first [`size`](Self::size) count.
    pub bytes: [u8; Header::MAX],
    /// Its length in bytes.
    pub size: usize,
    /// Where it starts, counted from the first byte after the opening handshake.
    pub offset: u64,
}

impl WireHeader {
    /// The header that `wire` is, if it is a whole one and nothing else.
    pub fn decode(wire: &[u8], offset: u64) -> Option<Self> {
        let (header, size) = Header::decode(wire)?;
        (size == wire.len()).then(|| Self::new(header, wire, offset))
    }

    /// The header whose bytes are `wire`, at `offset`.
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

/// The next thing in the received bytes; [`Receiver::lent`] has its payload.
///
/// Small enough to be returned in registers.
#[derive(Debug)]
pub(super) enum Part {
    Frame(Box<WireHeader>),
    /// A message, or a piece of one, the last if `end`; [`Receiver::message`] returns it.
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

/// A step of decoding: continues, or breaks with the next part, or with none if more bytes are needed.
type Step<T = ()> = ControlFlow<Option<Part>, T>;

/// The configuration of a receiver.
#[derive(Debug)]
pub(super) struct Options {
    pub peer: Role,
    pub delivery: Delivery,
    pub observe_frames: bool,
    /// Whether to continue after a broken rule where that is possible.
    pub lenient: bool,
    pub inflater: Option<Inflater>,
}

/// The receiving half of a connection.
#[derive(Debug)]
pub struct Receiver {
    options: Options,
    short_frames: &'static ShortFrameTable,
    input: Buffer,
    /// How much is read at a time, in bytes; grows with what the peer sends.
    read_size: usize,
    lent: Lent,
    frame: Frame,
    message: Incoming,
    assembled: Buffer,
    /// Inflated bytes of the current message that were delivered.
    inflated: u64,
    tolerated: VecDeque<Box<Violation>>,
    received: Traffic,
}

/// Where the last payload is that was lent out.
#[derive(Debug)]
enum Lent {
    /// In the input buffer, already consumed there.
    Input(Range<usize>),
    /// In the assembled message: all of it.
    Assembled,
}

/// The last frame whose header was read.
#[derive(Debug)]
struct Frame {
    /// Whether some of its payload has not been delivered.
    incomplete: bool,
    opcode: Opcode,
    fin: bool,
    masking_key: Option<[u8; 4]>,
    /// The declared payload length in bytes.
    len: u64,
    /// Payload bytes already consumed from the input.
    taken: u64,
    /// Payload bytes at the front of the input that are unmasked and, unless compressed, checked as UTF-8.
    ready: usize,
}

/// The last message that began.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a message"
)]
struct Incoming {
    /// Whether its end is still missing.
    incomplete: bool,
    kind: Kind,
    compressed: bool,
    utf8: Utf8,
    /// Invalid UTF-8 was found and tolerated.
    bad_utf8: bool,
    /// Payload bytes on the wire of the frames before this one.
    len: u64,
    /// Whether a piece of it was delivered.
    started: bool,
}

impl Frame {
    /// A frame with this header, of which no payload was received.
    fn new(header: &Header) -> Self {
        Self {
            incomplete: true,
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
    /// A message of which nothing was received.
    fn new(kind: Kind, compressed: bool) -> Self {
        Self {
            incomplete: true,
            kind,
            compressed,
            utf8: Utf8::default(),
            bad_utf8: false,
            len: 0,
            started: false,
        }
    }

    /// Checks the next piece of a text, and at its `end` that the last character is complete.
    ///
    /// RFC 6455 §8.1: the endpoint MUST fail the connection. We do so at the first invalid byte.
    #[inline]
    fn check(&mut self, piece: &[u8], end: bool) -> Result<(), InvalidUtf8> {
        if self.kind != Kind::Text || self.bad_utf8 {
            return Ok(());
        }
        self.utf8.push(piece)?;
        if end { self.utf8.finish() } else { Ok(()) }
    }
}

/// The size of the input buffer, and so of most reads, in bytes: a system call's cost is spread over some 1,500
/// messages of 64 bytes, and the buffer still fits a core's L2 cache.
const INPUT_SIZE: usize = 128 << 10;
/// The size of a small input buffer, in bytes: more than a request or a message of a chat has.
const SMALL_INPUT_SIZE: usize = 2 << 10;
/// The least room worth a read, in bytes; below this the input is moved to the front first.
const LEAST_READ: usize = 16 << 10;
/// A frame's rest above this, in bytes, is read alone, so that the buffer is empty after it.
///
/// What follows a large frame would otherwise be copied to the front together with it. Below this a read of its own
/// would cost more than the copy.
const LARGE_REST: usize = 64 << 10;

impl Receiver {
    pub(super) fn new(options: Options, input: Buffer) -> Self {
        let bytes = input.len() as u64;
        Self {
            short_frames: ShortFrameTable::of(options.peer, options.inflater.is_some()),
            options,
            read_size: input.capacity(),
            input,
            lent: Lent::Input(0..0),
            frame: Frame {
                incomplete: false,
                ..Frame::new(&Header::new(true, Opcode::BINARY, None, 0))
            },
            message: Incoming {
                incomplete: false,
                ..Incoming::new(Kind::Binary, false)
            },
            assembled: Buffer::with_capacity(0),
            inflated: 0,
            tolerated: VecDeque::new(),
            received: Traffic {
                bytes,
                ..Traffic::default()
            },
        }
    }

    /// Room to read into; bytes read there count after [`commit`](Self::commit).
    ///
    /// A declared length alone never causes an allocation: the buffer grows with received bytes.
    pub fn spare(&mut self) -> &mut [u8] {
        self.clear_assembled();
        self.lent = Lent::Input(0..0);
        let rest = usize::try_from(self.rest_of_frame()).unwrap_or(usize::MAX);
        let least = match rest {
            0 if self.input.is_empty() => self.read_size,
            0 => LEAST_READ.min(self.read_size),
            rest => LEAST_READ.min(rest),
        };
        let spare = self.input.spare_for(least, rest.max(INPUT_SIZE));
        if rest > LARGE_REST && rest < spare.len() {
            &mut spare[..rest]
        } else {
            spare
        }
    }

    /// Counts `n` bytes of [`spare`](Self::spare) as received.
    pub fn commit(&mut self, n: usize) {
        self.input.commit(n);
        if n >= self.read_size {
            self.read_size = (n * 4).min(INPUT_SIZE);
        }
        self.received.bytes += n as u64;
    }

    /// What was received so far.
    pub fn received(&self) -> Traffic {
        self.received
    }

    /// How much of the current frame has been received; `None` between messages.
    pub fn partial(&self) -> Option<Partial> {
        let waiting = self.input.len();
        if self.frame.incomplete {
            Some(Partial::Payload {
                received: self.frame.taken + waiting as u64,
                expected: self.frame.len,
            })
        } else if waiting > 0 {
            Some(Partial::Header { received: waiting })
        } else {
            self.message.incomplete.then_some(Partial::Message)
        }
    }

    /// Whether a message has begun and not ended, though no frame need be incomplete.
    pub(super) fn is_within_message(&self) -> bool {
        self.message.incomplete
    }

    /// Whether it holds memory that [`rest`](Self::rest) gives back.
    pub(super) fn is_warm(&self) -> bool {
        let inflater = self.options.inflater.as_ref();
        let has_grown = self.input.is_empty() && self.input.capacity() > SMALL_INPUT_SIZE;
        has_grown || self.assembled.capacity() > 0 || inflater.is_some_and(Inflater::is_warm)
    }

    /// Gives back memory that only speeds up the next message; called between two messages.
    pub(super) fn rest(&mut self) {
        self.clear_assembled();
        self.assembled.release();
        self.lent = Lent::Input(0..0);
        self.input.release();
        self.read_size = SMALL_INPUT_SIZE;
        self.options.inflater.iter_mut().for_each(Inflater::rest);
    }

    pub(super) fn set_observe_frames(&mut self, on: bool) {
        self.options.observe_frames = on;
    }

    /// Discards everything that was received and not delivered.
    pub(super) fn discard(&mut self) {
        self.frame.incomplete = false;
        self.input.consume(self.input.len());
    }

    /// The payload of the last part; valid until the next part or room to read is requested.
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
            if !self.frame.incomplete {
                if let Some(part) = self.take_short() {
                    return Some(part);
                }
                if let ControlFlow::Break(part) = self.start_frame() {
                    return part;
                }
            }
            if let ControlFlow::Break(part) = self.take_payload() {
                // A fault tolerated in the start of a payload is reported before the rest arrives.
                return part.or_else(|| self.tolerated.pop_front().map(Part::Tolerated));
            }
        }
    }

    /// Discards the assembled message, if it was lent out.
    #[inline]
    fn clear_assembled(&mut self) {
        if matches!(self.lent, Lent::Assembled) {
            self.assembled.consume(self.assembled.len());
            self.lent = Lent::Input(0..0);
        }
    }

    /// Payload bytes of the current frame that have not been received.
    fn rest_of_frame(&self) -> u64 {
        let frame = &self.frame;
        if frame.incomplete {
            (frame.len - frame.taken).saturating_sub(self.input.len() as u64)
        } else {
            0
        }
    }

    /// The offset of the front of the input in the stream.
    fn front(&self) -> u64 {
        self.received.bytes - self.input.len() as u64
    }
}

/// A buffer of the usual size for reads.
pub fn input_buffer() -> Buffer {
    Buffer::with_capacity(INPUT_SIZE)
}

/// A buffer for one of many connections, most of which are idle; it grows with what the peer sends.
pub fn small_input_buffer() -> Buffer {
    Buffer::with_capacity(SMALL_INPUT_SIZE)
}

/// How much of a frame or message was received when the stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// In a frame header.
    Header {
        /// Bytes of it that were received.
        received: usize,
    },
    /// In a frame's payload.
    Payload {
        /// Bytes of it that were received.
        received: u64,
        /// Its declared length in bytes.
        expected: u64,
    },
    /// Between the frames of a fragmented message.
    Message,
}
