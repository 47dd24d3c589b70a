//! Messages on the wire.

use serde_json::{Map, Value, json};

use crate::ontop;
use crate::proto::message::Kind;

/// A message of a server.
#[derive(Debug, PartialEq)]
pub(super) enum Packet {
    Welcome,
    Ping,
    /// The subscription is accepted, or not.
    Answer {
        identifier: String,
        is_confirmed: bool,
    },
    Disconnect {
        reason: String,
        /// Whether the server accepts another connection.
        reconnects: bool,
    },
    Message {
        identifier: String,
        message: Value,
    },
    /// A type that only some servers have.
    Other(String, Value),
}

pub(super) fn decode(kind: Kind, payload: &[u8]) -> Result<Packet, String> {
    let text = ontop::text(kind, payload, "Action Cable")?;
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("it is not JSON ({error})"))?;
    let Value::Object(mut object) = value else {
        return Err("it is JSON, but no object".to_owned());
    };
    match object.get("type").map(Value::as_str) {
        Some(Some("welcome")) => Ok(Packet::Welcome),
        Some(Some("ping")) => Ok(Packet::Ping),
        Some(Some("confirm_subscription")) => answer(&mut object, true),
        Some(Some("reject_subscription")) => answer(&mut object, false),
        Some(Some("disconnect")) => {
            let reason = object.get("reason").and_then(Value::as_str);
            Ok(Packet::Disconnect {
                reason: reason.unwrap_or_default().to_owned(),
                reconnects: object.get("reconnect").is_none_or(|it| *it == true),
            })
        }
        Some(Some(other)) => Ok(Packet::Other(other.to_owned(), object.into())),
        Some(None) => Err("its type is no string".to_owned()),
        None => {
            let message = object.remove("message").unwrap_or_default();
            let identifier = identifier(&mut object)?;
            Ok(Packet::Message {
                identifier,
                message,
            })
        }
    }
}

fn answer(object: &mut Map<String, Value>, is_confirmed: bool) -> Result<Packet, String> {
    let identifier = identifier(object)?;
    Ok(Packet::Answer {
        identifier,
        is_confirmed,
    })
}

fn identifier(object: &mut Map<String, Value>) -> Result<String, String> {
    match object.remove("identifier") {
        Some(Value::String(identifier)) => Ok(identifier),
        _ => Err("it has no type, and no identifier of a subscription".to_owned()),
    }
}

/// A command of a client.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    pub name: String,
    pub identifier: String,
    /// JSON in a string is unwrapped.
    pub data: Option<Value>,
}

/// Reads a message of a client.
pub(super) fn asked(kind: Kind, payload: &[u8]) -> Result<Command, String> {
    let text = ontop::text(kind, payload, "Action Cable")?;
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("it is not JSON ({error})"))?;
    let (Some(name), Some(identifier)) = (value["command"].as_str(), value["identifier"].as_str())
    else {
        return Err("it has no command with an identifier".to_owned());
    };
    let data = match value.get("data") {
        None => None,
        Some(Value::String(text)) => {
            let data = serde_json::from_str(text);
            Some(data.map_err(|error| format!("its data is not JSON ({error})"))?)
        }
        Some(_) => return Err("its data is no string of JSON".to_owned()),
    };
    Ok(Command {
        name: name.to_owned(),
        identifier: identifier.to_owned(),
        data,
    })
}

/// A command; its data is a string of JSON.
pub(super) fn encode(command: &str, identifier: &str, data: Option<&Value>) -> Vec<u8> {
    let mut message = json!({"command": command, "identifier": identifier});
    if let Some(data) = data {
        message["data"] = data.to_string().into();
    }
    message.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_or_have_a_reason() {
        let data = json!({"action": "speak"});
        let bytes = encode("message", "{\"channel\":\"Chat\"}", Some(&data));
        let expected = Command {
            name: "message".to_owned(),
            identifier: "{\"channel\":\"Chat\"}".to_owned(),
            data: Some(data),
        };
        assert_eq!(asked(Kind::Text, &bytes), Ok(expected));
        for (text, reason) in [
            ("x", "it is not JSON"),
            (
                "{\"command\":\"subscribe\"}",
                "no command with an identifier",
            ),
            (
                "{\"command\":\"message\",\"identifier\":\"a\",\"data\":\"{\"}",
                "its data is not JSON",
            ),
            (
                "{\"command\":\"message\",\"identifier\":\"a\",\"data\":{}}",
                "its data is no string",
            ),
        ] {
            let fault = asked(Kind::Text, text.as_bytes()).expect_err(text);
            assert!(fault.contains(reason), "{text}: {fault}");
        }
    }

    #[test]
    fn every_message_is_read_or_has_a_reason() {
        let read = |text: &str| decode(Kind::Text, text.as_bytes());
        assert_eq!(
            read("{\"type\":\"welcome\",\"sid\":\"a\"}"),
            Ok(Packet::Welcome)
        );
        assert_eq!(
            read("{\"type\":\"disconnect\",\"reason\":\"unauthorized\",\"reconnect\":false}"),
            Ok(Packet::Disconnect {
                reason: "unauthorized".to_owned(),
                reconnects: false
            })
        );
        assert_eq!(
            read("{\"identifier\":\"a\",\"message\":[1]}"),
            Ok(Packet::Message {
                identifier: "a".to_owned(),
                message: json!([1])
            })
        );
        for (text, reason) in [
            ("", "it is not JSON"),
            ("[]", "no object"),
            ("{}", "no identifier"),
            ("{\"type\":7}", "its type is no string"),
            (
                "{\"type\":\"confirm_subscription\",\"identifier\":1}",
                "no identifier",
            ),
        ] {
            let fault = read(text).expect_err(text);
            assert!(fault.contains(reason), "{text}: {fault}");
        }
        assert!(decode(Kind::Binary, b"{}").is_err());
    }
}
