//! How a server takes what it was sent, as a ping that follows shows.

use std::time::{Duration, Instant};

use super::verdict::Untested;
use super::wire::{CLOSED, Seen, Wire, frame};
use crate::proto::frame::Opcode;

const BEFORE: &[u8] = b"wsee before";
const AFTER: &[u8] = b"wsee after";

/// How a server takes bytes that it may not like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// With this code.
    Closed(Option<u16>),
    /// With a Close of one byte, as no endpoint may send it.
    HalfCode,
    Dropped(&'static str),
    /// It answers a ping that follows.
    Accepted,
    Silent,
}

impl Taken {
    /// In words, such as `closed with 1009`.
    pub(super) fn brief(self) -> String {
        match self {
            Self::Closed(Some(code)) => format!("closed with {code}"),
            Self::Closed(None) => "closed without a code".to_owned(),
            Self::HalfCode => "closed with half a code".to_owned(),
            Self::Dropped(CLOSED) => format!("{CLOSED} without a Close"),
            // A reset may have overtaken a Close.
            Self::Dropped(end) => end.to_owned(),
            Self::Accepted => "accepted".to_owned(),
            Self::Silent => "not answered".to_owned(),
        }
    }
}

/// What is known of the longest message that the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// One of this many bytes is refused with 1009, one of half as many is not.
    At(u64),
    /// The connection ends at this many bytes, which may have another reason.
    Perhaps(u64),
}

/// Whether a ping is answered.
pub(super) async fn pongs(wire: &mut Wire, timeout: Duration) -> Result<bool, Untested> {
    wire.send(&frame(Opcode::PING, BEFORE), timeout).await?;
    let until = Instant::now() + timeout;
    loop {
        match wire.next(until).await? {
            Seen::Pong(answer) if answer == BEFORE => return Ok(true),
            Seen::Close(..) | Seen::End(_) | Seen::Silence => return Ok(false),
            Seen::Data | Seen::Ping(_) | Seen::Pong(_) => {}
        }
    }
}

/// Sends a ping after something else, and waits for its answer, and then for `grace`: servers may answer a ping
/// before they look at the text of a message.
pub(super) async fn taken(
    wire: &mut Wire,
    timeout: Duration,
    grace: Duration,
) -> Result<Taken, Untested> {
    // A connection that is failed already takes no ping.
    let _ = wire.send(&frame(Opcode::PING, AFTER), timeout).await?;
    outcome(wire, timeout, grace).await
}

/// The same, of a ping that was sent, if any.
pub(super) async fn outcome(
    wire: &mut Wire,
    timeout: Duration,
    grace: Duration,
) -> Result<Taken, Untested> {
    let mut until = Instant::now() + timeout;
    let mut is_answered = false;
    loop {
        match wire.next(until).await? {
            Seen::Pong(answer) if answer == AFTER => {
                is_answered = true;
                until = Instant::now() + grace;
            }
            Seen::Close(None, rest) if !rest.is_empty() => return Ok(Taken::HalfCode),
            Seen::Close(code, _) => return Ok(Taken::Closed(code)),
            Seen::End(end) => return Ok(Taken::Dropped(end)),
            Seen::Silence if is_answered => return Ok(Taken::Accepted),
            Seen::Silence => return Ok(Taken::Silent),
            Seen::Data | Seen::Ping(_) | Seen::Pong(_) => {}
        }
    }
}
