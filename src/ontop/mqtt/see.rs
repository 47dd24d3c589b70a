//! Messages as people and programs see them.

use serde_json::Value;

use super::packet::{Publish, Step};
use super::property::Properties;
use super::reason::{FAILURE, reason};
use super::say::printed;
use crate::ontop::binary::text_or_binary;
use crate::ontop::{Name, Seen, container};

pub(super) fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::Mqtt, kind, label)
}

pub(super) fn keepalive(kind: &str) -> Seen {
    Seen::keepalive(Name::Mqtt, kind)
}

/// A message, in either direction, with what a pipe prints of it.
pub(super) fn publish(label: &str, publish: &Publish<'_>) -> Seen {
    let Publish { topic, payload, .. } = publish;
    let value = text_or_binary(payload);
    let shown = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut notes = Vec::new();
    if payload.is_empty() {
        notes.push("empty".to_owned());
    }
    if publish.qos > 0 {
        notes.push(format!("QoS {}", publish.qos));
    }
    if publish.retain {
        notes.push("retained".to_owned());
    }
    if publish.dup {
        notes.push("sent before".to_owned());
    }
    if !publish.properties.is_empty() {
        notes.push(publish.properties.note());
    }
    let mut seen = seen("publish", format!("{label} {topic}"))
        .with("topic", *topic)
        .with("payload", value.clone())
        .with("qos", publish.qos)
        .with("retain", publish.retain)
        .carrying(shown)
        .noting(notes.join(", "));
    if let Some(json) = value.as_str().and_then(container) {
        seen = seen.with("json", json);
    }
    if publish.id > 0 {
        seen = seen.with("id", publish.id);
    }
    let own = publish.properties.message_part();
    let print = printed(topic, payload, publish.qos, publish.retain, &own);
    with_properties(seen, &publish.properties).printing(print)
}

pub(super) fn with_properties(seen: Seen, properties: &Properties) -> Seen {
    if properties.is_empty() {
        return seen;
    }
    seen.with("properties", properties.object())
}

/// The answer to a packet of ours, with what it is about.
pub(super) fn answer(
    kind: &str,
    label: String,
    id: u16,
    code: u8,
    notes: Vec<String>,
    properties: &Properties,
) -> Seen {
    let mut all = Vec::new();
    if code > 0 {
        all.push(reason(code));
    }
    all.extend(notes);
    if !properties.is_empty() {
        all.push(properties.note());
    }
    let seen = seen(kind, label)
        .with("id", id)
        .with("code", code)
        .noting(all.join(", "));
    with_properties(seen, properties)
}

/// A step in the exchange of a message that nobody needs to see, unless it fails.
pub(super) fn step(kind: Step, id: u16, code: u8) -> Seen {
    let seen = keepalive(kind.name()).with("id", id).with("code", code);
    Seen {
        label: format!("{} {id}", kind.name()),
        is_keepalive: code < FAILURE,
        ..seen
    }
}
