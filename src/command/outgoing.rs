//! What a line sends: the same at the prompt, in a pipe with `--commands`, and in a scenario.

use std::path::PathBuf;

use crate::proto::frame::Header;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A plain line: a text message, or what it stands for in the protocol on top.
    Line(String),
    /// What the protocol on top makes a message of.
    Spoken(Spoken),
    Text(String),
    Binary(Vec<u8>),
    File {
        path: PathBuf,
        /// Sent as a text message; as a binary one otherwise.
        is_text: bool,
    },
    /// One text message in several frames.
    Fragment {
        /// At least 1.
        frames: usize,
        text: String,
    },
    Frame(FrameSpec),
    /// Bytes that need not be a frame.
    Raw(Vec<u8>),
    /// Its payload is at most 125 bytes.
    Ping(Vec<u8>),
    /// An unsolicited pong (RFC 6455 §5.5.3); its payload is at most 125 bytes.
    Pong(Vec<u8>),
    Close {
        /// Without a status code the Close frame is empty.
        code: Option<u16>,
        /// At most 123 bytes; empty without a code.
        reason: String,
    },
    Drop,
    Reset,
}

/// Something said in the words of a protocol on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// A command, without its `/`.
    Verb { name: String, arguments: String },
    /// JSON, as a pipe has it.
    Record(String),
}

/// A frame that is sent as it is, valid or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameSpec {
    /// The header, except for the masking key.
    pub header: Header,
    pub masking: Masking,
    pub payload: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masking {
    /// As the side has to: a client with a fresh key (RFC 6455 §5.3), a server not at all.
    Random,
    Off,
    Key([u8; 4]),
}

impl Outgoing {
    /// Whether the protocol on top makes the message.
    pub fn is_said(&self) -> bool {
        matches!(self, Self::Line(_) | Self::Spoken(_))
    }

    /// Whether it is made of frames, or of bytes of its own.
    pub fn needs_frames(&self) -> bool {
        matches!(
            self,
            Self::Frame(_) | Self::Raw(_) | Self::Ping(_) | Self::Pong(_)
        )
    }

    /// Whether it is a message, rather than a control frame or raw bytes.
    pub fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Line(_)
                | Self::Spoken(_)
                | Self::Text(_)
                | Self::Binary(_)
                | Self::File { .. }
                | Self::Fragment { .. }
        )
    }
}
