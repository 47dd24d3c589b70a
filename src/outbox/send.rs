//! How each kind of outgoing data is sent.

use std::time::Instant;

use super::{Outbox, SendError, Upload};
use crate::command::{FrameSpec, Masking, Outgoing, Spoken};
use crate::ontop::SayError;
use crate::proto::connection::Message;
use crate::proto::frame::{CloseCode, CloseFrame, Header};
use crate::proto::message::Kind;
use crate::proto::sender::Sender;
use crate::session::Turn;
use crate::session::mode::CloseMode;

/// A mode's reactions to what is sent for it.
pub trait SendObserver {
    fn sent(&mut self, message: &Message<'_>, now: Instant);

    /// This command sent something that may break the protocol's rules.
    fn misbehaved(&mut self, _command: &'static str, _now: Instant) {}

    fn end(&mut self, how: CloseMode);

    /// Sends what a plain line stands for.
    fn say(&mut self, line: &str, turn: &mut Turn<'_>) -> Result<(), SendError>
    where
        Self: Sized,
    {
        message(Kind::Text, line.as_bytes(), turn, self)
    }

    /// Sends what is said in a protocol on top, if one is spoken.
    fn speak(&mut self, _spoken: &Spoken, _turn: &mut Turn<'_>) -> Result<(), SendError>
    where
        Self: Sized,
    {
        Err(unspoken())
    }

    /// The value of a variable in the message of a timer that is sent for the `number`th time.
    fn variable(&self, _name: &str, _number: u64, _now: Instant) -> Option<String> {
        None
    }
}

impl Outbox {
    /// Sends something at once, whatever waits: starts a file, or hands an end to the observer.
    pub fn send(
        &mut self,
        outgoing: &Outgoing,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<(), SendError> {
        let now = turn.now;
        match outgoing {
            Outgoing::Line(line) => observer.say(line, turn)?,
            Outgoing::Spoken(spoken) => observer.speak(spoken, turn)?,
            Outgoing::Text(text) => message(Kind::Text, text.as_bytes(), turn, observer)?,
            Outgoing::Binary(payload) => message(Kind::Binary, payload, turn, observer)?,
            Outgoing::File { path, is_text } => {
                self.upload = Some(Box::new(Upload::open(path, *is_text)?));
            }
            Outgoing::Fragment { frames, text } => {
                fragments(*frames, text.as_bytes(), turn, observer)?;
            }
            Outgoing::Frame(spec) => {
                frame(spec, turn.sender);
                observer.misbehaved("/frame", now);
            }
            Outgoing::Raw(bytes) => {
                turn.sender.raw(bytes);
                observer.misbehaved("/raw", now);
            }
            // An event reports control frames.
            Outgoing::Ping(payload) => turn.sender.ping(payload, now)?,
            Outgoing::Pong(payload) => turn.sender.pong(payload)?,
            Outgoing::Close { code, reason } => observer.end(CloseMode::Close {
                frame: code.map(|code| CloseFrame::new(CloseCode(code), reason)),
                patience: None,
            }),
            Outgoing::Drop => observer.end(CloseMode::Abandon { reset: false }),
            Outgoing::Reset => observer.end(CloseMode::Abandon { reset: true }),
        }
        Ok(())
    }
}

/// Why nothing is sent in a protocol that is not spoken any more.
pub fn unspoken() -> SendError {
    let hint = "/as PROTOCOL speaks it again, /text TEXT sends a bare message";
    SayError::new("not sent: its protocol is not spoken any more", hint).into()
}

#[inline]
pub fn message(
    kind: Kind,
    payload: &[u8],
    turn: &mut Turn<'_>,
    observer: &mut impl SendObserver,
) -> Result<(), SendError> {
    let deflated = turn.sender.message(kind, payload)?;
    observer.sent(&Message::whole(kind, payload, deflated), turn.now);
    Ok(())
}

fn fragments(
    frames: usize,
    text: &[u8],
    turn: &mut Turn<'_>,
    observer: &mut impl SendObserver,
) -> Result<(), SendError> {
    let len = text.len();
    let pieces = (0..frames).map(|i| &text[len * i / frames..len * (i + 1) / frames]);
    let deflated = turn.sender.fragments(Kind::Text, pieces)?;
    observer.sent(&Message::whole(Kind::Text, text, deflated), turn.now);
    Ok(())
}

fn frame(spec: &FrameSpec, sender: &mut Sender) {
    let masking_key = match spec.masking {
        Masking::Random => sender.usual_masking_key(),
        Masking::Off => None,
        Masking::Key(key) => Some(key),
    };
    let header = Header {
        masking_key,
        ..spec.header
    };
    sender.frame(&header, &spec.payload);
}

/// Sends a received message, or a piece of one, back; `None` on a connection that is closing.
pub fn echo<'m>(message: &Message<'m>, turn: &mut Turn<'_>) -> Option<Message<'m>> {
    let (kind, payload) = (message.kind, message.payload);
    let sent = turn.sender.piece(kind, payload, message.start, message.end);
    sent.ok().map(|deflated| Message {
        deflated,
        ..*message
    })
}
