//! Messages as people and programs see them.

use serde_json::{Map, Value, json};

use crate::ontop::calls::Answered;
use crate::ontop::{Name, Seen};

pub(super) fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::JsonRpc, kind, label)
}

/// A call or a notification, in either direction.
pub(super) fn request(kind: &str, label: String, message: &Map<String, Value>) -> Seen {
    let mut seen = seen(kind, label);
    for key in ["id", "method", "params", "sessionId"] {
        if let Some(value) = message.get(key) {
            seen = seen.with(key, value.clone());
        }
    }
    let params = message.get("params").map(Value::to_string);
    seen.carrying(params.unwrap_or_default())
}

/// The answer to a call of ours: its method, and the time it took.
pub(super) fn answer(message: &Map<String, Value>, of: Option<&Answered>) -> Seen {
    let id = message.get("id").unwrap_or(&Value::Null);
    let error = message.get("error").filter(|it| !it.is_null());
    let (kind, key) = match error {
        Some(_) => ("error", "error"),
        None => ("result", "result"),
    };
    let value = message.get(key).cloned().unwrap_or_default();
    let mut seen = seen(kind, format!("{kind} {}", plain(id)))
        .with("id", id.clone())
        .with(key, value.clone())
        .carrying(value.to_string())
        .answering(of);
    if let Some(meaning) = error.and_then(meaning) {
        seen.note = format!("{meaning}, {}", seen.note);
    }
    if let Some(Answered { what: method, .. }) = of {
        seen = seen.with("method", method.as_str());
        let mut print = json!({"id": id, "method": method});
        print[key] = value;
        seen = seen.printing(print);
    }
    seen
}

/// An identifier as it is typed: a string only has quotes in JSON.
pub(super) fn plain(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the code of an error means by JSON-RPC 2.0 §5.1.
fn meaning(error: &Value) -> Option<&'static str> {
    Some(match error.get("code")?.as_i64()? {
        -32700 => "parse error",
        -32600 => "invalid request",
        -32601 => "method not found",
        -32602 => "invalid params",
        -32603 => "internal error",
        -32099..=-32000 => "error of the server",
        _ => return None,
    })
}
