//! The log of a server: every line starts with the client's number, `@1`.

mod on_top;
mod opening;
mod print;

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::board::{Board, Shown};
use super::events::Events;
use super::flood::Floods;
use super::lines::Lines;
use super::pending::Pending;
use super::recording::{Recorded, Recording};
use crate::event::{Direction, Ending, Event, Side};
use crate::fault::Faults;
use crate::memory::Fate;
use crate::observe::What;
use crate::proto::connection::Message;
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::render::close_summary::ending;
use crate::render::escape::escape_line;
use crate::render::{Human, Jsonl, Label, OnTop, Role, Secrets, quantity};

/// Shows clients; silent without a view.
#[derive(Debug, Clone)]
pub struct Log {
    client: u64,
    /// `None` for the server itself.
    label: Option<Label>,
    view: Option<Human>,
    secrets: Secrets,
    /// Whether a protocol on top is shown without its requests and raw messages.
    is_terse: bool,
    /// Handshakes take one line.
    is_brief: bool,
    /// With `--jsonl`.
    events: Option<Box<Events>>,
    /// At a prompt.
    board: Option<Board>,
    /// With `--record`.
    recorded: Option<Rc<Recorded>>,
    recording: Option<Rc<RefCell<Recording>>>,
    pending: Pending,
    floods: Floods,
    /// Those of the client: what they withhold is not shown.
    faults: Option<Faults>,
}

impl Log {
    pub fn new(view: Human, secrets: Secrets) -> Self {
        Self {
            view: Some(view),
            secrets,
            ..Self::silent()
        }
    }

    /// The same, and clients are recorded.
    #[must_use]
    pub fn recorded(self, recorded: Recorded) -> Self {
        Self {
            recorded: Some(Rc::new(recorded)),
            ..self
        }
    }

    /// The same, and floods of messages are summed up, over all clients.
    #[must_use]
    pub fn summed_up(self) -> Self {
        Self {
            floods: Floods::of_many(),
            ..self
        }
    }

    /// The same, shown by a prompt; `is_brief` shows a handshake as one line.
    #[must_use]
    pub fn on(self, board: Board, is_brief: bool) -> Self {
        Self {
            is_brief,
            board: Some(board),
            ..self
        }
    }

    /// The same, but a protocol on top is shown in its own words only.
    #[must_use]
    pub fn terse(self) -> Self {
        Self {
            is_terse: true,
            ..self
        }
    }

    pub fn silent() -> Self {
        Self {
            client: 0,
            label: None,
            view: None,
            secrets: Secrets::Masked,
            is_terse: false,
            is_brief: false,
            events: None,
            board: None,
            recorded: None,
            recording: None,
            pending: Pending::default(),
            floods: Floods::default(),
            faults: None,
        }
    }

    /// The same, and what these faults withhold is not shown as sent.
    #[must_use]
    pub fn with_faults(self, faults: Option<Faults>) -> Self {
        Self { faults, ..self }
    }

    /// The number of messages that faults have withheld.
    pub fn withheld(&self) -> u64 {
        self.faults.as_ref().map_or(0, Faults::withheld)
    }

    /// Also writes events to stdout.
    #[must_use]
    pub fn with_events(mut self, jsonl: Jsonl) -> Self {
        self.events = Some(Box::new(Events {
            jsonl,
            lines: Lines::default(),
            opening: None,
            number: 0,
        }));
        self
    }

    pub fn lines(&self) -> Option<Lines> {
        self.events.as_ref().map(|events| events.lines.clone())
    }

    #[must_use]
    pub fn of(&self, client: u64) -> Self {
        let mut log = Self {
            client,
            label: Some(Label::new(&format!("@{client}"), client)),
            ..self.clone()
        };
        if let Some(events) = &mut log.events {
            events.jsonl = events.jsonl.of(client);
        }
        log
    }

