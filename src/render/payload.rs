//! Payloads for people: on the line of their message if they fit, below it otherwise.

use std::fmt::Write;

use super::decode::{Decoded, decode};
use super::escape::escape_payload;
use super::hexdump::hexdump;
use super::json;
use super::quantity;
use super::show::Show;
use super::style::{Role, Style};

/// Bytes of a text message to show.
pub(super) const TEXT_SHOWN: usize = 64 << 10;
/// Bytes of a binary message to show: 16 lines of a hexdump.
const BINARY_SHOWN: usize = 1 << 10;
const INLINE: usize = 72;
const INDENT: usize = 2;

/// Writes a text on the line of its message if it fits, below it otherwise.
pub(super) fn text(out: &mut String, payload: &[u8], show: &Show, style: Style) {
    let len = shown_len(payload);
    let text = String::from_utf8_lossy(&payload[..len]);
    let laid_out = if show.json {
        json::pretty(&text, style, INDENT)
    } else {
        None
    };
    if let Some(shown) = laid_out {
        laid_out_text(out, &shown);
    } else {
        plain_text(out, &escape_payload(&payload[..len]));
    }
    cut(out, payload.len() - len, style);
}

pub(super) fn binary(out: &mut String, payload: &[u8], show: &Show, style: Style) {
    match decode(payload, show.decode, style, INDENT) {
        Decoded::Yes(format, shown) => {
            let fact = format!(" ({format})");
            let _ = write!(out, "{}", style.paint(Role::Fact, fact));
            return laid_out_text(out, &shown);
        }
        Decoded::Failed(format, why) => {
            let text = format!("   (not {format}: {why})");
            let _ = write!(out, "{}", style.paint(Role::Warning, text));
        }
        Decoded::No => {}
    }
    out.push('\n');
    if show.hex && !payload.is_empty() {
        out.push_str(&hexdump(payload, style, BINARY_SHOWN));
        out.push('\n');
    }
}

fn cut(out: &mut String, left: usize, style: Style) {
    if left > 0 {
        let more = format!("  … {} more", quantity::size(left as u64));
        let _ = writeln!(out, "{}", style.paint(Role::Fact, more));
    }
}

fn shown_len(payload: &[u8]) -> usize {
    if payload.len() <= TEXT_SHOWN {
        return payload.len();
    }
    let is_inside = |at: &usize| payload[*at] & 0xc0 == 0x80;
    let back = (0..4).find(|back| !is_inside(&(TEXT_SHOWN - back)));
    TEXT_SHOWN - back.unwrap_or(0)
}

/// Writes laid-out text: on this line if it is one line, below otherwise.
fn laid_out_text(out: &mut String, shown: &str) {
    if shown.contains('\n') {
        let _ = write!(out, "\n{shown}\n");
    } else {
        let _ = writeln!(out, "   {}", shown.trim_start());
    }
}

/// Writes text on this line if it fits, indented below otherwise.
fn plain_text(out: &mut String, shown: &str) {
    if shown.is_empty() {
        out.push('\n');
    } else if !shown.contains('\n') && shown.chars().count() <= INLINE {
        let _ = writeln!(out, "   {shown}");
    } else {
        out.push('\n');
        for line in shown.split('\n') {
            let _ = writeln!(out, "  {line}");
        }
    }
}
