//! `/filter`: received messages through jq.

use std::rc::Rc;
use std::time::Instant;

use super::Prompt;
use crate::command::Filtering;
use crate::event::Event;
use crate::filter::{Filter, Filtered};
use crate::proto::connection::{self, Message};
use crate::render::Role;
use crate::render::escape::escape_line;

/// Outputs of one message that are shown.
const SHOWN: usize = 100;

impl Prompt {
    /// Changes the filter, and says which there is.
    pub(super) fn filter(&mut self, filtering: &Filtering) {
        match filtering {
            Filtering::Tell => {}
            Filtering::Off => self.options.filter = None,
            Filtering::By { source, column } => match Filter::compile(source) {
                Ok(filter) => self.options.filter = Some(Rc::new(self.like_the_last(filter))),
                Err(error) => {
                    let column = column + error.column - 1;
                    let text = format!("column {column}: {}", error.problem);
                    self.print(Role::Error, &escape_line(&text));
                }
            },
        }
        let text = match &self.options.filter {
            Some(filter) => format!("filter: {}", filter.source()),
            None => "no filter; /filter FILTER sets one".to_owned(),
        };
        self.print(Role::Fact, &escape_line(&text));
    }

    /// `--raw-output` and `--jq-strict` hold for the filter that follows, too.
    fn like_the_last(&self, mut filter: Filter) -> Filter {
        if let Some(last) = &self.options.filter {
            filter.raw = last.raw;
            filter.strict = last.strict;
        }
        filter
    }

    /// Whether `event` is a message that the filter has taken care of.
    pub(super) fn is_filtered(&mut self, event: &Event<'_>, now: Instant) -> bool {
        match event {
            Event::Connection(connection::Event::Message(message)) => {
                self.show_filtered(message, now)
            }
            _ => false,
        }
    }

    /// Shows what the filter makes of a message; `false` if it passes as it is.
    fn show_filtered(&mut self, message: &Message<'_>, now: Instant) -> bool {
        let Some(filter) = self.options.filter.clone() else {
            return false;
        };
        let mut shown = Vec::new();
        let outcome = filter.apply(message.payload, |output| {
            if shown.len() < SHOWN {
                shown.push(output.to_vec());
            }
        });
        let error = match outcome {
            Filtered::Passes => return false,
            Filtered::LeftOut(_) => None,
            Filtered::Ran { outputs, error } => {
                if !shown.is_empty() {
                    self.human.filtered(&mut self.out, message, &shown, now);
                }
                let left = outputs.saturating_sub(SHOWN as u64);
                if left > 0 {
                    self.print(Role::Fact, &format!("  … {left} more outputs"));
                }
                error
            }
        };
        if let Some(error) = error {
            let text = format!("! {}", escape_line(&error.to_string()));
            self.print(Role::Warning, &text);
            if error.is_endless() {
                // The prompt would stand still at each message.
                self.options.filter = None;
                self.print(
                    Role::Warning,
                    "! the filter is off; /filter FILTER sets another",
                );
            }
        }
        true
    }
}
