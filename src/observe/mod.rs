//! Everything that watches a session: one fan-out of its events to the view, `--jsonl`, the
//! recording, the memory, the peer's reaction and the hint on subprotocols.
//!
//! A mode calls [`Observers::event`] for each event and [`Observers::sent`] for each message it
//! sends. This is the hot path: a message nobody looks at costs a comparison for each consumer and
//! no call, and nothing is formatted, copied or timed for it.

mod jsonl;
mod pace;
mod reaction;
mod recording;
mod reopening;
mod view;

use std::borrow::Cow;
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;

pub use jsonl::JsonLines;
pub use pace::{Count, Pace, Waiting, What};
pub use reaction::PeerReaction;
pub use recording::Recording;
use reopening::Reopening;
pub use view::{Outlet, View};

use crate::event::{Carried, Direction, Ending, Event, NotOpen, Opening};
use crate::memory::{Feed, Meaning};
use crate::ontop::{Dialect, Seen};
use crate::proto::connection::{self, Message};
use crate::render::{Jsonl, quantity};

#[derive(Debug)]
pub struct Observers {
    pub view: View,
    pub recording: Recording,
    pub opening: Opening,
    pub reaction: PeerReaction,
    /// Only a prompt has one.
    pub memory: Option<Feed>,
    pub numbers: Numbers,
    /// The number of this connection's last message.
    number: u64,
    lines: Option<JsonLines>,
    dialect: Dialect,
    reopening: Reopening,
    /// What the protocol on top makes of the next message; `None` without such a protocol.
    on_top: Option<Vec<Rc<Seen>>>,
}

/// Counts the messages of a run, of all its connections and in both directions.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Rc<Cell<u64>>);

impl Numbers {
    #[inline]
    fn next(&self) -> u64 {
        let number = self.0.get() + 1;
        self.0.set(number);
        number
    }
}

/// For modes without `--jsonl`.
pub const NO_LINES: Option<&mut io::Sink> = None;

impl Observers {
    pub fn new(view: View, jsonl: Option<Jsonl>, recording: Recording, opening: Opening) -> Self {
        Self {
            view,
            recording,
            opening,
            reaction: PeerReaction::default(),
            memory: None,
            numbers: Numbers::default(),
            number: 0,
            lines: jsonl.map(JsonLines::new),
            dialect: Dialect::ignored(),
            reopening: Reopening::default(),
            on_top: None,
        }
    }

    #[inline]
    pub fn event(&mut self, event: &Event<'_>, out: Option<&mut impl io::Write>, now: Instant) {
        if let Event::Connection(connection::Event::Message(message)) = event {
            self.count(message);
            if !self.wants_messages() {
                return;
            }
        }
        self.report(event, out, now);
    }

    #[inline]
    fn count(&mut self, message: &Message<'_>) {
        if message.start {
            self.number = self.numbers.next();
        }
    }

    fn wants_messages(&self) -> bool {
        self.view.shows_messages()
            || self.lines.is_some()
            || self.recording.is_on()
            || self.reaction.is_pending()
            || self.dialect.is_pending()
            || self.on_top.is_some()
    }

    /// Says what a protocol on top makes of the message that is sent or received next.
    pub fn annotate(&mut self, seen: Vec<Rc<Seen>>) {
        self.on_top = Some(seen);
    }

