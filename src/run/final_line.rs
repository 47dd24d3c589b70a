//! The last line of a run, which always says how it ended.

use super::failure;
use crate::config::Connect;
use crate::exit::Exit;
use crate::render::close_summary::ending;
use crate::render::{Role, Style};
use crate::session::Finish;

/// What is said of the end.
#[derive(Debug)]
pub(super) struct FinalLine {
    /// Why no other connection could be opened, in lines; empty if that is not what ended it.
    failure: String,
    /// The last line, which always says how it ended.
    line: String,
    /// All of it in one line, for programs.
    pub(super) message: String,
}

impl FinalLine {
    /// The end of all connections; a response's head is left out when it was `shown`.
    pub(super) fn of(finish: &Finish, connect: &Connect, style: Style, shown: bool) -> Self {
        let line = ending(&finish.ending, "server");
        let (failure, message) = match &finish.failure {
            None => (String::new(), line.clone()),
            Some(error) => (
                failure::failure(error, connect, style, shown),
                format!("{error}; {line}"),
            ),
        };
        Self {
            failure,
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
        format!("{}{}", self.failure, style.paint(role, &self.line))
    }
}
