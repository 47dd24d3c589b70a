//! The only way for a peer's bytes to reach a terminal: characters that could control it, or
//! deceive its reader, are escaped.
//!
//! ASCII controls and bytes that are not UTF-8 become `\xNN`, other code points `\u{202e}`. A
//! received backslash stays single: JSON would be unreadable otherwise, and no
//! terminal acts on one.

use std::borrow::Cow;
use std::fmt::Write;

/// Where escaped text appears, which decides about newlines and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Within a line: newline, carriage return and tab become `\n`, `\r` and `\t`.
    Line,
    /// A payload on its own: newlines and tabs are kept.
    Payload,
}

impl Layout {
    fn keeps(self, c: char) -> bool {
        self == Self::Payload && matches!(c, '\n' | '\t')
    }

    pub(super) fn escapes(self, c: char) -> bool {
        is_unsafe(c) && !self.keeps(c)
    }
}

/// Escapes a header, reason, name or other text within a line.
pub fn escape_line<T: AsRef<[u8]> + ?Sized>(text: &T) -> Cow<'_, str> {
    escape(text.as_ref(), Layout::Line)
}

pub fn escape_payload<T: AsRef<[u8]> + ?Sized>(text: &T) -> Cow<'_, str> {
    escape(text.as_ref(), Layout::Payload)
}

pub fn escape(bytes: &[u8], layout: Layout) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if is_clean(text, layout) => Cow::Borrowed(text),
        _ => {
            let mut out = String::with_capacity(bytes.len() + 16);
            escape_into(&mut out, bytes, layout);
            Cow::Owned(out)
        }
    }
}

pub fn escape_into(out: &mut String, bytes: &[u8], layout: Layout) {
    for chunk in bytes.utf8_chunks() {
        push_text(out, chunk.valid(), layout);
        push_invalid(out, chunk.invalid());
    }
}

/// Escapes a stream: a character split between two chunks stays whole.
#[derive(Debug)]
pub struct Escaper {
    layout: Layout,
    /// An incomplete character, at most 3 bytes.
    partial: Vec<u8>,
}

impl Escaper {
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            partial: Vec::new(),
        }
    }

    pub fn push(&mut self, chunk: &[u8], out: &mut String) {
        if self.partial.is_empty() {
            self.push_whole(chunk, out);
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(chunk);
            self.push_whole(&joined, out);
        }
    }

    /// Appends a character truncated by the end of the stream.
    pub fn finish(&mut self, out: &mut String) {
        push_invalid(out, &std::mem::take(&mut self.partial));
    }

    fn push_whole(&mut self, bytes: &[u8], out: &mut String) {
        let (whole, partial) = bytes.split_at(bytes.len() - partial_len(bytes));
        escape_into(out, whole, self.layout);
        self.partial.extend_from_slice(partial);
    }
}

/// The length of an incomplete character at the end of `bytes`, or 0.
pub fn partial_len(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let Some(lead) = tail.iter().rposition(|byte| byte & 0xc0 != 0x80) else {
        return 0;
    };
    match str::from_utf8(&tail[lead..]) {
        Err(error) if error.error_len().is_none() => tail.len() - lead,
        _ => 0,
    }
}

fn is_clean(text: &str, layout: Layout) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') || layout.keeps(char::from(byte));
    text.bytes().all(is_plain) || !text.chars().any(|c| layout.escapes(c))
}

/// Whether a terminal may act on `c`, or display it so that the text reads differently.
///
/// ZWJ and ZWNJ (U+200C, U+200D) pass: emoji and several scripts need them.
pub fn is_unsafe(c: char) -> bool {
    let is_control = matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}');
    let is_bidi = matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_line_break = matches!(c, '\u{2028}' | '\u{2029}');
    let is_invisible = matches!(c,
        '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    is_control || is_bidi || is_line_break || is_invisible
}

fn push_text(out: &mut String, text: &str, layout: Layout) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| layout.escapes(c)) {
        let (clean, from) = rest.split_at(at);
        out.push_str(clean);
        let mut chars = from.chars();
        if let Some(c) = chars.next() {
            push_escape(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if c.is_ascii() => push_hex(out, c as u8),
        _ => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all"),
    }
}

fn push_invalid(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        push_hex(out, *byte);
    }
}

fn push_hex(out: &mut String, byte: u8) {
    write!(out, "\\x{byte:02x}").expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn borrows_text_that_has_nothing_to_escape() {
        for text in ["", "GET /chat", "naïve 日本語 👩‍👩‍👧 C:\\path"] {
            assert!(matches!(escape_line(text), Cow::Borrowed(t) if t == text));
        }
        assert!(matches!(escape_payload("a\n\tb"), Cow::Borrowed("a\n\tb")));
    }

    #[test]
    fn spells_out_what_steers_a_terminal() {
        assert_eq!(escape_line("\x1b[2J\x07\x7f"), "\\x1b[2J\\x07\\x7f");
        assert_eq!(escape_line("\u{9b}2J"), "\\u{9b}2J");
        assert_eq!(escape_line("a\u{202e}b\u{feff}"), "a\\u{202e}b\\u{feff}");
        assert_eq!(escape_line(b"\xff\xc3"), "\\xff\\xc3");
    }

    #[test]
    fn keeps_newline_and_tab_in_payload_only() {
        assert_eq!(escape_payload("a\r\n\tb"), "a\\r\n\tb");
        assert_eq!(escape_line("a\r\n\tb"), "a\\r\\n\\tb");
    }

    #[test]
    fn no_code_point_gets_through_that_must_not() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}z");
            assert_safe(&escape_line(&text), false);
            assert_safe(&escape_payload(&text), true);
        }
    }

    #[test]
    fn no_random_bytes_get_through_in_any_chunking() {
        let mut rng = StdRng::seed_from_u64(7);
        for _ in 0..20_000 {
            let mut bytes = [0; 24];
            rng.fill_bytes(&mut bytes);
            let whole = escape_payload(&bytes);
            assert_safe(&whole, true);
            assert_eq!(escape_chunks(&bytes, 1 + usize::from(bytes[0] % 4)), whole);
        }
    }

    #[test]
    fn joins_a_character_split_between_chunks() {
        let text = "é€😀\u{202e}\u{e0041}.";
        for size in 1..5 {
            assert_eq!(escape_chunks(text.as_bytes(), size), escape_payload(text));
        }
    }

    #[test]
    fn spells_out_a_character_the_end_cut_off() {
        assert_eq!(escape_chunks(b"a\xf0\x9f\x98", 2), "a\\xf0\\x9f\\x98");
    }

    fn escape_chunks(bytes: &[u8], size: usize) -> String {
        let mut escaper = Escaper::new(Layout::Payload);
        let mut out = String::new();
        for chunk in bytes.chunks(size) {
            escaper.push(chunk, &mut out);
        }
        escaper.finish(&mut out);
        out
    }

    /// States the rule anew, so that a slip in `is_unsafe` is found.
    fn assert_safe(text: &str, is_payload: bool) {
        for c in text.chars() {
            let code = u32::from(c);
            let is_layout = is_payload && (c == '\n' || c == '\t');
            let is_forbidden = code < 0x20
                || (0x7f..=0x9f).contains(&code)
                || [0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff].contains(&code)
                || (0x202a..=0x202e).contains(&code)
                || (0x2066..=0x2069).contains(&code)
                || (0xe0000..=0xe007f).contains(&code);
            assert!(is_layout || !is_forbidden, "U+{code:04X} got through");
        }
    }
}
