//! The one place that sends: messages that wait, timers, a recording that is played, a file in progress.

mod error;
mod schedule;
mod send;
pub mod template;
mod upload;

use std::collections::VecDeque;
use std::time::Instant;

pub use error::SendError;
pub use schedule::{Every, Schedule};
pub use send::{SendObserver, echo, message, unspoken};
pub use template::FillError;
pub use upload::Upload;

use crate::command::Outgoing;
use crate::proto::message::Kind;
use crate::record::{Play, Player, RecordedKind};
use crate::session::Turn;
use crate::session::mode::CloseMode;
use upload::Step;

/// Messages to send as soon as there is room: queued, due, or recorded, or a file in pieces.
///
/// Nothing starts inside another message or while the output is full.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Messages that are sent first on every connection.
    initial: Vec<Outgoing>,
    /// Those of them that this connection still has to send.
    first: VecDeque<Outgoing>,
    queue: VecDeque<Outgoing>,
    schedule: Schedule,
    /// `None` when there is no recording to send, or it is over.
    player: Option<Player>,
    upload: Option<Box<Upload>>,
    /// Files that the user gave up.
    given_up: u64,
}

/// Pieces of a file after which keys and the socket have their turn: 4 MiB, a few milliseconds.
const PIECES: usize = 64;

impl Outbox {
    pub fn new(initial: Vec<Outgoing>, every: Vec<Every>, play: Option<Play>) -> Self {
        Self {
            initial,
            schedule: Schedule::new(every),
            player: play.map(Player::new),
            ..Self::default()
        }
    }

    pub fn start(&mut self, now: Instant) {
        self.first = self.initial.iter().cloned().collect();
        self.schedule.start(now);
    }

    /// Returns the file that was not sent to its end.
    pub fn stop(&mut self) -> Option<Box<Upload>> {
        self.schedule.stop();
        self.upload.take()
    }

    /// Gives up the file in progress; its message stays unfinished.
    pub fn cancel_upload(&mut self) -> Option<Box<Upload>> {
        let upload = self.upload.take()?;
        self.given_up += 1;
        Some(upload)
    }

