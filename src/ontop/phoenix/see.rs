//! Messages as people and programs see them.

use serde_json::{Map, Value, json};

use super::say::JOIN;
use super::wire::Packet;
use crate::ontop::{Answer, Name, Seen};

pub(super) fn refused(topic: &str, response: &Value) -> String {
    format!("the server refused topic {topic}: {response}")
}

/// The payload of a join with the members of `--auth`, unless it has them itself.
pub(super) fn with_auth(
    payload: Value,
    auth: Option<&Value>,
    value: impl Fn(&Value) -> Value,
) -> Value {
    let (Value::Object(payload), Some(Value::Object(auth))) = (&payload, auth) else {
        return payload;
    };
    let mut all: Map<String, Value> = payload.clone();
    for (key, it) in auth {
        all.entry(key.clone()).or_insert_with(|| value(it));
    }
    all.into()
}

/// An empty object says nothing.
pub(super) fn shown(payload: &Value) -> String {
    match payload {
        Value::Object(object) if object.is_empty() => String::new(),
        payload => payload.to_string(),
    }
}

pub(super) fn sent(kind: &str, packet: &Packet) -> Seen {
    let Packet {
        topic,
        event,
        payload,
        ..
    } = packet;
    let label = match kind {
        "push" => format!("push {topic} {event}"),
        kind => format!("{kind} {topic}"),
    };
    let reference = packet.reference.clone().unwrap_or_default();
    let seen = Seen::new(Name::Phoenix, kind, label)
        .with("topic", topic.as_str())
        .with("event", event.as_str())
        .with("ref", reference.as_str())
        .with("payload", payload.clone())
        .carrying(shown(payload))
        .noting(format!("ref {reference}"));
    match kind {
        "push" => seen.printing(printed(packet)),
        _ => seen,
    }
}

/// An event as a pipe prints it.
pub(super) fn printed(packet: &Packet) -> Value {
    json!({"topic": packet.topic, "event": packet.event, "payload": packet.payload})
}

pub(super) fn received(packet: &Packet, kind: &str, note: &str) -> Seen {
    let Packet {
        topic,
        event,
        payload,
        ..
    } = packet;
    Seen::new(Name::Phoenix, kind, format!("{topic} {event}"))
        .with("topic", topic.as_str())
        .with("event", event.as_str())
        .with("payload", payload.clone())
        .carrying(shown(payload))
        .noting(note)
}

/// The answer to a request to join a topic, if an object is that.
pub fn joined(arguments: &str, object: &Value) -> Option<Answer> {
    let topic = arguments.split_whitespace().next().unwrap_or_default();
    let is_it = object["type"] == "reply" && object["event"] == JOIN && object["topic"] == topic;
    is_it.then(|| match object["status"].as_str() {
        Some("ok") => Answer::Yes,
        _ => Answer::Refused(refused(topic, &object["response"])),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_answer_is_for_is_matched_by_topic() {
        let object = json!({"type": "reply", "event": "phx_join", "topic": "t", "status": "error",
            "response": {"reason": "no"}});
        assert_eq!(joined("u", &object), None);
        let text = "the server refused topic t: {\"reason\":\"no\"}".to_owned();
        assert_eq!(joined("t {}", &object), Some(Answer::Refused(text)));
    }
}
