//! Lays out values: short ones on one line, long ones with a line for each member.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::style::{Role, Style};

/// Columns of a value within a larger one that stays on one line, where the terminal has as many.
const MAX_WIDTH: usize = 72;
/// Deeper values stay on one line, so that indentation does not multiply a hostile peer's bytes.
const MAX_DEPTH: usize = 16;
const INDENT: usize = 2;

/// Lays out `root`, every line after `margin` spaces; the last line has no newline.
pub(super) fn lay_out(root: &Value<'_>, style: Style, margin: usize) -> String {
    let columns = style.columns().unwrap_or(usize::MAX);
    let mut printer = Printer {
        out: " ".repeat(margin),
        style,
        margin,
        room: MAX_WIDTH.min(columns.saturating_sub(margin)),
    };
    printer.value(root, 0, 0);
    printer.out
}

pub(super) fn on_one_line(root: &Value<'_>, style: Style) -> String {
    let mut printer = Printer {
        out: String::new(),
        style,
        margin: 0,
        room: usize::MAX,
    };
    printer.value(root, 0, 0);
    printer.out
}

/// A value and its columns on one line.
#[derive(Debug)]
pub(super) struct Value<'a> {
    pub(super) width: usize,
    pub(super) shape: Shape<'a>,
}

impl<'a> Value<'a> {
    pub(super) fn scalar(scalar: Scalar<'a>) -> Self {
        Self {
            width: scalar.width(),
            shape: Shape::Scalar(scalar),
        }
    }

    pub(super) fn container(brackets: Brackets, members: Vec<Member<'a>>) -> Self {
        Self {
            width: brackets.width(&members),
            shape: Shape::Container(brackets, members),
        }
    }
}

#[derive(Debug)]
pub(super) enum Shape<'a> {
    Scalar(Scalar<'a>),
    Container(Brackets, Vec<Member<'a>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brackets {
    Object,
    Array,
}

/// An entry of an object or of an array, where it has no name.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) name: Option<Scalar<'a>>,
    pub(super) value: Value<'a>,
}

/// A string with its quotes, a number or a literal; escaped.
#[derive(Debug)]
pub(super) struct Scalar<'a> {
    pub(super) role: Role,
    pub(super) text: Cow<'a, str>,
}

impl Brackets {
    pub(super) fn pair(self) -> (char, char) {
        match self {
            Self::Object => ('{', '}'),
            Self::Array => ('[', ']'),
        }
    }

    fn padding(self) -> &'static str {
        match self {
            Self::Object => " ",
            Self::Array => "",
        }
    }

    fn width(self, members: &[Member<'_>]) -> usize {
        let Some(commas) = members.len().checked_sub(1) else {
            return "{}".len();
        };
        let inner: usize = members.iter().map(Member::width).sum();
        "{}".len() + 2 * self.padding().len() + inner + commas * ", ".len()
    }
}

impl Member<'_> {
    fn name_width(&self) -> usize {
        self.name
            .as_ref()
            .map_or(0, |name| name.width() + ": ".len())
    }

    fn width(&self) -> usize {
        self.name_width() + self.value.width
    }

    fn is_number(&self) -> bool {
        matches!(&self.value.shape, Shape::Scalar(scalar) if scalar.role == Role::JsonNumber)
    }
}

impl Scalar<'_> {
    fn width(&self) -> usize {
        self.text.width()
    }
}

struct Printer {
    out: String,
    style: Style,
    margin: usize,
    /// Columns after the margin.
    room: usize,
}

impl Printer {
    /// Writes `value` at `depth`, on a line that already has `column` columns.
    fn value(&mut self, value: &Value<'_>, depth: usize, column: usize) {
        let (brackets, members) = match &value.shape {
            Shape::Scalar(scalar) => return self.scalar(scalar),
            Shape::Container(brackets, members) => (*brackets, members),
        };
        let (open, close) = brackets.pair();
        if members.is_empty() {
            return self.out.extend([open, close]);
        }
        self.out.push(open);
        if column.saturating_add(value.width) <= self.room || depth >= MAX_DEPTH {
            self.on_one_line(members, brackets.padding());
        } else if members.iter().all(Member::is_number) {
            self.filled(members, depth + 1);
            self.new_line(depth);
        } else {
            self.one_per_line(members, depth + 1);
            self.new_line(depth);
        }
        self.out.push(close);
    }

    fn on_one_line(&mut self, members: &[Member<'_>], padding: &str) {
        self.out.push_str(padding);
        for (at, member) in members.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.member(member, MAX_DEPTH, 0);
        }
        self.out.push_str(padding);
    }

    fn one_per_line(&mut self, members: &[Member<'_>], depth: usize) {
        for (at, member) in members.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.new_line(depth);
            self.member(member, depth, depth * INDENT);
        }
    }

    /// Writes as many numbers on a line as fit: one on each would be a long narrow column.
    fn filled(&mut self, members: &[Member<'_>], depth: usize) {
        let mut column = self.room;
        for (at, member) in members.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            if column + member.width() + 2 > self.room {
                self.new_line(depth);
                column = depth * INDENT;
            } else {
                self.out.push(' ');
            }
            self.member(member, depth, column);
            column += member.width() + 2;
        }
    }

    fn member(&mut self, member: &Member<'_>, depth: usize, column: usize) {
        if let Some(name) = &member.name {
            self.scalar(name);
            self.out.push_str(": ");
        }
        self.value(&member.value, depth, column + member.name_width());
    }

    fn scalar(&mut self, scalar: &Scalar<'_>) {
        let painted = self.style.paint(scalar.role, &scalar.text);
        write!(self.out, "{painted}").expect("a String takes all");
    }

    fn new_line(&mut self, depth: usize) {
        let indent = self.margin + depth * INDENT;
        write!(self.out, "\n{:indent$}", "").expect("a String takes all");
    }
}
