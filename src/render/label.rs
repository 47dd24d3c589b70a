//! Names of connections, where there are several.

use std::sync::Arc;

use anstyle::AnsiColor;

use super::style::{Painted, Style};
use super::width::{cut, width};

/// Names one of several connections, in a colour of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    text: Arc<str>,
    color: AnsiColor,
}

/// Those of the 16 colours that are readable on black and on white and that errors do not have.
const COLORS: [AnsiColor; 5] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::Yellow,
];

/// Columns of a name: a longer one, such as that of a host, would push messages out of sight.
const LONGEST: usize = 16;
/// The part of a narrow terminal that a name may take: one column in so many.
const SHARE: usize = 5;

impl Label {
    /// The label of the `number`th connection; the text must be escaped.
    pub fn new(text: &str, number: u64) -> Self {
        let at = number % COLORS.len() as u64;
        Self {
            text: text.into(),
            color: COLORS[usize::try_from(at).unwrap_or(0)],
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn paint(&self, style: Style) -> Painted<&str> {
        style.colored(self.color, &self.text)
    }

    /// The text, cut if it is long for a terminal of this width.
    pub fn shown(&self, style: Style) -> String {
        let share = style.columns().map_or(LONGEST, |columns| columns / SHARE);
        cut(&self.text, LONGEST.min(share).max(1)).into_owned()
    }

    /// The same in its colour.
    pub fn painted(&self, style: Style) -> String {
        style.colored(self.color, self.shown(style)).to_string()
    }

    /// The style for what follows the text on a line.
    pub fn beside(&self, style: Style) -> Style {
        let taken = width(&self.shown(style)) + 1;
        match style.columns() {
            Some(columns) => style.within(columns.saturating_sub(taken).max(1)),
            None => style,
        }
    }

    /// Lines with the text in front of each that does not continue another.
    pub fn before(&self, lines: &str, style: Style) -> String {
        let name = self.painted(style);
        let lines = lines.split_inclusive('\n').map(|line| {
            if line.starts_with(' ') {
                line.to_owned()
            } else {
                format!("{name} {line}")
            }
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut() {
        let label = Label::new("a-very-long-host.example.com", 0);
        assert_eq!(label.shown(Style::PLAIN), "a-very-long-hos…");
        assert_eq!(label.shown(Style::PLAIN.within(40)), "a-very-…");
    }

    #[test]
    fn the_name_is_before_each_line_but_not_before_its_continuation() {
        let label = Label::new("b", 1);
        let lines = label.before("one\n  more\ntwo\n", Style::PLAIN);
        assert_eq!(lines, "b one\n  more\nb two\n");
        assert_eq!(label.beside(Style::PLAIN.within(40)).columns(), Some(38));
    }
}
