//! What a line sends: the same at the prompt, in a pipe with `--commands`, and in a scenario.

use std::path::PathBuf;

use crate::proto::frame::Header;

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

/// A frame that is to be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameSpec {
    /// The header, but for the masking key.
    pub header: Header,
    /// How the payload is masked.
    pub masking: Masking,
    /// What follows the header.
    pub payload: Vec<u8>,
}

/// How the payload of a typed frame is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masking {
    /// With a fresh key, as RFC 6455 §5.3 demands of a client.
    Random,
    /// Not at all.
    Off,
    /// With this key.
    Key([u8; 4]),
}

impl Outgoing {
    /// Whether it is a message, as servers wait for.
    pub fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::Binary(_) | Self::File { .. } | Self::Fragment { .. }
        )
    }
}
