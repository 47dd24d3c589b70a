use super::repeat::RepeatError;
use super::timer::TimerError;
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
    Repeat(#[from] RepeatError),
    #[error("there is no connection, and only messages are queued for the next one")]
    NotQueued,
    #[error("not sent: there is no connection")]
    Offline,
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
            Self::Repeat(error) => error.hint(),
            Self::NotQueued | Self::Reconnecting => Some("/quit leaves".to_owned()),
            Self::Offline => Some("/reconnect opens another".to_owned()),
            Self::Full(_) => None,
        }
    }
}
