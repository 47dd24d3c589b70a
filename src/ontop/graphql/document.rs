//! What is asked for: a GraphQL document as it is typed, or JSON with its variables.

use serde_json::{Value, json};

use crate::ontop::SayError;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl OperationKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// An operation to run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub kind: OperationKind,
    /// `query`, `variables`, `operationName`, `extensions`.
    pub payload: Value,
}

const FORMS: &str =
    "write a document such as { hello }, or JSON such as {\"query\":\"…\",\"variables\":{…}}";

/// Reads a document, perhaps with its variables after it, or JSON with both.
///
/// `usual` is the kind of a document without a keyword, `{ … }`.
pub(super) fn request(text: &str, usual: OperationKind) -> Result<Request, SayError> {
    let text = text.trim();
    if let Ok(Value::Object(payload)) = serde_json::from_str::<Value>(text) {
        let Some(query) = payload.get("query").and_then(Value::as_str) else {
            return Err(SayError::new("the JSON object has no query", FORMS));
        };
        // A server may end the session where these are something else.
        for name in ["variables", "extensions"] {
            let value = payload.get(name).unwrap_or(&Value::Null);
            if !value.is_object() && !value.is_null() {
                return Err(SayError::new(format!("{name} is no JSON object"), FORMS));
            }
        }
        let kind = kind(query).unwrap_or(OperationKind::Query);
        let payload = payload.into();
        return Ok(Request { kind, payload });
    }
    let (document, variables) = split(text)?;
    let found = kind(document);
    let mut query = document.to_owned();
    if document.starts_with('{') && usual == OperationKind::Subscription {
        query.insert_str(0, "subscription ");
    }
    let mut payload = json!({ "query": query });
    if let Some(variables) = variables {
        payload["variables"] = variables;
    }
    let kind = found.unwrap_or(usual);
    Ok(Request { kind, payload })
}

/// The keyword of the first operation; `None` for one without.
fn kind(document: &str) -> Option<OperationKind> {
    let mut depth = 0_usize;
    for (word, after) in tokens(document) {
        match word {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ if depth > 0 || after.starts_with(':') => {}
            "query" => return Some(OperationKind::Query),
            "mutation" => return Some(OperationKind::Mutation),
            "subscription" => return Some(OperationKind::Subscription),
            _ => {}
        }
    }
    None
}

/// A field that an operation selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub name: String,
    /// The name of its result.
    pub key: String,
}

/// The most fields of an operation that are looked at.
const FIELDS: usize = 100;

/// The kind of the first operation of a document, and the fields that it selects itself; `None` without one.
pub(super) fn operation(document: &str) -> Option<(OperationKind, Vec<Field>)> {
    let mut fields: Vec<Field> = Vec::new();
    let (mut depth, mut inner) = (0_usize, 0_usize);
    let (mut is_fragment, mut is_spread) = (false, false);
    let mut key = None;
    for (token, _) in tokens(document) {
        match token {
            // An object in arguments has braces as well.
            "(" | "[" => inner += 1,
            ")" | "]" => inner = inner.saturating_sub(1),
            _ if inner > 0 => {}
            "{" => depth += 1,
            "}" if depth == 1 && !is_fragment => break,
            "}" => {
                depth = depth.checked_sub(1)?;
                is_fragment &= depth > 0;
            }
            "fragment" if depth == 0 => is_fragment = true,
            _ if depth != 1 || is_fragment => {}
            "." => is_spread = true,
            // The type of an inline fragment follows.
            "on" if is_spread => {}
            ":" => key = fields.pop().map(|it| it.name),
            _ if is_spread => is_spread = false,
            name if name.starts_with(is_word) && !name.starts_with('@') => {
                if fields.len() >= FIELDS {
                    return None;
                }
                let name = name.to_owned();
                let key = key.take().unwrap_or_else(|| name.clone());
                fields.push(Field { name, key });
            }
            _ => {}
        }
    }
    let kind = kind(document).unwrap_or(OperationKind::Query);
    (!fields.is_empty()).then_some((kind, fields))
}

/// The document, and the JSON object of its variables if one follows.
fn split(text: &str) -> Result<(&str, Option<Value>), SayError> {
    let mut depth = 0_usize;
    let mut has_body = false;
    for (token, after) in tokens(text) {
        let at = text.len() - after.len() - token.len();
        match token {
            "{" if depth == 0 && has_body => {
                return match serde_json::from_str(&text[at..]) {
                    Ok(variables @ Value::Object(_)) => {
                        Ok((text[..at].trim_end(), Some(variables)))
                    }
                    _ => Err(SayError::new(
                        "what follows the document is no JSON object of variables",
                        FORMS,
                    )),
                };
            }
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                let Some(less) = depth.checked_sub(1) else {
                    let text = format!("the document has a {token} too many");
                    return Err(SayError::new(text, FORMS));
                };
                depth = less;
                has_body |= token == "}" && depth == 0;
            }
            // Another definition has a body of its own.
            _ if depth == 0 => has_body = false,
            _ => {}
        }
    }
    if depth > 0 {
        let text = "the document is incomplete: a bracket is not closed";
        return Err(SayError::new(text, "close its brackets and quotes"));
    }
    if !has_body {
        let text = if text.contains('{') {
            "what follows the document is neither a definition nor its variables"
        } else {
            "there is no GraphQL document"
        };
        return Err(SayError::new(text, FORMS));
    }
    Ok((text, None))
}

