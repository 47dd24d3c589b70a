//! JSON laid out for reading, with every token as it was received.
//!
//! A parsed and rewritten value would lose what a debugger must show: `1E+5`, `1.0`, the order
//! of keys, duplicate keys, `\u00e9`. So the text is only cut into tokens and spaced anew.

use std::borrow::Cow;
use std::fmt::Write;

use super::escape::escape_line;
use super::style::{Role, Style};

/// Longer texts, in bytes, are not laid out.
const MAX_LEN: usize = 64 * 1024;
/// Columns a value may take to stay on one line.
const MAX_WIDTH: usize = 72;
/// Deeper values stay on one line: indentation must not multiply what a hostile peer sent.
const MAX_DEPTH: usize = 16;
const INDENT: usize = 2;

/// Lays out a JSON object or array, every line behind `margin` spaces.
///
/// `None` if `text` is anything else, is longer than 64 KiB or nested deeper than 127 levels.
/// The last line has no newline; all strings are escaped for a terminal.
pub fn pretty(text: &str, style: Style, margin: usize) -> Option<String> {
    let root = parse(text)?;
    let mut printer = Printer {
        out: " ".repeat(margin),
        style,
        margin,
    };
    printer.value(&root, 0, 0);
    Some(printer.out)
}

/// Parses an object or array; `serde_json` judges it, and refuses depths that could overflow.
fn parse(text: &str) -> Option<Value<'_>> {
    if text.len() > MAX_LEN || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<serde_json::Value>(text).ok()?;
    Tokens { rest: text }.value()
}

/// A value as it was received, and the columns it takes on one line.
struct Value<'a> {
    width: usize,
    shape: Shape<'a>,
}

enum Shape<'a> {
    Scalar(Scalar<'a>),
    Container(Brackets, Vec<Member<'a>>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Object,
    Array,
}

/// One entry of an object, or of an array: then it has no name.
struct Member<'a> {
    name: Option<Scalar<'a>>,
    value: Value<'a>,
}

/// A string with its quotes, a number or a literal; escaped for a terminal.
struct Scalar<'a> {
    role: Role,
    text: Cow<'a, str>,
}

impl Brackets {
    fn pair(self) -> (char, char) {
        match self {
            Self::Object => ('{', '}'),
            Self::Array => ('[', ']'),
        }
    }

    /// What stands inside the brackets on one line.
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
        self.text.chars().count()
    }
}

/// What is left of a text that is known to be valid JSON; `None` is its end.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn value(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            '{' => self.container(Brackets::Object),
            '[' => self.container(Brackets::Array),
            _ => self.scalar().map(|scalar| Value {
                width: scalar.width(),
                shape: Shape::Scalar(scalar),
            }),
        }
    }

    fn container(&mut self, brackets: Brackets) -> Option<Value<'a>> {
        let (open, close) = brackets.pair();
        let mut members = Vec::new();
        self.accept(open)?;
        while !self.accept(close)? {
            members.push(self.member(brackets)?);
            self.accept(',')?;
        }
        Some(Value {
            width: brackets.width(&members),
            shape: Shape::Container(brackets, members),
        })
    }

    fn member(&mut self, brackets: Brackets) -> Option<Member<'a>> {
        let name = match brackets {
            Brackets::Object => Some(self.name()?),
            Brackets::Array => None,
        };
        let value = self.value()?;
        Some(Member { name, value })
    }

    fn name(&mut self) -> Option<Scalar<'a>> {
        let Scalar { text, .. } = self.scalar()?;
        self.accept(':')?;
        let role = Role::JsonKey;
        Some(Scalar { role, text })
    }

    fn scalar(&mut self) -> Option<Scalar<'a>> {
        let (role, len) = match self.peek()? {
            '"' => (Role::JsonString, string_len(self.rest)),
            '-' | '0'..='9' => (Role::JsonNumber, bare_len(self.rest)),
            _ => (Role::JsonLiteral, bare_len(self.rest)),
        };
        let (token, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        let text = escape_line(token);
        Some(Scalar { role, text })
    }

    /// Skips whitespace, and looks at what follows.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    /// Takes `wanted`, and says whether it was there.
    fn accept(&mut self, wanted: char) -> Option<bool> {
        let is_there = self.peek()? == wanted;
        if is_there {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        Some(is_there)
    }
}

/// Length of the string, with its quotes, that `text` starts with.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let ends = |byte: u8| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    };
    text.bytes()
        .skip(1)
        .position(ends)
        .map_or(text.len(), |at| at + 2)
}