    /// The log of a connection that passes through.
    #[must_use]
    pub fn of_connection(&self, number: u64) -> Self {
        let mut log = Self {
            client: number,
            label: Some(Label::new(&format!("@{number}"), number)),
            ..self.clone()
        };
        if let Some(events) = &mut log.events {
            events.jsonl = events.jsonl.of_connection(number);
        }
        log
    }

    /// What follows comes from this end of a connection that passes through.
    pub fn turn_to(&mut self, side: Option<Side>) {
        if let Some(events) = &mut self.events {
            events.jsonl.side = side;
        }
        if let Some(view) = &mut self.view {
            view.side = side;
            view.tolerated = match side {
                Some(Side::Client) => "from the client, passed on",
                Some(Side::Server) => "from the server, passed on",
                None => "passed on",
            };
        }
    }

    /// Whether anybody looks at messages.
    pub fn wants_messages(&self) -> bool {
        self.events.is_some() || self.view.as_ref().is_some_and(|view| view.show.messages)
    }

    pub fn has_events(&self) -> bool {
        self.events.is_some()
    }

    pub fn secrets(&self) -> Secrets {
        self.secrets
    }

    /// Masks the secrets of a request where the other end repeats them.
    pub fn learn(&mut self, request: &Head) {
        if let Some(view) = &mut self.view {
            view.learn(request);
        }
    }

