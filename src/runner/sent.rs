//! What a case has sent, for the report of a failure.

use std::collections::VecDeque;

use super::result::cut;
use crate::matching::{Fill, NoValue, Values};
use crate::scenario::ast::{Action, Content};
use crate::scenario::format::hex;
use crate::scenario::{Form, Template};

/// The last steps that sent something, oldest first, as they are written in a scenario.
#[derive(Debug, Default)]
pub(super) struct Sent(VecDeque<String>);

/// A failure is about an answer to one of the last few; more would hide what came.
const KEPT: usize = 3;
/// The longest part of one that is kept, in bytes.
const LONGEST: usize = 200;

impl Sent {
    /// Adds a step; `name` is that of its connection.
    pub(super) fn add(&mut self, name: Option<&str>, action: &Action, values: &Values<'_>) {
        // What was sent has all its values.
        let Ok(Some(text)) = written(action, values) else {
            return;
        };
        let blank = if text.starts_with('>') { "" } else { " " };
        let text = match name {
            Some(name) => format!("{name}{blank}{text}"),
            None => text,
        };
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(text);
    }

    /// The steps, masked and escaped.
    pub(super) fn shown(&self, safe: impl Fn(&str) -> String) -> Vec<String> {
        // Cut after masking, as half a secret would not be masked.
        self.0
            .iter()
            .map(|text| cut(&safe(text), LONGEST))
            .collect()
    }
}

/// The step with the values of its variables; `None` if it sends nothing.
fn written(action: &Action, values: &Values<'_>) -> Result<Option<String>, NoValue> {
    let fill = |template: &Template| values.fill(template, Form::Plain);
    let words = |name: &str, args: String| format!("{name} {args}").trim_end().to_owned();
    Ok(Some(match action {
        Action::Send(Content::Text(text)) => format!("> {}", fill(text)?),
        Action::Send(Content::Binary(bytes)) => {
            format!(">b {}", hex(&bytes[..bytes.len().min(LONGEST)]))
        }
        Action::Send(Content::File { path, binary }) => {
            let arrow = if *binary { ">b" } else { ">" };
            format!("{arrow} @{}", fill(path)?)
        }
        Action::Ping { payload, .. } => words("ping", fill(payload)?),
        Action::Pong(payload) => words("pong", fill(payload)?),
        Action::Say(say) => words(say.verb, fill(&say.args)?),
        Action::Typed(typed) => words(typed.grammar.name(), fill(&typed.args)?),
        _ => return Ok(None),
    }))
}
