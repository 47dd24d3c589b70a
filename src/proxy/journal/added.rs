//! Messages that the user has changed, added or discarded.

use std::time::Instant;

use super::Journal;
use crate::command::Outgoing;
use crate::event::{Event, Side};
use crate::proto::connection::Message;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proxy::touch::Plain;
use crate::render::{Role, quantity};
use crate::session::mode::CloseMode;

/// How much of a message before its edit is recorded, in characters: enough to recognise it.
const SHOWN_OF_EDIT: usize = 200;

impl Journal {
    /// Shows and records what has left in place of a held message.
    pub(super) fn edited(&mut self, side: Side, number: u64, before: &Plain, after: &Plain) {
        let now = self.now();
        self.log.turn_to(Some(side));
        let message = Message::whole(after.kind, &after.payload, None);
        self.show_answer(side, &message, now);
        self.log.replaces(number);
        self.record_left(side, &message, now);
        self.log.turn_to(None);
        let text = format!("* edited, {} left in place of #{number}", named(&message));
        self.log.note(Role::Fact, &text);
        let left = format!("edit, the message above left in place of #{number}");
        self.log.unshown(&Event::Fault(&left), now);
        let text = format!("edit, the message above was {}", excerpt(before));
        self.record_event(&Event::Fault(&text), now);
    }

    /// A held message does not leave.
    pub(super) fn discarded(&mut self, side: Side, number: u64) {
        let side = side.name();
        self.wanted(
            &format!("discarded, #{number} from the {side}"),
            &format!("discard, #{number} from the {side}"),
        );
    }

    /// Something was sent that did not come from this end.
    pub(in crate::proxy) fn injected(&mut self, side: Side, what: &Outgoing, now: Instant) {
        self.added(side, what, ("inject", "injected"), now);
    }

    /// A message was sent once more.
    pub(in crate::proxy) fn repeated(
        &mut self,
        side: Side,
        number: u64,
        what: &Outgoing,
        now: Instant,
    ) {
        let (name, done) = (format!("resend #{number}"), format!("resent #{number}"));
        self.added(side, what, (&name, &done), now);
    }

    /// The first of `how` is for the recording, the second for people.
    fn added(&mut self, side: Side, what: &Outgoing, how: (&str, &str), now: Instant) {
        let (kind, payload) = match what {
            Outgoing::Text(text) | Outgoing::Line(text) | Outgoing::Fragment { text, .. } => {
                (Kind::Text, text.as_bytes())
            }
            Outgoing::Binary(payload) => (Kind::Binary, payload.as_slice()),
            other => {
                self.log.turn_to(Some(side));
                let (name, shown) = match other {
                    Outgoing::Ping(payload) => {
                        self.pinged(side, payload, now);
                        ("the ping above is", "a ping")
                    }
                    Outgoing::Pong(payload) => {
                        self.ponged(side, payload, now);
                        ("the pong above is", "a pong")
                    }
                    Outgoing::Close { code, reason } => {
                        let frame = code.map(|code| CloseFrame::new(CloseCode(code), reason));
                        let patience = None;
                        self.struck(&CloseMode::Close { frame, patience }, "/inject");
                        ("a Close", "a Close")
                    }
                    Outgoing::Raw(_) => ("raw bytes", "raw bytes"),
                    _ => ("a frame", "a frame"),
                };
                return self.note_added(side, how, (name, shown));
            }
        };
        let message = Message::whole(kind, payload, None);
        self.log.turn_to(Some(side));
        self.show_answer(side, &message, now);
        self.record_left(side, &message, now);
        let shown = named(&message);
        self.note_added(side, how, ("the message above is", &shown));
    }

    /// Shows what the user has sent, although the view is paused.
    fn show_answer(&mut self, side: Side, message: &Message<'_>, now: Instant) {
        self.log.set_answering(true);
        self.show(side, message, now);
        self.log.set_answering(false);
    }

    fn note_added(&mut self, side: Side, how: (&str, &str), what: (&str, &str)) {
        let side = side.name();
        self.wanted(
            &format!("{}, {} as if from the {side}", how.1, what.1),
            &format!("{}, {} as if from the {side}", how.0, what.0),
        );
    }

    /// What the user wanted is no fault for people; in a recording it differs from what passed.
    pub(super) fn wanted(&mut self, shown: &str, recorded: &str) {
        let now = self.now();
        self.log.turn_to(None);
        self.log.note(Role::Fact, &format!("* {shown}"));
        self.log.unshown(&Event::Fault(recorded), now);
        self.record_event(&Event::Fault(recorded), now);
    }
}

fn named(message: &Message<'_>) -> String {
    let size = quantity::size(message.payload.len() as u64);
    format!("{} {size}", message.kind)
}

/// What a message says, as text or in hex.
fn excerpt(message: &Plain) -> String {
    let payload = &message.payload;
    let text = match message.kind {
        Kind::Text => String::from_utf8_lossy(payload).into_owned(),
        Kind::Binary => hex::encode(&payload[..payload.len().min(SHOWN_OF_EDIT)]),
    };
    let shown: String = text.chars().take(SHOWN_OF_EDIT).collect();
    let is_cut =
        shown.len() < text.len() || message.kind == Kind::Binary && payload.len() * 2 > text.len();
    format!("{shown}{}", if is_cut { "…" } else { "" })
}
