//! A head that came beside the one that went: what was changed is in the line that it changes.

use std::fmt::Write;

use crate::event::Direction;
use crate::proto::http1::Head;
use crate::render::escape::escape_line;
use crate::render::{Role, Secrets, Style};

/// Writes a head as it came, each changed field followed by what it became.
pub(super) fn beside(
    out: &mut String,
    (came, went): (&Head, &Head),
    direction: Direction,
    style: Style,
    secrets: Secrets,
) {
    let (mark, role) = match direction {
        Direction::Sent => ('>', Role::Request),
        Direction::Received => ('<', Role::Response),
    };
    let start = |head: &Head| secrets.start_line(&escape_line(head.start_line()));
    let mut line = format!("{mark} {}", start(came));
    let mut is_changed = came.start_line() != went.start_line();
    if is_changed {
        let _ = write!(line, "  ⇒  {}", start(went));
    }
    write_line(out, &line, is_changed, role, style);
    let mut rest: Vec<(&[u8], &[u8])> = went.fields().collect();
    if !came.is_http2() {
        // They come first.
        let (pseudo, fields) = rest
            .into_iter()
            .partition(|field| field.0.starts_with(b":"));
        rest = fields;
        added(out, pseudo, mark, style, secrets);
    }
    for (name, value) in came.fields() {
        let same = rest
            .iter()
            .position(|(other, _)| other.eq_ignore_ascii_case(name));
        let became = same.map(|at| rest.remove(at).1);
        let mut line = format!("{mark} {}", field(name, value, secrets));
        is_changed = became != Some(value);
        match became {
            None => line.push_str("  ⇒  (left out)"),
            Some(became) if is_changed => {
                let became = shown(name, became, secrets);
                let _ = write!(line, "  ⇒  {became}");
            }
            Some(_) => {}
        }
        write_line(out, &line, is_changed, role, style);
    }
    added(out, rest, mark, style, secrets);
    write_line(out, &mark.to_string(), false, role, style);
}

fn added(
    out: &mut String,
    fields: Vec<(&[u8], &[u8])>,
    mark: char,
    style: Style,
    secrets: Secrets,
) {
    for (name, value) in fields {
        let line = format!("{mark} (added)  ⇒  {}", field(name, value, secrets));
        write_line(out, &line, true, Role::Warning, style);
    }
}

fn write_line(out: &mut String, line: &str, is_changed: bool, role: Role, style: Style) {
    let role = if is_changed { Role::Warning } else { role };
    let _ = writeln!(out, "{}", style.paint(role, line));
}

fn field(name: &[u8], value: &[u8], secrets: Secrets) -> String {
    let value = shown(name, value, secrets);
    let colon = if value.is_empty() { ":" } else { ": " };
    format!("{}{colon}{value}", escape_line(name))
}

fn shown(name: &[u8], value: &[u8], secrets: Secrets) -> String {
    let (name, value) = (escape_line(name), escape_line(value));
    secrets.header_value(&name, &value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_field_is_followed_by_what_it_became() {
        let came = Head::encode(
            "GET / HTTP/1.1",
            [
                ("Host", "a"),
                ("Accept", "x"),
                ("Cookie", "a=1"),
                ("X-A", "1"),
            ],
        );
        let went = Head::encode(
            "GET /api HTTP/1.1",
            [("host", "b"), ("X-A", "1"), ("Cookie", "a=2"), ("X-B", "")],
        );
        let mut out = String::new();
        beside(
            &mut out,
            (&came, &went),
            Direction::Sent,
            Style::PLAIN,
            Secrets::Masked,
        );
        assert_eq!(
            out,
            "> GET / HTTP/1.1  ⇒  GET /api HTTP/1.1\n> Host: a  ⇒  b\n> Accept: x  ⇒  (left out)\n\
             > Cookie: ***  ⇒  ***\n> X-A: 1\n> (added)  ⇒  X-B:\n>\n"
        );
    }
}
