//! JSON that contains other JSON.

use std::fmt::Write;

use jaq_json::Val;

use super::{ReadError, read};

/// JSON values that a message must have.
///
/// Of an object only the keys that are listed count. An array must have these items and no others,
/// unless the string `"..."` stands in it for any number of items. The string `"*"` stands for any
/// value. Numbers are compared by value.
#[derive(Debug, Clone, PartialEq)]
pub struct Subset(Val);

/// How far a message is from what was expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What is not as expected, in words. Quotes the message, as it is.
    pub places: Vec<String>,
    /// Values that are as expected.
    pub same: usize,
}

/// Any value.
const ANY: &str = "*";
/// Any number of items.
const ITEMS: &str = "...";
/// Values are quoted up to this length, in characters.
const QUOTED: usize = 80;

impl Subset {
    /// Reads the expected JSON.
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        read::value(text.as_bytes()).map(Self)
    }

    /// What of the message is not as expected; nothing, if it matches.
    pub fn compare(&self, message: &[u8]) -> Result<Difference, ReadError> {
        let found = read::value(message)?;
        let mut difference = Difference::default();
        compare(&mut String::from("."), &self.0, &found, &mut difference);
        Ok(difference)
    }
}

impl Difference {
    /// Whether the message is as expected.
    pub fn is_none(&self) -> bool {
        self.places.is_empty()
    }

    fn add(&mut self, path: &str, text: &str) {
        self.places.push(format!("{path}: {text}"));
    }
}

fn compare(path: &mut String, expected: &Val, found: &Val, difference: &mut Difference) {
    match (expected, found) {
        (Val::TStr(text), _) if ***text == *ANY.as_bytes() => difference.same += 1,
        (Val::Obj(expected), Val::Obj(found)) => {
            for (key, expected) in expected.iter() {
                let length = path.len();
                push_key(path, key);
                match found.get(key) {
                    Some(found) => compare(path, expected, found, difference),
                    None => {
                        difference.add(path, &format!("expected {}, is missing", show(expected)));
                    }
                }
                path.truncate(length);
            }
        }
        (Val::Arr(expected), Val::Arr(found)) => {
            compare_items(path, expected, found, difference);
        }
        (expected, found) if expected == found => difference.same += 1,
        _ => difference.add(
            path,
            &format!("expected {}, found {}", show(expected), show(found)),
        ),
    }
}

fn compare_items(path: &mut String, expected: &[Val], found: &[Val], difference: &mut Difference) {
    let is_gap = |value: &Val| matches!(value, Val::TStr(text) if ***text == *ITEMS.as_bytes());
    if expected.iter().any(is_gap) {
        if fits(expected, found, &is_gap) {
            difference.same += expected.len();
        } else {
            let expected = show(&Val::Arr(expected.to_vec().into()));
            let found = show(&Val::Arr(found.to_vec().into()));
            difference.add(path, &format!("expected {expected}, found {found}"));
        }
        return;
    }
    if expected.len() != found.len() {
        let text = format!(
            "expected length {}, found length {}",
            expected.len(),
            found.len()
        );
        difference.add(path, &text);
    }
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let length = path.len();
        // Writing to a String cannot fail.
        let _ = write!(path, "[{index}]");
        compare(path, expected, found, difference);
        path.truncate(length);
    }
}

/// Whether the items can be shared out among the expected ones, with gaps taking any number.
///
/// As with `*` in the names of files it is enough to go back to the last gap.
fn fits(expected: &[Val], found: &[Val], is_gap: &impl Fn(&Val) -> bool) -> bool {
    let (mut at, mut item) = (0, 0);
    let mut last_gap: Option<(usize, usize)> = None;
    while item < found.len() {
        match expected.get(at) {
            Some(value) if is_gap(value) => {
                last_gap = Some((at, item));
                at += 1;
            }
            Some(value) if is_same(value, &found[item]) => {
                at += 1;
                item += 1;
            }
            _ => {
                let Some((gap, from)) = last_gap else {
                    return false;
                };
                last_gap = Some((gap, from + 1));
                (at, item) = (gap + 1, from + 1);
            }
        }
    }
    expected[at..].iter().all(is_gap)
}

