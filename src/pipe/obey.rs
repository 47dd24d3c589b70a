//! `--commands`: input lines that are commands.

use std::time::Instant;

use super::Pipe;
use super::encoding::{EncodingError, utf8};
use crate::command::outgoing::{Outcome, WireError};
use crate::command::upload::Step;
use crate::command::{self, Command, CommandError, Outgoing};
use crate::event::Cause;
use crate::proto::connection::Message;
use crate::proto::sender::Sender;
use crate::session::Stop;
use crate::session::mode::OUTPUT_FULL;

/// Why a line of input cannot be obeyed.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Outgoing(#[from] WireError),
    #[error("{0}: works in the REPL only")]
    OnlyRepl(String),
}

/// Pieces of a file after which the socket has its turn.
const PIECES: usize = 64;

impl Pipe {
    /// Obeys a line that may be a command.
    pub(super) fn obey(
        &mut self,
        line: &[u8],
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), InputError> {
        let text = String::from_utf8_lossy(utf8(line)?);
        let outgoing = match command::parse(&text)? {
            Command::Nothing => Outgoing::Text(String::new()),
            Command::Outgoing(outgoing) => outgoing,
            Command::Quit => {
                let close = self.options.close.clone();
                self.stop.get_or_insert(Stop::new(Cause::Quit, close));
                return Ok(());
            }
            _ => return Err(InputError::OnlyRepl(text.into_owned())),
        };
        self.sent += 1;
        self.active = Some(now);
        match outgoing.send(sender, now)? {
            Outcome::Message {
                kind,
                payload,
                deflated,
            } => self.show_sent(&Message::whole(kind, &payload, deflated), now),
            Outcome::Upload(upload) => self.upload = Some(upload),
            Outcome::Control => {}
            Outcome::Misbehaviour(command) => self.reaction.sent(command, now),
            Outcome::Close(frame) => self.stop = Some(Stop::new(Cause::Quit, frame)),
            Outcome::Abandon { reset } => self.stop = Some(Stop::abandon(Cause::Quit, reset)),
        }
        Ok(())
    }

    /// Sends pieces of a file until the sender is full.
    pub(super) fn send_upload(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let Some(mut upload) = self.upload.take() else {
            return false;
        };
        let mut moved = false;
        for _ in 0..PIECES {
            if sender.output().len() >= OUTPUT_FULL {
                break;
            }
            moved = true;
            self.active = Some(now);
            match upload.step(sender) {
                Ok(Step::Checked) => {}
                Ok(Step::Sent(message)) => {
                    self.show_sent(&message, now);
                    if message.end {
                        return true;
                    }
                }
                Err(error) => {
                    self.cause = Some(Cause::Input(error.to_string()));
                    return true;
                }
            }
        }
        self.upload = Some(upload);
        moved
    }
}
