//! Nothing that controls a terminal gets through, however it is split.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::render::Style;
use wsee::render::escape::{Escaper, Layout, escape};
use wsee::render::hexdump::hexdump;
use wsee::render::json::pretty;

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    is_safe(&escape(bytes, Layout::Line), "");
    let payload = escape(bytes, Layout::Payload);
    is_safe(&payload, "\n\t");
    let mut escaper = Escaper::new(Layout::Payload);
    let mut pieces = String::new();
    for piece in bytes.chunks(1 + usize::from(size)) {
        escaper.push(piece, &mut pieces);
    }
    escaper.finish(&mut pieces);
    assert_eq!(payload, pieces);
    is_safe(&hexdump(bytes, Style::new(false), 1 << 10), "\n");
    if let Ok(text) = str::from_utf8(bytes)
        && let Some(view) = pretty(text, Style::new(false), 2)
    {
        is_safe(&view, "\n");
    }
});

fn is_safe(text: &str, allowed: &str) {
    for c in text.chars().filter(|&c| !allowed.contains(c)) {
        let is_control = matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}');
        let is_bidi = matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_line_break = matches!(c, '\u{2028}' | '\u{2029}');
        assert!(
            !is_control && !is_bidi && !is_line_break,
            "{c:?} got through"
        );
    }
}
