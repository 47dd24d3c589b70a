//! Binary payloads as offset, bytes and ASCII.

use std::fmt::Write;

use super::quantity;
use super::style::{Role, Style};

const PER_LINE: usize = 16;
const PER_GROUP: usize = 8;

/// Dumps at most `limit` bytes, 16 per line, and says how much was cut.
///
/// The last line has no newline; without bytes the dump is empty.
pub fn hexdump(bytes: &[u8], style: Style, limit: usize) -> String {
    let (shown, cut) = bytes.split_at(limit.min(bytes.len()));
    let mut lines: Vec<String> = shown
        .chunks(PER_LINE)
        .zip((0..).step_by(PER_LINE))
        .map(|(row, offset)| line(row, offset, style))
        .collect();
    if !cut.is_empty() {
        let more = format!("… {} more", quantity::size(cut.len() as u64));
        lines.push(format!("  {}", style.paint(Role::Fact, more)));
    }
    lines.join("\n")
}

fn line(row: &[u8], offset: u64, style: Style) -> String {
    let offset = style
        .paint(Role::Offset, format_args!("{offset:08x}"))
        .to_string();
    format!(
        "  {offset}  {}  |{}|",
        hex_column(row, style),
        ascii_column(row, style)
    )
}

fn hex_column(row: &[u8], style: Style) -> String {
    let mut column = String::new();
    for at in 0..PER_LINE {
        if at > 0 {
            column.push_str(if at == PER_GROUP { "  " } else { " " });
        }
        match row.get(at) {
            Some(byte) => push_painted(&mut column, *byte, &format!("{byte:02x}"), style),
            None => column.push_str("  "),
        }
    }
    column
}

fn ascii_column(row: &[u8], style: Style) -> String {
    let mut column = String::new();
    for byte in row {
        let c = match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        push_painted(&mut column, *byte, c.encode_utf8(&mut [0; 4]), style);
    }
    column
}

fn push_painted(out: &mut String, byte: u8, text: &str, style: Style) {
    let role = match byte {
        b' '..=b'~' => return out.push_str(text),
        0 => Role::ZeroByte,
        1..0x80 => Role::ControlByte,
        _ => Role::HighByte,
    };
    write!(out, "{}", style.paint(role, text)).expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style::new(false);

    #[test]
    fn shows_offset_bytes_and_ascii() {
        let bytes: Vec<u8> = (0x58..0x68).chain([0xde, 0xad, 0, 0x7f]).collect();
        assert_eq!(
            hexdump(&bytes, PLAIN, 4096),
            "  00000000  58 59 5a 5b 5c 5d 5e 5f  60 61 62 63 64 65 66 67  |XYZ[\\]^_`abcdefg|\n  \
               00000010  de ad 00 7f                                       |....|"
        );
    }

    #[test]
    fn says_how_much_was_cut() {
        let dump = hexdump(&[0; 16 + 12_595], PLAIN, 16);
        assert_eq!(dump.lines().count(), 2);
        assert!(dump.ends_with("\n  … 12.3 KiB more"));
    }

    #[test]
    fn dumps_nothing_of_no_bytes() {
        assert_eq!(hexdump(&[], PLAIN, 16), "");
    }

    #[test]
    fn leaves_printable_bytes_unpainted() {
        let dump = hexdump(b"a\xff", Style::new(true), 16);
        assert!(dump.contains("61 \x1b[35mff\x1b[0m"));
        assert!(dump.contains("|a\x1b[35m.\x1b[0m|"));
    }
}
