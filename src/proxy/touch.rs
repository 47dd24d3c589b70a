//! One direction whose messages rules may touch: a message waits until it is whole, and leaves as its frames
//! came unless a rule changes it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::rules::{End, Rules, Verdict};
use crate::event::Side;
use crate::proto::frame::{Header, Opcode, mask};
use crate::proto::message::Kind;
use crate::proto::passage::Piece;

/// A message as a watcher has seen it.
pub(super) type Whole = (Kind, Vec<u8>);

#[derive(Debug)]
pub(super) struct Touch {
    side: Side,
    rules: Rc<Rules>,
    keys: StdRng,
    /// The most bytes of a message that wait for its end.
    limit: u64,
    compression: Compression,
    frame: Option<Frame>,
    /// The frames of the message whose end is missing.
    held: Vec<(Header, Vec<u8>)>,
    held_bytes: u64,
    /// The message passes as it comes, as it is too large to wait.
    is_streaming: bool,
    number: u64,
    /// What leaves now.
    out: Vec<u8>,
    /// What leaves later, in order.
    queue: VecDeque<(Instant, Vec<u8>)>,
    queued: usize,
    notes: Vec<String>,
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// Each message is compressed by itself, or none is.
    Independent,
    /// Compressed messages refer to those before them.
    Context,
    /// One that others refer to did not pass as it came: later ones leave uncompressed.
    Broken,
}

/// The frame whose end is missing.
#[derive(Debug)]
struct Frame {
    header: Header,
    payload: Vec<u8>,
    /// How much of it has left, if it passes as it comes.
    streamed: Option<u64>,
}

/// From this many bytes in the queue on nothing more is read.
const FULL: usize = 4 << 20;

impl Touch {
    pub(super) fn new(side: Side, rules: Rc<Rules>, compression: Compression, limit: u64) -> Self {
        Self {
            side,
            rules,
            keys: StdRng::from_seed(rand::random()),
            limit,
            compression,
            frame: None,
            held: Vec::new(),
            held_bytes: 0,
            is_streaming: false,
            number: 0,
            out: Vec::new(),
            queue: VecDeque::new(),
            queued: 0,
            notes: Vec::new(),
            end: None,
        }
    }

    /// Takes a piece that has come; `whole` is the message that it completes, as far as it can be read.
    pub(super) fn take(&mut self, piece: &Piece<'_>, whole: Option<Whole>, now: Instant) {
        match piece {
            Piece::Header(wire) => self.header(wire.header, now),
            Piece::Payload { bytes, end } => {
                self.payload(bytes, now);
                if *end && let Some(frame) = self.frame.take() {
                    self.end_of_frame(frame, whole, now);
                }
            }
        }
    }

    /// What leaves now.
    pub(super) fn take_out(&mut self, now: Instant) -> Vec<u8> {
        while let Some((_, bytes)) = self.queue.pop_front_if(|(due, _)| *due <= now) {
            self.queued -= bytes.len();
            self.out.extend_from_slice(&bytes);
        }
        std::mem::take(&mut self.out)
    }

