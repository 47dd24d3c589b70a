//! Lays out JSON for reading, with every token as received.
//!
//! Parsing and rewriting would lose what a debugger must show: `1E+5`, `1.0`, the order
//! of keys, duplicate keys, `\u00e9`. So the text is only tokenised, and spaced.

use serde::de::IgnoredAny;

use super::escape::escape_line;
use super::layout::{Brackets, Member, Scalar, Value, lay_out};
use super::style::{Role, Style};

/// Longer texts, in bytes, are not laid out: nobody reads them.
const MAX_LEN: usize = 64 * 1024;
/// Deeper texts are not laid out, as parsing and layout are recursive.
const DEEPEST: usize = 127;

/// Lays out a JSON object or array, every line after `margin` spaces.
///
/// `None` if `text` is anything else, is longer than 64 KiB or nested deeper than 127 levels.
/// The last line has no newline; all strings are escaped for a terminal.
pub fn pretty(text: &str, style: Style, margin: usize) -> Option<String> {
    Some(lay_out(&parse(text)?, style, margin))
}

pub(super) fn parse(text: &str) -> Option<Value<'_>> {
    parse_within(text, MAX_LEN)
}

/// The same for a text of at most `limit` bytes.
pub(super) fn parse_within(text: &str, limit: usize) -> Option<Value<'_>> {
    if text.len() > limit || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    // Not a `serde_json::Value`, which cannot represent a number such as 1e999.
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    Tokens {
        rest: text,
        depth: 0,
    }
    .value()
}

/// The rest of a valid JSON text; `None` is its end.
struct Tokens<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Tokens<'a> {
    fn value(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            '{' => self.container(Brackets::Object),
            '[' => self.container(Brackets::Array),
            _ => self.scalar().map(Value::scalar),
        }
    }

    fn container(&mut self, brackets: Brackets) -> Option<Value<'a>> {
        let (open, close) = brackets.pair();
        let mut members = Vec::new();
        self.accept(open)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        while !self.accept(close)? {
            members.push(self.member(brackets)?);
            self.accept(',')?;
        }
        self.depth -= 1;
        Some(Value::container(brackets, members))
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

    /// Skips whitespace and peeks at the next byte.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn accept(&mut self, wanted: char) -> Option<bool> {
        let is_there = self.peek()? == wanted;
        if is_there {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        Some(is_there)
    }
}

/// The length of the string at the start of `text`, with its quotes.
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

/// The length of the number or literal at the start of `text`.
fn bare_len(text: &str) -> usize {
    let is_delimiter = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}');
    text.find(is_delimiter).unwrap_or(text.len())
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
        assert!(shown.lines().all(|line| line.len() <= 72));
    }

    #[test]
    fn starts_every_line_after_the_margin() {
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
        let text = r#"{ "a": 1E+5, "a": 1.0, "b": -0, "c": "\u00e9\/ \"}", "": 123456789012345678901, "d": 1e999 }"#;
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
