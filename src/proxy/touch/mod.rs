//! One direction whose messages rules or the user may touch: such a message waits until it is whole, and leaves as
//! its frames came unless it is changed. All others leave as they come.

mod queue;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::queue::{Leaving, Queue};
use super::desk::{Content, Desk, Held};
use super::rules::{End, Rules, Verdict};
use crate::command::Outgoing;
use crate::event::Side;
use crate::memory::Fate;
use crate::proto::frame::{Header, Opcode, mask};
use crate::proto::message::Kind;
use crate::proto::passage::Piece;
use crate::render::quantity;

pub(super) use self::queue::{Compression, Decision};

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) kind: Kind,
    pub(super) payload: Arc<[u8]>,
    /// Its bytes on the wire, if it is compressed.
    pub(super) deflated: Option<u64>,
}

impl Plain {
    pub(super) fn new(kind: Kind, payload: Vec<u8>) -> Self {
        Self {
            kind,
            payload: payload.into(),
            deflated: None,
        }
    }
}

/// What is to be said about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A message did not pass as it came.
    Mark(String),
    /// The same, because the user wants it so.
    Wanted(String),
    Fact(String),
    /// A message waits behind one that is held.
    Behind(String),
    Warning(String),
    /// What became of the message with this number.
    Fate(u64, Option<Fate>),
    /// A message has left, which is recorded now.
    Left(Plain),
    /// A Close frame has left, which is recorded now.
    Closed,
    /// The user does not want the message with this number to leave.
    Discarded(u64),
    /// The user has changed a message, which has left.
    Edited {
        number: u64,
        before: Plain,
        after: Plain,
    },
}

#[derive(Debug)]
pub(super) struct Touch {
    side: Side,
    rules: Rc<Rules>,
    /// The user's, and the number of the connection.
    desk: Option<(Desk, u64)>,
    /// The most bytes of a message that wait for its end.
    limit: u64,
    frame: Option<Frame>,
    /// The frames of the message whose end is missing.
    held: Vec<(Header, Vec<u8>)>,
    held_bytes: u64,
    /// The message passes as it comes: nobody looks at it, or it is too large to wait.
    is_streaming: bool,
    number: u64,
    queue: Queue,
    /// How many messages the desk knows to wait behind a held one.
    behind: usize,
    end: Option<End>,
}

/// The frame whose end is missing.
#[derive(Debug)]
struct Frame {
    header: Header,
    payload: Vec<u8>,
    /// How much of it has left, if it passes as it comes.
    streamed: Option<u64>,
}

impl Touch {
    pub(super) fn new(
        side: Side,
        rules: Rc<Rules>,
        desk: Option<(Desk, u64)>,
        compression: Compression,
        limit: u64,
        records: bool,
    ) -> Self {
        Self {
            side,
            rules,
            desk,
            limit,
            frame: None,
            held: Vec::new(),
            held_bytes: 0,
            is_streaming: false,
            number: 0,
            queue: Queue::new(side, compression, records),
            behind: 0,
            end: None,
        }
    }

    /// Takes a piece that has come; `whole` is the message that it completes, as far as it can be read.
    pub(super) fn take(&mut self, piece: &Piece<'_>, whole: Option<Plain>, now: Instant) {
        match piece {
            Piece::Header(wire) => self.header(wire.header, now),
            Piece::Payload { bytes, end } => {
                self.payload(bytes, *end, now);
                if *end && let Some(frame) = self.frame.take() {
                    self.end_of_frame(frame, whole, now);
                }
            }
        }
    }

    /// Whether the message that comes is waited for.
    pub(super) fn wants_whole(&self) -> bool {
        !self.is_streaming
    }

    /// What leaves now.
    pub(super) fn take_out(&mut self, now: Instant) -> Vec<u8> {
        let out = self.queue.take_out(now);
        self.count_behind();
        out
    }

    /// Lets the desk know how many messages wait behind a held one.
    fn count_behind(&mut self) {
        let behind = self.queue.behind();
        if let Some((desk, connection)) = &self.desk
            && self.behind != behind
        {
            self.behind = behind;
            desk.set_behind(*connection, self.side, behind);
        }
    }

