//! Lines that are not about an event: facts in rows, heads, notes, complaints and hints.

use std::fmt::Write;

use super::{Outlet, View};
use crate::proto::http1::Head;
use crate::render::escape::escape_line;
use crate::render::width::wrap;
use crate::render::{Label, Role, message};

/// The columns of names before values, and of the space around them.
const NAMES: usize = 18;
/// The indentation of values below their names.
const INDENT: usize = 4;

impl View {
    /// The columns of a value that follows a name.
    pub fn room(&self) -> usize {
        let columns = self.style().columns().unwrap_or(usize::MAX);
        match columns.saturating_sub(NAMES) {
            room if room < NAMES => columns.saturating_sub(INDENT).max(1),
            room => room,
        }
    }

    /// Shows a name, and a value wrapped at words beside it, or below it on a narrow terminal.
    pub fn row(&mut self, name: &str, value: &str) {
        let room = self.room();
        let is_narrow = self.style().columns().is_some_and(|it| it < room + NAMES);
        let indent = if is_narrow { INDENT } else { NAMES };
        let value = wrap(value, room, 0).replace('\n', &format!("\n{:indent$}", ""));
        let shown = self.style().paint(Role::Fact, name);
        let _ = match (is_narrow, name) {
            (false, _) => writeln!(self.text, "  {shown:<15} {value}"),
            (true, "") => writeln!(self.text, "{:INDENT$}{value}", ""),
            (true, _) => writeln!(self.text, "  {shown}\n{:INDENT$}{value}", ""),
        };
        self.deliver();
    }

    pub fn heads(&mut self, request: Option<&Head>, response: Option<&Head>) {
        if let Some(request) = request {
            self.human.request(&mut self.text, request);
        }
        if let Some(response) = response {
            self.human.response(&mut self.text, response);
        }
        self.deliver();
    }

    pub fn note(&mut self, text: &str) {
        let text = escape_line(text);
        match self.outlet {
            Outlet::Stderr | Outlet::Stdout if self.is_quiet => {}
            Outlet::Stderr | Outlet::Stdout => self.line(&format!("wsee: {text}")),
            Outlet::Screen | Outlet::Editor => self.speak(Role::Fact, &format!("* {text}")),
        }
    }

    pub fn complain(&mut self, text: &str) {
        let text = escape_line(text);
        match self.outlet {
            Outlet::Stderr | Outlet::Stdout => self.line(&format!("wsee: {text}")),
            Outlet::Screen | Outlet::Editor => self.speak(Role::Error, &text),
        }
    }

    pub fn hint(&mut self, text: &str) {
        let line = message::hint(text, self.human.beside());
        let line = self.human.labelled(line);
        self.text.push_str(&line);
        self.deliver();
    }

    /// Shows a line about the connection, with its name if that is shown.
    pub(super) fn speak(&mut self, role: Role, text: &str) {
        let line = self.human.beside().prose(role, text);
        let line = self.human.labelled(line);
        self.line(&line);
    }

    /// Shows the name of the connection in front of its lines from now on.
    pub fn set_label(&mut self, label: Label) {
        self.human.label = Some(label);
    }

    pub fn label(&self) -> Option<&Label> {
        self.human.label.as_ref()
    }

    /// Lines with the name of the connection, if it is shown.
    pub fn labelled(&self, lines: String) -> String {
        self.human.labelled(lines)
    }

    /// Shows a line that is already escaped.
    pub fn print(&mut self, role: Role, text: &str) {
        self.line(&self.style().prose(role, text));
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
        self.deliver();
    }
}
