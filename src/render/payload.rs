//! Payloads for people: on the line of their message if they fit, otherwise below it.

use std::fmt::Write;

use super::decode::{Decoded, decode};
use super::escape::{escape_line, escape_payload};
use super::hexdump::hexdump;
use super::json;
use super::layout::{Value, lay_out, on_one_line};
use super::quantity;
use super::show::Show;
use super::style::{Role, Style};
use super::width::{cut, width, wrap};

/// Bytes of a text message to show.
pub(super) const TEXT_SHOWN: usize = 64 << 10;
/// Bytes of a binary message to show: 16 lines of a hexdump.
const BINARY_SHOWN: usize = 1 << 10;
/// The columns of an output that is not a terminal.
const COLUMNS: usize = 100;
/// Between a header and a payload on the same line.
const GAP: &str = "   ";
/// The indentation of the lines below.
const INDENT: usize = 2;

/// Writes a text on the line of its message if it fits, below it otherwise.
pub(super) fn text(out: &mut String, payload: &[u8], show: &Show, style: Style) {
    if show.compact {
        return compact(out, payload, style);
    }
    let len = shown_len(payload, TEXT_SHOWN);
    let text = String::from_utf8_lossy(&payload[..len]);
    match json::parse(&text).filter(|_| show.json) {
        Some(laid_out) => value(out, &laid_out, style),
        None => plain_text(out, &escape_payload(&payload[..len]), style),
    }
    more(out, payload.len() - len, style);
}

/// Writes a binary payload, decoded or as a hexdump.
pub(super) fn binary(out: &mut String, payload: &[u8], show: &Show, style: Style) {
    match decode(payload, show.decode) {
        Decoded::Yes(format, decoded) => {
            let fact = format!(" ({format})");
            let _ = write!(out, "{}", style.paint(Role::Fact, fact));
            if show.compact {
                return compact(out, on_one_line(&decoded, Style::PLAIN).as_bytes(), style);
            }
            return value(out, &decoded, style);
        }
        Decoded::Failed(format, why) => {
            let text = format!("   (not {format}: {why})");
            let _ = write!(out, "{}", style.paint(Role::Warning, text));
        }
        Decoded::No => {}
    }
    if show.compact && show.hex {
        let bytes = &payload[..payload.len().min(BINARY_SHOWN)];
        return compact(out, hex::encode(bytes).as_bytes(), style);
    }
    out.push('\n');
    if show.hex && !payload.is_empty() {
        out.push_str(&hexdump(payload, style, BINARY_SHOWN));
        out.push('\n');
    }
}

/// Writes as much of a payload as fits on the line of its message.
fn compact(out: &mut String, payload: &[u8], style: Style) {
    let room = room(out, style);
    // A character has four bytes at most, and one more column does not fit.
    let start = &payload[..shown_len(payload, 4 * (room + 1))];
    if !start.is_empty() {
        let _ = write!(out, "{GAP}{}", cut(&escape_line(start), room));
    }
    out.push('\n');
}

fn more(out: &mut String, left: usize, style: Style) {
    if left > 0 {
        let more = format!("  … {} more", quantity::size(left as u64));
        let _ = writeln!(out, "{}", style.paint(Role::Fact, more));
    }
}

/// The bytes of a text to show, at most `limit`, without half a character.
pub fn shown_len(payload: &[u8], limit: usize) -> usize {
    if payload.len() <= limit {
        return payload.len();
    }
    let is_inside = |at: &usize| payload[*at] & 0xc0 == 0x80;
    let back = (0..4.min(limit)).find(|back| !is_inside(&(limit - back)));
    limit - back.unwrap_or(0)
}

/// Writes a value on this line, on the next, or on several.
fn value(out: &mut String, value: &Value<'_>, style: Style) {
    if value.width <= room(out, style) {
        let _ = writeln!(out, "{GAP}{}", on_one_line(value, style));
    } else if value.width <= columns(style).saturating_sub(INDENT) {
        let _ = writeln!(out, "\n{:INDENT$}{}", "", on_one_line(value, style));
    } else {
        let _ = writeln!(out, "\n{}", lay_out(value, style, INDENT));
    }
}

/// Writes text on this line if it fits, indented below otherwise.
fn plain_text(out: &mut String, shown: &str, style: Style) {
    if shown.is_empty() {
        out.push('\n');
    } else if !shown.contains(['\n', '\t']) && width(shown) <= room(out, style) {
        let _ = writeln!(out, "{GAP}{shown}");
    } else {
        out.push('\n');
        for line in shown.split('\n') {
            let _ = writeln!(out, "{:INDENT$}{line}", "");
        }
    }
}

/// Writes a note about the payload after the header, which ends at `head`: beside the header if the payload is
/// below it, else beside the payload, and on lines of its own where it does not fit.
pub(super) fn append(out: &mut String, head: usize, note: &str, style: Style) {
    let shown = |note: &str| style.paint(Role::Fact, note).to_string();
    let len = out.strip_suffix('\n').unwrap_or(out).len();
    out.truncate(len);
    let lines = out[head..].matches('\n').count();
    // The end of a long payload is far from what it is the payload of.
    let end = if lines > 0 { head } else { len };
    if width(note) <= room(&out[..end], style) {
        out.insert_str(end, &format!("{GAP}{}", shown(note)));
    } else if lines == 1 && width(note) <= room(out, style) {
        let _ = write!(out, "{GAP}{}", shown(note));
    } else {
        let note = match style.columns() {
            Some(columns) => wrap(note, columns.saturating_sub(INDENT), INDENT),
            None => note.into(),
        };
        let end = if lines > 1 { head } else { len };
        out.insert_str(end, &format!("\n{:INDENT$}{}", "", shown(&note)));
    }
    out.push('\n');
}

fn columns(style: Style) -> usize {
    style.columns().unwrap_or(COLUMNS)
}

/// The columns that are left on the last line of `out`, after a gap.
fn room(out: &str, style: Style) -> usize {
    let line = out.rsplit('\n').next().unwrap_or_default();
    columns(style).saturating_sub(width(line) + GAP.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(payload: &str, note: &str) -> String {
        let (mut out, style) = (String::from("result 1"), Style::PLAIN.within(30));
        let head = out.len();
        text(&mut out, payload.as_bytes(), &Show::REPL, style);
        append(&mut out, head, note, style);
        out
    }

    #[test]
    fn a_note_is_beside_the_header_unless_it_fits_beside_the_payload_only() {
        let (short, long) = ("to a after 1 ms", "to a method after 1 ms");
        for (payload, note, shown) in [
            ("7", "to a", "result 1   7   to a\n"),
            ("7", long, "result 1   7\n  to a method after 1 ms\n"),
            ("", long, "result 1\n  to a method after 1 ms\n"),
            (
                "\"a text of one line\"",
                short,
                "result 1   to a after 1 ms\n  \"a text of one line\"\n",
            ),
            (
                "[\"a text\", \"of several lines\"]",
                short,
                "result 1   to a after 1 ms\n  [\n    \"a text\",\n    \"of several lines\"\n  ]\n",
            ),
            (
                "[\"a text\", \"of several lines\"]",
                long,
                "result 1\n  to a method after 1 ms\n  [\n    \"a text\",\n    \"of several lines\"\n  ]\n",
            ),
            (
                "7",
                "a note that is longer than a line is",
                "result 1   7\n  a note that is longer than a\n  line is\n",
            ),
        ] {
            assert_eq!(noted(payload, note), shown, "{payload} {note}");
        }
    }
}
