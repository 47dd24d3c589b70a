//! Why a line typed at the prompt is not executed.

use super::repeat::RepeatError;
use super::timer::TimerError;
use super::variable::VariableError;
use crate::diagnostic::Diagnostic;
use crate::outbox::{SendError, TemplateError};

/// Why a line cannot be executed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Variable(#[from] VariableError),
    #[error(transparent)]
    Timer(#[from] TimerError),
    #[error(transparent)]
    Repeat(#[from] RepeatError),
    #[error("there is no connection, and only messages are kept for the next")]
    NotKept,
    #[error("not queued: {0} messages wait already")]
    Full(usize),
    #[error("another connection is being made already")]
    Reconnecting,
}

impl Diagnostic for LineError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Send(error) => error.hint(),
            Self::Template(error) => error.hint(),
            Self::NotKept | Self::Reconnecting => Some("/quit leaves".to_owned()),
            Self::Variable(_) | Self::Timer(_) | Self::Repeat(_) | Self::Full(_) => None,
        }
    }
}
