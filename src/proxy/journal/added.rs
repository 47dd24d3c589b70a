//! Messages that the user has changed or added.

use std::time::Instant;

use super::Journal;
use crate::command::Outgoing;
use crate::event::Side;
use crate::proto::message::Kind;
use crate::proto::watcher::Watched;
use crate::render::Role;
use crate::render::escape::escape_line;

/// How much of an edited message is shown, in characters: enough to recognise it.
const SHOWN_OF_EDIT: usize = 200;

impl Journal {
    /// Shows what a held message has become.
    pub(in crate::proxy) fn changed(&mut self, number: u64, text: &str) {
        let shown: String = text.chars().take(SHOWN_OF_EDIT).collect();
        let more = if shown.len() < text.len() { "…" } else { "" };
        let text = format!("* #{number} becomes {}{more}", escape_line(&shown));
        self.log.note(Role::Fact, &text);
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
                    Outgoing::Close { .. } => "a Close",
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
        let message = Watched {
            kind,
            payload,
            size: payload.len() as u64,
            deflated: None,
            is_plain: true,
        };
        self.log.turn_to(Some(side));
        self.message(side, &message, now);
        self.fault(&format!(
            "{how}, the message above is as if from the {}",
            side.name()
        ));
    }
}
