//! Encodes messages and control frames (RFC 6455 §5, §6.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::Role;
use super::buffer::Buffer;
use super::deflate::Deflater;
use super::encoded::Encoded;
use super::frame::{CloseFrame, Header, Opcode, mask};
use super::message::Kind;
use super::receiver::WireHeader;
use super::traffic::Traffic;

/// The connection is closing or closed: nothing more may be sent (RFC 6455 §5.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closing; nothing more can be sent")]
pub struct Closing;

/// A control frame that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// A close; `None` for an empty body.
    Close(Option<CloseFrame>),
}

/// A Close frame that was sent.
#[derive(Debug, Clone)]
pub(super) struct ClosedWith {
    pub frame: Option<CloseFrame>,
    /// When to stop waiting for the peer's answer.
    pub deadline: Instant,
    /// Whether bytes that are written or received extend the deadline.
    pub patient: bool,
}

/// Something that was sent and becomes an event.
#[derive(Debug)]
pub(super) enum Notice {
    Frame(Box<WireHeader>),
    Control(Control),
}

/// The configuration of a sender.
#[derive(Debug)]
pub(super) struct Options {
    pub role: Role,
    pub fragment: Option<usize>,
    pub observe_frames: bool,
    pub deflater: Option<Deflater>,
}

/// The sending half of a connection.
#[derive(Debug)]
pub struct Sender {
    role: Role,
    fragment: Option<usize>,
    observe_frames: bool,
    output: Buffer,
    masks: Masks,
    deflater: Option<Deflater>,
    /// Storage for compressed payloads, reused.
    deflated: Vec<u8>,
    closed_with: Option<ClosedWith>,
    /// The payload of the latest ping that could not be answered at once.
    owed_pong: Option<Vec<u8>>,
    /// Unanswered pings, oldest first.
    pings: VecDeque<(Vec<u8>, Instant)>,
    notices: VecDeque<Notice>,
    sent: Traffic,
    /// Where the last data frame ends in the stream.
    data_end: u64,
}

/// Masking keys from a generator that is made with the first of them: a server needs none for valid frames, and the
/// generator is larger than the rest of its sender.
#[derive(Debug)]
struct Masks {
    seed: [u8; 32],
    random: Option<Box<StdRng>>,
}

impl Masks {
    #[inline]
    fn next(&mut self) -> [u8; 4] {
        let random = self
            .random
            .get_or_insert_with(|| Box::new(StdRng::from_seed(self.seed)));
        random.next_u32().to_ne_bytes()
    }
}

/// From this much output on pongs wait, in bytes: a flood of pings must not grow the output.
///
/// Half of the output buffer: it leaves room for messages, and is more than a peer that reads lets pile up.
const PONG_WAITS: usize = 64 << 10;
/// The number of pings that are remembered for their round trip: more than a peer that answers leaves open.
const REMEMBERED_PINGS: usize = 32;
/// Storage for compressed payloads above this is freed, in bytes: a message of 1 MiB, a common limit of servers, fits.
const IDLE_DEFLATED: usize = 1 << 20;
/// The initial size of a client's output, in bytes: about what is sent between two writes.
///
/// A server has many connections, most of them idle, so its output grows as it is needed.
const OUTPUT_SIZE: usize = 128 << 10;

impl Sender {
    /// A sender whose masking keys come from `seed`, which must be unpredictable (RFC 6455 §5.3).
    pub(super) fn new(options: Options, seed: [u8; 32]) -> Self {
        Self {
            role: options.role,
            fragment: options.fragment,
            observe_frames: options.observe_frames,
            deflater: options.deflater,
            deflated: Vec::new(),
            output: Buffer::with_capacity(match options.role {
                Role::Client => OUTPUT_SIZE,
                Role::Server => 0,
            }),
            masks: Masks { seed, random: None },
            closed_with: None,
            owed_pong: None,
            pings: VecDeque::new(),
            notices: VecDeque::new(),
            sent: Traffic::default(),
            data_end: 0,
        }
    }

    /// Sends a message, in fragments when a fragment size was set.
    ///
    /// Returns the size of the payload on the wire in bytes when it was compressed.
    pub fn message(&mut self, kind: Kind, payload: &[u8]) -> Result<Option<u64>, Closing> {
        self.check_open()?;
        let deflated = self.deflate(payload, true);
        let wire = deflated.as_deref().unwrap_or(payload);
        let size = self.fragment.unwrap_or(usize::MAX).min(wire.len());
        let (mut opcode, mut rsv1, mut rest) = (kind.opcode(), deflated.is_some(), wire);
        loop {
            let (piece, left) = rest.split_at(size.min(rest.len()));
            self.data_frame(left.is_empty(), rsv1, opcode, piece);
            (opcode, rsv1, rest) = (Opcode::CONTINUATION, false, left);
            if rest.is_empty() {
                break;
            }
        }
        Ok(self.count(payload, true, deflated))
    }

