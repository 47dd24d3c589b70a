//! JSON that contains other JSON.

use jaq_json::Val;

use super::compare::{Difference, Terms, compare};
use super::{ReadError, read};

/// Of an object only the keys that are listed count. An array must have these items and no others,
/// unless the string `"..."` stands in it for any number of items. The string `"*"` stands for any
/// value. Numbers are compared by value.
#[derive(Debug, Clone, PartialEq)]
pub struct Subset(Val);

impl Subset {
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        read::value(text.as_bytes()).map(Self)
    }

    pub fn compare(&self, message: &[u8]) -> Result<Difference, ReadError> {
        let found = read::value(message)?;
        Ok(compare(Terms::SUBSET, &self.0, &found))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Json(Val);

impl Json {
    pub fn read(text: &[u8]) -> Result<Self, ReadError> {
        read::value(text).map(Self)
    }

    /// What is not the same in `other`; the words say what the two are called.
    pub fn compare(&self, other: &Self, words: (&'static str, &'static str)) -> Difference {
        compare(Terms::same(words.0, words.1), &self.0, &other.0)
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
                ".b[\"c d\"]: expected 2, missing"
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
    fn of_two_that_should_be_the_same_every_key_counts_and_every_string_means_itself() {
        let read = |text: &str| Json::read(text.as_bytes()).unwrap();
        let places = |one, other| read(one).compare(&read(other), ("old", "new")).places;
        assert_eq!(
            places(r#"{"a":1,"b":[1,{}]}"#, r#" {"b":[1.0,{}],"a":1} "#),
            [""; 0]
        );
        assert_eq!(
            places(r#"{"a":1,"c":3}"#, r#"{"a":2,"b":[]}"#),
            [
                ".a: old 1, new 2",
                ".c: old 3, new nothing",
                ".b: old nothing, new []"
            ]
        );
        assert_eq!(places(r#"["*"]"#, "[1]"), [".[0]: old \"*\", new 1"]);
        assert_eq!(
            places(r#"["..."]"#, "[]"),
            [".: old length 1, new length 0"]
        );
    }

    #[test]
    fn equal_elements_are_counted() {
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
