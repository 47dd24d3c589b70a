//! What a person types and a program writes.

use serde_json::{Value, json};

use super::wire::LONGEST_NAME;
use crate::ontop::record::json;
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "push",
        args: "TOPIC EVENT [JSON]",
        help: "send an event to a topic, and show its reply",
        example: "/push room:lobby new_msg {\"body\":\"hi\"}",
        lines: Lines::Json,
        check: |args| push(args).map(drop),
    },
    Verb {
        name: "join",
        args: "TOPIC [JSON]",
        help: "join a topic",
        example: "/join room:lobby {\"token\":\"…\"}",
        lines: Lines::Json,
        check: |args| join(args).map(drop),
    },
    Verb {
        name: "leave",
        args: "TOPIC",
        help: "leave a topic",
        example: "/leave room:lobby",
        lines: Lines::No,
        check: |args| leave(args).map(drop),
    },
];

/// Something to send to a topic.
#[derive(Debug, PartialEq)]
pub(super) struct Push {
    pub topic: String,
    pub event: String,
    pub payload: Value,
}

pub(super) const JOIN: &str = "phx_join";
pub(super) const LEAVE: &str = "phx_leave";
/// The topic and the event of a heartbeat.
pub(super) const SYSTEM: &str = "phoenix";
pub(super) const HEARTBEAT: &str = "heartbeat";

/// `TOPIC EVENT [JSON]`.
pub(super) fn push(args: &str) -> Result<Push, SayError> {
    let (topic, rest) = word(args.trim());
    let (event, rest) = word(rest);
    if event.is_empty() {
        return Err(usage(VERBS, "push"));
    }
    let payload = payload("push", rest)?;
    checked(topic, event, payload)
}

/// `TOPIC [JSON]`.
pub(super) fn join(args: &str) -> Result<Push, SayError> {
    let (topic, rest) = word(args.trim());
    if topic.is_empty() {
        return Err(usage(VERBS, "join"));
    }
    let payload = payload("join", rest)?;
    checked(topic, JOIN, payload)
}

/// `TOPIC`.
pub(super) fn leave(args: &str) -> Result<Push, SayError> {
    match word(args.trim()) {
        (topic, "") if !topic.is_empty() => checked(topic, LEAVE, json!({})),
        _ => Err(usage(VERBS, "leave")),
    }
}

fn payload(verb: &str, text: &str) -> Result<Value, SayError> {
    let mut values = values(text)?.into_iter();
    match (values.next(), values.next()) {
        (payload, None) => Ok(payload.unwrap_or_else(|| json!({}))),
        _ => Err(usage(VERBS, verb)),
    }
}

fn checked(topic: &str, event: &str, payload: Value) -> Result<Push, SayError> {
    if topic.len() > LONGEST_NAME || event.len() > LONGEST_NAME {
        let text = format!("a topic or an event has more than {LONGEST_NAME} bytes");
        return Err(SayError::new(text, None));
    }
    Ok(Push {
        topic: topic.to_owned(),
        event: event.to_owned(),
        payload,
    })
}

const FORMS: &str = "a message is {\"topic\":\"…\",\"event\":\"…\",\"payload\":{…}}";

/// A line or record in JSON: an object, or an array of a topic, an event and a payload.
pub(super) fn record(text: &str) -> Result<Push, SayError> {
    let value = json(text, FORMS)?;
    let (topic, event, payload) = match value.as_array().map(Vec::as_slice) {
        Some([topic, event]) => (topic, event, None),
        Some([topic, event, payload] | [_, _, topic, event, payload]) => {
            (topic, event, Some(payload))
        }
        _ => (&value["topic"], &value["event"], value.get("payload")),
    };
    let payload = payload.cloned().unwrap_or_else(|| json!({}));
    match (topic.as_str(), event.as_str()) {
        (Some(topic), Some(event)) => checked(topic, event, payload),
        _ => Err(SayError::new("no topic or no event", FORMS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_an_object_or_an_array() {
        let expected = Push {
            topic: "t".to_owned(),
            event: "e".to_owned(),
            payload: json!([1]),
        };
        for text in [
            "{\"topic\":\"t\",\"event\":\"e\",\"payload\":[1]}",
            "[\"t\",\"e\",[1]]",
            "[null,\"7\",\"t\",\"e\",[1]]",
        ] {
            assert_eq!(record(text).as_ref(), Ok(&expected), "{text}");
        }
        assert_eq!(push("t e [1]"), Ok(expected));
        for text in ["[]", "{}", "7", "[1,2]", "{\"topic\":\"t\"}"] {
            assert!(record(text).is_err(), "{text}");
        }
        for args in ["", "t", "t e 1 2", "t e x"] {
            assert!(push(args).is_err(), "{args}");
        }
        assert!(leave("t u").is_err());
        assert!(join(&"x".repeat(256)).is_err());
    }
}
