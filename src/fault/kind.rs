//! What a fault does: its kinds, and how they are shown.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::duration::typed;
use crate::proto::frame::CloseCode;
use crate::proto::http2::frame::ErrorCode;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// HTTP refuses the first connections.
    Refuse {
        first: u64,
        status: u16,
        /// In seconds.
        retry_after: Option<u64>,
    },
    /// TCP is accepted, and nothing is said.
    Mute,
    /// The upgrade is answered this much later.
    Late(Duration),
    WrongAccept,
    WrongSubprotocol,
    /// To this URL or path.
    Redirect(String),
    /// Extended CONNECT, which the SETTINGS allow, is answered with this status.
    Http2Refuse(u16),
    /// The same, with a reset of the stream.
    Http2Reset(ErrorCode),
    /// The SETTINGS allow extended CONNECT, and no stream.
    Http2NoStreams,
    End {
        how: How,
        after: After,
    },
    /// The stream ends in the middle of the message with this number.
    Cut {
        message: u64,
    },
    /// Nothing more is delivered.
    Silent(After),
    NoClose,
    NoPong,
    NoRead,
    Latency {
        latency: Duration,
        jitter: Duration,
    },
    /// In bytes per second.
    Bandwidth(u64),
    OneByte,
    Change {
        change: Change,
        chance: Chance,
    },
    Fragments,
}

impl Kind {
    /// Whether it strikes before a connection is open, so that it comes too late afterwards.
    pub fn is_of_opening(&self) -> bool {
        matches!(
            self,
            Self::Refuse { .. }
                | Self::Mute
                | Self::Late(_)
                | Self::WrongAccept
                | Self::WrongSubprotocol
                | Self::Redirect(_)
        ) || self.is_of_http2()
    }

    fn is_of_http2(&self) -> bool {
        matches!(
            self,
            Self::Http2Refuse(_) | Self::Http2Reset(_) | Self::Http2NoStreams
        )
    }

    /// Whether another seed gives another run.
    pub fn is_random(&self) -> bool {
        match self {
            Self::Latency { jitter, .. } => !jitter.is_zero(),
            Self::Change { .. } => true,
            _ => false,
        }
    }

    /// Why it cannot strike where clients may use HTTP/2, or may not.
    pub fn misfit(&self, http2: bool) -> Option<&'static str> {
        match self {
            Self::WrongAccept if http2 => {
                Some("over HTTP/2 there is no Sec-WebSocket-Accept; leave out --http2")
            }
            it if it.is_of_http2() && !http2 => Some("it strikes clients over HTTP/2; add --http2"),
            _ => None,
        }
    }
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Fin,
    Rst,
    Close(CloseCode),
}

/// When a fault strikes, counted from the opening of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Messages that the server has sent.
    Messages(u64),
    /// Bytes that the server has sent.
    Bytes(u64),
    Time(Duration),
}

/// What is done to some messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Drop,
    Duplicate,
    Reorder,
    Corrupt,
    Truncate,
    BadUtf8,
}

/// A probability in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance(pub u32);

impl Chance {
    pub const CERTAIN: u32 = 1_000_000;
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse {
                first,
                status,
                retry_after,
            } => {
                write!(f, "refuse {first} {status}")?;
                match retry_after {
                    Some(seconds) => write!(f, " retry-after {seconds}"),
                    None => Ok(()),
                }
            }
            Self::Mute => f.write_str("mute"),
            Self::Late(time) => write!(f, "late {}", typed(*time)),
            Self::WrongAccept => f.write_str("wrong-accept"),
            Self::WrongSubprotocol => f.write_str("wrong-subprotocol"),
            Self::Redirect(url) => write!(f, "redirect {url}"),
            Self::Http2Refuse(status) => write!(f, "http2-refuse {status}"),
            Self::Http2Reset(code) => write!(f, "http2-reset {code}"),
            Self::Http2NoStreams => f.write_str("http2-no-streams"),
            Self::End { how, after } => write!(f, "{how} {after}"),
            Self::Cut { message } => write!(f, "cut in message {message}"),
            Self::Silent(after) => write!(f, "silent {after}"),
            Self::NoClose => f.write_str("no-close"),
            Self::NoPong => f.write_str("no-pong"),
            Self::NoRead => f.write_str("no-read"),
            Self::Latency { latency, jitter } if jitter.is_zero() => {
                write!(f, "latency {}", typed(*latency))
            }
            Self::Latency { latency, jitter } => {
                write!(f, "latency {}±{}", typed(*latency), typed(*jitter))
            }
            Self::Bandwidth(rate) => write!(f, "bandwidth {rate}/s"),
            Self::OneByte => f.write_str("one-byte"),
            Self::Change { change, chance } => write!(f, "{change} {chance}"),
            Self::Fragments => f.write_str("fragments"),
        }
    }
}

impl Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fin => f.write_str("fin"),
            Self::Rst => f.write_str("rst"),
            Self::Close(code) => write!(f, "close {}", code.0),
        }
    }
}

impl Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Messages(1) => f.write_str("after 1 message"),
            Self::Messages(number) => write!(f, "after {number} messages"),
            Self::Bytes(1) => f.write_str("after 1 byte"),
            Self::Bytes(number) => write!(f, "after {number} bytes"),
            Self::Time(time) => write!(f, "after {}", typed(*time)),
        }
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Corrupt => "corrupt",
            Self::Truncate => "truncate",
            Self::BadUtf8 => "bad-utf8",
        })
    }
}

impl Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 1e4)
    }
}