fn is_same(expected: &Val, found: &Val) -> bool {
    let mut difference = Difference::default();
    compare(&mut String::new(), expected, found, &mut difference);
    difference.is_none()
}

/// `.key`, or `["a key"]`.
fn push_key(path: &mut String, key: &Val) {
    let literal = key.to_string();
    let name = literal.trim_matches('"');
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plain = !name.is_empty()
        && name.len() + 2 == literal.len()
        && name.chars().all(is_word)
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain {
        if !path.ends_with('.') {
            path.push('.');
        }
        path.push_str(name);
    } else {
        path.push('[');
        path.push_str(&literal);
        path.push(']');
    }
}

fn show(value: &Val) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn places(expected: &str, message: &str) -> Vec<String> {
        let subset = Subset::parse(expected).expect("a pattern");
        subset.compare(message.as_bytes()).expect("JSON").places
    }

    #[track_caller]
    fn matches(expected: &str, message: &str) -> bool {
        places(expected, message).is_empty()
    }

    #[test]
    fn only_listed_keys_count() {
        assert!(matches(r#"{"a":1}"#, r#"{"b":2,"a":1}"#));
        assert!(matches("{}", r#"{"b":2}"#));
        assert!(matches(r#"{"a":{"b":1}}"#, r#"{"a":{"b":1,"c":2}}"#));
        assert_eq!(
            places(r#"{"a":1,"b":{"c d":2}}"#, r#"{"a":2,"b":{}}"#),
            [
                ".a: expected 1, found 2",
                ".b[\"c d\"]: expected 2, is missing"
            ]
        );
        assert_eq!(places("{}", "[]"), [".: expected {}, found []"]);
    }

    #[test]
    fn an_array_is_exact_unless_it_has_a_gap() {
        assert!(matches("[1,{\"a\":1}]", "[1,{\"a\":1,\"b\":2}]"));
        assert_eq!(
            places("[1]", "[1,2]"),
            [".: expected length 1, found length 2"]
        );
        assert_eq!(places("[1,2]", "[1,3]"), [".[1]: expected 2, found 3"]);
        for (expected, message, is_match) in [
            (r#"["..."]"#, "[]", true),
            (r#"["...",3]"#, "[1,2,3]", true),
            (r#"[1,"..."]"#, "[1]", true),
            (r#"[1,"...",3,"...",5]"#, "[1,2,3,3,4,5]", true),
            (r#"["...",2,3]"#, "[2,2,3]", true),
            (r#"["...",3]"#, "[3,4]", false),
            (r#"[1,"..."]"#, "[]", false),
        ] {
            assert_eq!(matches(expected, message), is_match, "{expected} {message}");
        }
    }

    #[test]
    fn many_gaps_take_no_time() {
        let expected = format!("[{}1]", "\"...\",0,".repeat(30));
        let message = format!("[{}2]", "0,".repeat(20_000));
        assert!(!matches(&expected, &message));
    }

    #[test]
    fn a_star_is_any_value_but_not_a_missing_one() {
        assert!(matches(r#"{"a":"*"}"#, r#"{"a":null}"#));
        assert!(matches(r#"["*"]"#, "[[1]]"));
        assert!(!matches(r#"{"a":"*"}"#, "{}"));
        assert!(!matches(r#"{"a":"x*"}"#, r#"{"a":"xy"}"#));
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(matches("1", "1.0"));
        assert!(matches("100", "1e2"));
        assert!(!matches(
            "12345678901234567890123",
            "12345678901234567890124"
        ));
        assert!(!matches("1", "\"1\""));
    }

    #[test]
    fn what_is_the_same_is_counted() {
        let subset = Subset::parse(r#"{"a":1,"b":[2,3],"c":4}"#).unwrap();
        let difference = subset.compare(br#"{"a":1,"b":[2,0]}"#).unwrap();
        assert_eq!((difference.same, difference.places.len()), (2, 2));
    }

    #[test]
    fn long_values_are_cut() {
        let message = format!("{{\"a\":\"{}\"}}", "é".repeat(1000));
        let place = &places(r#"{"a":1}"#, &message)[0];
        assert!(
            place.ends_with('…') && place.chars().count() < 120,
            "{place}"
        );
    }
}
