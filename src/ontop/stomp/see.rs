//! Frames as people and programs see them.

use serde_json::Value;

use super::frame::Frame;
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

/// Headers that say more than the label and the body, as a note.
pub(super) fn note(frame: &Frame) -> Option<String> {
    let is_shown =
        |(name, value): &&(String, String)| !is_own(name) && !is_seen(name, value, &frame.body);
    let own = frame.headers.0.iter().filter(is_shown);
    let parts: Vec<String> = own.map(|(name, value)| format!("{name}:{value}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Whether this is a type that the body shows by itself: every message of many applications has it.
fn is_seen(name: &str, value: &str, body: &[u8]) -> bool {
    let mut parts = value.split(';');
    let media_type = parts.next().unwrap_or_default().trim();
    let is_plain = parts.all(|it| it.trim().eq_ignore_ascii_case("charset=utf-8"));
    if name != "content-type" || !is_plain {
        return false;
    }
    let text = std::str::from_utf8(body).ok();
    let is_json = text.is_some_and(|it| container(it).is_some());
    match media_type {
        "application/json" => is_json,
        "text/plain" => text.is_some() && !is_json,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_noted_where_the_body_does_not_show_it() {
        for (value, body, is_noted) in [
            ("application/json", "{\"a\":1}", false),
            ("application/json;charset=UTF-8", "{\"a\":1}", false),
            ("application/json", "a", true),
            ("text/plain", "a", false),
            ("text/plain", "{\"a\":1}", true),
            ("text/plain;charset=latin1", "a", true),
            ("image/png", "a", true),
        ] {
            let mut frame = Frame::new("MESSAGE", &[("content-type", value)]);
            frame.body = body.as_bytes().to_vec();
            assert_eq!(note(&frame).is_some(), is_noted, "{value} {body}");
        }
    }
}
