//! Plays what one end of a recorded connection sent.

use std::time::{Duration, Instant};

use super::error::ReadError;
use super::event::{RecordedEvent, RecordedKind};
use super::read::{EventReader, Recording};
use crate::event::Direction;
use crate::proto::Role;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    Times(f64),
    Max,
}

impl Speed {
    fn scale(self, span: Duration) -> Duration {
        match self {
            Self::Max => Duration::ZERO,
            // A recording may contain any time.
            Self::Times(factor) => {
                Duration::try_from_secs_f64(span.as_secs_f64() / factor).unwrap_or(Duration::MAX)
            }
        }
    }
}

#[derive(Debug, Clone)]
pub struct Play {
    pub recording: Recording,
    pub index: usize,
    pub role: Role,
    pub speed: Speed,
}

/// Yields what to send when it is due.
#[derive(Debug)]
pub struct Player {
    play: Play,
    events: Option<EventReader>,
    /// When the recorded connection would have opened; set by the first call.
    start: Option<Instant>,
    next: Option<RecordedEvent>,
    held: bool,
    over: bool,
    /// The other end started the closing handshake, so our Close frame was only the reply.
    other_closed: bool,
}

impl Player {
    /// The clock starts with the first call of [`Player::next`].
    pub fn new(play: Play) -> Self {
        Self {
            play,
            events: None,
            start: None,
            next: None,
            held: false,
            over: false,
            other_closed: false,
        }
    }

    /// What is due, if anything; a server's part may end with a Close frame.
    pub fn next(&mut self, now: Instant) -> Option<Result<RecordedKind, ReadError>> {
        self.start.get_or_insert(now);
        while !self.over {
            if let Err(error) = self.look_ahead() {
                self.over = true;
                return Some(Err(error));
            }
            let due = self.due();
            let event = self.next.take_if(|_| due.is_some_and(|due| due <= now))?;
            if self.is_played(&event) {
                return Some(Ok(event.kind));
            }
        }
        None
    }

    fn look_ahead(&mut self) -> Result<(), ReadError> {
        if self.next.is_some() {
            return Ok(());
        }
        let events = match &mut self.events {
            Some(events) => events,
            None => self
                .events
                .insert(self.play.recording.events(self.play.index)?),
        };
        self.next = events.next().transpose()?;
        self.over = self.next.is_none();
        Ok(())
    }

    fn due(&self) -> Option<Instant> {
        let after = self.play.speed.scale(self.next.as_ref()?.at);
        self.start?.checked_add(after)
    }

    /// While held, nothing has a deadline: there is no room to send it.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due().filter(|_| !self.held)
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Ends playing; returns the number of messages that were not played.
    pub fn unplayed(&mut self) -> u64 {
        let mut left = 0;
        while !self.over && self.look_ahead().is_ok() {
            let Some(event) = self.next.take() else {
                break;
            };
            let is_message = matches!(event.kind, RecordedKind::Message(..));
            left += u64::from(is_message && self.is_played(&event));
        }
        self.over = true;
        left
    }

    /// Whether this end sent it, and not only as a reply.
    fn is_played(&mut self, event: &RecordedEvent) -> bool {
        let own = match self.play.role {
            Role::Client => Direction::Sent,
            Role::Server => Direction::Received,
        };
        let is_own = event.direction == own;
        match event.kind {
            RecordedKind::Message(..) | RecordedKind::Ping(_) => is_own,
            RecordedKind::Pong => false,
            RecordedKind::Close(_) => {
                self.other_closed |= !is_own;
                // For a client, the command line says how to close.
                is_own && !self.other_closed && self.play.role == Role::Server
            }
        }
    }
}