    /// Sends a message that was encoded before; a client, and one with a fragment size, encodes it again.
    pub fn encoded(&mut self, message: &Encoded) -> Result<Option<u64>, Closing> {
        let is_usual = self.role == Role::Server && self.fragment.is_none();
        if !is_usual || self.observe_frames {
            return self.message(message.kind(), message.payload());
        }
        self.check_open()?;
        self.raw(message.frame());
        self.sent.frames += 1;
        self.data_end = self.sent.bytes;
        Ok(self.count(message.payload(), true, None))
    }

    /// Sends one message with each piece in its own frame (RFC 6455 §5.4).
    pub fn fragments<'a>(
        &mut self,
        kind: Kind,
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<u64>, Closing> {
        self.check_open()?;
        let (mut pieces, mut start, mut wire) = (pieces.peekable(), true, None);
        while let Some(piece) = pieces.next() {
            let deflated = self.piece(kind, piece, start, pieces.peek().is_none())?;
            wire = deflated.map(|size| size + wire.unwrap_or(0));
            start = false;
        }
        Ok(wire)
    }

    /// Sends a piece of a message: `start` is set for the first, `end` for the last.
    pub fn piece(
        &mut self,
        kind: Kind,
        payload: &[u8],
        start: bool,
        end: bool,
    ) -> Result<Option<u64>, Closing> {
        self.check_open()?;
        let deflated = self.deflate(payload, end);
        let opcode = if start {
            kind.opcode()
        } else {
            Opcode::CONTINUATION
        };
        let wire = deflated.as_deref().unwrap_or(payload);
        self.data_frame(end, start && deflated.is_some(), opcode, wire);
        Ok(self.count(payload, end, deflated))
    }

    /// Sends a ping and expects its pong; `payload` is at most 125 bytes.
    pub fn ping(&mut self, payload: &[u8], now: Instant) -> Result<(), Closing> {
        self.check_open()?;
        self.control_frame(Opcode::PING, payload);
        if self.pings.len() == REMEMBERED_PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((payload.to_vec(), now));
        self.notice(Control::Ping(payload.to_vec()));
        Ok(())
    }