/// Words and brackets, without strings and comments, each with what follows it.
fn tokens(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            let first = rest.chars().next()?;
            let len = match first {
                '#' => {
                    let line = rest.find('\n').unwrap_or(rest.len());
                    rest = &rest[line..];
                    continue;
                }
                '"' => {
                    rest = &rest[string(rest)..];
                    continue;
                }
                c if is_word(c) => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            let (token, after) = rest.split_at(len);
            rest = after;
            return Some((token, after));
        }
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '@'
}

/// The length of the string at the start: `"…"` or `"""…"""`.
fn string(text: &str) -> usize {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        return block.find("\"\"\"").map_or(text.len(), |end| 3 + end + 3);
    }
    let mut is_escaped = false;
    let end = text[1..].find(|c: char| {
        let ends = !is_escaped && (c == '"' || c == '\n');
        is_escaped = !is_escaped && c == '\\';
        ends
    });
    end.map_or(text.len(), |end| 1 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use OperationKind::{Mutation, Query, Subscription};

    #[test]
    fn a_document_is_read_with_what_follows_it() {
        let query = |query: &str| json!({ "query": query });
        let with = |query: &str| json!({"query": query, "variables": {"id": "}"}});
        let named = "query Q($id: ID!) { user(id: $id) { name } }";
        let fragment = "query Q { ...F } fragment F on Query { hello }";
        for (text, usual, kind, payload) in [
            ("{ hello }", Query, Query, query("{ hello }")),
            (
                " { ticks }",
                Subscription,
                Subscription,
                query("subscription { ticks }"),
            ),
            ("mutation { a }", Query, Mutation, query("mutation { a }")),
            (
                "# query\nsubscription S { mutation: a(x: \"{\") }",
                Query,
                Subscription,
                query("# query\nsubscription S { mutation: a(x: \"{\") }"),
            ),
            (fragment, Query, Query, query(fragment)),
            (
                "query Q($id: ID!) { user(id: $id) { name } } {\"id\":\"}\"}",
                Query,
                Query,
                with(named),
            ),
            (
                "{\"query\":\"subscription { a }\",\"operationName\":null}",
                Query,
                Subscription,
                json!({"query": "subscription { a }", "operationName": null}),
            ),
        ] {
            let expected = Request { kind, payload };
            assert_eq!(request(text, usual), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_fields_of_an_operation_are_those_that_it_selects_itself() {
        let listed = |document: &str| {
            let (kind, fields) = operation(document)?;
            let fields = fields.iter().map(|it| format!("{}:{}", it.key, it.name));
            Some((kind, fields.collect::<Vec<_>>().join(" ")))
        };
        for (document, kind, fields) in [
            ("{ hello }", Query, "hello:hello"),
            (
                "mutation M { a: b(x: {c: 1}) { d } e }",
                Mutation,
                "a:b e:e",
            ),
            (
                "fragment F on Q { x } subscription S($i: [Int!]) @live { ...F ticks(i: $i) @a { at } }",
                Subscription,
                "ticks:ticks",
            ),
            ("{ ... on Q { x } y }", Query, "y:y"),
        ] {
            assert_eq!(
                listed(document),
                Some((kind, fields.to_owned())),
                "{document}"
            );
        }
        for document in ["", "hello", "}", "{ }", "{ ...F }"] {
            assert_eq!(operation(document), None, "{document}");
        }
        let many = format!("{{ {} }}", "a ".repeat(FIELDS + 1));
        assert_eq!(operation(&many), None);
    }

    #[test]
    fn what_is_no_document_says_why() {
        for (text, why) in [
            ("", "there is no GraphQL document"),
            ("hello", "there is no GraphQL document"),
            ("{ a", "a bracket is not closed"),
            ("{ a } }", "a } too many"),
            ("{ a } x", "neither a definition nor its variables"),
            ("{ a } { b }", "no JSON object of variables"),
            ("{\"a\":1}", "the JSON object has no query"),
        ] {
            let error = request(text, Query).expect_err(text);
            assert!(error.text.contains(why), "{text}: {error:?}");
        }
    }
}
