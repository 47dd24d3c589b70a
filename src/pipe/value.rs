//! Boundaries between the JSON values of a stream.

use std::ops::Range;

/// Finds the values of a stream that arrives in pieces, looking at each byte once.
///
/// It only counts brackets and quotes; whether a value is valid JSON is checked later.
#[derive(Debug, Default)]
pub(super) struct Values {
    at: usize,
    start: Option<usize>,
    depth: usize,
    inside: Inside,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    #[default]
    Nothing,
    Bare,
    String,
    Escape,
}

impl Values {
    /// The next value in `filled`, which extends the input of the last call; a value that reaches the
    /// end of `filled` is complete only if the input has `ended`.
    #[inline(never)]
    pub(super) fn next(&mut self, filled: &[u8], ended: bool) -> Option<Range<usize>> {
        while let Some(&byte) = filled.get(self.at) {
            if let Some(end) = self.take(byte) {
                return self.finish(end);
            }
            self.at += 1;
        }
        if ended { self.finish(self.at) } else { None }
    }

    fn take(&mut self, byte: u8) -> Option<usize> {
        if self.start.is_none() && !byte.is_ascii_whitespace() {
            self.start = Some(self.at);
        }
        match (self.inside, byte) {
            (Inside::String, b'\\') => self.inside = Inside::Escape,
            (Inside::String, b'"') => {
                self.inside = Inside::Nothing;
                return self.end_if_outside(self.at + 1);
            }
            (Inside::String, _) => {}
            // A delimiter after a bare top-level value starts the next one.
            (Inside::Bare, b'"' | b'[' | b'{') if self.depth == 0 => return Some(self.at),
            (Inside::Escape, _) | (_, b'"') => self.inside = Inside::String,
            (_, b'[' | b'{') => {
                self.inside = Inside::Nothing;
                self.depth += 1;
            }
            (_, b']' | b'}') => {
                self.inside = Inside::Nothing;
                self.depth = self.depth.saturating_sub(1);
                return self.end_if_outside(self.at + 1);
            }
            (Inside::Bare, byte) if byte.is_ascii_whitespace() => {
                self.inside = Inside::Nothing;
                return self.end_if_outside(self.at);
            }
            (Inside::Nothing, byte) if !byte.is_ascii_whitespace() => self.inside = Inside::Bare,
            _ => {}
        }
        None
    }

    fn end_if_outside(&self, end: usize) -> Option<usize> {
        (self.depth == 0).then_some(end)
    }

    fn finish(&mut self, end: usize) -> Option<Range<usize>> {
        let start = std::mem::take(self).start?;
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `text`, which comes in pieces of `size` bytes.
    fn values(text: &str, size: usize) -> Vec<String> {
        let mut values = Values::default();
        let mut found = Vec::new();
        let (mut used, mut end) = (0, 0);
        loop {
            let ended = end == text.len();
            let filled = &text.as_bytes()[used..end];
            match values.next(filled, ended) {
                Some(range) => {
                    found.push(text[used + range.start..used + range.end].to_owned());
                    used += range.end;
                }
                None if ended => return found,
                None => end = text.len().min(end + size),
            }
        }
    }

    #[test]
    fn splits_after_each_value_in_pieces_of_any_size() {
        let text = "{\"a\":\"}\\\"]\"}[1,\n[2]] \"s\\\\\"\ttrue 17\n-1.5e3{} null\"x\"[]9";
        let expected = [
            r#"{"a":"}\"]"}"#,
            "[1,\n[2]]",
            r#""s\\""#,
            "true",
            "17",
            "-1.5e3",
            "{}",
            "null",
            "\"x\"",
            "[]",
            "9",
        ];
        for size in 1..=text.len() {
            assert_eq!(values(text, size), expected, "{size}");
        }
    }

    #[test]
    fn malformed_text_is_a_value_so_that_it_is_reported() {
        assert_eq!(values(" {\"a\": ", 3), ["{\"a\": "]);
        assert_eq!(values("]1", 1), ["]", "1"]);
        assert_eq!(values("a,b c", 2), ["a,b", "c"]);
        assert_eq!(values(" \n\t ", 1), [""; 0]);
    }
}
