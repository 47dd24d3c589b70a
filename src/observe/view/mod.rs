//! The lines for people, and where they are written.

mod filtered;
mod on_top;
mod prose;

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Recording;
use super::pace::{Pace, Resumed, Waiting, What};
use crate::event::{Direction, Event};
use crate::filter::Filter;
use crate::memory::Lines;
use crate::proto::connection::{self, Message};
use crate::render::{Human, Label, Role, Secrets, Show, Style};
use crate::term;

/// Unprinted text in bytes at which reading pauses.
const FULL: usize = 64 << 10;
/// A wait for the next attempt that a person may want to cut short.
const LONG_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct View {
    human: Human,
    outlet: Outlet,
    is_quiet: bool,
    pub filter: Option<Rc<Filter>>,
    text: String,
    is_closing: bool,
    skipped: u64,
    /// When the terminal was last asked for its width.
    fitted: Option<Instant>,
    /// The frames of a message that is sent now will be events.
    frames_follow: Cell<bool>,
    /// Sent messages whose frames are to be shown first.
    held: VecDeque<String>,
    pace: Pace,
    /// It was said how a wait for the next attempt is cut short.
    is_advised: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlet {
    /// Standard error; notes start with `wsee:`.
    Stderr,
    /// The terminal, before the line editor starts.
    Screen,
    /// The line editor, which takes the text when it has room.
    Editor,
    /// Standard output, where standard error leads as well: the pipe puts the text between its payloads.
    Stdout,
}

impl View {
    /// With `is_quiet`, notes and reconnections are not shown.
    pub fn new(human: Human, outlet: Outlet, is_quiet: bool) -> Self {
        Self {
            human,
            outlet,
            is_quiet,
            filter: None,
            text: String::new(),
            is_closing: false,
            skipped: 0,
            fitted: None,
            frames_follow: Cell::new(false),
            held: VecDeque::new(),
            pace: Pace::default(),
            is_advised: false,
        }
    }

    /// Shows something of one of several connections: lines begin with its `label`, and `human` is what knows what was
    /// shown of it before.
    pub fn of(&mut self, human: &mut Human, label: &Label, show: impl FnOnce(&mut Self)) {
        human.adopt(&self.human);
        std::mem::swap(&mut self.human, human);
        self.human.label = Some(label.clone());
        show(self);
        std::mem::swap(&mut self.human, human);
        // It may have been fitted to another width.
        self.human.adopt(human);
    }

    pub fn style(&self) -> Style {
        self.human.style()
    }

    pub fn secrets(&self) -> Secrets {
        self.human.secrets()
    }

    /// What it takes to show kept messages in the same way.
    pub fn lines(&self) -> Lines {
        Lines {
            first: None,
            clock: self.human.clock().clone(),
            style: self.style(),
            decode: self.human.show.decode,
        }
    }

    /// The time of day of a message, as lines show it.
    pub fn clock_time(&self, time: Timestamp) -> String {
        self.human.clock().time_of(time)
    }

    /// No recording, of which the secrets and times would be those of the view.
    pub fn no_recording(&self) -> Recording {
        Recording::off(self.secrets(), self.human.clock().clone())
    }

    pub fn time_at(&self, now: Instant) -> Timestamp {
        self.human.time_at(now)
    }

    /// Follows the width of the terminal, which it asks once per wake-up.
    pub fn fit(&mut self, now: Instant) {
        if self.outlet != Outlet::Stderr && self.fitted.replace(now) != Some(now) {
            self.human.fit(term::terminal::width());
        }
    }

    pub fn show(&mut self) -> &mut Show {
        &mut self.human.show
    }

    /// Whether the driver is to report frames from now on.
    pub(super) fn wants_frames(&self) -> bool {
        self.frames_follow.set(self.human.show.frames);
        self.human.show.frames
    }

    pub fn shows_messages(&self) -> bool {
        self.human.show.messages
    }

    /// Whether the messages below a protocol on top are shown as well.
    pub fn shows_raw(&self) -> bool {
        self.human.show.raw
    }

    pub fn shows_handshake(&self) -> bool {
        self.human.show.handshake
    }

    #[inline]
    pub fn event(&mut self, event: &Event<'_>, number: u64, now: Instant) {
        if self.human.shows(event) {
            self.show_event(event, number, now);
        }
    }

    #[inline(never)]
    fn show_event(&mut self, event: &Event<'_>, number: u64, now: Instant) {
        let is_marker = matches!(event, Event::Retry(_) | Event::Reconnected(_));
        if is_marker && self.is_quiet {
            return;
        }
        if self.is_closing && self.is_full() {
            self.skipped += 1;
            return;
        }
        let what = What::of(event).filter(|it| {
            self.pace.is_on && it.is_shown(&self.human.show) && !self.pace.passes(*it)
        });
        if self.is_hidden(what, number, now) {
            return;
        }
        self.fit(now);
        if let Event::Retry(retry) = event {
            self.advise(retry.delay);
        }
        self.human.number = Some(number);
        let start = self.text.len();
        let is_filtered = match event {
            Event::Connection(connection::Event::Message(message)) => {
                self.show_filtered(message, now)
            }
            _ => false,
        };
        if !is_filtered {
            self.human.event(&mut self.text, event, now);
        }
        if let Event::Connection(connection::Event::FrameSent(frame)) = event
            && frame.header.fin
            && !frame.header.opcode.is_control()
            && let Some(message) = self.held.pop_front()
        {
            self.text.push_str(&message);
        }
        self.settle(what, start, number, now);
        if self.is_full() {
            self.pace.hold_up();
        }
        self.deliver();
    }

    /// Says once at a prompt that nobody has to wait for the next attempt.
    fn advise(&mut self, delay: Duration) {
        let is_due = self.outlet == Outlet::Editor && delay >= LONG_WAIT;
        if is_due && !std::mem::replace(&mut self.is_advised, true) {
            self.hint("/reconnect connects at once");
        }
    }

    /// Whether a line is counted instead of shown; one that a filter may leave out is counted when it is written.
    fn is_hidden(&mut self, what: Option<What>, number: u64, now: Instant) -> bool {
        what.is_some_and(|what| self.filter.is_none() && self.pace.hides(what, number, now))
    }

    /// Takes back what was written from `start` on, if it is not to be shown now.
    fn settle(&mut self, what: Option<What>, start: usize, number: u64, now: Instant) {
        let Some(what) = what.filter(|_| self.text.len() > start) else {
            return;
        };
        if self.filter.is_some() && self.pace.hides(what, number, now) {
            self.text.truncate(start);
        } else if self.pace.holds() {
            let text = self.text.split_off(start);
            self.pace.hold(&text, term::terminal::rows());
        }
    }

    /// Shows what is due of a flood.
    pub fn tick(&mut self, now: Instant) {
        for line in self.pace.tick(now) {
            self.speak(Role::Fact, &line);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.pace.deadline()
    }

    /// Stops showing what passes by, which is counted; `is_lent` if the terminal is used for something else.
    pub fn pause(&mut self, is_lent: bool) -> bool {
        self.pace.pause(is_lent)
    }

    /// What is shown from now on `is_answering` the user: messages are shown although the view is paused.
    pub fn set_answering(&mut self, is_answering: bool) {
        self.pace.is_answering = is_answering;
    }

    /// The user sends a ping or a pong, which is shown with its answer although the view is paused.
    pub fn await_control(&mut self, is_ping: bool) {
        self.pace.await_control(is_ping);
    }

    /// Whether the user has paused the view, or uses the terminal for something else.
    pub fn is_paused(&self) -> bool {
        self.pace.holds()
    }

    /// What waits, if the view is paused.
    pub fn waiting(&self) -> Option<Waiting> {
        self.pace.waiting()
    }

    /// Ends a pause, and shows what waited or its summary; with `is_returned` only if the terminal was lent.
    pub fn resume(&mut self, is_returned: bool) -> bool {
        match self.pace.resume(is_returned) {
            None => return false,
            Some(Resumed::Lines(text)) => self.text.push_str(&text),
            Some(Resumed::Summary(text)) => self.speak(Role::Fact, &text),
        }
        true
    }

    pub(super) fn warning(&mut self, event: &Event<'_>) {
        if !self.human.show.handshake && !self.is_quiet {
            self.human.warning(&mut self.text, event);
            self.deliver();
        }
    }

    #[inline]
    pub fn sent(&mut self, message: &Message<'_>, number: u64, now: Instant) {
        if self.human.show.messages {
            self.show_sent(message, number, now);
        }
    }

    #[inline(never)]
    fn show_sent(&mut self, message: &Message<'_>, number: u64, now: Instant) {
        let is_held = self.frames_follow.get() && message.end;
        let what = What::message(Direction::Sent, message);
        let passes = self.pace.passes(what);
        if self.pace.is_on && !is_held && !passes && self.pace.hides(what, number, now) {
            return;
        }
        self.fit(now);
        self.human.number = Some(number);
        if is_held {
            let mut text = String::new();
            self.human.sent(&mut text, message, now);
            return self.held.push_back(text);
        }
        let start = self.text.len();
        self.human.sent(&mut self.text, message, now);
        if self.pace.holds() && !passes {
            let text = self.text.split_off(start);
            self.pace.hold(&text, term::terminal::rows());
        }
        self.deliver();
    }

    /// Shows the sent messages whose frames were not reported any more.
    pub(super) fn release(&mut self) {
        self.resume(false);
        if let Some(line) = self.pace.cut() {
            self.speak(Role::Fact, &line);
        }
        for message in std::mem::take(&mut self.held) {
            self.text.push_str(&message);
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        let write = match self.outlet {
            Outlet::Stderr => term::stderr,
            Outlet::Screen => term::screen,
            Outlet::Editor | Outlet::Stdout => return,
        };
        if !self.text.is_empty() {
            write(&self.text);
            self.text.clear();
        }
    }

    pub fn hand_over(&mut self, outlet: Outlet) {
        self.outlet = outlet;
        self.pace.is_on = outlet == Outlet::Editor;
    }

    pub fn text(&mut self) -> &mut String {
        &mut self.text
    }

    pub fn is_full(&self) -> bool {
        self.text.len() >= FULL
    }

    /// While closing, events are skipped instead of delaying the end when the view is full.
    pub fn set_closing(&mut self, is_closing: bool) {
        self.is_closing = is_closing;
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}