    /// Sends an unsolicited pong (RFC 6455 §5.5.3); `payload` is at most 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Closing> {
        self.check_open()?;
        self.control_frame(Opcode::PONG, payload);
        self.notice(Control::Pong(payload.to_vec()));
        Ok(())
    }

    /// Starts the closing handshake or answers the peer's; waits for the peer until `deadline`.
    ///
    /// Only the first call has an effect: only one Close frame may be sent (RFC 6455 §5.5.1).
    pub fn close(&mut self, frame: Option<CloseFrame>, deadline: Instant) {
        self.close_with(frame, deadline, false);
    }

    /// Like [`close`](Self::close); if `patient`, bytes that are written or received may extend the deadline.
    pub(super) fn close_with(
        &mut self,
        frame: Option<CloseFrame>,
        deadline: Instant,
        patient: bool,
    ) {
        if self.closed_with.is_some() {
            return;
        }
        let body = frame.as_ref().map(CloseFrame::encode).unwrap_or_default();
        self.control_frame(Opcode::CLOSE, &body);
        self.notice(Control::Close(frame.clone()));
        self.closed_with = Some(ClosedWith {
            frame,
            deadline,
            patient,
        });
    }

    /// Whether bytes that are written or received extend the wait for the peer's Close frame.
    pub(super) fn is_patient(&self) -> bool {
        self.closed_with.as_ref().is_some_and(|close| close.patient)
    }

    /// Sets the deadline for the peer, if a Close frame was sent.
    pub(super) fn wait_until(&mut self, deadline: Instant) {
        if let Some(close) = &mut self.closed_with {
            close.deadline = deadline;
        }
    }

    /// Limits the wait for the peer to `deadline`, if a Close frame was sent.
    pub(super) fn end_by(&mut self, deadline: Instant) {
        if let Some(close) = &mut self.closed_with {
            close.deadline = close.deadline.min(deadline);
            close.patient = false;
        }
    }

    /// Sends a frame exactly as its header says, even if that breaks a rule; masks the payload with its key.
    #[expect(
        clippy::inline_always,
        reason = "callers know most of the header, so that encoding it is a few stores"
    )]
    #[inline(always)]
    pub fn frame(&mut self, header: &Header, payload: &[u8]) {
        let room = self.output.spare(Header::MAX + payload.len());
        let size = header.encode(room);
        if self.observe_frames {
            let header = WireHeader::new(*header, &room[..size], self.sent.bytes);
            self.notices.push_back(Notice::Frame(Box::new(header)));
        }
        let target = &mut room[size..size + payload.len()];
        match header.masking_key {
            Some(key) => mask::copy_masked(target, payload, key),
            None => target.copy_from_slice(payload),
        }
        self.output.commit(size + payload.len());
        self.sent.bytes += (size + payload.len()) as u64;
        self.sent.frames += 1;
    }

    /// Sends bytes as they are, which need not be a frame.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.output.extend(bytes);
        self.sent.bytes += bytes.len() as u64;
    }

    /// The largest fragment of a message in bytes, if that is limited.
    pub fn fragment_size(&self) -> Option<usize> {
        self.fragment
    }

    /// A fresh masking key (RFC 6455 §5.3).
    pub fn masking_key(&mut self) -> [u8; 4] {
        self.masks.next()
    }

    /// The masking key that a frame of this side has: a server's has none (RFC 6455 §5.1).
    pub fn usual_masking_key(&mut self) -> Option<[u8; 4]> {
        match self.role {
            Role::Client => Some(self.masking_key()),
            Role::Server => None,
        }
    }

    /// Bytes to be written to the socket.
    pub fn output(&self) -> &[u8] {
        self.output.filled()
    }

    /// Consumes `n` bytes of [`output`](Self::output) that were written.
    pub fn written(&mut self, n: usize) {
        self.output.consume(n);
        if self.output.len() < PONG_WAITS
            && let Some(payload) = self.owed_pong.take()
            && self.check_open().is_ok()
        {
            self.control_frame(Opcode::PONG, &payload);
        }
    }

    /// The number of bytes of the output that belong to messages.
    pub fn unwritten_data(&self) -> usize {
        let written = self.sent.bytes - self.output.len() as u64;
        usize::try_from(self.data_end.saturating_sub(written)).unwrap_or(usize::MAX)
    }

    /// Whether nothing more may be sent.
    pub fn is_closing(&self) -> bool {
        self.closed_with.is_some()
    }

    /// What was sent so far.
    pub fn sent(&self) -> Traffic {
        self.sent
    }

    /// Answers a ping at once, or later if too much output is waiting; then only the latest ping is answered.
    ///
    /// RFC 6455 §5.5.3: an endpoint MAY elect to send a Pong for only the most recent Ping.
    pub(super) fn answer_ping(&mut self, payload: &[u8]) -> bool {
        if self.is_closing() {
            return false;
        }
        if self.output.len() < PONG_WAITS {
            self.control_frame(Opcode::PONG, payload);
            return true;
        }
        self.owed_pong = Some(payload.to_vec());
        false
    }

    /// The time since the ping that `payload` answers; also counts older pings as answered.
    pub(super) fn answered(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let index = self.pings.iter().position(|(sent, _)| sent == payload)?;
        let (_, at) = self.pings.drain(..=index).next_back()?;
        Some(now.saturating_duration_since(at))
    }

    /// When the oldest unanswered ping was sent.
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

    /// Compresses a piece of a message, if compression was negotiated.
    fn deflate(&mut self, payload: &[u8], end: bool) -> Option<Vec<u8>> {
        let deflater = self.deflater.as_mut()?;
        let mut out = std::mem::take(&mut self.deflated);
        out.clear();
        deflater.push(payload, end, &mut out);
        Some(out)
    }

    /// Counts a piece of a message, and keeps the storage of its compressed payload.
    #[inline]
    fn count(&mut self, payload: &[u8], end: bool, deflated: Option<Vec<u8>>) -> Option<u64> {
        self.sent.messages += u64::from(end);
        self.sent.payload += payload.len() as u64;
        Some(self.count_deflated(payload, deflated?))
    }

    #[inline(never)]
    fn count_deflated(&mut self, payload: &[u8], deflated: Vec<u8>) -> u64 {
        let wire = deflated.len() as u64;
        self.sent.deflated.wire += wire;
        self.sent.deflated.plain += payload.len() as u64;
        self.deflated = deflated;
        self.deflated.shrink_to(IDLE_DEFLATED);
        wire
    }

    #[inline(never)]
    fn data_frame(&mut self, fin: bool, rsv1: bool, opcode: Opcode, payload: &[u8]) {
        let mut header = self.plain(fin, opcode, payload);
        // RFC 7692 §6.1: RSV1 on the first frame of a compressed message only.
        header.rsv1 = rsv1;
        self.frame(&header, payload);
        self.data_end = self.sent.bytes;
    }

    /// Whether it holds memory that [`rest`](Self::rest) gives back.
    pub(super) fn is_warm(&self) -> bool {
        let has_window = self.deflater.as_ref().is_some_and(Deflater::is_warm);
        has_window || self.output.is_empty() && self.output.capacity() > 0
    }

    /// Gives back memory that only speeds up the next message.
    pub(super) fn rest(&mut self) {
        self.output.release();
        self.deflated = Vec::new();
        self.deflater.iter_mut().for_each(Deflater::rest);
    }

    fn control_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let header = self.plain(true, opcode, payload);
        self.frame(&header, payload);
    }

    /// A valid header, with a fresh masking key for a client.
    fn plain(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) -> Header {
        // RFC 6455 §5.3: a fresh masking key for each frame, from a strong source of entropy.
        let masking_key = self.usual_masking_key();
        Header::new(fin, opcode, masking_key, payload.len() as u64)
    }

    fn notice(&mut self, control: Control) {
        self.notices.push_back(Notice::Control(control));
    }
}
