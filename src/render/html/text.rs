//! Text that cannot become markup, and in which nothing is invisible.

use super::Page;
use crate::render::escape::{Layout, escape_into};

pub(super) fn push(page: &mut Page, bytes: &[u8], layout: Layout) {
    for chunk in bytes.utf8_chunks() {
        valid(page, chunk.valid(), layout);
        marked(page, chunk.invalid(), layout);
    }
}

fn valid(page: &mut Page, text: &str, layout: Layout) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| entity(c).is_some() || layout.escapes(c)) {
        let (clean, from) = rest.split_at(at);
        page.out.push_str(clean);
        rest = from;
        let first = from.chars().next().unwrap_or_default();
        if let Some(entity) = entity(first) {
            page.out.push_str(entity);
            rest = &rest[first.len_utf8()..];
        } else {
            let end = rest.find(|c| !layout.escapes(c)).unwrap_or(rest.len());
            marked(page, &rest.as_bytes()[..end], layout);
            rest = &rest[end..];
        }
    }
    page.out.push_str(rest);
}

fn marked(page: &mut Page, bytes: &[u8], layout: Layout) {
    if bytes.is_empty() {
        return;
    }
    let is_marked = page.marks > 0;
    page.marks = page.marks.saturating_sub(1);
    page.out.push_str(if is_marked { "<mark>" } else { "" });
    escape_into(&mut page.out, bytes, layout);
    page.out.push_str(if is_marked { "</mark>" } else { "" });
}

fn entity(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::html::MARKS;

    fn page() -> Page {
        let mut page = Page::new("");
        page.take();
        page
    }

    fn html(text: impl AsRef<[u8]>) -> String {
        page().payload(text).take()
    }

    #[test]
    fn no_character_can_be_markup_or_is_invisible() {
        let mut all = page();
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let html = all.payload(&text).take();
            let inside = html.replace("<mark>", "").replace("</mark>", "");
            assert!(!inside.contains(['<', '>', '"', '\'']), "{html}");
            assert!(inside == text || inside.is_ascii(), "{html}");
            assert!(!inside.contains('\r') && !inside.contains('\0'));
        }
    }

    #[test]
    fn escapes_are_marked_and_literal_text_is_not() {
        assert_eq!(html("\\x1b \x1b[2J"), "\\x1b <mark>\\x1b</mark>[2J");
        assert_eq!(html(b"a\xff\n\tb"), "a<mark>\\xff</mark>\n\tb");
        assert_eq!(
            html("\u{202e}\u{202d}<"),
            "<mark>\\u{202e}\\u{202d}</mark>&lt;"
        );
    }

    #[test]
    fn a_flood_of_controls_does_not_become_a_flood_of_elements() {
        let html = html("a\x1b".repeat(100_000));
        assert_eq!(html.matches("<mark>").count(), MARKS as usize);
        assert_eq!(html.matches("\\x1b").count(), 100_000);
    }
}
