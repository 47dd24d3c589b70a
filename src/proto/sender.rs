//! Messages and control frames become bytes (RFC 6455 §5, §6.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::Role;
use super::buffer::Buffer;
use super::frame::{CloseFrame, Header, Opcode, mask};
use super::message::Kind;
use super::receiver::WireHeader;

/// The connection is closing or closed: nothing more may be sent (RFC 6455 §5.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closing; nothing more can be sent")]
pub struct Closing;

/// A control frame that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// A close; `None` for an empty body.
    Close(Option<CloseFrame>),
}

/// What was sent, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Bytes of the stream, headers included.
    pub bytes: u64,
    /// Frames.
    pub frames: u64,
    /// Messages.
    pub messages: u64,
    /// Payload bytes of data frames.
    pub payload: u64,
}

/// A Close frame that was sent.
#[derive(Debug, Clone)]
pub(super) struct ClosedWith {
    pub frame: Option<CloseFrame>,
    /// When the peer's answer is no longer waited for.
    pub deadline: Instant,
}

/// Something to be told about what was sent.
#[derive(Debug)]
pub(super) enum Notice {
    Frame(WireHeader),
    Control(Control),
}

/// The sending half of a connection.
#[derive(Debug)]
pub struct Sender {
    role: Role,
    fragment: Option<usize>,
    observe_frames: bool,
    output: Buffer,
    masks: StdRng,
    closed_with: Option<ClosedWith>,
    /// The latest ping that could not be answered at once.
    owed_pong: Option<Vec<u8>>,
    /// Pings that no pong has answered, oldest first.
    pings: VecDeque<(Vec<u8>, Instant)>,
    notices: VecDeque<Notice>,
    sent: Sent,
}

/// Output from which on pongs wait: a flood of pings must not grow the output.
const PONG_WAITS: usize = 64 << 10;
/// Pings that are remembered for their round trip.
const REMEMBERED_PINGS: usize = 32;
/// The usual size of the output, in bytes.
const OUTPUT: usize = 256 << 10;

impl Sender {
    /// A sender whose masking keys come from `seed`, which must be unpredictable (RFC 6455 §5.3).
    pub(super) fn new(
        role: Role,
        fragment: Option<usize>,
        observe_frames: bool,
        seed: [u8; 32],
    ) -> Self {
        Self {
            role,
            fragment,
            observe_frames,
            output: Buffer::with_capacity(OUTPUT),
            masks: StdRng::from_seed(seed),
            closed_with: None,
            owed_pong: None,
            pings: VecDeque::new(),
            notices: VecDeque::new(),
            sent: Sent::default(),
        }
    }

    /// Sends a message, in fragments when a fragment size was set.
    pub fn message(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Closing> {
        match self.fragment {
            Some(size) if size < payload.len() => self.fragments(kind, payload.chunks(size)),
            _ => {
                self.check_open()?;
                self.data_frame(true, kind.opcode(), payload);
                self.sent.messages += 1;
                Ok(())
            }
        }
    }

    /// Sends one message with each piece in a frame of its own (RFC 6455 §5.4).
    pub fn fragments<'a>(
        &mut self,
        kind: Kind,
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Closing> {
        self.check_open()?;
        let mut pieces = pieces.peekable();
        let mut opcode = kind.opcode();
        while let Some(piece) = pieces.next() {
            self.data_frame(pieces.peek().is_none(), opcode, piece);
            opcode = Opcode::Continuation;
        }
        self.sent.messages += 1;
        Ok(())
    }

    /// Sends a piece of a message whose pieces come one by one: `start` with the first, `end` with the last.
    pub fn piece(
        &mut self,
        kind: Kind,
        payload: &[u8],
        start: bool,
        end: bool,
    ) -> Result<(), Closing> {
        if start && end {
            return self.message(kind, payload);
        }
        self.check_open()?;
        let opcode = if start {
            kind.opcode()
        } else {
            Opcode::Continuation
        };
        self.data_frame(end, opcode, payload);
        self.sent.messages += u64::from(end);
        Ok(())
    }

    /// Sends a ping, and waits for its pong; `payload` is at most 125 bytes.
    pub fn ping(&mut self, payload: &[u8], now: Instant) -> Result<(), Closing> {
        self.check_open()?;
        self.control_frame(Opcode::Ping, payload);
        if self.pings.len() == REMEMBERED_PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((payload.to_vec(), now));
        self.notice(Control::Ping(payload.to_vec()));
        Ok(())
    }

    /// Sends a pong that answers nothing (RFC 6455 §5.5.3); `payload` is at most 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Closing> {
        self.check_open()?;
        self.control_frame(Opcode::Pong, payload);
        self.notice(Control::Pong(payload.to_vec()));
        Ok(())
    }