    /// When something in the queue is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.queue.deadline()
    }

    pub(super) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Whether anything waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.queue.notes)
    }

    pub(super) fn take_end(&mut self) -> Option<End> {
        self.end.take().or_else(|| self.queue.take_end())
    }

    /// The numbers of the messages that are held for the user, and of those that wait.
    pub(super) fn held(&self) -> (Vec<u64>, Vec<u64>) {
        (self.queue.held().collect(), self.queue.waiting().collect())
    }

    /// Does with a held message what the user wants; `false` if it is not one of this direction.
    pub(super) fn decide(&mut self, number: u64, decision: Decision, now: Instant) -> bool {
        let is_here = self.queue.decide(number, decision, now);
        if is_here && let Some((desk, _)) = &self.desk {
            desk.release(number);
        }
        is_here
    }

    /// Lets everything out that is held.
    pub(super) fn let_out(&mut self, now: Instant) {
        let numbers: Vec<u64> = self.queue.held().collect();
        for number in numbers {
            self.decide(number, Decision::Pass, now);
        }
    }

    /// Sends something that did not come from this end.
    pub(super) fn inject(&mut self, what: &Outgoing) {
        self.queue.inject(what);
    }

    /// The stream has ended: what is not whole leaves as it came, with `header` the start of a header.
    pub(super) fn finish(&mut self, header: &[u8], now: Instant) {
        self.let_out_for("has ended its stream", now);
        self.release(now);
        if let Some(Frame {
            header,
            payload,
            streamed: None,
        }) = self.frame.take()
        {
            let bytes = encode(&header, &payload);
            self.queue.push_bytes(bytes, false, now);
        }
        self.queue.push_bytes(header.to_vec(), false, now);
    }

    fn let_out_for(&mut self, why: &str, now: Instant) {
        let count = self.queue.held().count();
        if count > 0 {
            let side = self.side.name();
            let text = format!("the {side} {why}: {} first", passes(count));
            self.queue.notes.push(Note::Fact(text));
            self.let_out(now);
        }
    }

    /// Whether the message that begins has to be whole before it leaves.
    fn collects(&self) -> bool {
        let is_held = |(desk, _): &(Desk, u64)| desk.wants(self.side);
        self.rules.are_for(self.side)
            || self.desk.as_ref().is_some_and(is_held)
            || self.queue.needs_whole()
    }

    fn header(&mut self, mut header: Header, now: Instant) {
        if header.masking_key.is_some() && self.side == Side::Client {
            header.masking_key = Some(self.queue.key());
        }
        let is_control = header.opcode.is_control();
        if !is_control && header.opcode != Opcode::CONTINUATION {
            // One without an end breaks a rule, and leaves as it came.
            self.release(now);
            self.is_streaming = !self.collects();
        }
        let held = if is_control { 0 } else { self.held_bytes };
        let is_large = held.saturating_add(header.payload_len) > self.limit;
        if is_large && !is_control && !self.is_streaming {
            self.release(now);
            self.is_streaming = true;
            let what = match &self.desk {
                Some(_) => "it is not held, and no rule sees it",
                None => "no rule sees it",
            };
            let number = self.number + 1;
            let text = format!("message {number} is larger than --max-message: {what}");
            self.queue.notes.push(Note::Mark(text));
        }
        let streams = is_large || self.is_streaming && !is_control;
        if streams {
            let is_orphan = header.rsv1 && header.opcode.starts_message();
            let bytes = encode(&header, &[]);
            self.queue.push_start(bytes, is_orphan, now);
        }
        self.frame = Some(Frame {
            header,
            payload: Vec::new(),
            streamed: streams.then_some(0),
        });
    }

    fn payload(&mut self, bytes: &[u8], is_last: bool, now: Instant) {
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
        let is_within = !(is_last && frame.header.fin);
        self.queue.push_bytes(bytes, is_within, now);
    }

    fn end_of_frame(&mut self, frame: Frame, whole: Option<Plain>, now: Instant) {
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
            opcode if opcode.is_control() => self.control(opcode, encode(&header, &payload), now),
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

    fn control(&mut self, opcode: Opcode, frame: Vec<u8>, now: Instant) {
        let side = self.side;
        let desk = self.desk.as_ref();
        if let Some((desk, _)) = desk.filter(|(desk, _)| desk.holds_control(side, opcode)) {
            let number = desk.take_number();
            let name = control_name(opcode);
            let text = format!("the {name} from the {} is #{number}", side.name());
            self.queue.notes.push(Note::Fact(text));
            let leaving = Leaving {
                is_close: opcode == Opcode::CLOSE,
                ..Leaving::as_it_came(frame)
            };
            self.hold(number, Content::Control(opcode), leaving, now);
        } else if opcode == Opcode::CLOSE {
            // It lets out what waits first.
            self.let_out_for("closes", now);
            self.queue.push_close(frame, now);
        } else {
            self.queue.push_ahead(frame);
        }
    }

    /// Decides about a message whose frames have all come.
    fn message(&mut self, whole: Option<Plain>, now: Instant) {
        let is_compressed = self.held.first().is_some_and(|(header, _)| header.rsv1);
        let frames = self.take_frames();
        let Some(plain) = whole else {
            let leaving = Leaving {
                is_compressed,
                ..Leaving::as_it_came(frames)
            };
            return self.queue.push(leaving, Duration::ZERO, now);
        };
        let verdict = self
            .rules
            .judge(self.side, plain.kind, &plain.payload)
            .unwrap_or(Verdict {
                copies: 1,
                ..Verdict::default()
            });
        let (number, side) = (self.number, self.side.name());
        for note in verdict.notes {
            let text = format!("{note}, message {number} from the {side}");
            self.queue.notes.push(Note::Mark(text));
        }
        self.end = verdict.end.or(self.end);
        let (plain, is_changed) = match verdict.changed {
            Some((kind, changed)) => (Plain::new(kind, changed), true),
            None => (plain, false),
        };
        let desk = self.desk.as_ref().map(|(desk, _)| desk);
        let number = desk.map(Desk::number);
        let Plain { kind, payload, .. } = plain.clone();
        let is_held =
            verdict.copies > 0 && desk.is_some_and(|desk| desk.holds(self.side, kind, &payload));
        let leaving = Leaving {
            is_compressed,
            plain: Some(plain),
            is_changed,
            copies: verdict.copies,
            number,
            ..Leaving::as_it_came(frames)
        };
        if let Some(number) = number.filter(|_| is_held) {
            return self.hold(number, Content::Message(kind, payload), leaving, now);
        }
        if let Some(number) = number {
            self.queue.note_waiting(number, now);
        }
        self.queue.push(leaving, verdict.delay, now);
        self.count_behind();
    }

    /// Lets a message wait until the user decides.
    fn hold(&mut self, number: u64, content: Content, leaving: Leaving, now: Instant) {
        let Some((desk, connection)) = &self.desk else {
            return;
        };
        let held = Held {
            connection: *connection,
            side: self.side,
            since: now,
            content,
        };
        desk.hold(number, held);
        self.queue.hold(number, leaving, now);
    }

    fn take_frames(&mut self) -> Vec<u8> {
        self.held_bytes = 0;
        let held = std::mem::take(&mut self.held).into_iter();
        held.flat_map(|(header, payload)| encode(&header, &payload))
            .collect()
    }

    /// Lets the frames that are held leave as they came.
    fn release(&mut self, now: Instant) {
        if !self.held.is_empty() {
            let is_compressed = self.held.first().is_some_and(|(header, _)| header.rsv1);
            let leaving = Leaving {
                is_compressed,
                ..Leaving::as_it_came(self.take_frames())
            };
            self.queue.push(leaving, Duration::ZERO, now);
        }
    }
}

/// That so many held messages pass.
pub(super) fn passes(count: usize) -> String {
    let verb = if count == 1 { "passes" } else { "pass" };
    format!("{} {verb}", quantity::plural(count as u64, "held message"))
}

pub(super) fn control_name(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::PING => "ping",
        Opcode::PONG => "pong",
        Opcode::CLOSE => "Close",
        _ => "frame",
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