    /// When something in the queue is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.queue.front().map(|(due, _)| *due)
    }

    pub(super) fn is_full(&self) -> bool {
        self.queued >= FULL
    }

    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    pub(super) fn take_end(&mut self) -> Option<End> {
        self.end.take()
    }

    /// The stream has ended: what is not whole leaves as it came, with `header` the start of a header.
    pub(super) fn finish(&mut self, header: &[u8], now: Instant) {
        self.release(now);
        if let Some(Frame {
            header,
            payload,
            streamed: None,
        }) = self.frame.take()
        {
            let bytes = encode(&header, &payload);
            self.push(bytes, Duration::ZERO, now);
        }
        self.push(header.to_vec(), Duration::ZERO, now);
    }

    fn header(&mut self, mut header: Header, now: Instant) {
        if header.masking_key.is_some() && self.side == Side::Client {
            header.masking_key = Some(self.keys.next_u32().to_ne_bytes());
        }
        let is_control = header.opcode.is_control();
        if !is_control && header.opcode != Opcode::CONTINUATION {
            // One without an end breaks a rule, and leaves as it came.
            self.release(now);
            self.is_streaming = false;
        }
        let held = if is_control { 0 } else { self.held_bytes };
        let is_large = held.saturating_add(header.payload_len) > self.limit;
        if is_large && !is_control && !self.is_streaming {
            self.release(now);
            self.is_streaming = true;
            let note = format!(
                "message {} is larger than --max-message: no rule sees it",
                self.number + 1
            );
            self.notes.push(note);
        }
        let streams = is_large || self.is_streaming && !is_control;
        if streams {
            let bytes = encode(&header, &[]);
            self.push(bytes, Duration::ZERO, now);
        }
        self.frame = Some(Frame {
            header,
            payload: Vec::new(),
            streamed: streams.then_some(0),
        });
    }

    fn payload(&mut self, bytes: &[u8], now: Instant) {
        let Some(frame) = &mut self.frame else {
            return;
        };
        let Some(streamed) = &mut frame.streamed else {
            return frame.payload.extend_from_slice(bytes);
        };
        let mut bytes = bytes.to_vec();
        let key = frame.header.masking_key.unwrap_or_default();
        mask::apply(&mut bytes, key, *streamed);
        *streamed += bytes.len() as u64;
        self.push(bytes, Duration::ZERO, now);
    }

    fn end_of_frame(&mut self, frame: Frame, whole: Option<Whole>, now: Instant) {
        let Frame {
            header,
            payload,
            streamed,
        } = frame;
        let ends_message = header.fin && !header.opcode.is_control();
        if streamed.is_some() {
            if ends_message {
                self.number += 1;
                self.is_streaming = false;
            }
            return;
        }
        match header.opcode {
            // It lets out what waits first.
            Opcode::CLOSE => self.push(encode(&header, &payload), Duration::ZERO, now),
            opcode if opcode.is_control() => self.out.extend(encode(&header, &payload)),
            opcode => {
                self.held_bytes += payload.len() as u64;
                self.held.push((header, payload));
                if opcode.is_reserved() {
                    self.release(now);
                } else if ends_message {
                    self.number += 1;
                    self.message(whole, now);
                }
            }
        }
    }

    /// Decides about a message whose frames have all come.
    fn message(&mut self, whole: Option<Whole>, now: Instant) {
        let is_compressed = self.held.first().is_some_and(|(header, _)| header.rsv1);
        let Some((kind, payload)) = whole else {
            return self.release(now);
        };
        let verdict = self
            .rules
            .judge(self.side, kind, &payload)
            .unwrap_or(Verdict {
                copies: 1,
                ..Verdict::default()
            });
        let (number, side) = (self.number, self.side.name());
        let notes = verdict.notes.iter();
        self.notes
            .extend(notes.map(|note| format!("{note}, message {number} from the {side}")));
        self.end = verdict.end.or(self.end);
        let is_lost = verdict.copies == 0 || verdict.changed.is_some();
        let is_orphan = is_compressed && self.compression == Compression::Broken;
        let stays = !(is_lost || is_orphan);
        if is_lost && is_compressed && self.compression == Compression::Context {
            self.compression = Compression::Broken;
            let note = format!(
                "later compressed messages from the {side} leave uncompressed, as they refer to it"
            );
            self.notes.push(note);
        }
        let (kind, payload) = verdict.changed.unwrap_or((kind, payload));
        for copy in 0..verdict.copies {
            if copy == 0 && stays {
                self.release_after(verdict.delay, now);
            } else {
                let frame = self.plain(kind, &payload);
                self.push(frame, verdict.delay, now);
            }
        }
        self.held.clear();
        self.held_bytes = 0;
    }

    /// A frame of the proxy's own (RFC 7692 §6: any message may be sent uncompressed).
    fn plain(&mut self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let key = (self.side == Side::Client).then(|| self.keys.next_u32().to_ne_bytes());
        let header = Header::new(true, kind.opcode(), key, payload.len() as u64);
        encode(&header, payload)
    }

    fn release(&mut self, now: Instant) {
        self.release_after(Duration::ZERO, now);
    }

    /// Lets the frames that are held leave as they came.
    fn release_after(&mut self, delay: Duration, now: Instant) {
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        for (header, payload) in held {
            self.push(encode(&header, &payload), delay, now);
        }
    }

    /// Lets bytes leave after `delay`, and never before those that wait.
    fn push(&mut self, bytes: Vec<u8>, delay: Duration, now: Instant) {
        if bytes.is_empty() {
            return;
        }
        let last = self.queue.back().map(|(due, _)| *due);
        if last.is_none() && delay.is_zero() {
            return self.out.extend(bytes);
        }
        let due = last.map_or(now + delay, |last| last.max(now + delay));
        self.queued += bytes.len();
        self.queue.push_back((due, bytes));
    }
}

fn encode(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; Header::MAX];
    let size = header.encode(&mut bytes);
    bytes.truncate(size);
    bytes.extend_from_slice(payload);
    mask::apply(
        &mut bytes[size..],
        header.masking_key.unwrap_or_default(),
        0,
    );
    bytes
}
