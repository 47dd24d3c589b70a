//! Payloads of messages as text and JSON.

use serde_json::Value;

use crate::proto::message::Kind;

/// The text of a message of a protocol that has no binary ones, or why it is not of the protocol.
pub(super) fn text<'a>(kind: Kind, payload: &'a [u8], title: &str) -> Result<&'a str, String> {
    let text = std::str::from_utf8(payload).ok();
    let text = text.filter(|_| kind == Kind::Text);
    text.ok_or_else(|| format!("it is binary, and {title}'s messages are text"))
}

/// The value of a text that is a JSON object or array: scenarios match parts of JSON, but not of its text.
pub(super) fn container(text: &str) -> Option<Value> {
    let is_container = text.trim_start().starts_with(['{', '[']);
    is_container.then(|| serde_json::from_str(text).ok())?
}

/// A list for `/status`.
pub(super) fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return "none".to_owned();
    }
    items.join(", ")
}
