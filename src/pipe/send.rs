//! What goes to the peer: `--send`, standard input, echoes.

use std::task::{Context, Poll};
use std::time::Instant;

use super::obey::InputError;
use super::{Encoding, EncodingError, Input, Pipe};
use crate::event::Cause;
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::proto::sender::Sender;
use crate::session::mode::OUTPUT_FULL;

impl Pipe {
    /// Sends one record.
    fn send(
        &mut self,
        record: &[u8],
        encoding: Encoding,
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), EncodingError> {
        let Some((kind, payload)) = encoding.decode(record)? else {
            self.skipped = true;
            return Ok(());
        };
        self.send_message(kind, &payload, sender, now);
        Ok(())
    }

    /// Sends a message, unless the connection closes.
    pub(super) fn send_message(
        &mut self,
        kind: Kind,
        payload: &[u8],
        sender: &mut Sender,
        now: Instant,
    ) {
        if let Ok(deflated) = sender.message(kind, payload) {
            self.show_sent(&Message::whole(kind, payload, deflated), now);
            self.sent += 1;
            self.active = Some(now);
        }
    }

    /// Sends what `--send` gave.
    pub(super) fn send_first(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let mut moved = false;
        while self.cause.is_none() && sender.output().len() < OUTPUT_FULL {
            let Some(record) = self.send.pop_front() else {
                break;
            };
            match self.send(&record, self.options.send_encoding, sender, now) {
                Ok(()) => moved = true,
                Err(error) => self.cause = Some(Cause::Input(format!("--send, {error}"))),
            }
        }
        moved
    }

    /// Sends what `--every` gave and is due.
    pub(super) fn send_due(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let mut moved = false;
        while self.cause.is_none()
            && let Some(payload) = self.schedule.next(now)
        {
            let payload = payload.to_vec();
            match self.send(&payload, self.options.send_encoding, sender, now) {
                Ok(()) => moved = true,
                Err(error) => self.cause = Some(Cause::Input(format!("--every, {error}"))),
            }
        }
        moved
    }

    /// Sends records of standard input until the sender is full or nothing more is there.
    pub(super) fn send_input(
        &mut self,
        input: &mut Input,
        cx: &mut Context<'_>,
        sender: &mut Sender,
        now: Instant,
    ) -> bool {
        let mut moved = false;
        let may_go_on =
            |pipe: &Self| pipe.cause.is_none() && pipe.stop.is_none() && pipe.upload.is_none();
        while may_go_on(self) && sender.output().len() < OUTPUT_FULL {
            if let Some(record) = input.next_record() {
                moved = true;
                let sent = if self.options.commands {
                    self.obey(record, sender, now)
                } else {
                    self.send(record, self.options.encoding, sender, now)
                        .map_err(InputError::from)
                };
                if let Err(error) = sent {
                    let place = format!("{} {}", self.options.split.unit(), input.record());
                    self.cause = Some(Cause::Input(format!("{place}, {error}")));
                }
                continue;
            }
            match input.poll_read(cx) {
                Poll::Ready(Ok(true)) => moved = true,
                Poll::Ready(Ok(false)) | Poll::Pending => break,
                Poll::Ready(Err(error)) => {
                    self.cause = Some(Cause::Input(format!("cannot read stdin: {error}")));
                }
            }
        }
        moved
    }

    /// Answers a message, or a piece of one, with itself.
    pub(super) fn echo(&mut self, message: &Message<'_>, sender: &mut Sender, now: Instant) {
        let (start, end) = (message.start, message.end);
        if let Ok(deflated) = sender.piece(message.kind, message.payload, start, end) {
            self.sent += u64::from(end);
            let answer = Message {
                deflated,
                ..*message
            };
            self.show_sent(&answer, now);
        }
    }
}
