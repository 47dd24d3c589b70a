//! Colours by role, so that no view picks its own, and the width of the terminal.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use anstyle::{AnsiColor, Effects};

use super::width::wrap;

/// The indentation of all lines of wrapped prose but the first.
const HANGING: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    color: bool,
    /// `None` if it is not a terminal.
    columns: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A fact about the connection, a time, a size.
    Fact,
    Request,
    Response,
    Sent,
    Received,
    Kind,
    JsonKey,
    JsonString,
    JsonNumber,
    JsonLiteral,
    Offset,
    ZeroByte,
    /// A byte below 0x80 in a hexdump that is not printable ASCII.
    ControlByte,
    /// A byte from 0x80 in a hexdump.
    HighByte,
    /// The part of a message that was looked for.
    Match,
    Warning,
    Error,
    Hint,
}

impl Style {
    pub const PLAIN: Self = Self::new(false);

    pub const fn new(color: bool) -> Self {
        Self {
            color,
            columns: None,
        }
    }

    /// The same for a terminal of this width.
    #[must_use]
    pub const fn within(self, columns: usize) -> Self {
        Self {
            columns: Some(columns),
            ..self
        }
    }

    pub const fn columns(self) -> Option<usize> {
        self.columns
    }

    pub const fn is_colored(self) -> bool {
        self.color
    }

    /// `text` in the colours of `role`; the text must be escaped.
    pub fn paint<T: Display>(self, role: Role, text: T) -> Painted<T> {
        let style = if self.color {
            role.style()
        } else {
            anstyle::Style::new()
        };
        Painted { style, text }
    }

    /// `text` in a colour that has no role; the text must be escaped.
    pub(super) fn colored<T: Display>(self, color: AnsiColor, text: T) -> Painted<T> {
        let style = if self.color {
            color.on_default()
        } else {
            anstyle::Style::new()
        };
        Painted { style, text }
    }

    /// `text`, wrapped at words, in the colours of `role`; it must be escaped.
    pub fn prose(self, role: Role, text: &str) -> String {
        self.paint(role, self.wrapped(text)).to_string()
    }

    pub fn wrapped(self, text: &str) -> Cow<'_, str> {
        let columns = self.columns.unwrap_or(usize::MAX);
        wrap(text, columns, HANGING)
    }
}

impl Role {
    /// Only those of the 16 colours that are readable on black and on white.
    const fn style(self) -> anstyle::Style {
        match self {
            Self::Fact | Self::Offset | Self::ZeroByte => effect(Effects::DIMMED),
            Self::Kind | Self::Hint => effect(Effects::BOLD),
            Self::Request | Self::Sent | Self::JsonKey | Self::ControlByte => {
                AnsiColor::Cyan.on_default()
            }
            Self::Response | Self::Received | Self::JsonNumber | Self::HighByte => {
                AnsiColor::Magenta.on_default()
            }
            Self::Match => AnsiColor::Yellow
                .on_default()
                .effects(Effects::BOLD.insert(Effects::UNDERLINE)),
            Self::JsonString => AnsiColor::Green.on_default(),
            Self::JsonLiteral | Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Error => AnsiColor::Red.on_default(),
        }
    }
}

const fn effect(effects: Effects) -> anstyle::Style {
    anstyle::Style::new().effects(effects)
}

#[derive(Debug, Clone, Copy)]
pub struct Painted<T> {
    style: anstyle::Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.style)?;
        self.text.fmt(f)?;
        write!(f, "{:#}", self.style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_text_alone_without_color() {
        let text = Style::new(false).paint(Role::Error, "refused").to_string();
        assert_eq!(text, "refused");
    }

    #[test]
    fn resets_after_painted_text() {
        let text = Style::new(true).paint(Role::Error, "refused").to_string();
        assert_eq!(text, "\x1b[31mrefused\x1b[0m");
    }

    #[test]
    fn pads_the_text_and_not_the_colors() {
        let style = Style::new(true);
        assert_eq!(
            format!("{:>4}|", style.paint(Role::JsonString, "ok")),
            "\x1b[32m  ok\x1b[0m|"
        );
    }
}