    #[inline(never)]
    fn report(&mut self, event: &Event<'_>, out: Option<&mut impl io::Write>, now: Instant) {
        match event {
            Event::Connection(event) => {
                if let Some(answer) = self.reaction.answer(event, now) {
                    self.view.note(&answer);
                }
            }
            _ => self.outside(event, now),
        }
        let on_top = match event {
            Event::Connection(connection::Event::Message(message)) => {
                self.explained(Direction::Received, message, now)
            }
            _ => None,
        };
        if self.memory.is_some() {
            self.remember(event, on_top.as_deref(), now);
        }
        match event {
            Event::Carried(Carried::Upgraded(after)) => {
                let after = quantity::duration(*after);
                self.view.note(&format!(
                    "a WebSocket took over from long polling after {after}"
                ));
            }
            Event::Carried(Carried::Note(text)) => self.view.note(text),
            Event::Carried(Carried::Hint(text)) => self.view.hint(text),
            _ => {}
        }
        if on_top.is_none() && !self.reopening.hides(event) {
            self.view.event(event, self.number, now);
        }
        if let Event::Reconnected(_) = event {
            self.reopened(now);
        }
        let on_top = on_top.filter(|_| self.lines.is_some() || self.recording.is_on());
        let on_top = on_top.as_deref().and_then(objects);
        let (opening, number, on_top) = (&self.opening, self.number, on_top.as_deref());
        if let Some((lines, out)) = self.lines.as_mut().zip(out) {
            lines.event(out, event, opening, number, on_top, now);
        }
        self.recording.event(event, opening, number, on_top, now);
        if let Event::Connection(connection::Event::Message(message)) = event
            && let Some(hint) = self.dialect.message(message)
        {
            self.view.hint(hint);
        }
    }

    fn remember(&mut self, event: &Event<'_>, on_top: Option<&[Rc<Seen>]>, now: Instant) {
        use connection::Event::{FrameReceived, FrameSent, Message};
        let Some(memory) = &mut self.memory else {
            return;
        };
        match event {
            Event::Connection(Message(message)) => {
                let time = self.view.time_at(now);
                let meaning = on_top.map(|seen| Meaning::of(seen, self.view.shows_raw()));
                memory.received(message, meaning, self.number, time);
            }
            Event::Connection(FrameReceived(frame)) => memory.frame_received(frame),
            Event::Connection(FrameSent(frame)) => memory.frame_sent(frame),
            Event::Retry(_) | Event::Offline(_) => memory.disconnected(),
            Event::Open(_) => {
                if let Some((request, response)) =
                    self.opening.request().zip(self.opening.response())
                {
                    memory.opened(request.clone(), response.clone());
                }
            }
            _ => {}
        }
    }

    /// Reports an event of the first opening, whose warnings are shown even without `-v`.
    pub fn opening(&mut self, event: &Event<'_>, out: &mut Vec<u8>, now: Instant) {
        self.event(event, Some(out), now);
        self.view.warning(event);
    }

    #[cold]
    fn outside(&mut self, event: &Event<'_>, now: Instant) {
        self.reopening.observe(event, &self.opening);
        self.opening.observe(event, now);
        if matches!(event, Event::Retry(_) | Event::Offline(_)) {
            self.view.release();
            self.reaction = PeerReaction::default();
        }
    }

    /// Shows the answer to another opening if it differs from the last one.
    fn reopened(&mut self, now: Instant) {
        let differs = self.reopening.differs(&self.opening);
        if let Some(open) = self.opening.open().filter(|_| differs)
            && self.view.shows_handshake()
        {
            self.view.note("the server answered differently this time:");
            self.view.heads(None, self.opening.response());
            self.view.event(&Event::Open(open), self.number, now);
        }
    }

    #[inline]
    pub fn sent(&mut self, message: &Message<'_>, out: Option<&mut impl io::Write>, now: Instant) {
        self.count(message);
        if self.wants_sent() {
            self.report_sent(message, out, now);
        }
    }

    fn wants_sent(&self) -> bool {
        self.view.shows_messages()
            || self.lines.is_some()
            || self.recording.is_on()
            || self.memory.is_some()
            || self.on_top.is_some()
    }

    #[inline(never)]
    fn report_sent(
        &mut self,
        message: &Message<'_>,
        out: Option<&mut impl io::Write>,
        now: Instant,
    ) {
        let on_top = self.explained(Direction::Sent, message, now);
        if let Some((lines, out)) = self.lines.as_mut().zip(out) {
            let on_top = on_top.as_deref().and_then(objects);
            lines.sent(out, message, self.number, on_top.as_deref(), now);
        }
        self.keep_sent(message, on_top.as_deref(), now);
        if on_top.is_none() {
            self.view.sent(message, self.number, now);
        }
    }

