//! Lines in which wsee speaks for itself.

use super::escape::escape_line;
use super::{Role, Style};

pub fn problem(text: &str, style: Style) -> String {
    line(Role::Error, "wsee: ", text, style)
}

pub fn hint(text: &str, style: Style) -> String {
    line(Role::Hint, "hint: ", text, style)
}

fn line(role: Role, prefix: &str, text: &str, style: Style) -> String {
    let text = format!("{prefix}{}", escape_line(text));
    style.prose(role, &text) + "\n"
}
