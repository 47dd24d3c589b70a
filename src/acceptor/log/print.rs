//! Lines for people, each behind the number of its client.

use std::fmt::Write;

use super::Log;
use crate::render::{Human, Role, Secrets, Style};
use crate::term;

impl Log {
    /// Writes lines for people.
    pub fn lines_with(&self, write: impl FnOnce(&mut String, Style, Secrets)) {
        let secrets = self.secrets;
        self.write(|out, view| write(out, view.style(), secrets));
    }

    /// Shows a sentence, wrapped at words.
    pub fn note(&self, role: Role, text: &str) {
        if self.view.is_none() {
            return;
        }
        let style = self.style();
        let mut line = match &self.label {
            Some(label) => label.before(&label.beside(style).prose(role, text), style),
            None => style.prose(role, text),
        };
        line.push('\n');
        self.put(&line);
    }

    pub(super) fn write(&self, write: impl FnOnce(&mut String, &Human)) {
        let Some(view) = &self.view else {
            return;
        };
        let mut text = String::new();
        write(&mut text, view);
        self.print(&text);
    }

    /// Prints lines about a session in progress, at the end of its round.
    pub(super) fn print_soon(&self, text: &str) {
        if self.board.is_some() {
            return self.print(text);
        }
        self.pending.add(|lines| self.prefixed(text, lines));
    }

    pub(super) fn print(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut lines = String::with_capacity(text.len() + 16);
        self.prefixed(text, &mut lines);
        self.put(&lines);
    }

    fn put(&self, lines: &str) {
        self.pending.write();
        match &self.board {
            Some(board) => board.lines(lines),
            None => term::stderr(lines),
        }
    }

    fn prefixed(&self, text: &str, lines: &mut String) {
        if text.is_empty() {
            return;
        }
        let style = self.style();
        for line in text.lines() {
            if let Some(label) = &self.label {
                let _ = write!(lines, "{} ", label.paint(style));
            }
            let _ = writeln!(lines, "{line}");
        }
    }

    /// A line about all clients.
    pub(super) fn of_all(&self, text: &str) {
        self.pending.write();
        term::stderr(&format!("{}\n", self.style().paint(Role::Fact, text)));
    }

    pub(super) fn style(&self) -> Style {
        match (&self.board, &self.view) {
            (Some(board), _) => board.style(),
            (None, Some(view)) => view.style(),
            (None, None) => Style::PLAIN,
        }
    }
}