    /// Shows a message that is too large to be kept: its first bytes and its size.
    pub fn start_of_message(
        &mut self,
        direction: Direction,
        kind: Kind,
        start: &[u8],
        size: u64,
        now: Instant,
    ) {
        let label = format!("{kind} {}", quantity::size(size));
        let payload = String::from_utf8_lossy(start);
        let it = OnTop {
            direction,
            label: &label,
            payload: &payload,
            note: &match start.len() {
                0 => String::new(),
                len => format!("(the first {})", quantity::size(len as u64)),
            },
        };
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            view.on_top(&mut text, &it, now);
        }
        self.print(&text);
    }

    /// The end of a connection that passed through, in one line.
    pub fn closed(&self, end: &Ending, text: &str) {
        if let Some(events) = &self.events {
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.closed(out, end, text, Instant::now()));
        }
        self.note(Role::Fact, &format!("* {text}"));
        if let (Some(board), Some(label)) = (&self.board, &self.label) {
            board.ended(self.client, label);
        }
    }

    /// An event that is kept for programs, and not shown to people.
    pub fn unshown(&mut self, event: &Event<'_>, now: Instant) {
        if let Some(recording) = &self.recording {
            recording.borrow_mut().event(event, now);
        }
        if let Some(events) = &mut self.events {
            events.event(event, now);
        }
    }

    pub fn event(&mut self, event: &Event<'_>, now: Instant) {
        self.unshown(event, now);
        if let Some((board, mut shown)) = self.shown() {
            return board.event(&mut shown, event, now);
        }
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            if self.floods.hide(What::of(event), &view.show, now) {
                return;
            }
            view.event(&mut text, event, now);
        }
        // Other events may come after the last round for a while.
        if matches!(event, Event::Connection(_)) {
            self.print_soon(&text);
        } else {
            self.print(&text);
        }
    }

    pub fn sent(&mut self, message: &Message<'_>, now: Instant) {
        if let Some(faults) = &self.faults
            && !faults.announce(message, now)
        {
            return;
        }
        if let Some(recording) = &self.recording {
            recording.borrow_mut().sent(message, now);
        }
        if let Some(events) = &mut self.events {
            events.message(Direction::Sent, message, None, now);
        }
        if let Some((board, mut shown)) = self.shown() {
            return board.sent(&mut shown, message, now);
        }
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            let what = What::message(Direction::Sent, message);
            if self.floods.hide(Some(what), &view.show, now) {
                return;
            }
            view.sent(&mut text, message, now);
        }
        self.print_soon(&text);
    }

    pub fn is_terse(&self) -> bool {
        self.is_terse
    }

    /// Shows a fault that is no part of a session.
    pub fn fault(&self, text: &str) {
        self.clone().event(&Event::Fault(text), Instant::now());
    }

    /// Shows what is left of a flood, as this client ends.
    pub fn end_of_flood(&self) {
        if let Some(line) = self.floods.cut() {
            self.of_all(&line);
        }
    }

    pub fn ending(&self, end: &Ending) {
        self.end_of_flood();
        let text = ending(end, "client");
        if let Some(recording) = &self.recording {
            recording.borrow_mut().closed(end, &text, Instant::now());
        }
        self.flush_recording();
        if let Some(events) = &self.events {
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.closed(out, end, &text, Instant::now()));
        }
        self.note(Role::Fact, &format!("* {text}"));
        if let (Some(board), Some(label)) = (&self.board, &self.label) {
            board.ended(self.client, label);
        }
    }

    /// What the client sends passes through: its frames come before the message that they are.
    pub fn passes(&self) {
        if let (Some(board), Some(label)) = (&self.board, &self.label) {
            board.passes(self.client, label);
        }
    }

    /// What became of a message that passes through.
    pub fn fate(&self, number: u64, fate: Option<Fate>) {
        if let Some(board) = &self.board {
            board.fate(number, fate);
        }
    }

    /// The last message left in place of this one.
    pub fn replaces(&self, number: u64) {
        if let Some(board) = &self.board {
            board.replaces(number);
        }
    }

    /// What is shown from now on `is_answering` the user: messages are shown although the view is paused.
    pub fn set_answering(&self, is_answering: bool) {
        if let Some(board) = &self.board {
            board.view(|view| view.set_answering(is_answering));
        }
    }

    /// Whether the view of a prompt is paused.
    pub fn is_paused(&self) -> bool {
        let board = self.board.as_ref();
        board.is_some_and(|board| board.view(|view| view.is_paused()))
    }

    /// The user has sent a ping or a pong, which is shown with its answer although the view is paused.
    pub fn await_control(&self, is_ping: bool) {
        if let Some(board) = &self.board {
            board.view(|view| view.await_control(is_ping));
        }
    }

    /// The client was sent something that may break the protocol's rules.
    pub fn misbehaved(&self, command: &str) {
        if let (Some(board), Some(label)) = (&self.board, &self.label)
            && command == "/frame"
        {
            board.sends_frame(self.client, label);
        }
        self.note(Role::Sent, &format!("{command} sent"));
    }

    fn shown(&mut self) -> Option<(Board, Shown<'_>)> {
        let shown = Shown {
            number: self.client,
            label: self.label.as_ref()?,
            human: self.view.as_mut()?,
        };
        Some((self.board.clone()?, shown))
    }

    /// Ready while more can be reported.
    pub fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pending.write();
        self.flush_recording();
        match (&self.events, &self.board) {
            (Some(events), _) => events.lines.poll_room(cx),
            (None, Some(board)) => board.poll_room(cx),
            (None, None) => Poll::Ready(()),
        }
    }

    pub fn wants_frames(&self) -> bool {
        let events = self.events.as_ref();
        self.view.as_ref().is_some_and(|view| view.show.frames)
            || self.board.is_some()
            || self.recording.is_some()
            || events.is_some_and(|events| events.jsonl.wants_frames())
    }

    /// Shows what is due of a flood.
    pub fn tick(&mut self, now: Instant) {
        for line in self.floods.tick(now) {
            self.of_all(&line);
        }
    }

    /// The latest time for the next call of [`tick`](Self::tick).
    pub fn deadline(&self) -> Option<Instant> {
        self.floods.deadline()
    }

    fn flush_recording(&self) {
        if let Some(recording) = &self.recording
            && let Some(why) = recording.borrow_mut().flush()
        {
            self.note(Role::Error, &format!("! {}", escape_line(&why)));
        }
    }
}
