//! `--record` of a server: a file for each client, as the client would have recorded it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::diagnostic::one_line;
use crate::event::{Direction, Ending, Event, NotOpen, Open, Opening};
use crate::proto::connection::{self, AutoPong, Message};
use crate::proto::handshake::server::Upgrade;
use crate::proto::sender::Control;
use crate::record::{Options, Recorder};
use crate::render::Secrets;
use crate::render::clock::Clock;

/// How clients are recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its path gets the number of the client before its ending.
    pub options: Options,
    pub secrets: Secrets,
    pub clock: Clock,
}

/// The recording of one client.
#[derive(Debug)]
pub(super) struct Recording {
    recorder: Recorder,
    opening: Opening,
    /// Of messages, in both directions.
    number: u64,
}

/// The file of a client, such as `chat-3.jsonl`.
pub fn numbered(path: &Path, client: u64) -> PathBuf {
    let mut name = path
        .file_stem()
        .map_or_else(OsString::new, ToOwned::to_owned);
    name.push(format!("-{client}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

impl Recording {
    pub(super) fn create(how: &Recorded, client: u64, opening: Opening) -> Result<Self, String> {
        let options = Options {
            path: numbered(&how.options.path, client),
            ..how.options.clone()
        };
        let clock = how.clock.clone();
        let recorder = Recorder::create(&options, how.secrets, clock);
        let recorder = recorder.map_err(|error| format!("not recorded: {}", one_line(&error)))?;
        Ok(Self {
            recorder: recorder.of_client(client),
            opening,
            number: 0,
        })
    }

    /// The client is let in.
    pub(super) fn opened(&mut self, answer: &Upgrade, now: Instant) {
        let open = Open {
            subprotocol: answer.subprotocol.clone(),
            ignored_subprotocols: false,
            deflate: answer.deflate,
            login: None,
            tolerated: Vec::new(),
            took: Duration::ZERO,
            is_polled: false,
            is_page: false,
        };
        let event = Event::Open(&open);
        self.opening.observe(&event, now);
        self.recorder.event(&event, &self.opening, 0, None, now);
    }

    pub(super) fn refused(&mut self, why: &NotOpen, now: Instant) {
        self.recorder.not_open(why, &self.opening, now);
    }

    /// What the server has received, the client has sent, and the other way round.
    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        use connection::Event::{
            Close, Ended, FrameReceived, FrameSent, Idle, Message, Ping, Pong, Sent, Tolerated,
            Violation,
        };
        let Event::Connection(event) = event else {
            return self.recorder.event(event, &self.opening, 0, None, now);
        };
        let payload;
        let turned = match event {
            Message(message) => {
                self.number += u64::from(message.start);
                return self.recorder.sent(message, self.number, None, now);
            }
            FrameReceived(frame) => FrameSent(frame.clone()),
            FrameSent(frame) => FrameReceived(frame.clone()),
            Ping { payload, .. } => Sent(Control::Ping(payload.to_vec())),
            Pong { payload, .. } => Sent(Control::Pong(payload.to_vec())),
            Close(close) => Sent(Control::Close(close.clone())),
            Sent(Control::Ping(sent)) => {
                payload = sent.clone();
                Ping {
                    payload: &payload,
                    answer: AutoPong::NotOurs,
                }
            }
            Sent(Control::Pong(sent)) => {
                payload = sent.clone();
                Pong {
                    payload: &payload,
                    rtt: None,
                }
            }
            Sent(Control::Close(close)) => Close(close.clone()),
            // What the server makes of its client is not what that has seen.
            Violation(_) | Tolerated(_) | Idle(_) | Ended(_) => return,
        };
        let event = Event::Connection(&turned);
        self.recorder.event(&event, &self.opening, 0, None, now);
    }

    /// A message of the client, or of the server.
    pub(super) fn message(&mut self, direction: Direction, message: &Message<'_>, now: Instant) {
        match direction {
            Direction::Sent => self.sent(message, now),
            Direction::Received => {
                let event = connection::Event::Message(*message);
                self.event(&Event::Connection(&event), now);
            }
        }
    }

    /// The server has sent a message.
    pub(super) fn sent(&mut self, message: &Message<'_>, now: Instant) {
        self.number += u64::from(message.start);
        let event = connection::Event::Message(*message);
        let event = Event::Connection(&event);
        self.recorder
            .event(&event, &self.opening, self.number, None, now);
    }

    pub(super) fn closed(&mut self, ending: &Ending, text: &str, now: Instant) {
        self.recorder.closed(ending, text, now);
    }

    /// Writes what waits; returns why the recording is over, if it cannot be written.
    pub(super) fn flush(&mut self) -> Option<String> {
        self.recorder.flush();
        self.recorder.complaint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_client_precedes_the_ending() {
        for (path, expected) in [("a/b.c.jsonl", "a/b.c-7.jsonl"), ("chat.har", "chat-7.har")] {
            assert_eq!(numbered(Path::new(path), 7), Path::new(expected));
        }
    }
}
