//! What one end of a recorded connection sent, on a clock.

use std::time::{Duration, Instant};

use super::error::ReadError;
use super::event::{Direction, RecordedEvent, RecordedKind};
use super::read::{EventReader, Recording};
use crate::proto::Role;

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was.
    Times(f64),
    /// Without waiting.
    Max,
}

impl Speed {
    /// How long a time of the recording takes.
    fn scale(self, span: Duration) -> Duration {
        match self {
            Self::Max => Duration::ZERO,
            // A recording may tell of any time.
            Self::Times(factor) => {
                Duration::try_from_secs_f64(span.as_secs_f64() / factor).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Play {
    /// The recording.
    pub recording: Recording,
    /// Which of its connections.
    pub index: usize,
    /// Which end's part.
    pub role: Role,
    /// How fast.
    pub speed: Speed,
}

/// Tells what to send when, as a recording says, from the opening of its connection to its end.
#[derive(Debug)]
pub struct Player {
    play: Play,
    /// Read from the first call on.
    story: Option<EventReader>,
    /// When the recorded connection would have opened; not known before the first call.
    start: Option<Instant>,
    next: Option<RecordedEvent>,
    held: bool,
    over: bool,
    /// The other end has started the closing handshake: ours only answered.
    other_closed: bool,
}

impl Player {
    /// A player whose clock starts with the first call of [`Player::next`].
    pub fn new(play: Play) -> Self {
        Self {
            play,
            story: None,
            start: None,
            next: None,
            held: false,
            over: false,
            other_closed: false,
        }
    }

    /// What is due; `None` when nothing is, or nothing more comes. A server's part may end with a Close frame.
    pub fn next(&mut self, now: Instant) -> Option<Result<RecordedKind, ReadError>> {
        self.start.get_or_insert(now);
        while !self.over {
            if let Err(error) = self.look_ahead() {
                self.over = true;
                return Some(Err(error));
            }
            let due = self.due();
            let told = self.next.take_if(|_| due.is_some_and(|due| due <= now))?;
            if self.is_played(&told) {
                return Some(Ok(told.kind));
            }
        }
        None
    }

    /// Reads what comes next, if that is not known.
    fn look_ahead(&mut self) -> Result<(), ReadError> {
        if self.next.is_some() {
            return Ok(());
        }
        let story = match &mut self.story {
            Some(story) => story,
            None => self
                .story
                .insert(self.play.recording.events(self.play.index)?),
        };
        self.next = story.next().transpose()?;
        self.over = self.next.is_none();
        Ok(())
    }

    /// When what comes next is due.
    fn due(&self) -> Option<Instant> {
        let after = self.play.speed.scale(self.next.as_ref()?.at);
        self.start?.checked_add(after)
    }

    /// Lets something be due, or not because there is no room for it.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Instant> {
        self.due().filter(|_| !self.held)
    }

    /// Whether all of it was played.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How many messages were not played; they are not played any more.
    pub fn unplayed(&mut self) -> u64 {
        let mut left = 0;
        while !self.over && self.look_ahead().is_ok() {
            let Some(told) = self.next.take() else {
                break;
            };
            let is_message = matches!(told.kind, RecordedKind::Message(..));
            left += u64::from(is_message && self.is_played(&told));
        }
        self.over = true;
        left
    }

    /// Whether this end sent it, and not just in answer.
    fn is_played(&mut self, told: &RecordedEvent) -> bool {
        let own = match self.play.role {
            Role::Client => Direction::Sent,
            Role::Server => Direction::Received,
        };
        let is_own = told.direction == own;
        match told.kind {
            RecordedKind::Message(..) | RecordedKind::Ping(_) => is_own,
            RecordedKind::Pong => false,
            RecordedKind::Close(_) => {
                self.other_closed |= !is_own;
                // How a client closes is said on its command line.
                is_own && !self.other_closed && self.play.role == Role::Server
            }
        }
    }
}
