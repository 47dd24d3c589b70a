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
    pub(super) fn of(finish: &Finish, connect: &Connect, style: Style) -> Self {
        let secrets = connect.display.secrets;
        let redactor = secrets.redactor(finish.ending.evidence.requests());
        let line = ending(&finish.ending, "server");
        let line = redactor.text(&line).into_owned();
        let (above, message) = match &finish.failure {
            None => {
                let hint = hint(&finish.ending);
                let hint = hint.map(|hint| message::hint(&hint, style));
                (hint.unwrap_or_default(), line.clone())
            }
            Some(error) => (
                // Attempts to reconnect are not shown step by step.
                failure::failure(error, connect, style, false),
                format!("{error}; {line}"),
            ),
        };
        Self {
            above,
            line,
            message,
        }
    }

    /// Leaves out what is on the screen since the connection ended: the hint, and a last line that is the same.
    pub(super) fn leave_out(&mut self, shown: &str) {
        self.above.clear();
        if self.line == shown {
            self.line.clear();
        }
    }

    pub(super) fn text(&self, exit: Exit, style: Style) -> String {
        let role = if exit == Exit::Done {
            Role::Fact
        } else {
            Role::Error
        };
        if self.line.is_empty() {
            return self.above.clone();
        }
        format!("{}{}\n", self.above, style.prose(role, &self.line))
    }
}
