//! Marks where two messages differ.

use super::escape::escape_line;

pub type Words = (&'static str, &'static str);

/// Characters shown before the first difference.
const BEFORE: usize = 30;
/// Characters shown of a text: a line of a terminal.
const SHOWN: usize = 72;

/// Both texts on a line each, cut around their first difference, with a mark below it; all escaped.
pub fn texts(words: Words, one: &str, other: &str) -> Vec<String> {
    let same = one
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let start = same.saturating_sub(BEFORE);
    let window = |text: &str| {
        let mut rest = text.chars().skip(start);
        let shown: String = rest.by_ref().take(SHOWN).collect();
        let begin = if start > 0 { "…" } else { "" };
        let end = if rest.next().is_some() { "…" } else { "" };
        format!("{begin}{}{end}", escape_line(&shown))
    };
    let common: String = one.chars().skip(start).take(same - start).collect();
    let column = escape_line(&common).chars().count() + usize::from(start > 0);
    let width = words.0.len().max(words.1.len());
    vec![
        format!("{:width$} {}", words.0, window(one)),
        format!("{:width$} {}", words.1, window(other)),
        format!("{:width$} {:column$}^", "", ""),
    ]
}

pub fn bytes(words: Words, one: &[u8], other: &[u8]) -> String {
    let same = same_bytes(one, other);
    let byte = |bytes: &[u8]| match bytes.get(same) {
        Some(byte) => format!("{byte:02x}"),
        None => "the end".to_owned(),
    };
    let (first, second) = (byte(one), byte(other));
    format!(
        "byte {}: {} {first}, {} {second}",
        same + 1,
        words.0,
        words.1
    )
}

pub fn same_bytes(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(a, b)| a == b).count()
}
