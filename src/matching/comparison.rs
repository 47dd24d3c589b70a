//! The values that a jq filter compares, for a report that says more than "false".

use crate::filter::Jq;

/// The longest value that is shown, in bytes.
const LONGEST: usize = 200;

/// What each side of the comparisons in a filter is for a message, a line each: `.price is 101.0`.
///
/// Literals are left out. A filter without a comparison, or with one inside of brackets, has none.
pub(super) fn sides(filter: &str, payload: &[u8]) -> Vec<String> {
    let pipe = split_last(filter, "|");
    let (before, condition) = pipe.unwrap_or(("", filter));
    let mut lines = Vec::new();
    for part in split_words(condition) {
        let Some((left, right)) = comparison(part) else {
            continue;
        };
        for side in [left.trim(), right.trim()] {
            let is_literal = serde_json::from_str::<serde_json::Value>(side).is_ok();
            let line = if is_literal {
                None
            } else {
                value(before, side, payload)
            };
            lines.extend(line.filter(|line| !lines.contains(line)));
        }
    }
    lines
}

fn value(before: &str, side: &str, payload: &[u8]) -> Option<String> {
    let filter = if before.is_empty() {
        side.to_owned()
    } else {
        format!("{} | {side}", before.trim())
    };
    let output = Jq::compile(&filter).ok()?.run(payload).ok()?.next()?.ok()?;
    let value = crate::text::cut(&output.json(), LONGEST);
    Some(format!("{filter} is {value}"))
}

/// Longer ones first: `<` is also the start of `<=`.
const OPERATORS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

fn comparison(text: &str) -> Option<(&str, &str)> {
    let mut top = top_level(text);
    let at = top.find(|at| OPERATORS.iter().any(|it| text[*at..].starts_with(it)))?;
    let operator = OPERATORS.iter().find(|it| text[at..].starts_with(*it))?;
    Some((&text[..at], &text[at + operator.len()..]))
}

/// Splits at `and` and `or`.
fn split_words(text: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for at in top_level(text) {
        for word in [" and ", " or "] {
            if at >= from && text[at..].starts_with(word) {
                parts.push(&text[from..at]);
                from = at + word.len();
            }
        }
    }
    parts.push(&text[from..]);
    parts
}

fn split_last<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    let at = top_level(text)
        .filter(|at| text[*at..].starts_with(separator) && !text[*at..].starts_with("|="))
        .last()?;
    Some((&text[..at], &text[at + separator.len()..]))
}

/// The offsets of characters outside of quotes and brackets.
fn top_level(text: &str) -> impl Iterator<Item = usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    text.char_indices().filter_map(move |(at, c)| {
        if quoted {
            (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
            return None;
        }
        match c {
            '"' => quoted = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => return Some(at),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_of_a_comparison_is_evaluated() {
        let message = br#"{"price":101.0,"max":9,"tags":["a"],"s":"x < y"}"#;
        for (filter, lines) in [
            (".price > 200", &[".price is 101.0"][..]),
            ("200 < .price", &[".price is 101.0"]),
            (".price <= .max", &[".price is 101.0", ".max is 9"]),
            (
                ".price > 200 and .max == 9",
                &[".price is 101.0", ".max is 9"],
            ),
            (".tags | length > 3", &[".tags | length is 1"]),
            (".s == \"a > b\"", &[".s is \"x < y\""]),
            (".nothing == 1", &[".nothing is null"]),
            ("(.price > 200)", &[]),
            (".price", &[]),
            ("any(.tags[]; . == \"b\")", &[]),
            ("", &[]),
            ("é == \"", &[]),
        ] {
            assert_eq!(sides(filter, message), lines, "{filter}");
        }
    }
}
