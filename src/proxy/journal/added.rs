//! Messages that the user has changed or added.

use std::time::Instant;

use super::Journal;
use crate::command::Outgoing;
use crate::event::{Event, Side};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::proxy::touch::Plain;

/// How much of a message before its edit is recorded, in characters: enough to recognise it.
const SHOWN_OF_EDIT: usize = 200;

impl Journal {
    /// Shows and records what has left in place of a held message.
    pub(super) fn edited(&mut self, side: Side, number: u64, before: &Plain, after: &Plain) {
        let now = self.now();
        self.log.turn_to(Some(side));
        let message = Message::whole(after.kind, &after.payload, None);
        self.show(side, &message, now);
        self.log.replaces(number);
        self.record(side, &message, now);
        let text = format!("edit, the message above left in place of #{number}");
        self.log.turn_to(None);
        self.log.event(&Event::Fault(&text), now);
        let text = format!("edit, the message above was {}", excerpt(before));
        self.record_event(&Event::Fault(&text), now);
    }

    /// Something was sent that did not come from this end.
    pub(in crate::proxy) fn injected(&mut self, side: Side, what: &Outgoing, now: Instant) {
        self.added(side, what, "inject", now);
    }

    /// A message was sent once more.
    pub(in crate::proxy) fn repeated(
        &mut self,
        side: Side,
        number: u64,
        what: &Outgoing,
        now: Instant,
    ) {
        self.added(side, what, &format!("resend #{number}"), now);
    }

    fn added(&mut self, side: Side, what: &Outgoing, how: &str, now: Instant) {
        let (kind, payload) = match what {
            Outgoing::Text(text) | Outgoing::Line(text) | Outgoing::Fragment { text, .. } => {
                (Kind::Text, text.as_bytes())
            }
            Outgoing::Binary(payload) => (Kind::Binary, payload.as_slice()),
            other => {
                self.log.turn_to(Some(side));
                let name = match other {
                    Outgoing::Ping(payload) => {
                        self.pinged(side, payload, now);
                        "the ping above"
                    }
                    Outgoing::Pong(payload) => {
                        self.ponged(side, payload, now);
                        "the pong above"
                    }
                    Outgoing::Close { .. } => {
                        self.struck("command");
                        "a Close"
                    }
                    Outgoing::Raw(_) => "raw bytes",
                    _ => "a frame",
                };
                let (is, side) = (
                    if name.starts_with("the") { "is " } else { "" },
                    side.name(),
                );
                return self.fault(&format!("{how}, {name} {is}as if from the {side}"));
            }
        };
        let message = Message::whole(kind, payload, None);
        self.log.turn_to(Some(side));
        self.show(side, &message, now);
        self.record(side, &message, now);
        self.fault(&format!(
            "{how}, the message above is as if from the {}",
            side.name()
        ));
    }
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
