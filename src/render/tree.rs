//! JSON as a tree whose containers fold.

use std::fmt::Write;

use super::json;
use super::layout::{Brackets, Shape, Value};

/// Longer texts, in bytes, are no trees: a line for each token takes many times the memory.
const MAX_LEN: usize = 4 << 20;

/// A line of a tree that is open everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeLine {
    pub depth: usize,
    /// Escaped, without its indentation.
    pub text: String,
    /// The lines that fold into this one, without its own, and what it says then.
    pub fold: Option<(usize, String)>,
}

/// The lines of a JSON object or array; `None` if `text` is anything else, or too long.
pub fn tree(text: &str) -> Option<Vec<TreeLine>> {
    let value = json::parse_within(text, MAX_LEN)?;
    let mut lines = Vec::new();
    push(&mut lines, &value, "", 0, "");
    Some(lines)
}

fn push(lines: &mut Vec<TreeLine>, value: &Value<'_>, name: &str, depth: usize, comma: &str) {
    let (brackets, members) = match &value.shape {
        Shape::Scalar(scalar) => {
            let text = format!("{name}{}{comma}", scalar.text);
            return lines.push(TreeLine {
                depth,
                text,
                fold: None,
            });
        }
        Shape::Container(brackets, members) => (*brackets, members),
    };
    let (open, close) = brackets.pair();
    if members.is_empty() {
        let text = format!("{name}{open}{close}{comma}");
        return lines.push(TreeLine {
            depth,
            text,
            fold: None,
        });
    }
    let start = lines.len();
    lines.push(TreeLine {
        depth,
        text: format!("{name}{open}"),
        fold: None,
    });
    for (at, member) in members.iter().enumerate() {
        let comma = if at + 1 < members.len() { "," } else { "" };
        let mut name = String::new();
        if let Some(scalar) = &member.name {
            let _ = write!(name, "{}: ", scalar.text);
        }
        push(lines, &member.value, &name, depth + 1, comma);
    }
    lines.push(TreeLine {
        depth,
        text: format!("{close}{comma}"),
        fold: None,
    });
    let what = match (brackets, members.len()) {
        (Brackets::Object, 1) => "1 key".to_owned(),
        (Brackets::Object, count) => format!("{count} keys"),
        (Brackets::Array, 1) => "1 item".to_owned(),
        (Brackets::Array, count) => format!("{count} items"),
    };
    let folded = format!("{name}{open} … {what} {close}{comma}");
    lines[start].fold = Some((lines.len() - start - 1, folded));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_know_what_folds_into_them() {
        let lines = tree(r#"{"a":[1,{"b":"\u001b"}],"c":{}}"#).expect("a tree");
        let shown: Vec<String> = lines
            .iter()
            .map(|line| format!("{}{}", " ".repeat(line.depth), line.text))
            .collect();
        let expected = [
            "{",
            " \"a\": [",
            "  1,",
            "  {",
            "   \"b\": \"\\u001b\"",
            "  }",
            " ],",
            " \"c\": {}",
            "}",
        ];
        assert_eq!(shown, expected);
        assert_eq!(lines[0].fold, Some((8, "{ … 2 keys }".to_owned())));
        assert_eq!(lines[1].fold, Some((5, "\"a\": [ … 2 items ],".to_owned())));
        assert_eq!(lines[3].fold, Some((2, "{ … 1 key }".to_owned())));
        assert_eq!(tree("1"), None);
    }
}
