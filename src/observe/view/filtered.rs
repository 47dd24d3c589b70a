//! Messages with the output of a filter in place of their payload.

use std::time::Instant;

use super::View;
use crate::filter::{FilterError, Filtered};
use crate::proto::connection::Message;
use crate::render::Role;
use crate::render::escape::escape_line;

/// Filter outputs shown per message: a filter can yield millions.
pub(super) const OUTPUTS_SHOWN: u64 = 100;

impl View {
    /// Shows the filter's outputs for a message; `false` if the message passes unfiltered.
    pub(super) fn show_filtered(&mut self, message: &Message<'_>, now: Instant) -> bool {
        let Some(filter) = self.filter.clone() else {
            return false;
        };
        let (mut shown, mut count) = (Vec::new(), 0);
        let outcome = filter.apply(message.payload, |output| {
            count += 1;
            if count <= OUTPUTS_SHOWN {
                shown.push(output.to_vec());
            }
        });
        let error = match outcome {
            Filtered::Passes => return false,
            Filtered::LeftOut(_) => None,
            Filtered::Ran { outputs, error } => {
                if !shown.is_empty() {
                    self.human.filtered(&mut self.text, message, &shown, now);
                }
                let left = outputs.saturating_sub(OUTPUTS_SHOWN);
                if left > 0 {
                    self.print(Role::Fact, &format!("  … {left} more outputs"));
                }
                error
            }
        };
        if let Some(error) = error {
            self.filter_failed(&error);
        }
        true
    }

    pub(super) fn filter_failed(&mut self, error: &FilterError) {
        let text = format!("! {}", escape_line(&error.to_string()));
        self.print(Role::Warning, &text);
        if error.is_endless() {
            // It would block the prompt at each message.
            self.filter = None;
            let off = "! the filter is off; /filter FILTER sets another";
            self.print(Role::Warning, off);
        }
    }
}
