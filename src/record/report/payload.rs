//! Payloads on a page: short ones on their row, longer ones folded, the longest cut.

use crate::proto::message::Kind;
use crate::render::html::Page;
use crate::render::payload::shown_len;
use crate::render::{Style, decode, hexdump, json, quantity};

/// Text up to this many bytes is on its row; about ten lines.
const INLINE: usize = 1 << 10;
/// JSON up to this many bytes is on its row as it came: it needs no layout to be read.
const INLINE_JSON: usize = 120;
const INLINE_BINARY: usize = 24;
/// The start of a folded payload, in bytes.
const PREVIEW: usize = 160;
/// Bytes of an element: browsers lay out one that is visible as a whole.
const PART: usize = 16 << 10;
/// The bytes of a hexdump for each byte dumped, about.
const DUMPED: usize = 4;

/// Writes a payload, of which at most `limit` bytes are shown; `source` has the rest.
pub(super) fn write(page: &mut Page, kind: Kind, payload: &[u8], limit: usize, source: &str) {
    match kind {
        Kind::Text => text(page, payload, limit, source),
        Kind::Binary => binary(page, payload, limit, source),
    }
}

fn text(page: &mut Page, payload: &[u8], limit: usize, source: &str) {
    let is_short = payload.len() <= limit.min(INLINE);
    if is_short && payload.len() <= INLINE_JSON {
        page.payload(payload);
        return;
    }
    let laid_out = (payload.len() <= limit)
        .then(|| std::str::from_utf8(payload).ok())
        .flatten()
        .and_then(|text| json::pretty(text, Style::PLAIN, 0));
    match laid_out {
        Some(laid_out) => folded(page, payload, &[laid_out.as_bytes()]),
        None if is_short => {
            page.payload(payload);
        }
        None => folded(page, payload, &[&payload[..shown_len(payload, limit)]]),
    }
    rest(page, payload.len(), shown_len(payload, limit), source);
}

fn binary(page: &mut Page, payload: &[u8], limit: usize, source: &str) {
    let decoded = decode::laid_out(payload);
    if payload.len() <= INLINE_BINARY && decoded.is_none() {
        page.line(spaced(payload));
        return;
    }
    let limit = (limit / DUMPED).max(INLINE_BINARY).min(payload.len());
    let dump = hexdump::hexdump(&payload[..limit], Style::PLAIN, limit);
    if let Some((format, value)) = decoded {
        page.tag("<em>").line(format).tag("</em> ");
        let is_short = value.len() <= PREVIEW && !value.contains('\n');
        let both = [value.as_bytes(), dump.as_bytes()];
        folded(page, value.as_bytes(), &both[usize::from(is_short)..]);
    } else {
        // Three characters for each byte.
        let end = limit.min(PREVIEW / 3);
        let more = if end < payload.len() { " …" } else { "" };
        let start = spaced(&payload[..end]) + more;
        folded(page, start.as_bytes(), &[dump.as_bytes()]);
    }
    rest(page, payload.len(), limit, source);
}

/// `de ad be ef`
fn spaced(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// The start of a text, and what it unfolds to.
fn folded(page: &mut Page, start: &[u8], texts: &[&[u8]]) {
    let end = shown_len(start, PREVIEW);
    page.tag("<details><summary>").line(&start[..end]);
    if end < start.len() {
        page.tag(" …");
    }
    page.tag("</summary>");
    for text in texts {
        let mut rest = *text;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(part(rest));
            // A parser drops a newline at the start of this element.
            page.tag("<pre>\n").payload(part).tag("</pre>");
            rest = after;
        }
    }
    page.tag("</details>");
}

/// The length of the next part: it ends with a line, if it has one.
fn part(text: &[u8]) -> usize {
    if text.len() <= PART {
        return text.len();
    }
    let line = text[..PART].iter().rposition(|byte| *byte == b'\n');
    line.map_or_else(|| shown_len(text, PART), |at| at + 1)
}

fn rest(page: &mut Page, len: usize, shown: usize, source: &str) {
    if shown < len {
        let left = quantity::size((len - shown) as u64);
        page.tag(" <em>… ")
            .line(left)
            .tag(" more in ")
            .line(source)
            .tag("</em>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(kind: Kind, payload: &[u8], limit: usize) -> String {
        let mut page = Page::new("");
        page.take();
        write(&mut page, kind, payload, limit, "a.jsonl, line 7");
        page.take()
    }

    fn text(html: &str) -> String {
        let parts = html.split("<pre>\n").skip(1);
        let parts = parts.filter_map(|part| part.split_once("</pre>"));
        parts.map(|(text, _)| text).collect()
    }

    #[test]
    fn short_payloads_are_on_their_row() {
        assert_eq!(html(Kind::Text, b"{\"a\":1}", 999), "{&quot;a&quot;:1}");
        assert_eq!(html(Kind::Binary, b"\xde\xad", 999), "de ad");
    }

    #[test]
    fn a_long_text_is_whole_in_parts_that_are_not_too_long() {
        for payload in ["é".repeat(100_000), "a\n\n".repeat(100_000)] {
            let html = html(Kind::Text, payload.as_bytes(), 1 << 20);
            assert!(text(&html) == payload);
            assert!(html.split("<pre>\n").all(|part| part.len() < PART + 500));
            assert!(!html.contains("more in"));
        }
    }

    #[test]
    fn what_is_cut_says_where_the_rest_is() {
        let html = html(Kind::Text, &b"x".repeat(5_000), 4096);
        assert_eq!(text(&html).len(), 4096);
        assert!(
            html.ends_with("<em>… 904 B more in a.jsonl, line 7</em>"),
            "{html}"
        );
    }

    #[test]
    fn json_and_binary_formats_are_laid_out() {
        let value = format!("{{\"a\":\"{}\",\"b\":[1]}}", "x".repeat(200));
        let html_of_text = html(Kind::Text, value.as_bytes(), 999);
        assert!(
            text(&html_of_text).contains("\n  &quot;b&quot;: [1]"),
            "{html_of_text}"
        );
        let bytes: Vec<u8> = (0..35).collect();
        assert!(html(Kind::Binary, &bytes, 999).contains(" 21 22</summary>"));
        let html = html(Kind::Binary, b"\x81\xa1a\x01", 999);
        assert!(html.contains("looks like MessagePack"), "{html}");
        assert!(html.contains("00000000  81 a1 61 01"), "{html}");
    }
}
