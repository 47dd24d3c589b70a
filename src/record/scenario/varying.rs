//! JSON to expect again, in which what changes from run to run is `"*"`.

use crate::filter::Subset;
use crate::render::escape::{Layout, escape};

const ANY: &str = "\"*\"";

/// The pattern for a JSON object or array; `None` if the text is none, or cannot be written.
///
/// Everything else stays as it was sent: order, blanks and the digits of numbers.
pub(super) fn pattern(text: &str) -> Option<String> {
    let is_container = text.trim_start().starts_with(['{', '[']);
    let is_clean = || escape(text.as_bytes(), Layout::Payload) == text;
    if !is_container || !is_clean() || serde_json::from_str::<serde_json::Value>(text).is_err() {
        return None;
    }
    let pattern = replaced(text.trim());
    Subset::parse(&pattern).is_ok().then_some(pattern)
}

/// `text` is valid JSON.
fn replaced(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (token, after) = rest.split_at(token_len(rest));
        let is_key = after.trim_start().starts_with(':');
        let varies = match token.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
            Some(inside) => is_random(inside) || is_time(inside),
            None => is_timestamp(token),
        };
        out.push_str(if varies && !is_key { ANY } else { token });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The length of the string or number that the text begins with.
fn token_len(text: &str) -> usize {
    if !text.starts_with('"') {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        return text.find(|c| !is_part(c)).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A UUID, a ULID, or another long word of letters and digits, as generated identifiers are.
fn is_random(text: &str) -> bool {
    const SHORTEST: usize = 16;
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    text.len() >= SHORTEST && text.chars().all(is_word) && digits >= 2 && letters >= 2
}

/// A time as in RFC 3339, with or without an offset: 2026-11-28T17:00:00.
fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .take(19)
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    matches!(
        shape.as_str(),
        "0000-00-00T00:00:00" | "0000-00-00 00:00:00"
    )
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, of the years 2017 to 2033.
fn is_timestamp(number: &str) -> bool {
    let whole = number.split('.').next().unwrap_or_default();
    let is_now = |head: &str| head.parse().is_ok_and(|it: u32| (15..20).contains(&it));
    matches!(whole.len(), 10 | 13 | 16 | 19)
        && whole.bytes().all(|byte| byte.is_ascii_digit())
        && is_now(&whole[..2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_times_match_anything() {
        for (text, expected) in [
            (
                r#"{"id":"0d5cf1a4-2b5f-4d5c-8f63-7c1f6b1f3f70","op":"hi"}"#,
                r#"{"id":"*","op":"hi"}"#,
            ),
            (r#"{ "sid": "lv_VI97HAXpY6yYWAAAB" }"#, r#"{ "sid": "*" }"#),
            (r#"{"at":"2026-11-28T17:00:00.123Z"}"#, r#"{"at":"*"}"#),
            (r#"{"ts":1795865639.1263885,"n":1}"#, r#"{"ts":"*","n":1}"#),
            ("[1795865639126, -1, 2.50]", r#"["*", -1, 2.50]"#),
            (
                r#"{"a":"say \"hi\"","price":1000000000}"#,
                r#"{"a":"say \"hi\"","price":1000000000}"#,
            ),
            (
                r#"{"0d5cf1a4-2b5f-4d5c-8f63-7c1f6b1f3f70":1}"#,
                r#"{"0d5cf1a4-2b5f-4d5c-8f63-7c1f6b1f3f70":1}"#,
            ),
            (
                r#"{"text":"subscription_error","t":true}"#,
                r#"{"text":"subscription_error","t":true}"#,
            ),
        ] {
            assert_eq!(pattern(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_pattern() {
        for text in [
            "hi",
            "42",
            "\"hi\"",
            "{",
            "[1,]",
            "{\"a\":\"\u{202e}\"}",
            "",
        ] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }
}
