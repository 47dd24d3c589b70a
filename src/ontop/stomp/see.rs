//! Frames as people and programs see them.

use serde_json::Value;

use super::frame::{Frame, Headers};
use super::say::{is_own, printed};
use crate::ontop::binary::text_or_binary;
use crate::ontop::{Name, Seen, container};

pub(super) fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::Stomp, kind, label)
}

/// A frame, with its headers and its body.
pub(super) fn frame(kind: &str, label: String, frame: &Frame) -> Seen {
    let body = text_or_binary(&frame.body);
    let shown = match &body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut seen = seen(kind, label)
        .with("headers", frame.headers.object())
        .carrying(shown);
    if let Some(json) = body.as_str().and_then(container) {
        seen = seen.with("json", json);
    }
    if frame.body.is_empty() {
        return seen;
    }
    seen.with("body", body)
}

/// A message in either direction, with what a pipe prints of it.
pub(super) fn message(kind: &str, message: &Frame) -> Seen {
    let destination = message.headers.get("destination").unwrap_or_default();
    let print = printed(destination, &message.headers, &message.body);
    frame(kind, format!("{kind} {destination}"), message)
        .with("destination", destination)
        .printing(print)
}

/// Headers that are not part of the label, as a note.
pub(super) fn note(headers: &Headers) -> Option<String> {
    let own = headers.0.iter().filter(|(name, _)| !is_own(name));
    let parts: Vec<String> = own.map(|(name, value)| format!("{name}:{value}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