    /// Keeps something until there is room for it, after everything that waits already.
    pub fn push(&mut self, outgoing: Outgoing) {
        self.queue.push_back(outgoing);
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    pub fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    pub fn upload(&self) -> Option<&Upload> {
        self.upload.as_deref()
    }

    pub fn is_playing(&self) -> bool {
        self.player.is_some()
    }

    pub fn is_done(&self) -> bool {
        !self.is_waiting() && self.schedule.is_empty() && self.player.is_none()
    }

    #[inline]
    pub fn has_room(&self, turn: &Turn<'_>) -> bool {
        !self.is_waiting() && turn.has_room()
    }

    /// Whether a file or a message has to go out before anything else.
    #[inline]
    fn is_waiting(&self) -> bool {
        self.upload.is_some() || !self.first.is_empty() || !self.queue.is_empty()
    }

    /// Sends waiting and due messages while there is room; returns whether anything moved.
    pub fn fill(
        &mut self,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<bool, SendError> {
        self.hold(true);
        if turn.sender.is_closing() {
            return Ok(false);
        }
        if self.upload.is_some() {
            return self.send_upload(turn, observer);
        }
        let mut moved = self.send_queued(turn, observer)?;
        if self.has_room(turn) {
            self.hold(false);
            moved |= self.send_due(turn, observer)?;
            moved |= self.play(turn, observer)?;
        }
        Ok(moved)
    }

    /// When [`fill`](Self::fill) has something to send at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let player = self.player.as_ref().and_then(Player::deadline);
        [self.schedule.deadline(), player]
            .into_iter()
            .flatten()
            .min()
    }

    /// Stops or resumes everything timed, so that a deadline without room does not wake the driver.
    pub fn hold(&mut self, held: bool) {
        self.schedule.hold(held);
        if let Some(player) = &mut self.player {
            player.hold(held);
        }
    }

    /// The number of messages not sent to their end; a recording is not played any further.
    pub fn unsent(&mut self) -> u64 {
        let waiting = self.first.len() + self.queue.len() + usize::from(self.upload.is_some());
        waiting as u64 + self.given_up + self.player.as_mut().map_or(0, Player::unplayed)
    }

    fn send_upload(
        &mut self,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<bool, SendError> {
        let Some(mut upload) = self.upload.take() else {
            return Ok(false);
        };
        let mut moved = false;
        for _ in 0..PIECES {
            if !turn.has_room() {
                break;
            }
            moved = true;
            match upload.step(turn.sender) {
                Ok(Step::Checked) => {}
                Ok(Step::Sent(message)) => {
                    observer.sent(&message, turn.now);
                    if message.end {
                        return Ok(true);
                    }
                }
                Err(error) => {
                    // A message that has begun stays unfinished; one that has not never was.
                    self.upload = Some(upload).filter(|upload| upload.sent() > 0);
                    return Err(error);
                }
            }
        }
        self.upload = Some(upload);
        Ok(moved)
    }

    fn send_queued(
        &mut self,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<bool, SendError> {
        let mut moved = false;
        while turn.has_room()
            && self.upload.is_none()
            && let Some(outgoing) = self.first.pop_front().or_else(|| self.queue.pop_front())
        {
            self.send(&outgoing, turn, observer)?;
            moved = true;
        }
        Ok(moved)
    }

    fn send_due(
        &mut self,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<bool, SendError> {
        let mut moved = false;
        while let Some((every, number)) = self.schedule.next(turn.now) {
            let now = turn.now;
            if every.is_template {
                let text = String::from_utf8_lossy(&every.payload);
                let value = |name: &str| observer.variable(name, number, now);
                let text = template::fill(&text, value)?.into_owned();
                observer.say(&text, turn)?;
            } else if let (Kind::Text, Ok(line)) = (every.kind, str::from_utf8(&every.payload)) {
                observer.say(line, turn)?;
            } else {
                message(every.kind, &every.payload, turn, observer)?;
            }
            moved = true;
        }
        Ok(moved)
    }

    fn play(
        &mut self,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<bool, SendError> {
        let Some(player) = &mut self.player else {
            return Ok(false);
        };
        let mut moved = false;
        while turn.has_room()
            && let Some(due) = player.next(turn.now)
        {
            moved = true;
            match due? {
                RecordedKind::Message(kind, payload) => {
                    message(kind, &payload, turn, observer)?;
                }
                RecordedKind::Ping(payload) => turn.sender.ping(&payload, turn.now)?,
                RecordedKind::Pong => {}
                RecordedKind::Close(frame) => {
                    let patience = None;
                    observer.end(CloseMode::Close { frame, patience });
                    break;
                }
            }
        }
        player.hold(!turn.has_room());
        self.player.take_if(|player| player.is_over());
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;
    use crate::proto::Role;
    use crate::proto::connection::{Config, Connection, Message};
    use crate::proto::receiver::input_buffer;

    /// Payloads of messages, and the number of ends.
    #[derive(Default)]
    struct Log(Vec<String>, usize);

    impl SendObserver for Log {
        fn sent(&mut self, message: &Message<'_>, _: Instant) {
            let start = &message.payload[..message.payload.len().min(9)];
            self.0.push(String::from_utf8_lossy(start).into_owned());
        }

        fn end(&mut self, _: CloseMode) {
            self.1 += 1;
        }

        fn variable(&self, name: &str, number: u64, _: Instant) -> Option<String> {
            (name == "n").then(|| number.to_string())
        }
    }

    fn text(text: &str) -> Outgoing {
        Outgoing::Line(text.to_owned())
    }

    fn every(payload: &str, is_template: bool) -> Every {
        Every {
            period: Duration::from_secs(1),
            kind: Kind::Text,
            payload: payload.as_bytes().to_vec(),
            is_template,
        }
    }

    fn connection(now: Instant) -> Connection {
        let config = Config::new(Role::Client);
        Connection::new(config, input_buffer(), [0; 32], now)
    }

    /// What is sent until nothing moves any more, while the peer reads everything or nothing.
    fn filled(outbox: &mut Outbox, connection: &mut Connection, now: Instant, reads: bool) -> Log {
        let mut log = Log::default();
        loop {
            let sender = connection.sender();
            let moved = outbox.fill(&mut Turn { sender, now }, &mut log).unwrap();
            if reads {
                let len = connection.sender().output().len();
                connection.written(len, now);
            }
            if !moved {
                return log;
            }
        }
    }

    #[test]
    fn messages_are_sent_in_order_and_timers_after_them() {
        let now = Instant::now();
        let mut connection = connection(now);
        let timers = vec![every("tick", false), every("{{n}}", true)];
        let mut outbox = Outbox::new(vec![text("first")], timers, None);
        outbox.push(text("queued"));
        outbox.start(now);
        let log = filled(&mut outbox, &mut connection, now, true);
        assert_eq!(log.0, ["first", "queued", "tick", "1"]);
        assert_eq!(outbox.deadline(), Some(now + Duration::from_secs(1)));
        outbox.start(now);
        let log = filled(&mut outbox, &mut connection, now, true);
        assert_eq!(log.0, ["first", "tick", "2"]);
    }

    #[test]
    fn nothing_starts_inside_a_file() {
        let now = Instant::now();
        let mut connection = connection(now);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&b"x".repeat(100_000)).unwrap();
        let mut outbox = Outbox::new(Vec::new(), vec![every("tick", false)], None);
        outbox.start(now);
        let path = file.path().to_owned();
        outbox.push(Outgoing::File {
            path,
            is_text: true,
        });
        outbox.push(text("after"));
        let log = filled(&mut outbox, &mut connection, now, true);
        assert_eq!(log.0, ["xxxxxxxxx", "xxxxxxxxx", "after", "tick"]);
    }

    #[test]
    fn without_room_messages_wait_and_timers_set_no_deadline() {
        let now = Instant::now();
        let mut connection = connection(now);
        let large = "x".repeat(128 << 10);
        let mut outbox = Outbox::new(vec![text(&large), text("b")], vec![every("c", false)], None);
        outbox.start(now);
        let log = filled(&mut outbox, &mut connection, now, false);
        assert_eq!(log.0, ["xxxxxxxxx"]);
        assert_eq!(outbox.deadline(), None);
        assert_eq!(outbox.unsent(), 1);
        let log = filled(&mut outbox, &mut connection, now, true);
        assert!(log.0.is_empty(), "the output was full");
        let log = filled(&mut outbox, &mut connection, now, true);
        assert_eq!(log.0, ["b", "c"]);
    }

    #[test]
    fn a_close_command_is_handed_to_the_observer() {
        let now = Instant::now();
        let mut connection = connection(now);
        let (mut outbox, mut log) = (Outbox::default(), Log::default());
        let sender = connection.sender();
        let turn = &mut Turn { sender, now };
        outbox.send(&Outgoing::Drop, turn, &mut log).unwrap();
        assert_eq!(log.1, 1);
        assert!(turn.sender.output().is_empty());
    }
}
