//! `--jq`: standard output gets what a filter makes of the messages.

use super::{Filter, Output, Pipe};
use crate::filter::Filtered;
use crate::proto::connection::Message;
use crate::render::escape::escape_line;

impl Pipe {
    /// Prints a message, or what the filter makes of it; whether anything was printed.
    pub(super) fn print(&mut self, message: &Message<'_>) -> bool {
        if self.events.is_some() || self.compare(message) {
            return true;
        }
        let outcome = match &self.options.filter {
            Some(filter) => filtered(filter, &mut self.output, message),
            None => Filtered::Passes,
        };
        let (printed, error) = match outcome {
            Filtered::Passes => {
                self.note_binary(message);
                self.print_payload(message);
                return true;
            }
            Filtered::LeftOut(error) => (false, Some(error)),
            Filtered::Ran { outputs, error } => (outputs > 0, error),
        };
        if let Some(error) = error {
            // So that Ctrl-C is not for after all messages that have come.
            self.is_late = error.is_endless();
            self.note(&escape_line(&error.to_string()));
        }
        printed
    }
}

fn filtered(filter: &Filter, output: &mut Output, message: &Message<'_>) -> Filtered {
    filter.apply(message.payload, |text| output.text(text))
}
