//! What lines begin with: number, time, name of the connection, arrow.

use std::fmt::{Display, Write};
use std::time::Instant;

use super::Human;
use crate::event::Direction;
use crate::render::show::Timestamps;
use crate::render::style::{Role, Style};

impl Human {
    /// Lines with the name of the connection, if it is shown.
    pub fn labelled(&self, lines: String) -> String {
        match &self.label {
            Some(label) => label.before(&lines, self.style),
            None => lines,
        }
    }

    /// The style for what follows the name of the connection.
    pub fn beside(&self) -> Style {
        let label = self.label.as_ref();
        label.map_or(self.style, |label| label.beside(self.style))
    }

    /// The time of a line, which is kept for the next one.
    fn timestamp(&mut self, now: Instant) -> Option<String> {
        let last = self.last.replace(now);
        Some(match self.show.time {
            Timestamps::None => return None,
            Timestamps::Time => self.clock.time_of_day(now),
            Timestamps::Iso => format!("{:.6}", self.clock.time(now)),
            Timestamps::Rel => format!("{:>11.6}", self.clock.since_start(now).as_secs_f64()),
            Timestamps::Delta => {
                let since = match last {
                    Some(last) => now.saturating_duration_since(last),
                    None => self.clock.since_start(now),
                };
                format!("{:>11.6}", since.as_secs_f64())
            }
        })
    }

    /// Writes a line about the connection; the text must be escaped.
    pub(super) fn note(&mut self, out: &mut String, role: Role, text: &str, now: Instant) {
        let time = self.timestamp(now).map(|time| time + " ");
        let time = time.unwrap_or_default();
        let line = format!("{time}{text}");
        let line = self.beside().wrapped(&line);
        let (time, text) = line.split_at(time.len());
        let (time, text) = (
            self.style.paint(Role::Fact, time),
            self.style.paint(role, text),
        );
        let label = self.label.as_ref();
        let label = label.map(|label| label.painted(self.style) + " ");
        let _ = writeln!(out, "{time}{}{text}", label.unwrap_or_default());
    }

    pub(super) fn start(&mut self, out: &mut String, direction: Direction, now: Instant) {
        self.time(out, now);
        if let Some(label) = &self.label {
            let _ = write!(out, "{} ", label.painted(self.style));
        }
        let (role, arrow) = match direction {
            Direction::Sent => (Role::Sent, '→'),
            Direction::Received => (Role::Received, '←'),
        };
        let _ = write!(out, "{} ", self.style.paint(role, arrow));
    }

    fn time(&mut self, out: &mut String, now: Instant) {
        if let Some(time) = self.timestamp(now) {
            let _ = write!(out, "{} ", self.style.paint(Role::Fact, time));
        }
    }

    /// Writes the number of the message, once.
    pub(super) fn numbered(&mut self, out: &mut String) {
        let number = self.number.take();
        if let Some(number) = number.filter(|_| self.show.numbers) {
            self.fact(out, format_args!("#{number}"));
            out.push(' ');
        }
    }

    pub(super) fn fact(&self, out: &mut String, fact: impl Display) {
        let _ = write!(out, "{}", self.style.paint(Role::Fact, fact));
    }
}
