//! The last line of a run, which always says how it ended.

use super::failure;
use crate::config::Connect;
use crate::exit::Exit;
use crate::render::close_summary::{ending, hint};
use crate::render::{Role, Style, message};
use crate::session::Finish;

#[derive(Debug)]
pub(super) struct FinalLine {
    /// Lines above it: the hint, or why reconnecting failed.
    above: String,
    line: String,
    /// Everything on one line, for programs.
    pub(super) message: String,
}

impl FinalLine {
    /// The end of the session; a response's head is left out if it was already `shown`.
    pub(super) fn of(finish: &Finish, connect: &Connect, style: Style, shown: bool) -> Self {
        let line = ending(&finish.ending, "server");
        let (above, message) = match &finish.failure {
            None => {
                let hint = hint(&finish.ending);
                let hint = hint.map(|hint| message::hint(&hint, style));
                (hint.unwrap_or_default(), line.clone())
            }
            Some(error) => (
                failure::failure(error, connect, style, shown),
                format!("{error}; {line}"),
            ),
        };
        Self {
            above,
            line,
            message,
        }
    }

    pub(super) fn text(&self, exit: Exit, style: Style) -> String {
        let role = if exit == Exit::Done {
            Role::Fact
        } else {
            Role::Error
        };
        format!("{}{}", self.above, style.paint(role, &self.line))
    }
}
