//! The peer's reaction to something that breaks the rules.

use std::time::{Duration, Instant};

use crate::proto::connection::{End, Event};
use crate::render::close::close_text;
use crate::render::quantity;

#[derive(Debug, Default)]
pub struct PeerReaction {
    pending: Option<Pending>,
    /// The reaction that was awaited is the end of the connection.
    is_end: bool,
}

#[derive(Debug)]
struct Pending {
    command: &'static str,
    sent: Instant,
}

/// How long to wait before reporting that nothing came back.
const SILENCE: Duration = Duration::from_secs(2);

impl PeerReaction {
    pub fn sent(&mut self, command: &'static str, now: Instant) {
        let pending = Some(Pending { command, sent: now });
        let is_end = false;
        *self = Self { pending, is_end };
    }

    /// Whether the peer ended the connection because of it.
    pub fn is_end(&self) -> bool {
        self.is_end
    }

    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Describes `event` if it is the awaited reaction.
    pub fn answer(&mut self, event: &Event<'_>, now: Instant) -> Option<String> {
        self.pending.as_ref()?;
        let answer = match event {
            Event::Close(frame) => format!("close {}", close_text(frame.as_ref())),
            Event::Message(message) => format!("a {} message", message.kind),
            Event::Ping { .. } => "a ping".to_owned(),
            Event::Pong { .. } => "a pong".to_owned(),
            Event::Violation(_) | Event::Tolerated(_) => "a protocol violation".to_owned(),
            Event::Ended(end) => match &**end {
                End::Lost { error, .. } => error
                    .clone()
                    .unwrap_or_else(|| "TCP closed without a Close frame".to_owned()),
                _ => return None,
            },
            _ => return None,
        };
        let pending = self.pending.take()?;
        self.is_end = matches!(event, Event::Close(_) | Event::Ended(_));
        let after = quantity::duration(now.saturating_duration_since(pending.sent));
        Some(format!(
            "answer to {} after {after}: {answer}",
            pending.command
        ))
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.sent + SILENCE)
    }

    pub fn silence(&mut self, now: Instant) -> Option<String> {
        let pending = self
            .pending
            .take_if(|pending| pending.sent + SILENCE <= now)?;
        let limit = quantity::duration(SILENCE);
        Some(format!("no answer to {} within {limit}", pending.command))
    }
}
