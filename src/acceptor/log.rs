//! The log of a server: every line starts with the client's number, `@1`.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::board::{Board, Shown};
use super::events::Events;
use super::flood::Floods;
use super::lines::Lines;
use super::pending::Pending;
use super::recording::{Recorded, Recording};
use crate::event::{Direction, Ending, Event, NotOpen, Open, Opening, Side};
use crate::exit::Exit;
use crate::observe::What;
use crate::ontop::Seen;
use crate::proto::connection::{self, Message};
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::render::close_summary::ending;
use crate::render::escape::escape_line;
use crate::render::handshake::head;
use crate::render::{Human, Jsonl, Label, OnTop, Role, Secrets, Style, message, quantity};
use crate::term;

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
        }
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

    /// A connection that passes through is open.
    pub fn open_event(&mut self, event: &Event<'_>, opening: &Opening, now: Instant) {
        if let Some(events) = &mut self.events {
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.event(out, event, opening, 0, now));
            events.opening = Some(opening.clone());
        }
    }

    /// A connection that did not open, with why.
    pub fn not_open(&self, why: &NotOpen, opening: &Opening, now: Instant) {
        if let Some(events) = &self.events {
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.not_open(out, why, opening, now));
        }
        if let Some(view) = &self.view {
            let hint = why.hint.as_deref();
            let hint = hint.map(|hint| message::hint(hint, view.style()));
            let problem = message::problem(&why.message, view.style());
            self.print(&(hint.unwrap_or_default() + &problem));
        }
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

    /// The client is let in.
    pub fn opened(&mut self, url: &str, answer: &Upgrade, now: Instant) {
        if let Some(events) = &mut self.events {
            let open = Open {
                subprotocol: answer.subprotocol.clone(),
                ignored_subprotocols: false,
                deflate: answer.deflate,
                tolerated: Vec::new(),
                took: Duration::ZERO,
                is_polled: false,
            };
            let mut opening = Events::opening(url, &answer.request, &answer.response, now);
            let event = Event::Open(&open);
            opening.observe(&event, now);
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.event(out, &event, &opening, 0, now));
            events.opening = Some(opening);
        }
        self.record(url, &answer.request, &answer.response, |recording| {
            recording.opened(answer, now);
        });
        if self.is_brief {
            let url = self.secrets.url(url);
            self.note(Role::Fact, &format!("* opened {}", escape_line(&*url)));
        }
    }

    /// The client is refused.
    pub fn refused(&self, url: &str, request: &Head, response: &Head, why: &str) {
        let now = Instant::now();
        let why = NotOpen::new(why.to_owned(), Exit::Refused);
        self.clone().record(url, request, response, |recording| {
            recording.refused(&why, now);
        });
        if let Some(events) = &self.events {
            let opening = Events::opening(url, request, response, now);
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.not_open(out, &why, &opening, now));
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
        if let Some(recording) = &self.recording {
            recording.borrow_mut().sent(message, now);
        }
        if let Some(events) = &mut self.events {
            events.message(Direction::Sent, message, now);
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

    /// A message that did not come as one of WebSocket.
    pub fn message(&mut self, direction: Direction, kind: Kind, payload: &[u8], now: Instant) {
        let message = Message::whole(kind, payload, None);
        match direction {
            Direction::Sent => self.sent(&message, now),
            Direction::Received => {
                let event = connection::Event::Message(message);
                self.event(&Event::Connection(&event), now);
            }
        }
        // No round of a session follows.
        self.pending.write();
    }

    /// A message as its protocol understands it.
    pub fn understood(&mut self, direction: Direction, seen: &Seen, now: Instant) {
        let mut text = String::new();
        let it = OnTop {
            direction,
            label: &seen.label,
            payload: &seen.payload,
            note: &seen.note,
        };
        if let Some(view) = &mut self.view {
            view.on_top(&mut text, &it, now);
        }
        self.print(&text);
    }

    /// Writes lines for people.
    pub fn lines_with(&self, write: impl FnOnce(&mut String, Style, Secrets)) {
        let secrets = self.secrets;
        self.write(|out, view| write(out, view.style(), secrets));
    }

    pub fn head(&self, text: &Head, direction: Direction) {
        let secrets = self.secrets;
        if self.is_terse || self.is_brief {
            return;
        }
        self.write(|out, view| head(out, text, direction, view.style(), secrets));
    }

    pub fn note(&self, role: Role, text: &str) {
        self.write(|out, view| {
            out.push_str(&view.style().paint(role, text).to_string());
            out.push('\n');
        });
    }

    /// Shows a fault that is no part of a session.
    pub fn fault(&self, text: &str) {
        self.clone().event(&Event::Fault(text), Instant::now());
    }

    pub fn ending(&self, end: &Ending) {
        if let Some(line) = self.floods.cut() {
            self.of_all(&line);
        }
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

    fn write(&self, write: impl FnOnce(&mut String, &Human)) {
        let Some(view) = &self.view else {
            return;
        };
        let mut text = String::new();
        write(&mut text, view);
        self.print(&text);
    }

    /// Begins the recording of the client.
    fn record(
        &mut self,
        url: &str,
        request: &Head,
        response: &Head,
        begin: impl FnOnce(&mut Recording),
    ) {
        let Some(recorded) = &self.recorded else {
            return;
        };
        let opening = Events::opening(url, request, response, Instant::now());
        match Recording::create(recorded, self.client, opening) {
            Ok(mut recording) => {
                begin(&mut recording);
                self.recording = Some(Rc::new(RefCell::new(recording)));
            }
            Err(why) => self.note(Role::Error, &format!("! {}", escape_line(&why))),
        }
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

    /// A line about all clients.
    fn of_all(&self, text: &str) {
        self.pending.write();
        term::stderr(&format!("{}\n", self.style().paint(Role::Fact, text)));
    }

    fn flush_recording(&self) {
        if let Some(recording) = &self.recording
            && let Some(why) = recording.borrow_mut().flush()
        {
            self.note(Role::Error, &format!("! {}", escape_line(&why)));
        }
    }

    /// Prints lines about a session in progress, at the end of its round.
    fn print_soon(&self, text: &str) {
        if self.board.is_some() {
            return self.print(text);
        }
        self.pending.add(|lines| self.prefixed(text, lines));
    }

    fn print(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.pending.write();
        let mut lines = String::with_capacity(text.len() + 16);
        self.prefixed(text, &mut lines);
        match &self.board {
            Some(board) => board.lines(&lines),
            None => term::stderr(&lines),
        }
    }

    fn prefixed(&self, text: &str, lines: &mut String) {
        if text.is_empty() {
            return;
        }
        let style = self.style();
        for line in text.lines() {
            if let Some(label) = &self.label {
                let _ = write!(lines, "{} ", label.paint(style));
            }
            let _ = writeln!(lines, "{line}");
        }
    }

    fn style(&self) -> Style {
        match (&self.board, &self.view) {
            (Some(board), _) => board.style(),
            (None, Some(view)) => view.style(),
            (None, None) => Style::PLAIN,
        }
    }
}
