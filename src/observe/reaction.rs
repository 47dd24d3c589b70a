//! What a peer does after it was sent something that breaks the rules.

use std::time::{Duration, Instant};

use crate::proto::connection::{End, Event};
use crate::render::human::close_text;
use crate::render::quantity;

/// Waits for the peer's answer to a misbehaviour.
#[derive(Debug, Default)]
pub struct PeerReaction(Option<Pending>);

#[derive(Debug)]
struct Pending {
    command: &'static str,
    sent: Instant,
}

/// How long a silence is waited out before it is told.
const SILENCE: Duration = Duration::from_secs(2);

impl PeerReaction {
    /// Something went out by `command`.
    pub fn sent(&mut self, command: &'static str, now: Instant) {
        self.0 = Some(Pending { command, sent: now });
    }

    /// Tells the answer, if one is waited for and `event` is one.
    #[inline]
    pub fn answer(&mut self, event: &Event<'_>, now: Instant) -> Option<String> {
        if self.0.is_some() {
            self.take_answer(event, now)
        } else {
            None
        }
    }

    #[cold]
    fn take_answer(&mut self, event: &Event<'_>, now: Instant) -> Option<String> {
        let answer = match event {
            Event::Close(frame) => format!("close {}", close_text(frame.as_ref())),
            Event::Message(message) => format!("a {} message", message.kind),
            Event::Ping { .. } => "a ping".to_owned(),
            Event::Pong { .. } => "a pong".to_owned(),
            Event::Violation(_) | Event::Tolerated(_) => "a broken rule".to_owned(),
            Event::Ended(end) => match &**end {
                End::Lost { error, .. } => error
                    .clone()
                    .unwrap_or_else(|| "the end of TCP, without a Close frame".to_owned()),
                _ => return None,
            },
            _ => return None,
        };
        let pending = self.0.take()?;
        let after = quantity::duration(now.saturating_duration_since(pending.sent));
        Some(format!(
            "answer to {} after {after}: {answer}",
            pending.command
        ))
    }

    /// When [`silence`](Self::silence) is to be asked.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().map(|pending| pending.sent + SILENCE)
    }

    /// Tells that no answer came, once it is time.
    pub fn silence(&mut self, now: Instant) -> Option<String> {
        let pending = self.0.take_if(|pending| pending.sent + SILENCE <= now)?;
        let limit = quantity::duration(SILENCE);
        Some(format!("no answer to {} within {limit}", pending.command))
    }
}