    /// Shows what the protocol on top makes of a message; `None` without such a protocol.
    fn explained(
        &mut self,
        direction: Direction,
        message: &Message<'_>,
        now: Instant,
    ) -> Option<Vec<Rc<Seen>>> {
        let seen = self.on_top.take()?;
        let number = self.number;
        self.view.on_top(direction, message, number, &seen, now);
        Some(seen)
    }

    /// Records and keeps a message, or a piece of one, that is not shown.
    pub fn sent_unseen(&mut self, message: &Message<'_>, now: Instant) {
        self.on_top = None;
        self.count(message);
        self.keep_sent(message, None, now);
    }

    fn keep_sent(&mut self, message: &Message<'_>, on_top: Option<&[Rc<Seen>]>, now: Instant) {
        let objects = on_top.filter(|_| self.recording.is_on()).and_then(objects);
        let (number, objects) = (self.number, objects.as_deref());
        self.recording.sent(message, number, objects, now);
        if let Some(memory) = &mut self.memory {
            let time = self.view.time_at(now);
            let meaning = on_top.map(|seen| Meaning::of(seen, self.view.shows_raw()));
            memory.sent(message, meaning, self.number, time);
        }
    }

    /// Looks for a known protocol in the handshake with `target`, or else in the first message.
    pub fn find_dialect(&mut self, target: &str) {
        let subprotocol = self.opening.open().and_then(|it| it.subprotocol.as_deref());
        let (dialect, hint) = Dialect::opened(target, subprotocol);
        self.dialect = dialect;
        if let Some(hint) = hint {
            self.view.hint(hint);
        }
    }

    /// The protocol is chosen: nothing needs to be looked for any more.
    pub fn forget_dialect(&mut self) {
        self.dialect = Dialect::ignored();
    }

    pub fn not_open(&mut self, why: &NotOpen, out: &mut Vec<u8>, now: Instant) {
        self.recording.not_open(why, &self.opening, now);
        self.flush();
        if let Some(lines) = &self.lines {
            lines.not_open(out, why, &self.opening, now);
        }
    }

    /// Reports the end of the session, with `message` as its summary.
    pub fn closed(
        &mut self,
        ending: &Ending,
        message: &str,
        out: Option<&mut impl io::Write>,
        now: Instant,
    ) {
        if let Some(after) = ending.first_message {
            self.opening.first_message(after);
        }
        self.view.release();
        self.recording.closed(ending, message, now);
        self.flush();
        if let Some((lines, out)) = self.lines.as_ref().zip(out) {
            lines.closed(out, ending, message, now);
        }
    }

    pub fn flush(&mut self) {
        if let Some(complaint) = self.recording.flush() {
            self.view.complain(&complaint);
        }
    }

    pub fn note_silence(&mut self, now: Instant) {
        if let Some(silence) = self.reaction.silence(now) {
            self.view.note(&silence);
        }
    }

    pub fn lines(&mut self) -> Option<&mut JsonLines> {
        self.lines.as_mut()
    }

    #[inline]
    pub fn has_rest(&self) -> bool {
        self.lines.as_ref().is_some_and(JsonLines::has_rest)
    }

    /// Bytes of a received message not yet in its line.
    pub fn unwritten(&self) -> usize {
        self.lines.as_ref().map_or(0, JsonLines::left)
    }

    pub fn wants_frames(&self) -> bool {
        self.view.wants_frames()
            || self.recording.is_on()
            // While closing nobody looks closely, and a flood must not delay the end.
            || self.memory.is_some() && !self.view.is_closing()
            || self.lines.as_ref().is_some_and(JsonLines::wants_frames)
    }
}

/// The objects of `--jsonl` for what a message is on top: alone, or in an array if it holds several.
pub fn objects(seen: &[Rc<Seen>]) -> Option<Cow<'_, Value>> {
    match seen {
        [] => None,
        [seen] => Some(Cow::Borrowed(&seen.object)),
        several => {
            let objects = several.iter().map(|seen| seen.object.clone());
            Some(Cow::Owned(objects.collect()))
        }
    }
}
