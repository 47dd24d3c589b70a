//! `/help` and `/history`.

use std::fmt::Write;

use super::Repl;
use crate::command::{COMMANDS, Usage};
use crate::render::escape::escape_payload;

impl Repl {
    pub(super) fn help(&mut self, usage: Option<&Usage>) {
        if let Some(usage) = usage {
            let _ = writeln!(self.out, "/{} {}   {}", usage.name, usage.args, usage.help);
            if !usage.details.is_empty() {
                let _ = writeln!(self.out, "  {}", usage.details.replace('\n', "\n  "));
            }
            let _ = writeln!(self.out, "  example: {}", usage.example);
            return;
        }
        for usage in COMMANDS {
            let typed = format!("/{} {}", usage.name, usage.args);
            let _ = writeln!(self.out, "  {typed:<28} {}", usage.help);
        }
        self.out
            .push_str("  anything else is sent as a text message; //x sends /x\n");
    }

    pub(super) fn history(&mut self, last: Option<usize>) {
        for line in self.editor.history(last.unwrap_or(usize::MAX)) {
            let _ = writeln!(
                self.out,
                "  {}",
                escape_payload(&line).replace('\n', "\n    ")
            );
        }
    }
}
