//! Names of connections, where there are several.

use std::sync::Arc;

use anstyle::AnsiColor;

use super::style::{Painted, Style};

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
}
