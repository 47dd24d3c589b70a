//! What is held, as it is typed, and the text of a held message for the user's editor.

use jiff::Timestamp;

use crate::command::{PassCommand, parse_for_proxy};
use crate::console::editor::{Editing, Waiting};
use crate::diagnostic::one_line;
use crate::filter::Effort;
use crate::matching::{Given, Matcher, Values};
use crate::proto::frame::Opcode;
use crate::proto::message::Kind;
use crate::proxy::desk::{Content, Hold, Stock};
use crate::proxy::touch::control_name;
use crate::scenario::passing;

/// What a pattern after `command` means; an error has its place in the line that was typed.
pub(super) fn compile(
    command: &str,
    pattern: &str,
    column: usize,
    given: &Given,
) -> Result<Hold, String> {
    let control = match pattern {
        "ping" => Some(Opcode::PING),
        "pong" => Some(Opcode::PONG),
        "close" => Some(Opcode::CLOSE),
        _ => None,
    };
    if let Some(opcode) = control {
        return Ok(Hold::Control(opcode));
    }
    // Nothing follows the expression here, which a rule needs quotes for.
    let bare = pattern.strip_prefix("re ").map(str::trim);
    let bare = bare.filter(|regex| !regex.is_empty() && !regex.contains('"'));
    let quoted = bare.map(|regex| format!("re \"{regex}\""));
    let parsed = passing::pattern(quoted.as_deref().unwrap_or(pattern)).map_err(|mistake| {
        let column = column + mistake.column - 1;
        let problem = mistake.problem.after(command);
        format!("column {column}: {problem}")
    })?;
    let values = Values::new(given, Timestamp::now());
    let matcher = Matcher::new(&parsed, &values).map_err(|error| error.to_string())?;
    Ok(Hold::Matching(matcher.with(Effort::Shared).into()))
}

/// Finds held messages for the thread that reads lines.
#[derive(Debug)]
pub(super) struct Finder(Stock);

impl Finder {
    pub(super) fn new(stock: Stock) -> Self {
        Self(stock)
    }
}

impl Waiting for Finder {
    fn find(&self, line: &str) -> Result<Editing, String> {
        let number = match parse_for_proxy(line) {
            Some(Ok(PassCommand::Edit(number))) => number,
            Some(Err(error)) => return Err(one_line(&error)),
            _ => return Err("only /edit opens the editor".to_owned()),
        };
        let stock = self.0.lock();
        let held = stock
            .get(&number)
            .ok_or_else(|| format!("#{number} is not held"))?;
        match &held.content {
            Content::Message(kind, payload) => {
                let text = match kind {
                    Kind::Text => std::str::from_utf8(payload).ok(),
                    Kind::Binary => None,
                };
                Ok(Editing {
                    number,
                    text: text.map_or_else(|| hex::encode(payload), ToOwned::to_owned),
                    is_hex: text.is_none(),
                })
            }
            Content::Control(opcode) => Err(format!(
                "#{number} is a {}, which can be passed or discarded only",
                control_name(*opcode)
            )),
        }
    }
}
