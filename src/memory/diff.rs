//! How two messages differ: JSON by value, text and bytes at the first difference.

use super::Entry;
use crate::filter::Json;
use crate::proto::message::Kind;
use crate::render::difference;
use crate::render::escape::escape_line;

const WORDS: difference::Words = ("first", "second");
/// Differences listed.
const LISTED: usize = 100;

/// A line for each difference, escaped; none if the two are the same.
pub fn differences(one: &Entry, other: &Entry) -> Vec<String> {
    if one.payload == other.payload && one.kind == other.kind {
        return Vec::new();
    }
    let (first, second) = (value(one), value(other));
    if let (Ok(first), Ok(second)) = (Json::read(first), Json::read(second)) {
        let mut places = first.compare(&second, WORDS).places;
        let left = places.len().saturating_sub(LISTED);
        places.truncate(LISTED);
        let lines = places.iter().map(|place| escape_line(place).into_owned());
        let more = (left > 0).then(|| format!("… and {left} more"));
        return lines.chain(more).collect();
    }
    let kinds = (one.kind != other.kind)
        .then(|| format!("{} is {}, {} is {}", WORDS.0, one.kind, WORDS.1, other.kind));
    let payloads = match (str::from_utf8(&one.payload), str::from_utf8(&other.payload)) {
        _ if one.payload == other.payload => Vec::new(),
        (Ok(first), Ok(second)) if one.kind == Kind::Text && other.kind == Kind::Text => {
            difference::texts(WORDS, first, second)
        }
        _ => vec![difference::bytes(WORDS, &one.payload, &other.payload)],
    };
    kinds.into_iter().chain(payloads).collect()
}

/// What is compared as JSON: what filters see.
fn value(entry: &Entry) -> &[u8] {
    entry.values().next().unwrap_or(&entry.payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, payload: &[u8]) -> Entry {
        Entry::of(1, kind, payload)
    }

    fn texts(one: &str, other: &str) -> Vec<String> {
        let entry = |text: &str| entry(Kind::Text, text.as_bytes());
        differences(&entry(one), &entry(other))
    }

    #[test]
    fn json_is_compared_by_value() {
        assert!(texts(r#"{"a":1,"b":2}"#, r#"{"b": 2.0, "a": 1}"#).is_empty());
        assert_eq!(
            texts(r#"{"a":1,"b":"\u001b"}"#, r#"{"a":2,"b":"x"}"#),
            [
                ".a: first 1, second 2",
                ".b: first \"\\u001b\", second \"x\""
            ]
        );
    }

    #[test]
    fn text_and_bytes_are_compared_up_to_the_first_difference() {
        assert_eq!(
            texts("hello", "hallo"),
            ["first  hello", "second hallo", "        ^"]
        );
        let bytes = differences(&entry(Kind::Binary, b"ab"), &entry(Kind::Binary, b"a"));
        assert_eq!(bytes, ["byte 2: first 62, second the end"]);
        let kinds = differences(&entry(Kind::Text, b"a"), &entry(Kind::Binary, b"a"));
        assert_eq!(kinds, ["first is text, second is binary"]);
    }
}
