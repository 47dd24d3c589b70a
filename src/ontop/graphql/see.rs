//! Messages as people and programs see them.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ontop::{Name, Seen};
use crate::render::quantity;
use crate::text::cut;

/// The most errors that a note quotes.
const QUOTED: usize = 3;
/// How much of the message of each it quotes, in bytes; all of it is on stdout.
const MESSAGE: usize = 300;
/// The same of the code that Apollo and others put into `extensions`.
const CODE: usize = 60;

pub(super) fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::Graphql, kind, label)
}

/// A result: number `count` of its operation.
pub(super) fn next(id: &str, title: &str, count: u64, payload: Value, after: Duration) -> Seen {
    let shown = match &payload {
        // Only the data: the errors are in the note, and nothing else is usual.
        Value::Object(object) if object.keys().all(|key| key == "data" || key == "errors") => {
            object.get("data").map(Value::to_string)
        }
        other => Some(other.to_string()),
    };
    let mut note = String::new();
    if count == 1 {
        note = format!("after {}", quantity::duration(after));
    }
    let failed = errors(&payload["errors"]);
    if !failed.is_empty() {
        let joint = if note.is_empty() { "" } else { ", " };
        note = format!("{note}{joint}with {failed}");
    }
    seen("next", format!("{title}, result {count}"))
        .with("id", id)
        .with("payload", payload.clone())
        .carrying(shown.unwrap_or_default())
        .noting(note)
        .printing(payload)
}

pub(super) fn error(id: &str, title: &str, payload: &Value) -> Seen {
    let shown = if is_quoted(payload) {
        String::new()
    } else {
        payload.to_string()
    };
    seen("error", format!("{title} failed"))
        .with("id", id)
        .with("payload", payload.clone())
        .carrying(shown)
        .noting(errors(payload))
        .printing(json!({ "errors": payload }))
}

/// Whether a note quotes all there is in the errors.
fn is_quoted(errors: &Value) -> bool {
    let is_known = |(name, value): (&String, &Value)| match name.as_str() {
        "message" => value.as_str().is_some_and(|it| it.len() <= MESSAGE),
        "locations" => value.as_array().is_some_and(|it| it.len() <= 1),
        "path" => true,
        "extensions" => value
            .as_object()
            .is_some_and(|it| it.keys().all(|key| key == "code")),
        _ => false,
    };
    errors.as_array().is_some_and(|errors| {
        let mut objects = errors.iter().map(Value::as_object);
        errors.len() <= QUOTED && objects.all(|it| it.is_some_and(|it| it.iter().all(is_known)))
    })
}

/// The messages of GraphQL errors, with their codes and their places in the document and in the result.
pub(super) fn errors(errors: &Value) -> String {
    let errors = match errors {
        Value::Array(errors) => errors.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    let mut text = String::new();
    for error in errors.iter().take(QUOTED) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        let message = error.get("message").and_then(Value::as_str);
        let _ = write!(text, "{:?}", cut(message.unwrap_or_default(), MESSAGE));
        if let Some(code) = error["extensions"]["code"].as_str() {
            let _ = write!(text, " ({})", cut(code, CODE));
        }
        let place = &error["locations"][0];
        if let (Some(line), Some(column)) = (place["line"].as_u64(), place["column"].as_u64()) {
            let _ = write!(text, " at {line}:{column}");
        }
        if let Some(path) = error["path"].as_array() {
            let path = path.iter().map(|it| match it {
                Value::String(name) => name.clone(),
                other => other.to_string(),
            });
            let _ = write!(text, " in {}", path.collect::<Vec<_>>().join("."));
        }
    }
    match errors.len() {
        0 => {}
        1 => text.insert_str(0, "error "),
        count => text.insert_str(0, &format!("{count} errors: ")),
    }
    if errors.len() > QUOTED {
        text.push_str(" …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_places() {
        let one = json!([{"message": "no \"x\"", "locations": [{"line": 1, "column": 3}], "path": ["a", 0]}]);
        assert_eq!(errors(&one), "error \"no \\\"x\\\"\" at 1:3 in a.0");
        let many: Vec<_> = (0..5)
            .map(|it| json!({"message": it.to_string()}))
            .collect();
        assert_eq!(errors(&json!(many)), "5 errors: \"0\"; \"1\"; \"2\" …");
        assert_eq!(errors(&Value::Null), "");
        assert_eq!(errors(&json!({"message": "m"})), "error \"m\"");
        let coded =
            json!([{"message": "m", "path": ["a"], "extensions": {"code": "UNAUTHENTICATED"}}]);
        assert_eq!(errors(&coded), "error \"m\" (UNAUTHENTICATED) in a");
    }

    #[test]
    fn errors_that_the_note_quotes_are_not_shown_twice() {
        for (errors, is_shown) in [
            (json!([{"message": "m"}]), false),
            (
                json!([{"message": "m", "extensions": {"code": "C"}}]),
                false,
            ),
            (
                json!([{"message": "m", "extensions": {"code": "C", "at": 1}}]),
                true,
            ),
            (json!([{"message": "m".repeat(MESSAGE + 1)}]), true),
            (json!({"message": "m"}), true),
            (json!([1]), true),
        ] {
            let payload = error("1", "query 1", &errors).payload;
            assert_eq!(payload.is_empty(), !is_shown, "{errors}");
        }
    }
}