    /// Starts the closing handshake, or answers the peer's; waits for the peer until `deadline`.
    ///
    /// Only the first call has an effect: one Close frame is all that may be sent (RFC 6455 §5.5.1).
    pub fn close(&mut self, frame: Option<CloseFrame>, deadline: Instant) {
        if self.closed_with.is_some() {
            return;
        }
        let body = frame.as_ref().map(CloseFrame::encode).unwrap_or_default();
        self.control_frame(Opcode::Close, &body);
        self.notice(Control::Close(frame.clone()));
        self.closed_with = Some(ClosedWith { frame, deadline });
    }

    /// Waits for the peer no longer than `deadline`, once a Close frame was sent.
    pub(super) fn end_by(&mut self, deadline: Instant) {
        if let Some(close) = &mut self.closed_with {
            close.deadline = close.deadline.min(deadline);
        }
    }

    /// Sends a frame exactly as its header says, whatever the rules; the payload is masked with its key.
    pub fn frame(&mut self, header: &Header, payload: &[u8]) {
        let mut bytes = [0; Header::MAX];
        let size = header.encode(&mut bytes);
        let room = self.output.spare(size + payload.len());
        room[..size].copy_from_slice(&bytes[..size]);
        let target = &mut room[size..size + payload.len()];
        match header.masking_key {
            Some(key) => mask::copy_masked(target, payload, key),
            None => target.copy_from_slice(payload),
        }
        self.output.commit(size + payload.len());
        if self.observe_frames {
            self.notices.push_back(Notice::Frame(WireHeader {
                header: *header,
                bytes,
                size,
                offset: self.sent.bytes,
            }));
        }
        self.sent.bytes += (size + payload.len()) as u64;
        self.sent.frames += 1;
    }

    /// What waits to be written to the socket.
    pub fn output(&self) -> &[u8] {
        self.output.filled()
    }

    /// Forgets `n` bytes of [`output`](Self::output) that were written.
    pub fn written(&mut self, n: usize) {
        self.output.consume(n);
        if self.output.len() < PONG_WAITS
            && let Some(payload) = self.owed_pong.take()
            && self.check_open().is_ok()
        {
            self.control_frame(Opcode::Pong, &payload);
        }
    }

    /// Whether nothing more may be sent.
    pub fn is_closing(&self) -> bool {
        self.closed_with.is_some()
    }

    /// What was sent so far.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// Answers a ping at once, or later when too much output waits; then only the latest is answered.
    ///
    /// RFC 6455 §5.5.3: an endpoint MAY elect to send a Pong for only the most recent Ping.
    pub(super) fn answer_ping(&mut self, payload: &[u8]) -> bool {
        if self.is_closing() {
            return false;
        }
        if self.output.len() < PONG_WAITS {
            self.control_frame(Opcode::Pong, payload);
            return true;
        }
        self.owed_pong = Some(payload.to_vec());
        false
    }

    /// The time since the ping that `payload` answers; older pings count as answered too.
    pub(super) fn answered(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let index = self.pings.iter().position(|(sent, _)| sent == payload)?;
        let (_, at) = self.pings.drain(..=index).next_back()?;
        Some(now.saturating_duration_since(at))
    }

    /// When the oldest ping without an answer went out.
    pub(super) fn oldest_ping(&self) -> Option<Instant> {
        self.pings.front().map(|&(_, at)| at)
    }

    pub(super) fn closed_with(&self) -> Option<&ClosedWith> {
        self.closed_with.as_ref()
    }

    pub(super) fn take_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    pub(super) fn set_observe_frames(&mut self, on: bool) {
        self.observe_frames = on;
    }

    fn check_open(&self) -> Result<(), Closing> {
        if self.is_closing() {
            Err(Closing)
        } else {
            Ok(())
        }
    }

    fn data_frame(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) {
        let header = self.plain(fin, opcode, payload);
        self.frame(&header, payload);
        self.sent.payload += payload.len() as u64;
    }

    fn control_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let header = self.plain(true, opcode, payload);
        self.frame(&header, payload);
    }

    /// A header that follows every rule, with a fresh masking key for a client.
    fn plain(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) -> Header {
        // RFC 6455 §5.3: a fresh masking key for each frame, from a strong source of entropy.
        let masking_key = match self.role {
            Role::Client => Some(self.masks.next_u32().to_ne_bytes()),
            Role::Server => None,
        };
        Header::new(fin, opcode, masking_key, payload.len() as u64)
    }

    fn notice(&mut self, control: Control) {
        self.notices.push_back(Notice::Control(control));
    }
}