/// Length of the number or literal that `text` starts with.
fn bare_len(text: &str) -> usize {
    let is_delimiter = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}');
    text.find(is_delimiter).unwrap_or(text.len())
}

struct Printer {
    out: String,
    style: Style,
    margin: usize,
}

impl Printer {
    /// Writes `value` at `depth`, on a line that has `column` columns already.
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
        if column + value.width <= MAX_WIDTH || depth >= MAX_DEPTH {
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

    /// Writes numbers as many on a line as fit: one on each would be a long narrow column.
    fn filled(&mut self, members: &[Member<'_>], depth: usize) {
        let mut column = MAX_WIDTH;
        for (at, member) in members.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            if column + member.width() + 2 > MAX_WIDTH {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        pretty(text, Style::new(false), 0).expect("an object or array")
    }

    #[test]
    fn keeps_a_short_text_on_one_line() {
        assert_eq!(
            plain("{\"op\":\"hello\",\n\"n\":1}"),
            r#"{ "op": "hello", "n": 1 }"#
        );
        assert_eq!(
            plain("[1,{},[ ],{\"a\":[]}]"),
            r#"[1, {}, [], { "a": [] }]"#
        );
    }

    #[test]
    fn breaks_only_what_does_not_fit() {
        let text = r#"{"op":"welcome","user":{"id":17,"name":"ada"},"motd":"0123456789012345678901234567890123456789","tags":["a","b"]}"#;
        assert_eq!(
            plain(text),
            r#"{
  "op": "welcome",
  "user": { "id": 17, "name": "ada" },
  "motd": "0123456789012345678901234567890123456789",
  "tags": ["a", "b"]
}"#
        );
    }

    #[test]
    fn fills_lines_with_numbers() {
        let shown = plain(&format!("[{}10]", "100, ".repeat(20)));
        assert_eq!(shown.lines().count(), 4);
        assert!(shown.lines().all(|line| line.len() <= MAX_WIDTH));
    }

    #[test]
    fn starts_every_line_behind_the_margin() {
        let text = format!("[\"{}\",1]", "a".repeat(80));
        let shown = pretty(&text, Style::new(false), 2).expect("an array");
        let indents: Vec<_> = shown
            .lines()
            .map(|line| line.len() - line.trim_start().len())
            .collect();
        assert_eq!(indents, [2, 4, 4, 2]);
    }

    #[test]
    fn keeps_every_token_as_received() {
        let text =
            r#"{ "a": 1E+5, "a": 1.0, "b": -0, "c": "\u00e9\/ \"}", "": 123456789012345678901 }"#;
        let tokens = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(tokens(&plain(text)), tokens(text));
    }

    #[test]
    fn refuses_what_is_not_one_object_or_array() {
        for text in [
            "",
            "1",
            "\"a\"",
            "null",
            "{",
            "{\"a\" 1}",
            "[1] [2]",
            "[01]",
            "[1,]",
            "hello",
        ] {
            assert_eq!(pretty(text, Style::new(false), 0), None, "{text}");
        }
    }

    #[test]
    fn refuses_a_text_over_the_limit() {
        let text = format!("[\"{}\"]", "a".repeat(MAX_LEN));
        assert_eq!(pretty(&text, Style::new(false), 0), None);
    }

    #[test]
    fn a_depth_bomb_neither_overflows_nor_multiplies() {
        let bomb = "[".repeat(MAX_LEN / 2) + &"]".repeat(MAX_LEN / 2);
        assert_eq!(pretty(&bomb, Style::new(false), 0), None);
        let deep = format!(
            "{}{}0{}",
            "[".repeat(120),
            "\"\",".repeat(15_000),
            "]".repeat(120)
        );
        assert!(plain(&deep).len() < 3 * deep.len());
    }

    #[test]
    fn escapes_hostile_code_points_in_strings_and_names() {
        let shown = plain("{\"a\u{202e}\":\"\u{9b}2J\u{7f}\"}");
        assert_eq!(shown, r#"{ "a\u{202e}": "\u{9b}2J\x7f" }"#);
    }

    #[test]
    fn paints_names_strings_numbers_and_literals() {
        let shown = pretty(r#"{"a":["b",1,null]}"#, Style::new(true), 0).expect("an object");
        for painted in [
            "\x1b[36m\"a\"\x1b[0m",
            "\x1b[32m\"b\"",
            "\x1b[35m1",
            "\x1b[33mnull",
        ] {
            assert!(shown.contains(painted), "{shown:?} has no {painted:?}");
        }
    }
}
