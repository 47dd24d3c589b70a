//! The log of a server: every line starts with the client's number, `@1`.

use std::fmt::Write;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::event::{Direction, Ending, Event};
use crate::ontop::Seen;
use crate::proto::connection;
use crate::proto::connection::Message;
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::render::close_summary::ending;
use crate::render::handshake::head;
use crate::render::{Human, OnTop, Role, Secrets};
use crate::term;

/// Shows clients; silent without a view.
#[derive(Debug, Clone)]
pub struct Log {
    client: u64,
    view: Option<Human>,
    secrets: Secrets,
    /// Whether a protocol on top is shown without its requests and raw messages.
    is_terse: bool,
}

impl Log {
    pub fn new(view: Human, secrets: Secrets) -> Self {
        Self {
            client: 0,
            view: Some(view),
            secrets,
            is_terse: false,
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
            view: None,
            secrets: Secrets::Masked,
            is_terse: false,
        }
    }

    pub(super) fn of(&self, client: u64) -> Self {
        Self {
            client,
            ..self.clone()
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            view.event(&mut text, event, now);
        }
        self.print(&text);
    }

    pub(super) fn sent(&mut self, message: &Message<'_>, now: Instant) {
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            view.sent(&mut text, message, now);
        }
        self.print(&text);
    }

    pub(super) fn is_terse(&self) -> bool {
        self.is_terse
    }

    /// A message that did not come as one of WebSocket.
    pub(super) fn message(
        &mut self,
        direction: Direction,
        kind: Kind,
        payload: &[u8],
        now: Instant,
    ) {
        let message = Message::whole(kind, payload, None);
        match direction {
            Direction::Sent => self.sent(&message, now),
            Direction::Received => {
                let event = connection::Event::Message(message);
                self.event(&Event::Connection(&event), now);
            }
        }
    }

    /// A message as its protocol understands it.
    pub(super) fn understood(&mut self, direction: Direction, seen: &Seen, now: Instant) {
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

    pub(super) fn head(&self, text: &Head, direction: Direction) {
        let secrets = self.secrets;
        if self.is_terse {
            return;
        }
        self.write(|out, view| head(out, text, direction, view.style(), secrets));
    }

    pub(super) fn note(&self, role: Role, text: &str) {
        self.write(|out, view| {
            out.push_str(&view.style().paint(role, text).to_string());
            out.push('\n');
        });
    }

    /// Shows a fault that is no part of a session.
    pub(super) fn fault(&self, text: &str) {
        self.clone().event(&Event::Fault(text), Instant::now());
    }

    pub(super) fn ending(&self, end: &Ending) {
        let text = ending(end, "client");
        self.note(Role::Fact, &format!("* {text}"));
    }

    /// Ready while more can be reported.
    #[expect(clippy::unused_self, reason = "the outputs of programs come next")]
    pub(super) fn poll_room(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    pub(super) fn wants_frames(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.show.frames)
    }

    fn write(&self, write: impl FnOnce(&mut String, &Human)) {
        let Some(view) = &self.view else {
            return;
        };
        let mut text = String::new();
        write(&mut text, view);
        self.print(&text);
    }

    fn print(&self, text: &str) {
        let mut lines = String::with_capacity(text.len() + 16);
        for line in text.lines() {
            // 0 is the server itself.
            if self.client > 0 {
                let _ = write!(lines, "@{} ", self.client);
            }
            let _ = writeln!(lines, "{line}");
        }
        if !lines.is_empty() {
            term::stderr(&lines);
        }
    }
}
