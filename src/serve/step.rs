//! What a step of a rule or a script sends.

use super::variable::Variables;
use crate::command::Outgoing;
use crate::diagnostic::one_line;
use crate::matching::{Fill, NoValue};
use crate::proto::frame::{CloseFrame, MAX_CONTROL};
use crate::scenario::ast::Content;
use crate::scenario::{Action, Form, Problem, Template};

/// Why a step is skipped.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error("{{{{{0}}}}} has no value yet")]
    NoValue(String),
    #[error("{0}")]
    Problem(Problem),
    #[error("{0}")]
    Send(String),
}

impl From<NoValue> for StepError {
    fn from(error: NoValue) -> Self {
        match error {
            NoValue::Named(name) => Self::NoValue(name),
            NoValue::Env(name) | NoValue::NotAllowed(name) => Self::NoValue(format!("env.{name}")),
        }
    }
}

impl From<crate::outbox::SendError> for StepError {
    fn from(error: crate::outbox::SendError) -> Self {
        Self::Send(one_line(&error))
    }
}

/// What an action sends; `None` if it sends nothing.
pub(super) fn outgoing(action: &Action, values: &Variables) -> Result<Option<Outgoing>, StepError> {
    Ok(Some(match action {
        Action::Send(Content::Text(text)) => Outgoing::Text(message(text, values)?),
        Action::Send(Content::Binary(bytes)) => Outgoing::Binary(bytes.clone()),
        Action::Ping { payload, .. } => {
            Outgoing::Ping(short(payload, MAX_CONTROL, values)?.into_bytes())
        }
        Action::Pong(payload) => Outgoing::Pong(short(payload, MAX_CONTROL, values)?.into_bytes()),
        Action::Close { code, reason, .. } => Outgoing::Close {
            code: *code,
            reason: short(reason, CloseFrame::MAX_REASON, values)?,
        },
        Action::Typed(typed) => {
            if let Some(outgoing) = &typed.value {
                return Ok(Some(outgoing.clone()));
            }
            let args = values.fill(&typed.args, Form::Plain)?;
            let parsed = typed.grammar.parse(&args);
            parsed.map_err(|error| StepError::Problem(Problem::of_command(&error).0))?
        }
        Action::Abandon { reset: true } => Outgoing::Reset,
        Action::Abandon { reset: false } => Outgoing::Drop,
        _ => return Ok(None),
    }))
}

/// In JSON, values inside of strings are escaped: a client must not choose more than its value.
fn message(text: &Template, values: &Variables) -> Result<String, NoValue> {
    let is_json =
        text.to_string().trim_start().starts_with(['{', '[']) && !starts_with_variable(text);
    let form = if is_json { Form::Quoted } else { Form::Plain };
    values.fill(text, form)
}

fn starts_with_variable(text: &Template) -> bool {
    let text = text.to_string();
    let text = text.trim_start();
    text.starts_with("{{") && !text.starts_with("{{\"{{\"}}")
}

fn short(text: &Template, limit: usize, values: &Variables) -> Result<String, StepError> {
    let text = values.fill(text, Form::Plain)?;
    if text.len() > limit {
        let len = text.len();
        return Err(StepError::Problem(Problem::ControlPayload { len, limit }));
    }
    Ok(text)
}
