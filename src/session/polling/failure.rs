//! Why long polling cannot go on.

use std::io;
use std::time::Duration;

use super::shared::Shared;
use crate::dial::{self, io_text};
use crate::duration::shown;
use crate::event::Carried;
use crate::exit::Exit;
use crate::ontop::socketio::payload::PayloadFault;
use crate::proto::http1::HeadError;

impl Failure {
    pub(super) fn report(&self, shared: &Shared) {
        let (exit, hint) = match self {
            Self::TooLarge { .. } => (Exit::Limit, None),
            Self::Head(..) | Self::Framing(_) | Self::Payload(_) => (Exit::Protocol, Some(PROXY)),
            Self::Status { .. } => (Exit::Abnormal, Some(PROXY)),
            _ => (Exit::Abnormal, Some(ENDED)),
        };
        shared.report(Carried::Failed {
            text: self.to_string(),
            hint,
            exit,
        });
    }
}

/// The advice is left out where it is followed already.
const ENDED: &str = "the server may have ended; --reconnect connects again";
/// What answers a request that is right, and is no Engine.IO.
const PROXY: &str = "a proxy may answer in the place of the server; -v shows its answers";

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Dial(#[from] dial::Error),
    #[error("the connection broke during a poll: {}", io_text(.0))]
    Stream(io::Error),
    #[error("the server closed the connection without an answer to a {0}")]
    NoAnswer(&'static str),
    #[error("the server closed the connection in the middle of the answer to a {0}")]
    Cut(&'static str),
    #[error("the answer to a {0}: {1}")]
    Head(&'static str, HeadError),
    #[error("the server answered a {method} with status {status}")]
    Status { method: &'static str, status: u16 },
    #[error("the answer to a {0} has no length that can be understood (RFC 9112 §6)")]
    Framing(&'static str),
    #[error(
        "the answer to a {method} is larger than the {limit} bytes for which --max-message leaves room"
    )]
    TooLarge { method: &'static str, limit: usize },
    #[error("the server did not complete the answer to a {method} within {}", shown(*.limit))]
    Slow {
        method: &'static str,
        limit: Duration,
    },
    #[error("the answer to a poll is not made of Engine.IO packets: {0}")]
    Payload(#[from] PayloadFault),
    #[error("the WebSocket broke during the upgrade: {}", io_text(.0))]
    WebSocket(io::Error),
}
