//! Everything that watches a session: one fan-out of its events to the view, `--jsonl`, the
//! recording, and what waits for a certain message.
//!
//! A mode calls [`Observers::event`] for each event and [`Observers::sent`] for each message it
//! sends. Messages come too often to ask who wants them: a consumer that is absent costs one
//! comparison, and nothing is formatted, copied or timed for it.

mod lines;
mod reaction;
mod recording;
mod view;

use std::io;
use std::time::Instant;

pub use lines::Lines;
pub use reaction::PeerReaction;
pub use recording::Recording;
pub use view::{Outlet, View};

use crate::event::{Ending, Event, NotOpen, Opening};
use crate::proto::connection::{self, Message};
use crate::render::{Dialect, Jsonl};

/// The consumers of a session's events.
#[derive(Debug)]
pub struct Observers {
    pub view: View,
    pub recording: Recording,
    pub opening: Opening,
    pub reaction: PeerReaction,
    lines: Option<Lines>,
    dialect: Dialect,
}

/// For a mode without `--jsonl`, or an event that does not belong there.
pub const NO_LINES: Option<&mut io::Sink> = None;

impl Observers {
    /// Those of a session whose opening is about to begin.
    pub fn new(view: View, jsonl: Option<Jsonl>, recording: Recording, opening: Opening) -> Self {
        Self {
            view,
            recording,
            opening,
            reaction: PeerReaction::default(),
            lines: jsonl.map(Lines::new),
            dialect: Dialect::ignored(),
        }
    }

    /// Takes an event; the lines of `--jsonl` go to `out`.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>, out: Option<&mut impl io::Write>, now: Instant) {
        match event {
            Event::Connection(event) => {
                if let Some(answer) = self.reaction.answer(event, now) {
                    self.view.note(&answer);
                }
            }
            _ => self.outside(event, now),
        }
        self.view.event(event, now);
        if let Some((lines, out)) = self.lines.as_mut().zip(out) {
            lines.event(out, event, &self.opening, now);
        }
        self.recording.event(event, &self.opening, now);
        if let Event::Connection(connection::Event::Message(message)) = event
            && let Some(hint) = self.dialect.message(message)
        {
            self.view.hint(hint);
        }
    }

    /// Takes an event of the first opening, of which warnings are shown even if the rest is not.
    pub fn opening(&mut self, event: &Event<'_>, out: &mut Vec<u8>, now: Instant) {
        self.event(event, Some(out), now);
        self.view.warning(event);
    }

    /// Takes an event from when there is no open connection.
    #[cold]
    fn outside(&mut self, event: &Event<'_>, now: Instant) {
        self.opening.observe(event, now);
        if matches!(event, Event::Retry(_)) {
            self.reaction = PeerReaction::default();
        }
    }

    /// Takes a message that was sent; the lines of `--jsonl` go to `out`.
    #[inline]
    pub fn sent(&mut self, message: &Message<'_>, out: Option<&mut impl io::Write>, now: Instant) {
        if let Some((lines, out)) = self.lines.as_mut().zip(out) {
            lines.sent(out, message, now);
        }
        self.recording.sent(message, now);
        self.view.sent(message, now);
    }

    /// Looks for a protocol on top of the connection that has just opened to `target`, and in its first message.
    pub fn find_dialect(&mut self, target: &str) {
        let subprotocol = self.opening.open().and_then(|it| it.subprotocol.as_deref());
        let (dialect, hint) = Dialect::opened(target, subprotocol);
        self.dialect = dialect;
        if let Some(hint) = hint {
            self.view.hint(hint);
        }
    }

    /// Takes why no connection opened.
    pub fn not_open(&mut self, why: &NotOpen, out: &mut Vec<u8>, now: Instant) {
        self.recording.not_open(why, &self.opening, now);
        self.flush();
        if let Some(lines) = &self.lines {
            lines.not_open(out, why, &self.opening, now);
        }
    }

    /// Takes how the session ended, which `message` says.
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
        self.recording.closed(ending, message, now);
        self.flush();
        if let Some((lines, out)) = self.lines.as_ref().zip(out) {
            lines.closed(out, ending, message, now);
        }
    }

    /// Writes what was recorded since.
    pub fn flush(&mut self) {
        if let Some(complaint) = self.recording.flush() {
            self.view.complain(&complaint);
        }
    }

    /// Shows that the peer did not react, once it is time.
    pub fn note_silence(&mut self, now: Instant) {
        if let Some(silence) = self.reaction.silence(now) {
            self.view.note(&silence);
        }
    }

    /// The part of a message's line that is not written yet, if `--jsonl` has one.
    pub fn lines(&mut self) -> Option<&mut Lines> {
        self.lines.as_mut()
    }

    /// Whether `--jsonl` takes standard output.
    pub fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// Whether a line waits for room.
    #[inline]
    pub fn has_rest(&self) -> bool {
        self.lines.as_ref().is_some_and(Lines::has_rest)
    }

    /// Bytes of a received message that are not in its line yet.
    pub fn unwritten(&self) -> usize {
        self.lines.as_ref().map_or(0, Lines::left)
    }

    /// Whether frame headers are wanted as events.
    pub fn wants_frames(&self) -> bool {
        self.view.shows_frames()
            || self.recording.is_on()
            || self.lines.as_ref().is_some_and(Lines::wants_frames)
    }
}
