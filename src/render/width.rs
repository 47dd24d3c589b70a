//! Text in columns of a terminal: how wide it is, where it is cut, and prose wrapped at words.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// They stay on the line of their number.
const UNITS: [&str; 11] = [
    "ms", "s", "min", "h", "d", "B", "KiB", "MiB", "GiB", "TiB", "%",
];

/// The columns of a text without its escape sequences.
pub fn width(text: &str) -> usize {
    let mut pieces = text.split("\x1b[");
    let first = pieces.next().unwrap_or_default().width();
    let visible = |piece: &str| {
        let end = piece.find(|c: char| c.is_ascii_alphabetic());
        end.map_or(0, |end| piece[end + 1..].width())
    };
    first + pieces.map(visible).sum::<usize>()
}

/// A text without escape sequences, cut with `…` if it has more than `room` columns.
pub fn cut(text: &str, room: usize) -> Cow<'_, str> {
    let (mut columns, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        columns += c.width().unwrap_or(0);
        if columns > room {
            return Cow::Owned(format!("{}…", &text[..end]));
        }
        if columns < room {
            end = at + c.len_utf8();
        }
    }
    Cow::Borrowed(text)
}

/// Wraps a text without escape sequences at words, with all lines but the first indented.
///
/// A longer word, perhaps one to be copied, stays whole.
pub fn wrap(text: &str, columns: usize, indent: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let (mut out, mut column) = (String::new(), 0);
    let mut words = text.split(' ').peekable();
    let mut gap = 0;
    while let Some(mut word) = words.next().map(str::to_owned) {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        if let Some(unit) = words.next_if(|next| is_unit(next)) {
            word = format!("{word} {unit}");
        }
        if column > 0 && column + gap + word.width() > columns {
            out.push('\n');
            (column, gap) = (0, indent);
        }
        out.push_str(&" ".repeat(gap));
        out.push_str(&word);
        column += gap + word.width();
        gap = 1;
    }
    Cow::Owned(out)
}

fn is_unit(word: &str) -> bool {
    UNITS.contains(&word.trim_end_matches([',', ';', ')', '.', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_counts_what_is_visible() {
        assert_eq!(width("plain"), 5);
        assert_eq!(width("\x1b[1;31mred\x1b[0m 漢"), 6);
    }

    #[test]
    fn a_cut_fits_and_says_so() {
        assert_eq!(cut("12345", 5), "12345");
        assert_eq!(cut("123456", 5), "1234…");
        assert_eq!(cut("漢字漢", 5), "漢字…");
        assert_eq!(cut("漢字漢", 4), "漢…");
        assert_eq!(cut("12", 0), "…");
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrap("* one two three", 15, 2), "* one two three");
        assert_eq!(wrap("* one two three", 10, 2), "* one two\n  three");
        assert_eq!(
            wrap("hint: send {\"type\":\"connection_init\"} first", 20, 2),
            "hint: send\n  {\"type\":\"connection_init\"}\n  first"
        );
        assert_eq!(wrap("", 1, 2), "");
    }

    #[test]
    fn a_unit_stays_with_its_number() {
        assert_eq!(
            wrap("! reconnecting in 1.5 s (attempt 2)", 22, 2),
            "! reconnecting in\n  1.5 s (attempt 2)"
        );
    }

    #[test]
    fn a_gap_stays_where_it_fits() {
        assert_eq!(wrap("*   a  b cc", 9, 2), "*   a  b\n  cc");
    }
}
