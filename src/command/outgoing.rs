//! Commands that send: the same from the REPL and, with `--commands`, from a pipe.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use super::FrameSpec;
use super::upload::Upload;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proto::sender::{Closing, Sender};

/// Something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A file as one message.
    File {
        /// The file, as typed.
        path: PathBuf,
        /// Whether it goes out as text; as binary otherwise.
        is_text: bool,
    },
    /// One text message in several frames.
    Fragment {
        /// The number of frames, at least 1.
        frames: usize,
        /// The whole message.
        text: String,
    },
    /// Any frame.
    Frame(FrameSpec),
    /// Any bytes.
    Raw(Vec<u8>),
    /// A ping with this payload, at most 125 bytes.
    Ping(Vec<u8>),
    /// An unsolicited pong (RFC 6455 §5.5.3) with this payload, at most 125 bytes.
    Pong(Vec<u8>),
    /// The start of the closing handshake.
    Close {
        /// The status code; without one the Close frame is empty.
        code: Option<u16>,
        /// The reason, at most 123 bytes; empty without a code.
        reason: String,
    },
    /// The end of TCP, without a Close frame.
    Drop,
    /// The end of TCP with a reset.
    Reset,
}

/// What came of sending.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// A message went out.
    Message {
        /// What it is made of.
        kind: Kind,
        /// Its bytes.
        payload: Cow<'a, [u8]>,
        /// Its size on the wire if it was compressed.
        deflated: Option<u64>,
    },
    /// A file is to go out, step by step.
    Upload(Box<Upload>),
    /// A control frame went out, of which an event tells.
    Control,
    /// Something went out that may break the rules; by this command.
    Misbehaviour(&'static str),
    /// The connection is to be closed with this frame.
    Close(Option<CloseFrame>),
    /// The connection is to be dropped, with a reset or not.
    Abandon {
        /// Whether TCP is reset.
        reset: bool,
    },
}

/// Why something could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection is closing.
    #[error(transparent)]
    Closing(#[from] Closing),
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Not a file with an end: a directory, a device, a named pipe.
    #[error("cannot send {}: not a regular file", path.display())]
    NoFile {
        /// What there is instead.
        path: PathBuf,
    },
    /// A file that is to be text is not.
    #[error("{}, byte {byte}: not valid UTF-8; without \"text\" it is sent as binary", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first bad byte, from 1 on.
        byte: u64,
    },
}

impl Outgoing {
    /// Whether it is a message, as servers wait for.
    pub fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::Binary(_) | Self::File { .. } | Self::Fragment { .. }
        )
    }

    /// Sends it.
    pub fn send(&self, sender: &mut Sender, now: Instant) -> Result<Outcome<'_>, WireError> {
        Ok(match self {
            Self::Text(text) => message(Kind::Text, text.as_bytes().into(), sender)?,
            Self::Binary(payload) => message(Kind::Binary, payload.into(), sender)?,
            Self::File { path, is_text } => {
                Outcome::Upload(Box::new(Upload::open(path, *is_text)?))
            }
            Self::Fragment { frames, text } => fragments(*frames, text.as_bytes(), sender)?,
            Self::Frame(frame) => {
                frame.send(sender);
                Outcome::Misbehaviour("/frame")
            }
            Self::Raw(bytes) => {
                sender.raw(bytes);
                Outcome::Misbehaviour("/raw")
            }
            Self::Ping(payload) => {
                sender.ping(payload, now)?;
                Outcome::Control
            }
            Self::Pong(payload) => {
                sender.pong(payload)?;
                Outcome::Control
            }
            Self::Close { code, reason } => {
                Outcome::Close(code.map(|code| CloseFrame::new(CloseCode(code), reason)))
            }
            Self::Drop => Outcome::Abandon { reset: false },
            Self::Reset => Outcome::Abandon { reset: true },
        })
    }
}

fn message<'a>(
    kind: Kind,
    payload: Cow<'a, [u8]>,
    sender: &mut Sender,
) -> Result<Outcome<'a>, WireError> {
    let deflated = sender.message(kind, &payload)?;
    Ok(Outcome::Message {
        kind,
        payload,
        deflated,
    })
}

fn fragments<'a>(
    frames: usize,
    text: &'a [u8],
    sender: &mut Sender,
) -> Result<Outcome<'a>, WireError> {
    let len = text.len();
    let pieces = (0..frames).map(|i| &text[len * i / frames..len * (i + 1) / frames]);
    let deflated = sender.fragments(Kind::Text, pieces)?;
    Ok(Outcome::Message {
        kind: Kind::Text,
        payload: text.into(),
        deflated,
    })
}
