//! `/help` and `/history`.

use std::fmt::Write;

use crate::command::{COMMANDS, Usage};
use crate::render::escape::escape_payload;
use crate::term::terminal;

const INDENT: usize = 2;
/// The longest of these lines, in characters: longer ones are hard to read.
const LONGEST: usize = 96;

pub(super) fn help(usage: Option<&Usage>, out: &mut String) {
    if let Some(usage) = usage {
        let typed = format!("/{} {}", usage.name, usage.args);
        let _ = writeln!(out, "{}   {}", typed.trim_end(), usage.help);
        for line in wrapped(usage.details, terminal::width()) {
            let _ = writeln!(out, "  {line}");
        }
        let _ = writeln!(out, "  example: {}", usage.example);
        return;
    }
    for usage in COMMANDS {
        let typed = format!("/{} {}", usage.name, usage.args);
        let _ = writeln!(out, "  {typed:<28} {}", usage.help);
    }
    out.push_str("  anything else is sent as a text message; //x sends /x\n");
}

pub(super) fn history(lines: &[String], out: &mut String) {
    for line in lines {
        let line = escape_payload(line).replace('\n', "\n    ");
        let _ = writeln!(out, "  {line}");
    }
}

fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(INDENT + 1).clamp(1, LONGEST);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_where_the_terminal_ends() {
        assert_eq!(wrapped("one two  three", 12), ["one two", "three"]);
        assert_eq!(wrapped("one two  three", 1), ["one", "two", "three"]);
        assert_eq!(wrapped("", 80), [""; 0]);
        let longest = wrapped(&"word ".repeat(100), 1000).remove(0);
        assert!(longest.len() <= LONGEST, "{longest}");
    }
}
