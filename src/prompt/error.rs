use super::repeat::RepeatError;
use super::timer::TimerError;
use crate::command::nearest;
use crate::console::variable::VariableError;
use crate::diagnostic::Diagnostic;
use crate::outbox::{FillError, SendError};

#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Template(#[from] FillError),
    #[error(transparent)]
    Variable(#[from] VariableError),
    #[error(transparent)]
    Timer(#[from] TimerError),
    #[error(transparent)]
    Further(#[from] FurtherError),
    #[error(transparent)]
    Repeat(#[from] RepeatError),
    #[error("not sent: there is no connection yet, and only messages are queued for the next one")]
    NotQueued,
    #[error("not sent: there is no connection")]
    Offline,
    #[error("not sent: HTTP long polling carries messages and no frames")]
    Polled,
    #[error("not queued: {0} messages are waiting already")]
    Full(usize),
    #[error("already reconnecting")]
    Reconnecting,
}

impl Diagnostic for LineError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Send(error) => error.hint(),
            Self::Template(error) => error.hint(),
            Self::Variable(error) => error.hint(),
            Self::Timer(error) => error.hint(),
            Self::Further(error) => error.hint(),
            Self::Repeat(error) => error.hint(),
            Self::NotQueued => Some("/status says when it is tried, /quit leaves".to_owned()),
            Self::Reconnecting => Some("/quit leaves".to_owned()),
            Self::Offline => Some("/reconnect opens another".to_owned()),
            Self::Polled => {
                Some("--transport websocket or upgrade connects with a WebSocket".to_owned())
            }
            Self::Full(_) => None,
        }
    }
}

/// Why a command about several connections does nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum FurtherError {
    #[error("/connect: the name {0} is taken by a connection that has not ended")]
    Taken(String),
    #[error("no connection is named {name}")]
    Unknown { name: String, known: Vec<String> },
    #[error("not sent: {0} has ended")]
    Ended(String),
    #[error("/connect: {0}")]
    Line(String),
    #[error("/connect: no more than {0} further connections")]
    TooMany(usize),
}

impl Diagnostic for FurtherError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Taken(_) => Some("give another name; /list shows those in use".to_owned()),
            Self::Unknown { name, known } => {
                let names = known.join(", ");
                let nearest = nearest(name, known.iter().map(String::as_str));
                Some(match nearest {
                    Some(nearest) => format!("did you mean {nearest}? There are {names}"),
                    None if known.len() == 1 => {
                        format!("the only one is {names}; /connect NAME URL opens another")
                    }
                    None => format!("there are {names}"),
                })
            }
            Self::Ended(name) => Some(format!("/connect {name} URL opens another")),
            Self::Line(_) | Self::TooMany(_) => None,
        }
    }
}
