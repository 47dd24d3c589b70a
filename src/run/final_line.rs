//! The last line of a run, which always says how it ended.

use super::failure;
use crate::config::Connect;
use crate::exit::Exit;
use crate::render::close_summary::ending;
use crate::render::{Role, Style};
use crate::session::Finish;

#[derive(Debug)]
pub(super) struct FinalLine {
    /// Why reconnecting failed, in lines; empty if it did not.
    failure: String,
    line: String,
    /// Everything on one line, for programs.
    pub(super) message: String,
}

impl FinalLine {
    /// The end of the session; a response's head is left out if it was already `shown`.
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
